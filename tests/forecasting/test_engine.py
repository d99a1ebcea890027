"""The panel engine: odd series, unknown days, calendar, promotions, leakage, calibration."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.engine.forecast import LEVELS, METHODS, forecast_panel, prepared
from forecasting.engine.panel import Panel

MONDAY = np.datetime64("2025-01-06")


def panel_of(demand, freq="D", horizon=28, **fields) -> Panel:
    demand = np.asarray(demand, dtype=np.float32)
    zeros = np.zeros(len(demand), dtype=np.int64)
    fields = {"category": zeros, "group": zeros} | fields
    return Panel(
        keys=tuple(f"s{number}" for number in range(len(demand))),
        demand=demand,
        first=MONDAY if freq != "M" else np.datetime64("2020-01-01"),
        freq=freq,
        horizon=horizon,
        **fields,
    )


def poisson(series=60, days=280, seed=1, week=(1, 1, 1, 1, 1.4, 1.8, 0.4)):
    rng = np.random.default_rng(seed)
    level = rng.gamma(2, 2, series)[:, None]
    return rng.poisson(level * np.resize(week, days)), level


def test_means_follow_level_and_weekday():
    demand, level = poisson()
    found = forecast_panel(panel_of(demand))
    truth = level * np.resize((1, 1, 1, 1, 1.4, 1.8, 0.4), 28)
    assert np.abs(found.mean - truth).mean() / truth.mean() < 0.12
    assert found.sums(28).sum() == pytest.approx(truth.sum(), rel=0.03)


def test_the_same_panel_gives_the_same_bytes():
    demand, _level = poisson(series=30)
    first, second = (forecast_panel(panel_of(demand)) for _time in range(2))
    assert first.mean.tobytes() == second.mean.tobytes()
    assert first.distances.tobytes() == second.distances.tobytes()


def test_level_times_factors_adds_up_to_the_mean_over_the_horizon():
    demand, _level = poisson()
    found = forecast_panel(panel_of(demand))
    product = found.level[:, None] * np.prod(
        [np.asarray(values) for values in found.factors.values()], axis=0
    )
    # Holt-Winters has a week of its own, so single days differ; the sums do not.
    np.testing.assert_allclose(product.sum(axis=1), found.mean.sum(axis=1), rtol=1e-4)
    assert found.weights.sum(axis=1) == pytest.approx(np.ones(60), abs=1e-5)
    assert set(found.methods) == set(METHODS)


@pytest.mark.parametrize(
    ("odd", "expected"),
    [
        (np.full(280, np.nan), None),
        (np.zeros(280), 0.0),
        (np.append(np.full(279, np.nan), 3.0), None),
        (np.full(280, 2.0), 2.0),
        (np.append(np.full(200, np.nan), np.full(80, 5.0)), 5.0),
    ],
    ids=["all unknown", "never sold", "one point", "constant", "young"],
)
@pytest.mark.filterwarnings("error")
def test_an_odd_series_has_a_forecast_and_spoils_no_other(odd, expected):
    demand, _level = poisson(week=(1,))
    usual = forecast_panel(panel_of(demand)).mean
    found = forecast_panel(panel_of(np.vstack([demand, odd])))
    assert np.isfinite(found.mean).all()
    assert np.isfinite(found.sum_quantiles(28, [0.5, 0.99])).all()
    assert np.abs(found.mean[:-1] - usual).mean() / usual.mean() < 0.1
    if expected is not None:
        assert found.mean[-1].mean() == pytest.approx(expected, abs=0.1 * expected + 0.01)


@pytest.mark.parametrize(
    ("freq", "periods"), [("D", 1), ("D", 20), ("W", 5), ("M", 3), ("M", 40), ("W", 130)]
)
@pytest.mark.filterwarnings("error")
def test_short_histories_of_every_frequency_are_forecast(freq, periods):
    rng = np.random.default_rng(3)
    found = forecast_panel(panel_of(rng.poisson(4, (5, periods)), freq, horizon=6))
    assert found.mean.shape == (5, 6)
    assert (found.mean > 0).all()
    quantiles = found.sum_quantiles(6, [0.1, 0.5, 0.9])
    assert (np.diff(quantiles, axis=1) > 0).all()


def test_what_sells_now_and_then_is_not_forecast_by_its_last_week():
    demand = np.random.default_rng(4).random((20, 300)) < 0.04
    found = forecast_panel(panel_of(demand.astype(float)))
    assert (found.method != METHODS.index("seasonal_naive")).all()
    assert found.mean.mean() == pytest.approx(0.04, rel=0.4)


def test_the_naive_forecast_is_kept_where_it_is_clearly_better():
    """Ten contracts that sell alike for weeks and then otherwise, among two hundred ordinary goods."""
    rng = np.random.default_rng(5)
    ordinary = rng.poisson(20, (200, 280))
    contracts = np.repeat(rng.choice([5, 20, 35], (10, 10)), 28, axis=1)
    found = forecast_panel(panel_of(np.vstack([ordinary, contracts])))
    naive = found.method == METHODS.index("seasonal_naive")
    assert not naive[:200].any()
    assert naive[200:].sum() >= 5
    kept = np.flatnonzero(naive)
    np.testing.assert_allclose(found.mean[kept][:, 0], contracts[kept - 200, -1])
    np.testing.assert_allclose(found.error[kept], found.naive_error[kept])
    assert (found.weights[kept, METHODS.index("seasonal_naive")] == 1).all()


def test_days_without_stock_are_unknown_and_not_zero():
    demand, level = poisson(series=80, days=364, week=(1,))
    hidden = demand.astype(float)
    rng = np.random.default_rng(6)
    for row in range(80):
        for start in rng.integers(0, 350, 6):
            hidden[row, start : start + 10] = np.nan
    as_zero = np.nan_to_num(hidden)
    told = forecast_panel(panel_of(hidden)).mean.sum()
    ignored = forecast_panel(panel_of(as_zero)).mean.sum()
    truth = level.sum() * 28
    assert told == pytest.approx(truth, rel=0.04)
    assert ignored < 0.92 * truth


def test_a_day_that_ended_sold_out_below_the_usual_teaches_no_low_level():
    demand, level = poisson(series=60, days=364, week=(1,))
    sold = demand.astype(float)
    empty = np.random.default_rng(7).random(sold.shape) < 0.25
    sold[empty] = np.floor(sold[empty] / 3)
    truth = level.sum() * 28
    told = forecast_panel(panel_of(sold, at_least=empty)).mean.sum()
    ignored = forecast_panel(panel_of(sold)).mean.sum()
    assert abs(told - truth) < abs(ignored - truth) / 2


def test_a_promotion_known_ahead_lifts_only_its_own_days():
    rng = np.random.default_rng(8)
    promo = np.zeros((60, 308), dtype=np.float32)
    promo[:, 290:297] = 1  # ahead
    for row in range(60):
        for start in rng.integers(0, 270, 8):
            promo[row, start : start + 4] = 1
    demand = rng.poisson(4 * np.where(promo[:, :280] == 1, 3.0, 1.0))
    found = forecast_panel(panel_of(demand, promo=promo))
    lift = found.mean[:, 10:17].mean() / found.mean[:, :10].mean()
    assert lift == pytest.approx(3.0, rel=0.15)
    assert found.mean[:, :10].mean() == pytest.approx(4.0, rel=0.1)


def test_a_promotion_not_known_ahead_is_expected_as_often_as_it_was():
    rng = np.random.default_rng(9)
    promo = (rng.random((60, 280)) < 0.2).astype(np.float32)
    demand = rng.poisson(4 * np.where(promo == 1, 3.0, 1.0))
    unknown = np.concatenate([promo, np.full((60, 28), np.nan, dtype=np.float32)], axis=1)
    found = forecast_panel(panel_of(demand, promo=unknown))
    assert found.mean.mean() == pytest.approx(4 * 1.4, rel=0.08)


def test_a_price_cut_known_ahead_sells_more():
    rng = np.random.default_rng(10)
    price = np.full((60, 308), 10.0, dtype=np.float32)
    for row in range(60):
        for start in rng.integers(0, 270, 8):
            price[row, start : start + 5] = 7.0
    price[:, 290:] = 7.0
    demand = rng.poisson(5 * (price[:, :280] / 10) ** -2.0)
    found = forecast_panel(panel_of(demand, price=price))
    assert found.mean[:, 12:].mean() / found.mean[:, :10].mean() == pytest.approx(0.7**-2, rel=0.15)


def test_an_event_of_the_past_is_expected_when_it_comes_again():
    rng = np.random.default_rng(11)
    fair = np.zeros((1, 308), dtype=bool)
    fair[0, 20:308:40] = True
    demand = rng.poisson(5 * np.where(fair[:, :280], 4.0, 1.0), (60, 280))
    found = forecast_panel(panel_of(demand, events={"fair": fair}))
    day = int(np.flatnonzero(fair[0, 280:])[0])
    others = np.delete(found.mean, day, axis=1).mean()
    assert found.mean[:, day].mean() / others == pytest.approx(4.0, rel=0.2)


def test_a_season_that_repeats_is_forecast_and_one_odd_month_is_not():
    rng = np.random.default_rng(12)
    year = 1 + 0.8 * np.sin(2 * np.pi * np.arange(156) / 52)
    yearly = rng.poisson(10 * year[:143], (40, 143))
    found = forecast_panel(panel_of(yearly, "W", horizon=13))
    np.testing.assert_allclose(found.mean.mean(axis=0), 10 * year[143:], rtol=0.2)
    once = np.ones(143)
    once[100:104] = 4
    single = forecast_panel(panel_of(rng.poisson(10 * once, (40, 143)), "W", horizon=13))
    assert single.mean[:, 8:].mean() == pytest.approx(10, rel=0.15)


def test_quantiles_of_sums_are_met_as_often_as_they_say():
    """Gamma-Poisson demand of changing level, judged on days that the engine has not seen."""
    rng = np.random.default_rng(13)
    level = rng.gamma(1.5, 1.5, 1500)[:, None] * np.exp(np.cumsum(rng.normal(0, 0.02, (1500, 420)), axis=1))
    demand = rng.poisson(rng.gamma(2, level / 2)).astype(float)
    found = forecast_panel(panel_of(demand[:, :392]))
    for lead in (7, 14, 28):
        sold = demand[:, 392 : 392 + lead].sum(axis=1)
        levels = (0.5, 0.75, 0.9, 0.95, 0.99)
        quantiles = found.sum_quantiles(lead, levels)
        for level_, column in zip(levels, quantiles.T, strict=True):
            # A count at a whole quantile lies on both sides of it.
            at_most, below = (sold <= column).mean(), (sold < np.floor(column)).mean()
            assert below - 0.03 <= level_ <= at_most + 0.03, (lead, level_)


@pytest.mark.parametrize(("freq", "periods"), [("D", 420), ("W", 150), ("M", 60)])
def test_what_the_backtest_knew_at_an_origin_does_not_change_with_the_days_after_it(freq, periods):
    """Levels, paths and factors up to an origin, with promotions and prices known, to the last bit."""
    rng = np.random.default_rng(14)
    length = periods + 12
    promo = (rng.random((40, length)) < 0.15).astype(np.float32)
    price = np.where(promo > 0, 8.0, 10.0).astype(np.float32)
    demand = rng.poisson(6 * (1 + promo[:, :periods])).astype(float)
    demand[rng.random(demand.shape) < 0.05] = np.nan
    ended_empty = rng.random(demand.shape) < 0.05
    fields = {
        "freq": freq,
        "horizon": 12,
        "promo": promo,
        "price": price,
        "category": np.arange(40) % 3,
        "at_least": ended_empty,
    }
    changed = demand.copy()
    now = int(0.85 * periods)
    changed[:, now:] *= rng.integers(0, 9, (40, 1))
    first, second = (prepared(panel_of(values, **fields)) for values in (demand, changed))
    before = first.windows.origins < now
    assert before.sum() >= 8
    (lanes, paths, _ahead, _names), (again, paths_again, *_rest) = first.candidates(), second.candidates()
    np.testing.assert_array_equal(lanes[:, :-1][:, before], again[:, :-1][:, before])
    for path, path_again in zip(paths, paths_again, strict=True):
        np.testing.assert_array_equal(path[:, before], path_again[:, before])
    lead = min(first.leads)
    over = first.windows.origins + lead < now
    np.testing.assert_array_equal(first.exposed(lead)[:, over], second.exposed(lead)[:, over])
    assert (lanes[:, -1] != again[:, -1]).any(), "today's level knows those days"


def test_the_backtest_is_no_kinder_than_the_future():
    """Its pooled parts (weights, bias, dispersion) know all windows; what that is worth is bounded here.

    Promotions without any effect and forty pools invite the engine to learn what is chance.
    """
    rng = np.random.default_rng(15)
    level = rng.gamma(1.5, 1.5, 1600)[:, None]
    demand = rng.poisson(level, (1600, 308)).astype(float)
    promo = (rng.random((1600, 308)) < 0.1).astype(np.float32)
    found = forecast_panel(panel_of(demand[:, :280], promo=promo, category=np.arange(1600) % 40))
    weeks = [slice(start, start + 7) for start in range(0, 28, 7)]
    off = [np.abs(found.mean[:, week].sum(axis=1) - demand[:, 280:][:, week].sum(axis=1)) for week in weeks]
    assert found.error.mean() == pytest.approx(np.mean(off), rel=0.03)


def test_covariates_after_today_that_are_not_told_change_nothing():
    demand, _level = poisson(series=40)
    price = np.full((40, 308), 10.0, dtype=np.float32)
    price[:, ::9] = 8
    unknown = price.copy()
    unknown[:, 280:] = np.nan
    found = forecast_panel(panel_of(demand, price=unknown))
    plain = forecast_panel(panel_of(demand))
    np.testing.assert_allclose(found.mean, plain.mean)


def test_more_series_than_a_chunk_come_back_in_their_order(monkeypatch):
    import forecasting.engine.forecast as engine

    demand, level = poisson(series=120)
    category = np.arange(120) % 3
    whole = forecast_panel(panel_of(demand, category=category))
    monkeypatch.setattr(engine, "CHUNK", 50)
    cut = forecast_panel(panel_of(demand, category=category))
    assert cut.keys == whole.keys
    assert cut.mean.shape == whole.mean.shape
    assert np.corrcoef(cut.mean.sum(axis=1), level[:, 0])[0, 1] > 0.97
    assert np.abs(cut.mean - whole.mean).mean() / whole.mean.mean() < 0.08


def test_any_lead_and_level_lies_between_its_neighbours():
    demand, _level = poisson(series=30)
    found = forecast_panel(panel_of(demand))
    rising = np.stack([found.sum_quantiles(lead, [0.9])[:, 0] for lead in range(1, 29)], axis=1)
    assert (np.diff(rising, axis=1) > -0.5).all()
    np.testing.assert_allclose(
        found.sum_quantiles(7, [float(LEVELS[5])])[:, 0],
        np.maximum(found.sums(7) + found.distances[:, found.leads.index(7), 5] * np.sqrt(found.sums(7)), 0),
        rtol=1e-5,
    )
    with pytest.raises(ValueError, match="lead"):
        found.sum_quantiles(29, [0.5])
    with pytest.raises(ValueError, match="between 0 and 1"):
        found.sum_quantiles(7, [1.0])


def test_a_panel_of_another_frequency_or_shape_is_refused():
    with pytest.raises(ValueError, match="freq"):
        panel_of([[1.0]], freq="Q")
    with pytest.raises(ValueError, match="horizon"):
        panel_of([[1.0]], horizon=0)
