"""The rules that shops and textbooks go by: for comparison, and for tests against known numbers."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def economic_order_quantity(demand: float, fixed_cost: float, holding: float) -> float:
    """sqrt(2 D K / h): the order that balances its fixed cost and its stock (Harris 1913).

    demand and holding per unit are of the same time. Raises ValueError where it has no size.
    """
    if min(demand, fixed_cost) < 0 or holding <= 0:
        raise ValueError("an economic order quantity needs demand and fixed cost >= 0 and holding > 0")
    return math.sqrt(2 * demand * fixed_cost / holding)


def newsvendor_level(mean: float, sd: float, holding: float, shortage: float) -> float:
    """Stock for one period of normal demand: its quantile at shortage / (shortage + holding)."""
    from scipy.special import ndtri

    return mean + sd * float(ndtri(shortage / (shortage + holding)))


def order_up_to(position: Floats, level: Floats, pack: Floats) -> Floats:
    """Whole packs that bring the position to the level or just beyond it."""
    return np.maximum(np.ceil((level - position) / pack - 1e-9), 0.0) * pack


def reorder_point(position: Floats, point: Floats, quantity: Floats, pack: Floats) -> Floats:
    """Below the point at least `quantity`, and enough to come back above it, in whole packs."""
    short = np.where(position < point, np.maximum(quantity, point - position), 0.0)
    return np.ceil(short / pack - 1e-9) * pack
