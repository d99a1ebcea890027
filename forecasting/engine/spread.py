"""How far sums fall from their forecasts: dispersion of each series, tails shared by many.

A sum with mean m varies by phi m; phi is measured in the backtest and drawn towards its class on
the logarithm, as far as series differ by no more than chance. Standardised errors are then pooled
over series of similar mean, and their quantiles say where a sum's quantiles lie. A window's own
error never enters the phi it is divided by: tails would hide behind themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from forecasting.engine.panel import normal_scores

_BINS = 12
_ROWS_A_BIN = 400
# Pseudo-rows of a normal distribution that each bin's quantiles are mixed with.
_NORMAL_ROWS = 60.0
# Without any backtest: somewhat more than chance, and an uncertain level.
UNTESTED_PHI, UNTESTED_LEVEL_ERROR = 1.5, 0.3
_SMALLEST = 1e-3
# Of a series' usual sum: what its forecast counts at least when errors are compared with it.
_LEAST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Spread:
    """distances: n x levels, (quantile - mean) / root of mean."""

    distances: NDArray[np.float64]
    _bins: _Bins | None = None
    _size: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    _errors: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))

    def covered(self) -> NDArray[np.float64]:
        """By level, the share of windows at or below that quantile; empty where there are none."""
        if self._bins is None:
            return np.empty(0)
        return (self._errors[:, None] <= self._bins.at(self._size) + 1e-9).mean(axis=0)


def learn_spread(
    mean: NDArray[np.float64],
    forecast: NDArray[np.float64],
    sold: NDArray[np.float64],
    valid: NDArray[np.bool_],
    classes: NDArray[np.int64],
    levels: NDArray[np.float64],
    overlap: int,
) -> Spread:
    """mean: of the sum to forecast, n. forecast, sold, valid: backtest windows, n x windows.

    overlap: how many windows before and after one share periods with it.
    """
    scores = normal_scores(levels)
    mean = np.maximum(mean, _SMALLEST)
    # A forecast of nearly nothing would make any sale an endless surprise.
    larger = np.where(valid, np.maximum(forecast, sold), 0).sum(axis=1) / np.maximum(valid.sum(axis=1), 1)
    expected = np.maximum(forecast, np.maximum(_LEAST_SHARE * larger, _SMALLEST)[:, None])
    if int(valid.sum()) < 2:
        phi = UNTESTED_PHI + UNTESTED_LEVEL_ERROR**2 * mean
        return Spread(np.sqrt(phi)[:, None] * scores)
    square = np.where(valid, (sold - expected) ** 2 / expected, 0)
    count = valid.astype(float)
    prior, trust = _prior(square, count, classes, overlap)
    phi = _drawn(square.sum(axis=1), count.sum(axis=1), prior, trust)
    others = square.sum(axis=1, keepdims=True) - _near(square, overlap)
    other_count = count.sum(axis=1, keepdims=True) - _near(count, overlap)
    phi_without = _drawn(others, other_count, prior[:, None], trust)
    errors = (sold - expected) / np.sqrt(phi_without * expected)
    size = np.log(expected[valid])
    bins = _Bins(size, errors[valid], levels, scores)
    distances = bins.at(np.log(mean)) * np.sqrt(phi)[:, None]
    # A sum is never below zero.
    return Spread(np.maximum(distances, -np.sqrt(mean)[:, None]), bins, size, errors[valid])


def _prior(
    square: NDArray[np.float64], count: NDArray[np.float64], classes: NDArray[np.int64], overlap: int
) -> tuple[NDArray[np.float64], float]:
    """The class's phi by series, and how many windows a series needs to outweigh it."""
    windows = count.sum(axis=1)
    tested = windows > 0
    own = square.sum(axis=1) / np.maximum(windows, 1)
    log_own = np.log(np.maximum(own, 0.01))
    prior = np.full(len(classes), float(np.exp(log_own[tested].mean())))
    rest = []
    for number in range(int(classes.max()) + 1):
        here = (classes == number) & tested
        if here.sum() >= 5:
            # The mean of phi for alike series; the geometric one where they differ by orders.
            arithmetic = square[here].sum() / windows[here].sum()
            geometric = float(np.exp(log_own[here].mean()))
            centre = min(arithmetic, 2 * geometric)
            prior[classes == number] = centre
            rest.append(log_own[here] - log_own[here].mean())
    if not rest:
        return prior, 12.0
    independent = np.maximum(windows[tested].mean() / (1 + overlap), 1.0)
    by_chance = 2.0 / independent
    variance = float(np.concatenate(rest).var())
    between = max(variance - by_chance, 0.02)
    return prior, float(np.clip(windows[tested].mean() * by_chance / between, 1.0, 60.0))


def _drawn(
    square: NDArray[np.float64], count: NDArray[np.float64], prior: NDArray[np.float64], trust: float
) -> NDArray[np.float64]:
    return np.maximum((square + trust * prior) / (count + trust), 1e-4)


def _near(values: NDArray[np.float64], overlap: int) -> NDArray[np.float64]:
    """Sums over each window and those that share periods with it."""
    from forecasting.engine.calendar import moving_sums

    return moving_sums(values, 2 * overlap + 1)


class _Bins:
    """Quantiles of standardised errors by the size of the mean, even between the bins' centres."""

    def __init__(
        self,
        size: NDArray[np.float64],
        errors: NDArray[np.float64],
        levels: NDArray[np.float64],
        scores: NDArray[np.float64],
    ) -> None:
        count = int(np.clip(len(size) // _ROWS_A_BIN, 1, _BINS))
        order = np.argsort(size, kind="stable")
        centres, quantiles = [], []
        for part in np.array_split(order, count):
            share = len(part) / (len(part) + _NORMAL_ROWS)
            centres.append(float(size[part].mean()))
            quantiles.append(share * np.quantile(errors[part], levels) + (1 - share) * scores)
        self._centres = np.array(centres)
        self._quantiles = np.array(quantiles)

    def at(self, size: NDArray[np.float64]) -> NDArray[np.float64]:
        if len(self._centres) == 1:
            return np.broadcast_to(self._quantiles, (len(size), self._quantiles.shape[1]))
        above = np.clip(np.searchsorted(self._centres, size), 1, len(self._centres) - 1)
        width = np.maximum(np.diff(self._centres), 1e-12)
        share = np.clip((size - self._centres[above - 1]) / width[above - 1], 0, 1)[:, None]
        return (1 - share) * self._quantiles[above - 1] + share * self._quantiles[above]
