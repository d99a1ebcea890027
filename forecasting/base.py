"""A forecast's numbers between and beyond those that are stored; no NumPy, for web processes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import log, sqrt
from statistics import NormalDist

_NORMAL = NormalDist()
_WEEK = 7


@lru_cache(maxsize=256)
def _score(level: float) -> float:
    return _NORMAL.inv_cdf(level)


@dataclass(frozen=True, slots=True)
class Grid:
    """Daily means, and how far quantiles of the sums of n days lie from their means.

    distances: (quantile - mean) / root of mean, because that is how chance grows; a row of levels
    for each lead time, both rising. Without them sums are normal, with standard error sigma sqrt(n).
    """

    mean: Sequence[float]
    lead_times: Sequence[int]
    levels: Sequence[float]
    distances: Sequence[float]
    sigma: float

    def expected(self, days: int, *, skip: int = 0) -> float:
        wanted = self.mean[skip : skip + days]
        last_week = self.mean[-_WEEK:]
        return sum(wanted) + (days - len(wanted)) * (sum(last_week) / len(last_week))

    def sum_quantiles(self, days: int, levels: Sequence[float], *, skip: int = 0) -> list[float]:
        if days < 1 or not all(0 < level < 1 for level in levels):
            raise ValueError("a sum needs at least one day, a level lies between 0 and 1")
        mean = self.expected(days, skip=skip)
        return [max(mean + self._spread(days, mean, level), 0.0) for level in levels]

    def band(self, level: float) -> list[tuple[float, float]]:
        low, high = (1 - level) / 2, (1 + level) / 2
        return [
            (max(mean + self._spread(1, mean, low), 0.0), max(mean + self._spread(1, mean, high), 0.0))
            for mean in self.mean
        ]

    def _spread(self, days: int, mean: float, level: float) -> float:
        """How far the quantile lies from the mean.

        Between two lead times distances are interpolated over the logarithm of days, between two
        levels over normal scores; beyond the longest they stay, beyond the outermost they go on.
        """
        if not self.distances:
            return _score(level) * self.sigma * sqrt(days)
        place = bisect_left(self.lead_times, days)
        if place == len(self.lead_times):
            share, below, above = 1.0, place - 1, place - 1
        elif place == 0 or self.lead_times[place] == days:
            share, below, above = 1.0, place, place
        else:
            below, above = place - 1, place
            first, second = self.lead_times[below], self.lead_times[above]
            share = log(days / first) / log(second / first)
        distance = share * self._distance(above, level)
        if share < 1:
            distance += (1 - share) * self._distance(below, level)
        return distance * sqrt(mean)

    def _distance(self, row: int, level: float) -> float:
        """The distance of one stored lead time, at any level."""
        place = min(max(bisect_left(self.levels, level), 1), len(self.levels) - 1)
        low, high = self.levels[place - 1], self.levels[place]
        start = row * len(self.levels)
        first, second = self.distances[start + place - 1], self.distances[start + place]
        share = (_score(level) - _score(low)) / (_score(high) - _score(low))
        return first + share * (second - first)
