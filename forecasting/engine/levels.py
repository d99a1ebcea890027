"""Levels of all series over many memories at once: a discounted Gamma-Poisson filter.

Demand of a period is about Poisson with mean level x factor, the level's prior is a Gamma
distribution with shape A and rate B, and each period both lose a share of what they know (West &
Harrison 1997, chapter 16): A <- d A + y, B <- d B + f, level A / B. A period that is not known adds
nothing to either. Every discount d runs beside the others; which of them to trust is decided later.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forecasting.engine.panel import Floats

# Half-lives in periods; the shortest is next to "as last time", the longest a plain mean.
HALF_LIVES = {
    "D": (2, 4, 7, 10, 14, 21, 30, 45, 60, 90, 130, 180, 270, 400, 700, 2000),
    "W": (0.3, 0.8, 1.5, 3, 6, 10, 16, 26, 52, 120),
    "M": (0.3, 0.8, 1.5, 3, 6, 10, 18, 36, 100),
}
# How many periods of its own a series needs to outweigh what its siblings sell.
PRIOR_PERIODS = 2.0
# Keeps what is forgotten at the prior instead of at nothing over nothing.
_WHISPER = 1e-6
_BLOCK = 1024


def discounts(freq: str) -> Floats:
    return (0.5 ** (1.0 / np.array(HALF_LIVES[freq]))).astype(np.float32)


def filter_levels(
    demand: Floats,
    factors: Floats,
    prior: NDArray[np.float64],
    discount: Floats,
    origins: NDArray[np.int64],
) -> Floats:
    """Levels after the period of each origin, n x origins x discounts; they know nothing later.

    demand: n x periods with NaN; factors: n x periods, what a period multiplies the level by.
    prior: the level that each series begins at. origins: rising period numbers.
    """
    found = np.empty((len(demand), len(origins), len(discount)), dtype=np.float32)
    for start in range(0, len(demand), _BLOCK):
        block = slice(start, start + _BLOCK)
        found[block] = _filter_block(demand[block], factors[block], prior[block], discount, origins)
    return found


def _filter_block(
    demand: Floats,
    factors: Floats,
    prior: NDArray[np.float64],
    discount: Floats,
    origins: NDArray[np.int64],
) -> Floats:
    known = np.isfinite(demand)
    sold = np.where(known, demand, 0).astype(np.float32)
    exposed = np.where(known, factors, 0).astype(np.float32)
    begins = np.where(known.any(axis=1), known.argmax(axis=1), 0)
    rows = np.arange(len(demand))
    prior = prior.astype(np.float32)
    sold[rows, begins] += PRIOR_PERIODS * prior
    exposed[rows, begins] += PRIOR_PERIODS
    sold += (_WHISPER * prior)[:, None]
    exposed += _WHISPER
    # Periods first, so that each step reads one run of memory.
    sold, exposed = np.ascontiguousarray(sold.T), np.ascontiguousarray(exposed.T)
    shape = (len(demand), len(discount))
    count, weight = np.zeros(shape, dtype=np.float32), np.zeros(shape, dtype=np.float32)
    found = np.empty((len(origins), *shape), dtype=np.float32)
    place = 0
    for period in range(int(origins[-1]) + 1):
        count *= discount
        count += sold[period][:, None]
        weight *= discount
        weight += exposed[period][:, None]
        if period == origins[place]:
            np.divide(count, weight, out=found[place])
            place += 1
    return found.transpose(1, 0, 2)
