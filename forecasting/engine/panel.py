"""What the engine is given and what it gives back: a whole shop at once, frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

# Periods after which the calendar repeats: the week of days, the year of weeks and months.
SEASON = {"D": 7, "W": 52, "M": 12}


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Demand of many series over the same periods, and what is known besides.

    keys: a name for each of the n series.
    demand: n x periods, units; NaN where demand is not known: before a series begins, after its
        sales are known, while nothing was there to sell.
    first: the day on which the first period begins. freq: "D", "W" (seven days) or "M".
    category, group: codes 0, 1, ... of product family and of warehouse, by series.
    at_least: True where the shelf was empty in the end, so that more may have been wanted.
    price, promo, drivers: n x (periods + horizon); NaN where not known. What is not known for the
        future is not used, except `promo`: its mean effect is then expected.
    events: by name, 1 x or n x (periods + horizon), True when it happens.
    """

    keys: tuple[str, ...]
    demand: Floats
    first: np.datetime64
    freq: str
    horizon: int
    category: NDArray[np.int64]
    group: NDArray[np.int64]
    at_least: NDArray[np.bool_] | None = None
    price: Floats | None = None
    promo: Floats | None = None
    drivers: Mapping[str, Floats] = field(default_factory=dict)
    events: Mapping[str, NDArray[np.bool_]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.freq not in SEASON:
            raise ValueError(f"freq is D, W or M, not {self.freq}")
        if self.horizon < 1:
            raise ValueError("horizon is at least 1")
        if self.demand.ndim != 2 or len(self.keys) != len(self.demand):
            raise ValueError("demand needs one row for each key")

    @property
    def periods(self) -> int:
        return self.demand.shape[1]

    @property
    def told(self) -> int:
        """Up to how many periods from the beginning demand is known of any series."""
        told = np.flatnonzero(np.isfinite(self.demand).any(axis=0))
        return int(told[-1]) + 1 if told.size else self.periods

    def days(self) -> NDArray[np.datetime64]:
        """The days on which all periods begin, those of the horizon included."""
        steps = np.arange(self.periods + self.horizon)
        if self.freq == "M":
            return (self.first.astype("datetime64[M]") + steps).astype("datetime64[D]")
        return self.first.astype("datetime64[D]") + steps * (7 if self.freq == "W" else 1)

    def part(self, rows: NDArray[np.int64]) -> Panel:
        """The panel of some of the series."""

        def some(values: Any) -> Any:
            return values if values is None or len(values) == 1 != len(self.keys) else values[rows]

        return Panel(
            keys=tuple(self.keys[row] for row in rows),
            demand=self.demand[rows],
            first=self.first,
            freq=self.freq,
            horizon=self.horizon,
            category=self.category[rows],
            group=self.group[rows],
            at_least=some(self.at_least),
            price=some(self.price),
            promo=some(self.promo),
            drivers={name: values[rows] for name, values in self.drivers.items()},
            events={name: some(marks) for name, marks in self.events.items()},
        )


@dataclass(frozen=True, slots=True, eq=False)
class PanelForecast:
    """The periods ahead of every series of a panel; n is the number of series.

    mean: n x horizon, units, never negative.
    leads, levels: the axes of `distances`, n x leads x levels: how far a quantile of the sum of the
        first periods lies from its mean, in roots of the mean.
    methods: names of what is mixed; weights: n x methods, shares of the mean; method: the number of
        the one that carries most, the naive one only where it alone is used.
    error, naive_error: mean absolute error in the backtest of the sum of `error_periods` periods, of
        what is used and of the naive forecast; bias: mean error over mean sold. NaN: not testable.
    tested: how many origins the errors come from. demand_rate: mean units a period in the backtest.
    level: units a period without calendar; factors: by name, n x horizon multipliers. The sum of
        level x all factors over the horizon is the mean's; single periods differ where a method of the
        mix has a week of its own. pools: the class that weights were learned in, by series.
    covered: by level, the share of backtest sums (longest lead) at or below that quantile.
    unknown: periods since the beginning of a series whose demand is not known; closed: those on which
        its pool was closed, which say nothing about the calendar.
    warnings: sentences about odd series, by the engine's own words.
    """

    keys: tuple[str, ...]
    mean: NDArray[np.float64]
    leads: tuple[int, ...]
    levels: NDArray[np.float64]
    distances: Floats
    methods: tuple[str, ...]
    weights: Floats
    method: NDArray[np.int64]
    error: NDArray[np.float64]
    naive_error: NDArray[np.float64]
    bias: NDArray[np.float64]
    error_periods: int
    tested: NDArray[np.int64]
    demand_rate: NDArray[np.float64]
    level: NDArray[np.float64]
    factors: Mapping[str, Floats]
    pools: NDArray[np.int64]
    covered: Mapping[float, float]
    unknown: NDArray[np.int64]
    closed: NDArray[np.int64]
    warnings: tuple[str, ...] = ()

    def sums(self, lead: int) -> NDArray[np.float64]:
        """Expected demand of the first `lead` periods together, at most the horizon."""
        self._check(lead)
        return self.mean[:, :lead].sum(axis=1)

    def sum_quantiles(self, lead: int, levels: Sequence[float]) -> NDArray[np.float64]:
        """n x levels: what the demand of the first `lead` periods does not exceed with each probability.

        Between the leads of the grid distances move with the logarithm of periods, between its
        levels with normal scores.
        """
        mean = self.sums(lead)[:, None]
        distances = self._at_levels(self._at_lead(lead), np.asarray(levels, dtype=float))
        return np.maximum(mean + distances * np.sqrt(mean), 0.0)

    def _check(self, lead: int) -> None:
        if not 1 <= lead <= self.mean.shape[1]:
            raise ValueError(f"a lead lies between 1 and the horizon {self.mean.shape[1]}, not {lead}")

    def _at_lead(self, lead: int) -> NDArray[np.float64]:
        above = int(np.searchsorted(self.leads, lead))
        if above == len(self.leads):
            return self.distances[:, -1].astype(float)
        if above == 0 or self.leads[above] == lead:
            return self.distances[:, above].astype(float)
        low, high = self.leads[above - 1], self.leads[above]
        share = np.log(lead / low) / np.log(high / low)
        return (1 - share) * self.distances[:, above - 1] + share * self.distances[:, above]

    def _at_levels(self, distances: NDArray[np.float64], levels: NDArray[np.float64]) -> NDArray[np.float64]:
        if not ((levels > 0) & (levels < 1)).all():
            raise ValueError("levels lie between 0 and 1")
        scores, wanted = normal_scores(self.levels), normal_scores(levels)
        place = np.clip(np.searchsorted(self.levels, levels), 1, len(scores) - 1)
        share = (wanted - scores[place - 1]) / (scores[place] - scores[place - 1])
        return distances[:, place - 1] * (1 - share) + distances[:, place] * share


def normal_scores(levels: NDArray[np.float64]) -> NDArray[np.float64]:
    from statistics import NormalDist

    normal = NormalDist()
    return np.array([normal.inv_cdf(float(level)) for level in levels])


def read_only(values: Mapping[str, Floats]) -> Mapping[str, Floats]:
    return MappingProxyType(dict(values))
