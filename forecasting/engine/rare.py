"""Rates of rare sales for all series at once: Croston's method and TSB.

Croston (1972) smooths the size of sales and the periods between them, updated when something sells;
times 1 - alpha / 2 it is unbiased (Syntetos & Boylan 2005, "SBA"). Teunter, Syntetos & Babai (2011,
"TSB") smooth the chance of a sale each period instead, so that the rate of a dying product falls
while nothing sells. Both forecast every period alike. Periods that are not known change nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forecasting.engine.panel import Floats


def croston_sba(demand: Floats, origins: NDArray[np.int64], *, alpha: float) -> Floats:
    """Rates after each origin, n x origins; 0 before the first sale."""
    size, gap, since = (np.zeros(len(demand)) for _name in range(3))
    sold_before = np.zeros(len(demand), dtype=bool)
    rates = np.zeros((len(demand), len(origins)), dtype=np.float32)
    place = 0
    for period in range(int(origins[-1]) + 1):
        today = demand[:, period]
        known = ~np.isnan(today)
        since += known
        sells = known & (today > 0)
        first, again = sells & ~sold_before, sells & sold_before
        size[first], gap[first] = today[first], since[first]
        size[again] += alpha * (today[again] - size[again])
        gap[again] += alpha * (since[again] - gap[again])
        since[sells] = 0
        sold_before |= sells
        if period == origins[place]:
            rates[:, place] = np.where(sold_before, (1 - alpha / 2) * size / np.maximum(gap, 1), 0)
            place += 1
    return rates


def tsb(demand: Floats, origins: NDArray[np.int64], *, size_weight: float, chance_weight: float) -> Floats:
    """Rates after each origin, n x origins.

    Chance and size begin as the means of the first 28 known periods.
    """
    size, chance = _first_means(demand)
    rates = np.zeros((len(demand), len(origins)), dtype=np.float32)
    place = 0
    for period in range(int(origins[-1]) + 1):
        today = demand[:, period]
        known = ~np.isnan(today)
        sells = known & (today > 0)
        chance += chance_weight * (sells - chance) * known
        size[sells] += size_weight * (today[sells] - size[sells])
        if period == origins[place]:
            rates[:, place] = chance * size
            place += 1
    return rates


def _first_means(demand: Floats, periods: int = 28) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    known = np.isfinite(demand)
    early = known & (np.cumsum(known, axis=1) <= periods)
    sales = early & (np.nan_to_num(demand) > 0)
    count = sales.sum(axis=1)
    size = np.where(sales, demand, 0).sum(axis=1, dtype=float) / np.maximum(count, 1)
    return size, count / np.maximum(early.sum(axis=1), 1)
