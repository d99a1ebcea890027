"""Sample paths: what the periods ahead may bring, drawn evenly instead of at random.

Demand of a period is negative binomial around a mean that itself is uncertain: a path draws one
level for all its periods (gamma, mean 1) and then each period by itself. The draws are the
midpoints of equal slices of probability in an order that is the same for every item (a Latin
hypercube), so 64 of them say as much as some hundred random ones, equal input gives equal paths, and
no item's paths depend on its neighbours.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Up to this mean counts are counted; beyond, a rounded gamma distribution is as good and cheaper.
_COUNTED_UP_TO = 25.0
# Variance this close to the mean is Poisson.
_POISSON = 1.02
_LEAST_MEAN = 1e-4
_SEED = 20_261_122


def sample_paths(
    mean: Floats,
    dispersion: ArrayLike,
    level_error: ArrayLike,
    draws: int,
    *,
    whole: ArrayLike = True,
) -> Floats:
    """Demand of shape (items, draws, periods), stock units.

    mean: (items, periods). dispersion, level_error: (items,), see `types.Item`. whole: (items,),
    sold by the piece.
    """
    count, periods = mean.shape
    slices, order = _slices(draws, periods + 1)
    spread = np.maximum(np.broadcast_to(np.asarray(dispersion, dtype=float), count), 1.0)
    error = np.broadcast_to(np.asarray(level_error, dtype=float), count)
    pieces = np.broadcast_to(np.asarray(whole, dtype=bool), count)
    paths = np.zeros((count, draws, periods))
    sure = error <= 0
    if sure.any():
        sorted_ = _even_quantiles(mean[sure], spread[sure], pieces[sure], slices)
        for period in range(periods):
            paths[sure, :, period] = sorted_[:, period, :][:, order[period + 1]]
    if not sure.all():
        some = ~sure
        level = _gamma(1.0, error[some, None] ** 2, slices[order[0]][None, :])
        level /= level.mean(axis=1, keepdims=True)
        centre = np.maximum(mean[some][:, None, :] * level[:, :, None], _LEAST_MEAN)
        chances = np.broadcast_to(np.ascontiguousarray(slices[order[1:]].T)[None], centre.shape)
        wide = np.broadcast_to(spread[some, None, None], centre.shape)
        paths[some] = _quantiles(centre, wide, chances, pieces[some])
        paths[some] *= mean[some][:, None, :] > 0
    return paths


def lead_draws(lead: int, sd: float, draws: int) -> NDArray[np.int64]:
    """Lead times in whole periods, one a path; at least 0."""
    if sd <= 0:
        return np.full(draws, lead)
    from scipy.special import ndtri

    slices, _order = _slices(draws, 1)
    shuffled = slices[np.random.default_rng(_SEED + 1).permutation(draws)]
    return np.maximum(0, np.rint(lead + sd * ndtri(shuffled))).astype(np.int64)


def spread_of_sums(
    short_mean: float, short_variance: float, long_mean: float, long_variance: float
) -> tuple[float, float]:
    """(dispersion, level error) under which sums over a short and a long time vary as given.

    Variance of a sum of mean m is dispersion m + level_error^2 m^2: two sums, two unknowns.
    """
    if short_mean <= 0 or long_mean <= short_mean:
        return 1.0, 0.0
    short, long = short_variance / short_mean, long_variance / long_mean
    error = max(0.0, (long - short) / (long_mean - short_mean))
    dispersion = short - error * short_mean
    if dispersion < 1.0:
        # Narrower than chance in the short run: what is left explains the long run as well it can.
        dispersion = 1.0
        error = max(0.0, (short - 1.0) / short_mean)
    return float(dispersion), float(min(error, 4.0) ** 0.5)


@lru_cache(maxsize=64)
def _slices(draws: int, columns: int) -> tuple[Floats, NDArray[np.int64]]:
    """Midpoints of equal slices of probability, and an order of them for each column."""
    random = np.random.default_rng(_SEED)
    order = np.stack([random.permutation(draws) for _ in range(columns)])
    return (np.arange(draws) + 0.5) / draws, order


def _gamma(mean: ArrayLike, variance: ArrayLike, chance: ArrayLike) -> Floats:
    """Quantiles of a gamma distribution by Wilson and Hilferty's cube root."""
    from scipy.special import ndtri

    mean, variance = np.asarray(mean, dtype=float), np.asarray(variance, dtype=float)
    ninth = variance / (9.0 * mean**2)
    root: Floats = np.maximum(1.0 - ninth + ndtri(chance) * np.sqrt(ninth), 0.0)
    return mean * root**3


def _even_quantiles(mean: Floats, dispersion: Floats, whole: NDArray[np.bool_], slices: Floats) -> Floats:
    """Quantiles at all slices, shape (items, periods, draws), rising: one table for a whole row."""
    drawn = np.zeros((*mean.shape, len(slices)))
    wide = np.broadcast_to(dispersion[:, None], mean.shape)
    counted = (mean <= _COUNTED_UP_TO) & whole[:, None]
    many = ~counted & (mean > 0)
    if many.any():
        sums = _gamma(mean[many][:, None], (mean * wide)[many][:, None], slices[None, :])
        pieces = np.broadcast_to(whole[:, None], mean.shape)[many]
        drawn[many] = np.where(pieces[:, None], np.rint(sums), sums)
    if counted.any():
        drawn[counted] = _count_table(mean[counted], wide[counted], len(slices))
    return drawn


def _count_table(mean: Floats, dispersion: Floats, draws: int) -> Floats:
    """The same for counts: how many outcomes lie below each slice."""
    chance, ratio = _first_chance(np.maximum(mean, _LEAST_MEAN), dispersion)
    below = chance.copy()
    passed = np.zeros((len(mean), draws + 1), dtype=np.int64)
    rows = np.arange(len(mean))
    for number in range(10_000):
        first = np.clip(np.floor(below * draws - 0.5).astype(np.int64) + 1, 0, draws)
        passed[rows, first] += 1
        going = (first < draws) & ((chance > 1e-14) | (number < mean))
        if not going.any():
            break
        chance = chance * ratio(number)
        below = np.where(going, below + chance, 2.0)
    counts: Floats = np.cumsum(passed[:, :draws], axis=1).astype(float)
    return counts


def _quantiles(mean: Floats, dispersion: Floats, chance: Floats, whole: NDArray[np.bool_]) -> Floats:
    """One quantile for each mean and chance, all of shape (items, draws, periods)."""
    pieces = np.broadcast_to(whole[:, None, None], mean.shape)
    counted = (mean <= _COUNTED_UP_TO) & pieces
    drawn = np.zeros(mean.shape)
    many = ~counted
    if many.any():
        sums = _gamma(mean[many], (mean * dispersion)[many], chance[many])
        drawn[many] = np.where(pieces[many], np.rint(sums), sums)
    if counted.any():
        drawn[counted] = _counts(mean[counted], dispersion[counted], chance[counted])
    return drawn


def _counts(mean: Floats, dispersion: Floats, chance: Floats) -> Floats:
    """Quantiles of the negative binomial, counted up from 0 until each chance is reached."""
    step, ratio = _first_chance(mean, dispersion)
    counts = np.zeros_like(mean)
    below = step
    rest = np.arange(len(mean))
    for number in range(10_000):
        going = (below < chance[rest]) & ((step > 1e-14) | (number < mean[rest]))
        rest, step, below = rest[going], step[going], below[going]
        if not rest.size:
            break
        step = step * ratio(number, rest)
        below = below + step
        counts[rest] = number + 1
    return counts


def _first_chance(mean: Floats, dispersion: Floats) -> tuple[Floats, Callable[..., Floats]]:
    """The chance of 0, and a function for the ratio of the chances of k + 1 and k."""
    poisson = dispersion <= _POISSON
    spread = np.where(poisson, 2.0, dispersion)
    size = mean / (spread - 1.0)
    first: Floats = np.where(poisson, np.exp(-mean), np.exp(-size * np.log(spread)))

    def ratio(number: int, rows: Any = slice(None)) -> Floats:
        wide = (number + size[rows]) / (number + 1) * (1 - 1 / spread[rows])
        found: Floats = np.where(poisson[rows], mean[rows] / (number + 1), wide)
        return found

    return first, ratio
