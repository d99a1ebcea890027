"""How much of its measured spread, and of a shortage's price, a decision should go by: tried on the past.

Forecast errors are inflated by spikes that no stock is kept for, so that planning with their full
variance orders too much; and under lost sales the one-period quantile orders a little too much as well.
Both are mended by two numbers, found by replaying the last decisions with the forecasts of then:

    dispersion   1 + share (measured - 1)
    shortage     dial x its price

Method and figures: docs/replenishment.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from replenishment.engine.demand import sample_paths

Floats = NDArray[np.float64]

SHARES = (0.0, 0.3, 0.7)
DIALS = (0.6, 0.85, 1.1)
# What has proved itself in general; the grid's costs are pulled to it, so that noise decides nothing.
GENERAL = (0.3, 0.85)
_PULL = 0.01
_CLASSES = 6
# A class's dispersion weighs as much as so many observations of a series of its own.
_CLASS_WEIGHT = 36
_LEAST_MEAN = 0.02
_DRAWS = 64
# Fewer decisions than this decide nothing.
_LEAST_DECISIONS = 8


@dataclass(frozen=True, slots=True, eq=False)
class Past:
    """Forecasts as they were made, and what came: series x origins x steps, and series x periods.

    means: of the steps after each origin. origins: the period each of them forecasts first, one after
    the other. demand: what was sold in every period, NaN where that is not known.
    """

    means: Floats
    origins: NDArray[np.int64]
    demand: Floats

    def outcomes(self) -> Floats:
        """What came, laid out like the means; NaN where it is not known."""
        steps = self.means.shape[2]
        periods = self.origins[:, None] + np.arange(steps)[None, :]
        inside = periods < self.demand.shape[1]
        found: Floats = np.where(
            inside, self.demand[:, np.minimum(periods, self.demand.shape[1] - 1)], np.nan
        )
        return found


@dataclass(frozen=True, slots=True)
class Rules:
    """What the replayed decisions know of a series, arrays by series. Costs in any one currency."""

    lead: int
    review: int
    holding: Floats
    shortage: Floats
    pack: Floats
    backorder: NDArray[np.bool_]
    whole: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Calibration:
    """share, dial: see the module. tried: cost of each pair of the grid, empty where nothing was tried."""

    share: float = GENERAL[0]
    dial: float = GENERAL[1]
    tried: tuple[float, ...] = ()


def dispersions(past: Past, *, summed: bool = False) -> Floats:
    """Variance over mean of demand, by series, at least 0.6: its own errors and those of its size.

    summed: of all steps together instead of one period, so that what the level is wrong by counts.

    A series alone has too few periods to say; it is shrunk to one of six classes of size. What single
    spikes add is cut at the 99th part of a hundred.
    """
    outcomes, means = past.outcomes(), np.maximum(past.means, _LEAST_MEAN)
    if summed:
        outcomes, means = outcomes.sum(axis=2, keepdims=True), means.sum(axis=2, keepdims=True)
    known = np.isfinite(outcomes)
    squares = np.where(known, (np.nan_to_num(outcomes) - means) ** 2 / means, 0.0).sum(axis=(1, 2))
    seen = known.sum(axis=(1, 2))
    if not seen.any():
        return np.ones(len(means))
    size = np.log(means.mean(axis=(1, 2)))
    edges = np.quantile(size, np.linspace(0, 1, _CLASSES + 1))
    group = np.clip(np.searchsorted(edges, size) - 1, 0, _CLASSES - 1)
    cap = np.quantile(squares / np.maximum(seen, 1), 0.99)
    squares = np.minimum(squares, cap * seen)
    of_class = np.bincount(group, squares, _CLASSES) / np.maximum(np.bincount(group, seen, _CLASSES), 1)
    measured: Floats = (squares + _CLASS_WEIGHT * of_class[group]) / (seen + _CLASS_WEIGHT)
    return np.clip(measured, 0.6, 30.0)


def calibrated(past: Past, rules: Rules, dispersion: Floats, at_most: int = 45) -> Calibration:
    """The share and the dial with which the last decisions would have cost least."""
    decisions = len(past.origins) - rules.lead - rules.review
    if decisions < _LEAST_DECISIONS:
        return Calibration()
    begin = max(0, len(past.origins) - at_most)
    window = Past(past.means[:, begin:], past.origins[begin:], past.demand)
    costs = np.array(
        [
            cost
            for share in SHARES
            for cost in _replayed(window, rules, 1 + share * np.maximum(dispersion - 1, 0))
        ]
    )
    if not costs.min() > 0:
        return Calibration()
    pull = [
        abs(share - GENERAL[0]) / 0.3 + abs(np.log(dial / GENERAL[1])) / 0.3
        for share, dial in product(SHARES, DIALS)
    ]
    best = int(np.argmin(costs / costs.min() + _PULL * np.array(pull)))
    share, dial = list(product(SHARES, DIALS))[best]
    return Calibration(share, dial, tuple(float(cost) for cost in costs))


def _replayed(past: Past, rules: Rules, dispersion: Floats) -> list[float]:
    """What the decisions of the past would have cost with each dial."""
    lead, review = rules.lead, rules.review
    series, count = len(past.demand), len(past.origins)
    demand = past.demand[:, past.origins]
    # A period that nobody knows is played as it was forecast.
    demand = np.where(np.isfinite(demand), demand, past.means[:, :, 0])
    dials = len(DIALS)
    ratios = [rules.shortage * dial / (rules.shortage * dial + rules.holding) for dial in DIALS]
    usual = past.means[:, 0, 0]
    stock = np.repeat(np.ceil(1.5 * usual)[:, None], dials, axis=1)
    coming = np.zeros((series, count + lead + 2, dials))
    coming[:, :lead] = np.rint(usual)[:, None, None]
    total = np.zeros(dials)
    for number in range(count):
        if number % review == 0 and number + lead < count:
            paths = sample_paths(
                past.means[:, number, : lead + review], dispersion, 0.0, _DRAWS, whole=rules.whole
            )
            for dial in range(dials):
                need = _need(paths, stock[:, dial], coming[:, number : number + lead + 1, dial], rules)
                place = np.clip(np.ceil(ratios[dial] * _DRAWS - 1e-9).astype(int) - 1, 0, _DRAWS - 1)
                wanted = np.take_along_axis(np.sort(need, axis=1), place[:, None], axis=1)[:, 0]
                packs = np.ceil(np.maximum(wanted, 0.0) / rules.pack - 1e-9)
                coming[:, number + lead, dial] += packs * rules.pack
        stock = stock + coming[:, number] - demand[:, number, None]
        short = np.maximum(-stock, 0.0)
        if number >= lead:
            cost = rules.holding[:, None] * np.maximum(stock, 0.0) + rules.shortage[:, None] * short
            total += cost.sum(axis=0)
        stock = np.where(rules.backorder[:, None], stock, stock + short)
    return [float(cost) for cost in total]


def _need(paths: Floats, stock: Floats, coming: Floats, rules: Rules) -> Floats:
    """What an order now should bring, by path, to last until the next one arrives."""
    there = np.repeat(stock[:, None], paths.shape[1], axis=1)
    for step in range(rules.lead):
        there = there + coming[:, step, None] - paths[:, :, step]
        there = np.where(rules.backorder[:, None], there, np.maximum(there, 0.0))
    need: Floats = paths[:, :, rules.lead : rules.lead + rules.review].sum(axis=2) - there
    return need - coming[:, rules.lead, None]
