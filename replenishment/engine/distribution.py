"""The chance of each demand over the days an order must cover."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Above this many pieces a normal distribution is as good as counting them, and much cheaper.
_COUNTED_UP_TO = 500.0
_TAIL = 1e-10


@dataclass(frozen=True, slots=True)
class CoverDemand:
    """Demand over the cover period, stock units.

    Pieces follow a negative binomial distribution with this mean and spread (Poisson where the
    spread is not wider than chance), weighed goods and large numbers a normal one.
    """

    mean: float
    sigma: float
    in_whole_units: bool

    def quantile(self, probability: float) -> float:
        """The smallest stock, at least 0, that suffices with this probability; whole for pieces."""
        if self.sigma <= 0 or self.mean <= 0:
            level = self.mean
        elif self._is_counted:
            level = float(_counts(self.mean, self.sigma).ppf(probability))
        else:
            from scipy.stats import norm

            level = float(norm.ppf(probability, self.mean, self.sigma))
        level = max(level, 0.0)
        # A hair above a whole number is that number.
        return float(np.ceil(level - 1e-9)) if self.in_whole_units else level

    def expected_shortage(self, levels: NDArray[np.float64]) -> NDArray[np.float64]:
        """E[(demand - level)+] for each stock level, which may be negative."""
        if self.sigma <= 0 or self.mean <= 0:
            return np.maximum(self.mean - levels, 0.0)
        if self._is_counted:
            return self._counted_shortage(levels)
        from scipy.stats import norm

        z = (levels - self.mean) / self.sigma
        return self.sigma * (norm.pdf(z) - z * norm.sf(z))

    @property
    def _is_counted(self) -> bool:
        return self.in_whole_units and self.mean <= _COUNTED_UP_TO

    def _counted_shortage(self, levels: NDArray[np.float64]) -> NDArray[np.float64]:
        shortage = _shortage_of_counts(self.mean, self.sigma)
        inside = np.interp(levels, np.arange(len(shortage)), shortage)
        return np.where(levels < 0, shortage[0] - levels, inside)


def _counts(mean: float, sigma: float) -> Any:
    from scipy.stats import nbinom, poisson

    variance = sigma**2
    if variance <= mean * 1.000_001:
        return poisson(mean)
    return nbinom(mean**2 / (variance - mean), mean / variance)


@lru_cache(maxsize=1_024)
def _shortage_of_counts(mean: float, sigma: float) -> NDArray[np.float64]:
    """E[(D - n)+] for n = 0, 1, ...: the sum of P(D > k) over k >= n, linear between whole numbers.

    Asked for many times while one product is planned, and dear to reckon.
    """
    counts = _counts(mean, sigma)
    beyond = counts.sf(np.arange(int(counts.isf(_TAIL)) + 1))
    shortage = np.append(np.cumsum(beyond[::-1])[::-1], 0.0)
    shortage.flags.writeable = False
    return shortage
