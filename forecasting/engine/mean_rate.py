"""The rate of a product that sells now and then, or has not sold for long.

Teunter, Syntetos & Babai (2011): how often it sells and how much it sells are smoothed apart, and
the chance of a sale falls day by day while nothing sells, so that a dying product is let go.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forecasting.engine.method import Demand, Method

# Below this many known days the smoothing has nothing to smooth: the plain mean is the rate.
_SHORTEST = 28
_CHANCE_WEIGHT = 1 / 60  # a memory of about two months of days
_SIZE_WEIGHT = 0.1


def suits(demand: Demand) -> bool:
    return bool(np.isfinite(demand).any())


def fit(demand: Demand) -> None:
    return None


def project(demand: Demand, parameters: None, horizon: int) -> NDArray[np.float64]:
    known = demand[~np.isnan(demand)]
    if len(known) < _SHORTEST:
        return np.full(horizon, known.mean())
    return np.full(horizon, tsb_rate(known, chance_weight=_CHANCE_WEIGHT, size_weight=_SIZE_WEIGHT))


def tsb_rate(demand: Demand, *, chance_weight: float, size_weight: float) -> float:
    """Units per day after the last one.

    demand: shape (n_days,), >= 0, all known, oldest first.
    Starts from the share of days with a sale and the mean size over the first 28 days (over all
    days where those saw no sale). Every day p <- p + beta (sold? - p); on days with a sale
    z <- z + alpha (size - z); the rate is p z.
    """
    start = demand[:28] if demand[:28].any() else demand
    sales = start[start > 0]
    if not sales.size:
        return 0.0
    chance, size = sales.size / start.size, float(sales.mean())
    for quantity in demand[28:] if start.size == 28 else ():
        chance += chance_weight * ((quantity > 0) - chance)
        if quantity > 0:
            size += size_weight * (float(quantity) - size)
    return chance * size


METHOD = Method("mean_rate", suits, fit, project)
