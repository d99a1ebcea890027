"""The yardsticks: what a period sold a season ago, for all series at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forecasting.engine.panel import Floats


def seasonal_naive(demand: Floats, season: int, origins: NDArray[np.int64], steps: int) -> Floats:
    """Each period sells what the last known one at the same place of the season sold.

    n x origins x steps. Where that place was never known, the last known period of all stands in,
    and 0 where nothing is known yet. A season of 1 repeats the last period.
    """
    paths = np.empty((len(demand), len(origins), steps), dtype=np.float32)
    slots = np.zeros((season, len(demand)), dtype=np.float32)
    seen = np.zeros((season, len(demand)), dtype=bool)
    last = np.zeros(len(demand), dtype=np.float32)
    place = 0
    ahead = np.arange(1, steps + 1)
    for period in range(int(origins[-1]) + 1):
        today = demand[:, period]
        known = ~np.isnan(today)
        slot = period % season
        slots[slot] = np.where(known, today, slots[slot])
        seen[slot] |= known
        last = np.where(known, today, last)
        if period == origins[place]:
            wanted = (period + ahead) % season
            paths[:, place] = np.where(seen, slots, last)[wanted].T
            place += 1
    return paths


def last_year(
    demand: Floats, factors: Floats, year: int, around: int, origins: NDArray[np.int64], horizon: int
) -> Floats:
    """Demand without calendar of the same periods a year ago, smoothed over `around` each side and
    scaled by how much more sells now: n x origins, a level; NaN where a year ago is not known.

    Growth is the last quarter of a year against the same one a year before, half of it believed.
    """
    known = np.isfinite(demand)
    sold, flat = np.nan_to_num(demand).astype(float), np.where(known, factors, 0).astype(float)
    sums = [np.concatenate([np.zeros((len(v), 1)), np.cumsum(v, axis=1)], axis=1) for v in (sold, flat)]

    def between(values: NDArray[np.float64], start: int, end: int) -> NDArray[np.float64]:
        start, end = max(start, 0), max(end, 0)
        return values[:, end] - values[:, start]

    levels = np.full((len(demand), len(origins)), np.nan, dtype=np.float32)
    quarter = year // 4
    for place, origin in enumerate(origins):
        now = int(origin) + 1
        if now - year - quarter < 0:
            continue
        window = now - year - around, min(now - year + horizon + around, now)
        then = between(sums[0], *window), between(sums[1], *window)
        recent = between(sums[0], now - quarter, now), between(sums[1], now - quarter, now)
        before = (
            between(sums[0], now - year - quarter, now - year),
            between(sums[1], now - year - quarter, now - year),
        )
        usable = (then[1] > 0) & (recent[1] > 0) & (before[1] > 0)
        growth = ((recent[0] + 5) / np.maximum(recent[1], 1e-9)) / (
            (before[0] + 5) / np.maximum(before[1], 1e-9)
        )
        level = then[0] / np.maximum(then[1], 1e-9) * np.clip(growth, 0.2, 5) ** 0.5
        levels[:, place] = np.where(usable, level, np.nan)
    return levels
