"""How much of which candidate: weights that would have been best lately, learned by class of demand.

Single series are mostly chance; six classes by how much sells are learned apart, all their series
together (stacking by non-negative least squares, Breiman 1996), and each series leans a little
towards what did well for itself.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_CLASSES = 6
# Fewer series than this are no class of their own.
_LEAST_SERIES = 40
_RIDGE = 1e-3
_FEW_ROWS = 20.0
_SWEEPS = 200
_OWN = 0.125
_RECENT = 8
_DEBIAS = 0.7


def classes_by_rate(rate: NDArray[np.float64]) -> NDArray[np.int64]:
    """A class for each series; 0 sells least."""
    count = int(np.clip(len(rate) // _LEAST_SERIES, 1, _CLASSES))
    edges = np.quantile(rate, np.linspace(0, 1, count + 1)[1:-1])
    return np.searchsorted(edges, rate)


def learn_weights(
    forecasts: NDArray[np.float32],
    sold: NDArray[np.float32],
    scale: NDArray[np.float32],
    valid: NDArray[np.bool_],
    classes: NDArray[np.int64],
    start: NDArray[np.float64],
    *,
    own: float = _OWN,
) -> NDArray[np.float64]:
    """Weights n x candidates.

    forecasts: n x windows x candidates, units over a window. sold: n x windows. scale: about the
    standard error of a window. valid: windows that count. start: the weights without any history.
    """
    scaled = np.where(valid, 1 / np.maximum(scale, 1e-6), 0).astype(np.float32)
    columns = forecasts * scaled[:, :, None]
    target = np.where(valid, sold, 0) * scaled
    gram = np.matmul(columns.transpose(0, 2, 1), columns).astype(np.float64)
    moment = np.matmul(columns.transpose(0, 2, 1), target[:, :, None])[:, :, 0].astype(np.float64)
    square = (target * target).sum(axis=1, dtype=np.float64)
    rows = valid.sum(axis=1)
    weights = np.tile(start, (len(sold), 1))
    for number in range(int(classes.max()) + 1):
        here = classes == number
        count = float(rows[here].sum())
        if count == 0:
            continue
        total = gram[here].sum(axis=0)
        size = np.trace(total) / len(start)
        if size <= 0:
            continue
        pull = _RIDGE + _FEW_ROWS / (count + _FEW_ROWS) * 0.1
        weights[here] = _non_negative(total / size, moment[here].sum(axis=0) / size, start, pull)
    if own:
        weights = _leaning(weights, gram, moment, square, rows, own)
    return weights


def _non_negative(
    gram: NDArray[np.float64], moment: NDArray[np.float64], start: NDArray[np.float64], pull: float
) -> NDArray[np.float64]:
    """min w'Gw/2 - m'w + pull |w - start|^2 / 2 over w >= 0, by coordinate descent."""
    matrix = gram + pull * np.eye(len(start))
    target = moment + pull * start
    weights = start.copy()
    for _sweep in range(_SWEEPS):
        before = weights.copy()
        for place in range(len(weights)):
            slope = target[place] - matrix[place] @ weights
            weights[place] = max(0.0, weights[place] + slope / matrix[place, place])
        if np.abs(weights - before).max() < 1e-6:
            break
    return weights


def _leaning(
    weights: NDArray[np.float64],
    gram: NDArray[np.float64],
    moment: NDArray[np.float64],
    square: NDArray[np.float64],
    rows: NDArray[np.int64],
    own: float,
) -> NDArray[np.float64]:
    errors = square[:, None] - 2 * moment + np.einsum("ncc->nc", gram)
    errors = np.maximum(errors, 1e-9)
    relative = np.log(errors) - np.log(errors).min(axis=1, keepdims=True)
    leaning = weights * np.exp(-own * relative * np.sqrt(np.maximum(rows, 0))[:, None])
    total = np.maximum(leaning.sum(axis=1, keepdims=True), 1e-300)
    return leaning / total * weights.sum(axis=1, keepdims=True)


def debias(
    forecast: NDArray[np.float64],
    sold: NDArray[np.float64],
    valid: NDArray[np.bool_],
    classes: NDArray[np.int64],
) -> NDArray[np.float64]:
    """By series, what its class's forecasts must be multiplied by so that recent totals are met."""
    ratio = np.ones(len(classes))
    recent = slice(-_RECENT, None)
    counted = valid[:, recent]
    expected = np.where(counted, forecast[:, recent], 0).sum(axis=1)
    happened = np.where(counted, sold[:, recent], 0).sum(axis=1)
    for number in range(int(classes.max()) + 1):
        here = classes == number
        # Few units are chance: ten of them pull the ratio to one.
        share = (happened[here].sum() + 10) / (expected[here].sum() + 10)
        ratio[here] = np.clip(share, 0.8, 1.25) ** _DEBIAS
    return ratio
