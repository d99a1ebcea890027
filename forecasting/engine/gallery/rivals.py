"""Well-known methods on one product's own demand, judged by the same past weeks as the panel engine.

Each is given what was known at an origin and nothing later. What is dear to fit is fitted for a
block of origins, at the first of them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasting.engine import naive, rare
from forecasting.engine.forecast import LEVELS, cleaned, origins_of
from forecasting.engine.gallery import holt_winters
from forecasting.engine.gallery.method import WEEK, filled
from forecasting.engine.panel import Panel
from forecasting.engine.spread import learn_spread

# Days of a moving average; origins that one fit of Holt-Winters serves.
_MONTH, _BLOCK = 28, 9
# What the regression learns from: days, and after how many of them a day counts half.
_YEAR, _HALF_LIFE = 364, 90
_PULL = 1e-3
_LEADS = (1, 3, 7, 14, 28, 56)
_KNOWN_SHARE = 0.7
_LEAST_HISTORY = 56

# n x steps means after each origin; an origin is the last day that is known.
Paths = NDArray[np.float64]
Method = Callable[[NDArray[np.float64], NDArray[np.datetime64], NDArray[np.int64], int], Paths]


@dataclass(frozen=True, slots=True)
class Score:
    """Mean absolute error of a week's sum and bias as a share of what was sold, over `tested` weeks."""

    error: float
    bias: float | None
    tested: int


@dataclass(frozen=True, slots=True)
class RivalForecast:
    """mean: of each day ahead. leads x levels distances of sums' quantiles, in roots of their means."""

    mean: NDArray[np.float64]
    leads: tuple[int, ...]
    distances: NDArray[np.float64]
    score: Score | None


def seasonal_naive(
    demand: NDArray[np.float64], days: NDArray[np.datetime64], origins: NDArray[np.int64], steps: int
) -> Paths:
    week = naive.seasonal_naive(demand[None].astype(np.float32), WEEK, origins, WEEK)[0]
    return np.asarray(week[:, np.arange(steps) % WEEK], dtype=float)


def moving_average(
    demand: NDArray[np.float64], days: NDArray[np.datetime64], origins: NDArray[np.int64], steps: int
) -> Paths:
    """The mean of the last 28 days that are known."""
    rates = []
    for origin in origins:
        known = demand[: origin + 1]
        recent = known[np.isfinite(known)][-_MONTH:]
        rates.append(recent.mean() if recent.size else 0.0)
    return np.repeat(np.array(rates)[:, None], steps, axis=1)


def tsb(
    demand: NDArray[np.float64], days: NDArray[np.datetime64], origins: NDArray[np.int64], steps: int
) -> Paths:
    rates = rare.tsb(demand[None].astype(np.float32), origins, size_weight=0.1, chance_weight=1 / 60)
    return np.repeat(rates[0][:, None].astype(float), steps, axis=1)


def croston(
    demand: NDArray[np.float64], days: NDArray[np.datetime64], origins: NDArray[np.int64], steps: int
) -> Paths:
    rates = rare.croston_sba(demand[None].astype(np.float32), origins, alpha=0.1)
    return np.repeat(rates[0][:, None].astype(float), steps, axis=1)


def smoothed(
    demand: NDArray[np.float64], days: NDArray[np.datetime64], origins: NDArray[np.int64], steps: int
) -> Paths:
    """Holt-Winters by statsmodels."""
    paths = []
    for number, origin in enumerate(origins):
        known = demand[: origin + 1]
        if number % _BLOCK == 0:
            weights = holt_winters.fit(known)
        paths.append(holt_winters.project(known, weights, steps))
    return np.stack(paths)


def theta(
    demand: NDArray[np.float64], days: NDArray[np.datetime64], origins: NDArray[np.int64], steps: int
) -> Paths:
    """The Theta method (Assimakopoulos & Nikolopoulos 2000) with an additive week, by statsmodels."""
    from statsmodels.tsa.forecasting.theta import ThetaModel

    paths = []
    for origin in origins:
        known = filled(demand[max(0, origin + 1 - _YEAR) : origin + 1])
        with warnings.catch_warnings(action="ignore"):
            model = ThetaModel(known, period=WEEK, deseasonalize=True, use_test=False, method="additive")
            paths.append(np.maximum(np.asarray(model.fit(disp=False).forecast(steps)), 0))
    return np.stack(paths)


def regression(
    demand: NDArray[np.float64], days: NDArray[np.datetime64], origins: NDArray[np.int64], steps: int
) -> Paths:
    """Poisson regression on weekday, part of the month and time of the year, by scikit-learn."""
    from sklearn.linear_model import PoissonRegressor

    columns = _calendar(days)
    paths = []
    for origin in origins:
        period = np.arange(max(0, origin + 1 - _YEAR), origin + 1)
        period = period[np.isfinite(demand[period])]
        # Waves of the year say something only where most of a year is known.
        width = columns.shape[1] if len(period) >= 0.8 * _YEAR else columns.shape[1] - 2
        model = PoissonRegressor(alpha=_PULL, max_iter=200)
        weight = 0.5 ** ((origin - period) / _HALF_LIFE)
        model.fit(columns[period, :width], demand[period], weight)
        paths.append(model.predict(columns[origin + 1 : origin + 1 + steps, :width]))
    return np.stack(paths)


def _calendar(days: NDArray[np.datetime64]) -> NDArray[np.float64]:
    weekday = np.eye(7)[(days.astype("int64") + 3) % 7][:, 1:]
    day = (days - days.astype("datetime64[M]")).astype("int64")
    month_part = np.eye(5)[np.minimum(day // 6, 4)][:, 1:]
    turn = 2 * np.pi * (days - days.astype("datetime64[Y]")).astype("int64") / 365.25
    return np.column_stack([weekday, month_part, np.sin(turn), np.cos(turn)])


METHODS: Mapping[str, Method] = {
    "seasonal_naive": seasonal_naive,
    "moving_average": moving_average,
    "mean_rate": tsb,
    "croston": croston,
    "holt_winters": smoothed,
    "theta": theta,
    "regression": regression,
}
# They need so many known days, and sales.
_FITTED = {"holt_winters", "theta", "regression"}


@dataclass(frozen=True, slots=True, eq=False)
class _Past:
    """One series from its first known day on, with the origins that say something."""

    demand: NDArray[np.float64]
    days: NDArray[np.datetime64]
    origins: NDArray[np.int64]
    horizon: int

    def sold(self, lead: int) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
        """Of the days after each origin: sums of what is known, which are known, which origins count."""
        place = self.origins[:, None] + 1 + np.arange(lead)[None, :]
        inside = place < len(self.demand)
        values = self.demand[np.minimum(place, len(self.demand) - 1)]
        known = np.isfinite(values) & inside
        valid = (known.sum(axis=1) >= _KNOWN_SHARE * lead) & inside.all(axis=1)
        return np.where(known, values, 0).sum(axis=1), known, valid


def _past(panel: Panel) -> _Past | None:
    demand = cleaned(panel).demand[0].astype(float)
    known = np.isfinite(demand)
    if not known.any():
        return None
    begin = int(known.argmax())
    origins = origins_of(panel) - begin
    return _Past(demand[begin:], panel.days()[begin:], origins[origins >= _LEAST_HISTORY], panel.horizon)


def _suits(past: _Past, code: str) -> bool:
    if code not in _FITTED:
        return True
    before = past.demand[: int(past.origins[0]) + 1] if past.origins.size else past.demand
    return bool(np.isfinite(before).sum() >= 0.7 * _LEAST_HISTORY and np.nansum(before) > 0)


def compare(panel: Panel, code: str) -> Score | None:
    """How one method would have done on the panel's only series; None where it cannot be tested."""
    past = _past(panel)
    if past is None or not past.origins.size or not _suits(past, code):
        return None
    return _score(past, METHODS[code](past.demand, past.days, past.origins, WEEK))


def forecast(panel: Panel, code: str) -> RivalForecast | None:
    """The panel's only series by one method; None where it cannot be forecast so."""
    past = _past(panel)
    if past is None or not _suits(past, code):
        return None
    now = len(past.demand) - 1
    mean = METHODS[code](past.demand, past.days, np.array([now]), past.horizon)[0]
    leads = tuple(lead for lead in _LEADS if lead <= past.horizon)
    steps = max(leads)
    paths = METHODS[code](past.demand, past.days, past.origins, steps) if past.origins.size else None
    distances: list[NDArray[np.float64]] = []
    for lead in leads:
        total = np.array([mean[:lead].sum()])
        none = np.zeros((1, 1))
        sums, sold, valid = none, none, none > 0
        if paths is not None:
            found, known, counted = past.sold(lead)
            if counted.sum() >= 2:
                sums = (paths[:, :lead] * known).sum(axis=1)[None]
                sold, valid = found[None], counted[None]
            elif distances:
                distances.append(distances[-1])
                continue
        overlap = -(-lead // WEEK) - 1
        spread = learn_spread(total, sums, sold, valid, np.zeros(1, dtype=np.int64), LEVELS, overlap)
        distances.append(spread.distances[0])
    score = None if paths is None else _score(past, paths)
    return RivalForecast(mean, leads, np.array(distances), score)


def _score(past: _Past, paths: Paths) -> Score | None:
    sold, known, valid = past.sold(WEEK)
    if not valid.any():
        return None
    pace = WEEK / known.sum(axis=1)[valid]
    off = ((paths[:, :WEEK] * known).sum(axis=1) - sold)[valid] * pace
    units = float((sold[valid] * pace).sum())
    bias = float(off.sum()) / units if units > 0 else None
    return Score(float(np.abs(off).mean()), bias, int(valid.sum()))
