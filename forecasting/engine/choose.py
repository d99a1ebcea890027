"""Which method a series is forecast by: the one that would have been best lately.

A rolling origin: each method is fitted once, on what was known before the first origin, and then
forecasts four weeks from each of six days a week apart. What is compared are weekly sums, because
orders cover weeks, and because on single days of rare sales forecasting nothing would win.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecasting.engine.method import WEEK, Demand, Method
from forecasting.engine.registry import METHODS, NAIVE, UNTESTED

_WEEKS_AHEAD = 4
_ORIGINS = 6
# A first origin with less behind it tests nothing.
_LEAST_HISTORY = 4 * WEEK
# A week with fewer known days is not compared.
_LEAST_KNOWN = 4
# Standard error over mean absolute error, if errors are normal. Squared errors would let one bulk
# sale, which no stock is kept for, double the safety stock for good.
_NORMAL_SPREAD = float(np.sqrt(np.pi / 2))
# Spread of a product that was never tested, against what chance alone (Poisson) would give.
_UNTESTED_SPREAD = 1.5


@dataclass(frozen=True, slots=True)
class SeriesForecast:
    """The days ahead of one series.

    mean: shape (horizon,), stock units per day.
    sigma: standard error of one day's forecast, such that sigma sqrt(n) is that of n days' sum.
    error, naive_error: mean absolute error of a week's sum in the backtest, of the method used and
        of the seasonal naive one; None where there was too little to test on.
    weekly_units: what a week of the backtest really sold on average, to set errors against.
    """

    method: str
    mean: NDArray[np.float64]
    sigma: float
    error: float | None
    naive_error: float | None
    weekly_units: float


@dataclass(frozen=True, slots=True)
class _Test:
    method: Method
    parameters: Any
    errors: NDArray[np.float64]
    may_be_used: bool

    @property
    def mean_absolute(self) -> float:
        return float(np.abs(self.errors).mean())


def forecast_series(demand: Demand, horizon: int) -> SeriesForecast:
    """Forecast `horizon` days after the last column of `demand` (units per day, NaN unknown).

    Days at the end may be unknown: the forecast then starts where knowledge ends and its first days
    are left out. Raises ValueError where no day is known at all.
    """
    known = np.flatnonzero(~np.isnan(demand))
    if not known.size:
        raise ValueError("demand has no known day")
    unknown_after = len(demand) - 1 - int(known[-1])
    trimmed = demand[known[0] : known[-1] + 1]
    tests, actual = _backtest(trimmed)
    if not tests:
        rate = UNTESTED.project(trimmed, UNTESTED.fit(trimmed), horizon)
        return SeriesForecast(UNTESTED.code, rate, _untested_sigma(trimmed), None, None, 0.0)
    # min() keeps the first of equals, and the naive one stands first.
    best = min((test for test in tests if test.may_be_used), key=lambda test: test.mean_absolute)
    naive = next(test for test in tests if test.method is NAIVE)
    # With the parameters that were tested: a new fit would be another forecast than the error is of.
    mean = best.method.project(trimmed, best.parameters, unknown_after + horizon)
    return SeriesForecast(
        method=best.method.code,
        mean=mean[unknown_after:],
        sigma=_NORMAL_SPREAD * best.mean_absolute / WEEK**0.5,
        error=best.mean_absolute,
        naive_error=naive.mean_absolute,
        weekly_units=float(actual.mean()),
    )


def _backtest(demand: Demand) -> tuple[list[_Test], NDArray[np.float64]]:
    """A test of every method that suits and of the naive one, and the weekly sums they were tested on."""
    origins = _origins(len(demand))
    if not origins or np.isfinite(demand[: origins[0]]).sum() < _LEAST_HISTORY:
        return [], np.empty(0)
    weeks = [_weeks(demand[origin : origin + _WEEKS_AHEAD * WEEK]) for origin in origins]
    days = np.concatenate([known for known, _sums in weeks])
    actual = np.concatenate([sums for _known, sums in weeks])
    usable = days >= _LEAST_KNOWN
    if not usable.any():
        return [], np.empty(0)
    # A week with days missing counts as a whole one of the same pace.
    scale = WEEK / days[usable]
    tests = []
    for method in METHODS:
        suits = method.suits(demand[: origins[0]])
        if suits or method is NAIVE:
            parameters = method.fit(demand[: origins[0]])
            forecasts = _replay(method, parameters, demand, origins)
            tests.append(_Test(method, parameters, (forecasts - actual)[usable] * scale, suits))
    return tests, actual[usable] * scale


def _origins(length: int) -> list[int]:
    """First days of the forecasts, oldest first: as many as leave enough to learn from."""
    last = length - _WEEKS_AHEAD * WEEK
    return [
        origin for number in reversed(range(_ORIGINS)) if (origin := last - number * WEEK) >= _LEAST_HISTORY
    ]


def _replay(method: Method, parameters: Any, demand: Demand, origins: list[int]) -> NDArray[np.float64]:
    """Weekly sums that the method would have forecast, over the days that became known."""
    sums = []
    for origin in origins:
        happened = demand[origin : origin + _WEEKS_AHEAD * WEEK]
        forecast = method.project(demand[:origin], parameters, len(happened))
        _known, weekly = _weeks(np.where(np.isnan(happened), np.nan, forecast))
        sums.append(weekly)
    return np.concatenate(sums)


def _weeks(days: Demand) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """How many days are known in each week, and their sum."""
    by_week = days.reshape(-1, WEEK)
    return np.isfinite(by_week).sum(axis=1), np.nansum(by_week, axis=1)


def _untested_sigma(demand: Demand) -> float:
    known = demand[~np.isnan(demand)]
    spread = float(known.std(ddof=1)) if len(known) > 1 else 0.0
    return max(spread, _UNTESTED_SPREAD * float(np.sqrt(max(known.mean(), 0.0))))
