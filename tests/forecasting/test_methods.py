"""The engine's methods against numbers from books, papers and hand arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.engine import holt_winters, mean_rate, seasonal_naive
from forecasting.engine.method import filled

NAN = np.nan

# International visitor nights in Australia, millions, 2005 to 2010 by quarter (Hyndman &
# Athanasopoulos, Forecasting: Principles and Practice, data set austourists).
AUSTOURISTS = [
    *(41.727458, 24.04185, 32.328103, 37.328708, 46.213153, 29.346326, 36.48291, 42.977719),
    *(48.901525, 31.180221, 37.717881, 40.420211, 51.206863, 31.887228, 40.978263, 43.772491),
    *(55.558567, 33.850915, 42.076383, 45.642292, 59.76678, 35.191877, 44.319737, 47.913736),
]


def test_the_installed_statsmodels_gives_its_published_holt_winters_forecast():
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    model = ExponentialSmoothing(
        np.array(AUSTOURISTS),
        seasonal_periods=4,
        trend="additive",
        seasonal="additive",
        initialization_method="estimated",
        use_boxcox=True,
    )
    published = [59.96, 38.63, 47.48, 51.89, 62.81, 41.0, 50.06, 54.57]
    np.testing.assert_allclose(model.fit().forecast(8), published, atol=0.005)


@pytest.mark.parametrize(("trend", "damping"), [(0.0, 1.0), (0.1, 0.9)])
def test_holt_winters_follows_the_textbooks_equations(trend, damping):
    """Hyndman & Athanasopoulos 8.3, additive: l, b, s updated by hand from the same start."""
    rng = np.random.default_rng(3)
    demand = 20 + np.resize([3, 1, 0, -1, -2, -4, 3], 84) + 0.1 * np.arange(84) + rng.normal(size=84)
    alpha, gamma, phi = 0.3, 0.2, damping
    weights = holt_winters.Smoothing(alpha, trend, gamma, damping, has_trend=bool(trend))
    model = holt_winters._model(demand, damped=weights.has_trend)
    fixed = {"smoothing_level": alpha, "smoothing_seasonal": gamma}
    if trend:
        fixed |= {"smoothing_trend": trend, "damping_trend": phi}
    start = model.fit(optimized=False, **fixed).params
    level, slope = start["initial_level"], start["initial_trend"] if trend else 0.0
    season = list(start["initial_seasons"])
    for day, sold in enumerate(demand):
        before, seasonal = level + phi * slope, season[day]
        level = alpha * (sold - seasonal) + (1 - alpha) * before
        slope = trend * (level - (before - phi * slope)) + (1 - trend) * phi * slope if trend else 0.0
        season.append(gamma * (sold - before) + (1 - gamma) * seasonal)
    season[-1] = season[-8]  # statsmodels lets the newest day teach its weekday one day later
    steps = np.arange(1, 15)
    ahead = np.cumsum(phi**steps) if trend else np.zeros(14)
    expected = level + slope * ahead + np.resize(season[-7:], 14)
    np.testing.assert_allclose(holt_winters.project(demand, weights, 14), expected, rtol=1e-6)


def test_holt_winters_finds_a_week_and_is_never_below_zero():
    week = np.array([10, 12, 11, 9, 14, 0, 0], dtype=float)
    demand = np.resize(week, 20 * 7) + np.random.default_rng(0).normal(0, 0.5, 140)
    demand = np.maximum(demand, 0)
    forecast = holt_winters.project(demand, holt_winters.fit(demand), 14)
    np.testing.assert_allclose(forecast, np.resize(week, 14), atol=1.0)
    assert (forecast >= 0).all()


def test_holt_winters_takes_a_trend_only_where_there_is_one():
    rng = np.random.default_rng(5)
    flat = np.maximum(10 + np.resize([2, 1, 0, 0, -1, -1, -1], 140) + rng.normal(0, 1, 140), 0)
    rising = flat + 0.2 * np.arange(140)
    assert not holt_winters.fit(flat).has_trend
    assert holt_winters.fit(rising).has_trend


def test_rare_short_and_unknown_demand_is_not_for_holt_winters():
    assert holt_winters.suits(np.ones(56))
    assert not holt_winters.suits(np.ones(55))
    rare = np.zeros(200)
    rare[::7] = 3
    assert not holt_winters.suits(rare)
    hidden = np.ones(100)
    hidden[:60] = NAN
    assert not holt_winters.suits(hidden)


def test_the_naive_forecast_repeats_the_last_known_day_of_each_weekday():
    demand = np.array([1, 2, 3, 4, 5, 6, 7, 8, 9, NAN, 11, 12, 13, 14], dtype=float)
    expected = [8, 9, 3, 11, 12, 13, 14, 8, 9, 3]
    assert seasonal_naive.project(demand, None, 10).tolist() == expected


def test_the_naive_forecast_of_less_than_a_week_falls_back_on_the_mean():
    assert seasonal_naive.project(np.array([2.0, 4.0]), None, 7).tolist() == [3, 3, 3, 3, 3, 2, 4]


def test_tsb_is_the_papers_recursion():
    """p <- p + beta (1 - p) on a sale, p - beta p without; z <- z + alpha (size - z); rate p z."""
    start = np.zeros(28)
    start[[0, 14]] = [2, 4]  # p = 2/28, z = 3
    demand = np.append(start, [0.0, 5.0])
    chance = 2 / 28
    chance -= 0.1 * chance
    chance += 0.1 * (1 - chance)
    assert mean_rate.tsb_rate(demand, chance_weight=0.1, size_weight=0.2) == pytest.approx(
        chance * (3 + 0.2 * (5 - 3))
    )


def test_a_product_that_stops_selling_is_let_go():
    demand = np.concatenate([np.resize([1.0, 0, 0], 60), np.zeros(120)])
    rate = mean_rate.project(demand, None, 1)[0]
    assert 0 < rate < 0.06


def test_an_unknown_day_is_filled_by_its_weekday_and_a_known_one_is_left_alone():
    demand = np.resize([10.0, 0, 0, 0, 0, 0, 0], 35)
    demand[14] = NAN
    complete = filled(demand)
    assert complete[14] == 10
    assert np.array_equal(np.delete(complete, 14), np.delete(demand, 14))
