"""What every forecasting method offers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

WEEK = 7

# Days with a sale among the known ones; below it a product is a rare seller, which has no week.
_RARE = 0.25

# One product's demand per day, oldest first, in stock units; NaN is a day that is not known. The
# first and the last day are known.
Demand = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Method:
    """A way to forecast one series.

    suits: whether the method makes sense for this demand at all.
    fit: parameters from demand; the dear part, done once for all origins of the backtest.
    project: `horizon` days after the last one, from parameters; cheap.
    """

    code: str
    suits: Callable[[Demand], bool]
    fit: Callable[[Demand], Any]
    project: Callable[[Demand, Any, int], NDArray[np.float64]]


def sells_rarely(demand: Demand) -> bool:
    known = demand[~np.isnan(demand)]
    return not known.size or float(np.mean(known > 0)) < _RARE


def filled(demand: Demand) -> Demand:
    """Demand with unknown days replaced by what the same weekday usually sells around them.

    The mean of the nearest four known days of that weekday; where a weekday is never known, the
    mean of all known days.
    """
    missing = np.flatnonzero(np.isnan(demand))
    if not missing.size:
        return demand
    complete = demand.copy()
    overall = float(np.nanmean(demand))
    known = np.flatnonzero(~np.isnan(demand))
    for weekday in range(WEEK):
        holes = missing[missing % WEEK == weekday]
        same = known[known % WEEK == weekday]
        for hole in holes:
            nearest = same[np.argsort(np.abs(same - hole), kind="stable")[:4]]
            complete[hole] = demand[nearest].mean() if nearest.size else overall
    return complete
