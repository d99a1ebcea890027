"""The engine's methods against numbers from books, papers and hand arithmetic."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.engine import naive, rare, smoothing
from forecasting.engine.gallery import holt_winters
from forecasting.engine.gallery.method import filled
from forecasting.engine.levels import discounts, filter_levels

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


def panel(*series) -> np.ndarray:
    return np.array(series, dtype=np.float32)


def last(demand) -> np.ndarray:
    return np.array([demand.shape[1] - 1])


def test_batched_holt_winters_with_given_weights_gives_statsmodels_forecast():
    """After half a year the start is forgotten, whatever it was."""
    from statsmodels.tsa.holtwinters import ExponentialSmoothing

    rng = np.random.default_rng(2)
    demand = 20 + np.resize([3, 1, 0, -1, -2, -4, 3], 400) + 0.05 * np.arange(400) + rng.normal(size=400)
    # statsmodels' beta is a share of the level's error, ours of the forecast's: beta = alpha x theirs.
    alpha, beta, gamma, phi = 0.3, 0.2, 0.25, 0.95
    model = ExponentialSmoothing(
        demand, trend="add", damped_trend=True, seasonal="add", seasonal_periods=7,
        initialization_method="heuristic",
    )  # fmt: skip
    fitted = model.fit(
        optimized=False, smoothing_level=alpha, smoothing_trend=beta, smoothing_seasonal=gamma,
        damping_trend=phi,
    )  # fmt: skip
    ours = smoothing.project(
        panel(demand), panel([alpha, alpha * beta, phi, gamma]), 7, last(demand[None]), 14
    )
    # statsmodels lets a season learn from the level before the day, ours from the forecast's error.
    np.testing.assert_allclose(ours[0, 0], fitted.forecast(14), rtol=0.03)


def test_batched_holt_winters_fits_about_as_well_as_statsmodels():
    rng = np.random.default_rng(4)
    season = rng.normal(0, 3, (12, 7))
    drift = np.cumsum(rng.normal(0, 0.3, (12, 203)), axis=1)
    demand = np.maximum(25 + np.tile(season, 29) + drift + rng.normal(0, 2, (12, 203)), 0)
    known, wanted = demand[:, :189], demand[:, 189:]
    weights = smoothing.fit(panel(*known), 7)
    ours = smoothing.project(panel(*known), weights, 7, np.array([188]), 14)[:, 0]
    theirs = np.stack([holt_winters.project(row, holt_winters.fit(row), 14) for row in known])
    error = [np.abs(forecast - wanted).mean() for forecast in (ours, theirs)]
    assert error[0] < 1.05 * error[1]


def test_batched_holt_winters_skips_unknown_days():
    demand = np.resize(np.array([10, 12, 11, 9, 14, 2, 3], dtype=float), 140)
    holes = demand.copy()
    holes[60:75] = NAN
    weights = panel([0.2, 0.01, 0.9, 0.1])
    found = smoothing.project(panel(holes), weights, 7, np.array([139]), 7)
    np.testing.assert_allclose(found[0, 0], demand[:7], atol=0.3)


def test_the_naive_forecast_repeats_the_last_known_day_of_each_weekday():
    demand = panel([1, 2, 3, 4, 5, 6, 7, 8, 9, NAN, 11, 12, 13, 14])
    expected = [8, 9, 3, 11, 12, 13, 14]
    assert naive.seasonal_naive(demand, 7, last(demand), 7)[0, 0].tolist() == expected


def test_the_naive_forecast_of_less_than_a_week_falls_back_on_the_last_day():
    demand = panel([2, 4])
    assert naive.seasonal_naive(demand, 7, last(demand), 7)[0, 0].tolist() == [4, 4, 4, 4, 4, 2, 4]


def test_tsb_is_the_papers_recursion():
    """p <- p + beta (1 - p) on a sale, p - beta p without; z <- z + alpha (size - z); rate p z."""
    start = np.zeros(28)
    start[[0, 14]] = [2, 4]  # p = 2/28, z = 3
    chance, size = 2 / 28, 3.0
    for sold in [*start, 0.0, 5.0]:  # the first 28 days teach the start and are then gone through
        chance += 0.1 * ((sold > 0) - chance)
        size += 0.2 * (sold - size) if sold else 0.0
    demand = panel(np.append(start, [0.0, 5.0]))
    rate = rare.tsb(demand, last(demand), size_weight=0.2, chance_weight=0.1)
    assert rate[0, 0] == pytest.approx(chance * size)


def test_croston_smooths_sizes_and_spacings_by_hand():
    """Sales of 4, 2, 6 on days 3, 5, 9: sizes 4, 3.8, 4.02; gaps 3, 2.9, 3.01; SBA times 0.95."""
    demand = panel([0, 0, 4, 0, 2, 0, 0, 0, 6, 0, 0])
    rates = rare.croston_sba(demand, np.array([1, 2, 4, 10]), alpha=0.1)
    expected = [0, 4 / 3, 3.8 / 2.9, 4.02 / 3.01]
    np.testing.assert_allclose(rates[0], 0.95 * np.array(expected), rtol=1e-6)


def test_croston_does_not_count_days_that_are_not_known():
    known = panel([0, 0, 4, 0, 2, 0])
    hidden = panel([0, NAN, 0, 4, NAN, NAN, 0, 2, 0])
    rates = [rare.croston_sba(demand, last(demand), alpha=0.1)[0, 0] for demand in (known, hidden)]
    assert rates[0] == pytest.approx(rates[1])


def test_a_product_that_stops_selling_is_let_go():
    demand = panel(np.concatenate([np.resize([1.0, 0, 0], 60), np.zeros(120)]))
    rate = rare.tsb(demand, last(demand), size_weight=0.1, chance_weight=1 / 60)[0, 0]
    assert 0 < rate < 0.06
    # Croston's keeps the spacing of the last sale: 3 days, as far as a first one of 1 is forgotten.
    spacing = 3 - 2 * 0.9**19
    assert rare.croston_sba(demand, last(demand), alpha=0.1)[0, 0] == pytest.approx(0.95 / spacing)


def test_levels_are_discounted_means_of_what_is_known():
    """By hand: A <- d A + y, B <- d B + f from a prior of two periods at level 3."""
    demand, factors = panel([4, NAN, 10]), panel([1, 2, 2])
    discount = np.array([0.5], dtype=np.float32)
    found = filter_levels(demand, factors, np.array([3.0]), discount, np.array([0, 1, 2]))
    first = (2 * 3 + 4) / (2 + 1)
    assert found[0, 0, 0] == pytest.approx(first, rel=1e-5)
    assert found[0, 1, 0] == pytest.approx(first, rel=1e-5), "an unknown day changes no level"
    assert found[0, 2, 0] == pytest.approx((0.25 * 10 + 10) / (0.25 * 3 + 2), rel=1e-5)


def test_a_level_far_from_its_last_known_day_stays_a_number():
    demand = np.full((1, 3000), NAN, dtype=np.float32)
    demand[0, 0] = 7
    found = filter_levels(demand, np.ones_like(demand), np.array([5.0]), discounts("D"), np.array([0, 2999]))
    assert np.isfinite(found).all()
    assert ((found >= 4.9) & (found <= 7.1)).all()


def test_last_year_is_the_same_weeks_at_half_the_growth():
    """Twice as much in the last quarter as a year before: the root of two of last year's weeks."""
    demand = np.full((1, 104), 10.0, dtype=np.float32)
    demand[0, 104 - 13 :] = 20
    level = naive.last_year(demand, np.ones_like(demand), 52, 1, np.array([103]), 8)[0, 0]
    growth = (13 * 20 + 5) / (13 * 10 + 5)
    assert level == pytest.approx(10 * growth**0.5, rel=1e-4)


def test_last_year_is_unknown_in_the_first_year():
    demand = np.ones((1, 60), dtype=np.float32)
    assert np.isnan(naive.last_year(demand, demand, 52, 1, np.array([59]), 8)[0, 0])


def test_an_unknown_day_is_filled_by_its_weekday_and_a_known_one_is_left_alone():
    demand = np.resize([10.0, 0, 0, 0, 0, 0, 0], 35)
    demand[14] = NAN
    complete = filled(demand)
    assert complete[14] == 10
    assert np.array_equal(np.delete(complete, 14), np.delete(demand, 14))


def test_the_regression_finds_what_price_and_promotion_multiply_by():
    """Poisson demand 5 x (price / 10)^-1.5 x 2 on promotion; scikit-learn's regression says so again."""
    from forecasting.engine.panel import Panel
    from forecasting.engine.regression import regression_factors

    rng = np.random.default_rng(6)
    price = rng.choice([8.0, 10.0, 12.0], (40, 140)).astype(np.float32)
    promo = (rng.random((40, 140)) < 0.15).astype(np.float32)
    demand = rng.poisson(5 * (price / 10) ** -1.5 * np.where(promo == 1, 2, 1))[:, :130]
    codes = np.zeros(40, dtype=np.int64)
    asked = Panel(
        tuple(map(str, range(40))), panel(*demand), np.datetime64("2025-01-06"), "D", 10, codes, codes,
        price=price, promo=promo,
    )  # fmt: skip
    factors = regression_factors(asked, 130)
    ahead = factors[:, 130:]
    plain = (price[:, 130:] == 10) & (promo[:, 130:] == 0)
    for there, truth in (
        ((price[:, 130:] == 8) & (promo[:, 130:] == 0), 0.8**-1.5),
        ((price[:, 130:] == 10) & (promo[:, 130:] == 1), 2.0),
    ):
        assert ahead[there].mean() / ahead[plain].mean() == pytest.approx(truth, rel=0.06)


def test_the_regression_leaves_what_only_has_a_calendar_to_the_calendar():
    from forecasting.engine.panel import Panel
    from forecasting.engine.regression import regression_factors

    codes = np.zeros(1, dtype=np.int64)
    asked = Panel(("a",), np.ones((1, 99), np.float32), np.datetime64("2025-01-06"), "D", 7, codes, codes)
    assert regression_factors(asked, 99) is None
