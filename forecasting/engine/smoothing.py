"""Holt-Winters for all series at once: many smoothing weights side by side, the best kept for each.

Additive season and damped trend (Holt 1957, Winters 1960, Gardner & McKenzie 1985) in the
error-correction form; candidates come from a fixed grid, then twice from around the best by the
squared one-step error. A period that is not known leaves the state as it is.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forecasting.engine.panel import Floats

_CANDIDATES = 24
_ROUNDS = 3
_NARROWER = 0.45
_BLOCK = 512
_SEED = 7


def fit(demand: Floats, season: int) -> NDArray[np.float32]:
    """The weights of each series with the least squared one-step error, n x 4: alpha, beta, phi, gamma.

    season: periods of a season, 1 for none.
    """
    blocks = [_fit(demand[start : start + _BLOCK], season) for start in range(0, len(demand), _BLOCK)]
    return np.concatenate(blocks) if blocks else np.empty((0, 4), dtype=np.float32)


def project(
    demand: Floats, weights: NDArray[np.float32], season: int, origins: NDArray[np.int64], steps: int
) -> Floats:
    """Forecasts of `steps` periods after each origin with given weights, n x origins x steps, never negative.

    An origin is the last period that its forecast knows.
    """
    paths = [
        _project(demand[start : start + _BLOCK], weights[start : start + _BLOCK], season, origins, steps)
        for start in range(0, len(demand), _BLOCK)
    ]
    return np.concatenate(paths) if paths else np.empty((0, len(origins), steps), dtype=np.float32)


def _project(
    demand: Floats, weights: NDArray[np.float32], season: int, origins: NDArray[np.int64], steps: int
) -> Floats:
    lanes = weights.T[:, :, None].astype(np.float32)
    paths = np.empty((len(demand), len(origins), steps), dtype=np.float32)
    place = 0
    ahead = np.arange(1, steps + 1)
    phi = weights[:, 2]
    trend_sum = np.cumsum(phi[:, None] ** ahead[None, :], axis=1)
    for period, level, trend, seasonal in _states(demand, lanes, season):
        if place < len(origins) and period == origins[place]:
            slots = (period + ahead) % season
            path = level[:, 0, None] + trend_sum * trend[:, 0, None] + seasonal[slots, :, 0].T
            paths[:, place] = np.maximum(path, 0)
            place += 1
    return paths


def _fit(demand: Floats, season: int) -> NDArray[np.float32]:
    rng = np.random.default_rng(_SEED)
    count = len(demand)
    best = np.tile(np.array([0.5, 0.3, 0.5, 0.3]), (count, 1))
    width = 1.0
    for number in range(_ROUNDS):
        draws = _spread_out(rng, _CANDIDATES)
        if number == 0:
            unit = np.broadcast_to(draws, (count, _CANDIDATES, 4))
        else:
            unit = best[:, None, :] + (draws[None] - 0.5) * width
            unit[:, 0] = best
        unit = np.clip(unit, 0, 1)
        lanes = np.moveaxis(_weights(unit, season), 2, 0).astype(np.float32)
        errors = _squared_errors(demand, lanes, season)
        best = unit[np.arange(count), errors.argmin(axis=1)]
        width *= _NARROWER
    return _weights(best[:, None, :], season)[:, 0].astype(np.float32)


def _spread_out(rng: np.random.Generator, count: int) -> NDArray[np.float64]:
    """A Latin hypercube: in each of the four directions every share of the range is drawn once."""
    strata = np.stack([rng.permutation(count) for _column in range(4)], axis=1)
    return (strata + rng.random((count, 4))) / count


def _weights(unit: NDArray[np.float64], season: int) -> NDArray[np.float64]:
    """Places in the unit cube as alpha, beta, phi, gamma; small weights get the most room."""
    alpha = 0.001 + 0.989 * unit[..., 0] ** 2
    beta = alpha * 0.3 * unit[..., 1] ** 3
    phi = 0.8 + 0.19 * unit[..., 2]
    gamma = (1 - alpha) * 0.3 * unit[..., 3] ** 3 if season > 1 else np.zeros_like(alpha)
    return np.stack([alpha, beta, phi, gamma], axis=-1)


def _squared_errors(demand: Floats, lanes: Floats, season: int) -> NDArray[np.float32]:
    errors = np.zeros(lanes.shape[1:], dtype=np.float32)
    for _period, *_state in _states(demand, lanes, season, errors):
        pass
    return errors


def _states(demand: Floats, lanes: Floats, season: int, errors: NDArray[np.float32] | None = None):  # type: ignore[no-untyped-def]
    """Level, trend and season after each period; lanes is 4 x n x candidates."""
    alpha, beta, phi, gamma = lanes
    known = np.isfinite(demand)
    level, seasonal = _begin(demand, known, season, lanes.shape[2])
    trend = np.zeros_like(level)
    filled = np.ascontiguousarray(np.where(known, demand, 0).astype(np.float32).T)
    mask = np.ascontiguousarray(known.T.astype(np.float32))
    all_known: NDArray[np.bool_] = np.logical_and.reduce(known, axis=0)
    for period in range(demand.shape[1]):
        slot = period % season
        damped = phi * trend
        level += damped
        error = filled[period][:, None] - level
        error -= seasonal[slot]
        if not all_known[period]:
            error *= mask[period][:, None]
        if errors is not None:
            errors += error * error
        level += alpha * error
        damped += beta * error
        trend = damped
        if season > 1:
            seasonal[slot] += gamma * error
        yield period, level, trend, seasonal


def _begin(
    demand: Floats, known: NDArray[np.bool_], season: int, candidates: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Level and season of the first known seasons, the season shrunk a little to none."""
    begins = known.argmax(axis=1)
    span = max(8 if season == 1 else (8 if season <= 12 else 2) * season, 8 if season > 1 else 1)
    steps = np.arange(demand.shape[1])[None, :]
    early = known & (steps >= begins[:, None]) & (steps < (begins + span)[:, None])
    values = np.where(early, np.nan_to_num(demand), 0).astype(float)
    mean = values.sum(axis=1) / np.maximum(early.sum(axis=1), 1)
    if season == 1:  # without a season the first value is where the level begins
        mean = np.nan_to_num(demand[np.arange(len(demand)), begins])
    seasonal = np.zeros((season, len(demand)))
    if season > 1:
        for slot in range(season):
            here = early[:, slot::season]
            seasonal[slot] = ((values[:, slot::season] - mean[:, None]) * here).sum(axis=1) / (
                here.sum(axis=1) + (2.0 if season <= 12 else 0.5)
            )
    level = np.repeat(mean[:, None], candidates, axis=1).astype(np.float32)
    return level, np.repeat(seasonal[:, :, None], candidates, axis=2).astype(np.float32)
