"""Exponential smoothing with an additive week (Holt 1957, Winters 1960), fitted by statsmodels.

With a damped trend (Gardner & McKenzie 1985) where the fit says that it is worth its parameters.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecasting.engine.gallery.method import WEEK, Demand, Method, filled, sells_rarely

# Less than this is too short to learn seven weekdays from.
_SHORTEST = 8 * WEEK
# What lies further back says little about the level, and every day costs time in the fit.
_LONGEST = 52 * WEEK
# A trend is tried only where weeks rise or fall by more than chance: |t| of the slope.
_TREND_T = 2.0


@dataclass(frozen=True, slots=True)
class Smoothing:
    """alpha, beta, gamma and phi of the textbook; without a trend beta is 0 and phi is 1."""

    level: float
    trend: float
    season: float
    damping: float
    has_trend: bool


def suits(demand: Demand) -> bool:
    return int(np.isfinite(demand).sum()) >= _SHORTEST and not sells_rarely(demand)


def fit(demand: Demand) -> Smoothing:
    """The smoothing weights with the least squared one-step error.

    Of the two forms the one with the lower corrected Akaike criterion is kept.
    """
    recent = _recent(demand)
    plain = _fitted(recent, damped=False)
    if not _has_trend(recent):
        return _weights(plain)
    damped = _fitted(recent, damped=True)
    return _weights(damped if damped.aicc < plain.aicc else plain)


def project(demand: Demand, weights: Smoothing, horizon: int) -> NDArray[np.float64]:
    """The mean of the coming days, never below zero."""
    model = _model(_recent(demand), damped=weights.has_trend)
    fixed = {"smoothing_level": weights.level, "smoothing_seasonal": weights.season}
    if weights.has_trend:
        fixed |= {"smoothing_trend": weights.trend, "damping_trend": weights.damping}
    with warnings.catch_warnings(action="ignore"):
        forecast = np.asarray(model.fit(optimized=False, **fixed).forecast(horizon), dtype=float)
    return np.maximum(forecast, 0.0)


def _recent(demand: Demand) -> Demand:
    return filled(demand[-_LONGEST:])


def _model(demand: Demand, *, damped: bool) -> Any:
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    return ExponentialSmoothing(
        demand,
        trend="add" if damped else None,
        damped_trend=damped,
        seasonal="add",
        seasonal_periods=WEEK,
        initialization_method="heuristic",
    )


def _fitted(demand: Demand, *, damped: bool) -> Any:
    # A series that the optimiser does not finish on is judged by its backtest like any other.
    with warnings.catch_warnings(action="ignore"):
        return _model(demand, damped=damped).fit()


def _weights(fitted: Any) -> Smoothing:
    found = fitted.params
    has_trend = bool(fitted.model.has_trend)
    return Smoothing(
        level=float(found["smoothing_level"]),
        trend=float(found["smoothing_trend"]) if has_trend else 0.0,
        season=float(found["smoothing_seasonal"]),
        damping=float(found["damping_trend"]) if has_trend else 1.0,
        has_trend=has_trend,
    )


def _has_trend(demand: Demand) -> bool:
    weeks = demand[len(demand) % WEEK :].reshape(-1, WEEK).sum(axis=1)
    time = np.arange(len(weeks)) - (len(weeks) - 1) / 2
    slope = float(time @ weeks / (time @ time))
    rest = weeks - weeks.mean() - slope * time
    error = float(np.sqrt(rest @ rest / max(len(weeks) - 2, 1) / (time @ time)))
    return abs(slope) > _TREND_T * error


METHOD = Method("holt_winters", suits, fit, project)
