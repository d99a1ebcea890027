"""Every day sells what the same weekday sold last.

The yardstick, reckoned for every product: a method that does not beat it is not used. Except for
rare sellers: there the last week is a sale by chance or none, and none would never be ordered for.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forecasting.engine.method import WEEK, Demand, Method, sells_rarely


def suits(demand: Demand) -> bool:
    return not sells_rarely(demand)


def fit(demand: Demand) -> None:
    return None


def project(demand: Demand, parameters: None, horizon: int) -> NDArray[np.float64]:
    """The last known value of each weekday; the mean of the known days where there is none."""
    week = np.full(WEEK, np.nanmean(demand))
    for step in range(WEEK):
        # Days as far from the day `step` ahead as whole weeks.
        same = demand[len(demand) + step - WEEK :: -WEEK] if len(demand) + step >= WEEK else demand[:0]
        known = same[~np.isnan(same)]
        if known.size:
            week[step] = known[0]
    return np.resize(week, horizon)


METHOD = Method("seasonal_naive", suits, fit, project)
