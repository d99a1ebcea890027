"""Which method is used, and what is said of its error."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.engine.choose import forecast_series

NAN = np.nan


def weekly(weeks, noise, seed=0):
    week = np.array([10, 12, 11, 9, 14, 20, 4], dtype=float)
    spread = np.random.default_rng(seed).normal(0, noise, weeks * 7)
    return np.maximum(np.resize(week, weeks * 7) + spread, 0)


def test_smoothing_beats_repeating_a_noisy_week():
    forecast = forecast_series(weekly(30, noise=3), 28)
    assert forecast.method == "holt_winters"
    assert forecast.error < forecast.naive_error
    assert forecast.mean.sum() == pytest.approx(4 * 80, rel=0.1)


def test_the_naive_forecast_is_kept_where_it_wins():
    """Noise that ends in a jump to a new, steady week: last week is the truth, what learnt lags behind."""
    noise = np.random.default_rng(1).poisson(5, 140).astype(float)
    demand = np.append(noise, np.resize([40.0, 40, 40, 40, 80, 0, 0], 70))
    forecast = forecast_series(demand, 7)
    assert forecast.method == "seasonal_naive"
    assert forecast.error == forecast.naive_error == 0
    assert forecast.mean.tolist() == [40, 40, 40, 40, 80, 0, 0]


def test_equal_errors_are_the_naive_methods():
    forecast = forecast_series(np.full(200, 3.0), 7)
    assert (forecast.method, forecast.error, forecast.naive_error) == ("seasonal_naive", 0, 0)


def test_a_rare_seller_gets_a_rate():
    demand = (np.random.default_rng(2).random(250) < 0.08).astype(float)
    forecast = forecast_series(demand, 28)
    assert forecast.method == "mean_rate"
    assert len(set(forecast.mean)) == 1
    assert forecast.mean[0] == pytest.approx(0.08, abs=0.05)


def test_a_rare_seller_gets_its_rate_even_where_its_silent_last_weeks_would_win():
    demand = np.zeros(250)
    demand[:180:9] = 1
    forecast = forecast_series(demand, 28)
    assert forecast.method == "mean_rate"
    assert forecast.naive_error < forecast.error


def test_a_young_product_has_a_forecast_and_no_claimed_error():
    forecast = forecast_series(np.array([0, 2, 1, 3.0]), 14)
    assert (forecast.method, forecast.error, forecast.naive_error) == ("mean_rate", None, None)
    assert forecast.mean.tolist() == [1.5] * 14
    assert forecast.sigma > 0


def test_the_error_is_that_of_a_whole_week_by_hand():
    """Six origins a week apart, four weeks each, all of them one unit a day beside the naive forecast."""
    demand = np.concatenate([np.full(77, 5.0), np.full(7, 6.0)] * 2)
    forecast = forecast_series(demand, 7)
    weeks = np.concatenate([demand[7 * n : 7 * n + 7].sum(keepdims=True) for n in range(24)])
    errors = []
    for origin in range(24 - 4 - 5, 24 - 4 + 1):
        errors += [weeks[origin - 1] - weeks[origin + step] for step in range(4)]
    assert forecast.naive_error == pytest.approx(np.abs(errors).mean())


def test_unknown_days_change_neither_the_level_nor_count_as_zero():
    demand = weekly(30, noise=2)
    hidden = demand.copy()
    hidden[100:110] = NAN
    hidden[170:172] = NAN
    assert forecast_series(hidden, 28).mean.sum() == pytest.approx(
        forecast_series(demand, 28).mean.sum(), rel=0.03
    )


def test_unknown_days_at_the_end_are_bridged_and_keep_their_weekdays():
    demand = weekly(30, noise=1)
    late = np.append(demand[:-3], [NAN] * 3)
    forecast = forecast_series(late, 7)
    np.testing.assert_allclose(forecast.mean, [10, 12, 11, 9, 14, 20, 4], atol=1.5)
    bridged = forecast_series(demand[:-3], 10).mean[3:]
    np.testing.assert_array_equal(forecast.mean, bridged)


def test_the_spread_covers_what_a_week_really_was_off():
    rng = np.random.default_rng(8)
    sigmas = [forecast_series(rng.poisson(4, 210).astype(float), 7).sigma for _ in range(12)]
    assert np.mean(sigmas) == pytest.approx(2, rel=0.3)  # the root of the mean, if chance were all


def test_nothing_known_is_refused():
    with pytest.raises(ValueError, match="no known day"):
        forecast_series(np.full(50, NAN), 7)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.one_of(st.none(), st.integers(0, 3)), min_size=1, max_size=120).filter(
        lambda days: any(day is not None for day in days)
    )
)
def test_any_history_gives_a_finite_forecast_that_is_never_negative(days):
    demand = np.array([NAN if day is None else day for day in days], dtype=float)
    forecast = forecast_series(demand, 10)
    assert forecast.mean.shape == (10,)
    assert np.isfinite(forecast.mean).all()
    assert (forecast.mean >= 0).all()
    assert np.isfinite(forecast.sigma)
