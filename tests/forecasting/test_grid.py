"""Quantiles and bands of a stored forecast, between and beyond what is stored."""

from __future__ import annotations

from statistics import NormalDist

import pytest

from catalog.models import Product, Warehouse
from common.floats_field import packed, unpacked
from forecasting.base import Grid
from forecasting.models import Forecast, ForecastRun
from tenancy.context import shop_scope
from tests.factories import make_shop


def grid(mean, distances, lead_times=(1, 4), levels=(0.5, 0.9)) -> Grid:
    return Grid(mean, lead_times, levels, distances, sigma=1.0)


STEADY = grid([4.0] * 8, [0.0, 1.5, -0.5, 2.0])


def test_stored_quantiles_come_back_as_they_are():
    # 4 days of 4: mean 16, root of it 4.
    assert STEADY.sum_quantiles(4, [0.5, 0.9]) == pytest.approx([16 - 0.5 * 4, 16 + 2.0 * 4])
    assert STEADY.sum_quantiles(1, [0.9]) == pytest.approx([4 + 1.5 * 2])


def test_between_two_lead_times_the_distance_moves_with_the_logarithm_of_days():
    halfway = 8 + (1.5 + 2.0) / 2 * 8**0.5
    assert STEADY.sum_quantiles(2, [0.9]) == pytest.approx([halfway])


def test_beyond_the_longest_lead_time_and_horizon_the_end_goes_on():
    assert STEADY.sum_quantiles(16, [0.9]) == pytest.approx([64 + 2.0 * 8])


def test_between_two_levels_the_quantile_moves_with_normal_scores():
    score = NormalDist().inv_cdf
    share = score(0.75) / score(0.9)
    assert STEADY.sum_quantiles(1, [0.75]) == pytest.approx([4 + share * 1.5 * 2])


def test_days_gone_by_are_left_out_of_the_sum():
    rising = grid([1.0, 2.0, 3.0, 4.0], [0.0, 1.0, 0.0, 1.0])
    assert rising.sum_quantiles(2, [0.5, 0.9], skip=1) == pytest.approx([5, 5 + 5**0.5])


def test_quantiles_are_never_negative_and_rise_with_the_level():
    rare = grid([0.01] * 8, [-1.0, 3.0, -1.0, 3.0])
    found = rare.sum_quantiles(7, [0.1, 0.5, 0.8, 0.99])
    assert found[0] == 0
    assert found == sorted(found)


def test_without_a_grid_sums_are_normal():
    bare = Grid([2.0] * 8, [], [], [], sigma=1.5)
    assert bare.sum_quantiles(4, [0.8413447]) == pytest.approx([8 + 1.5 * 2], rel=1e-6)


def test_a_band_holds_the_mean_and_shrinks_where_little_is_sold():
    days = grid([4.0, 0.0, 9.0], [0.0, 1.5, 0.0, 1.5]).band(0.8)
    assert days[1] == (0, 0)
    assert all(low <= mean <= high for (low, high), mean in zip(days, [4, 0, 9], strict=True))
    assert days[2][1] == pytest.approx(9 + 1.5 * 3)


@pytest.mark.parametrize(("days", "level"), [(0, 0.5), (3, 0.0), (3, 1.0)])
def test_sums_of_no_days_and_levels_of_certainty_are_refused(days, level):
    with pytest.raises(ValueError, match="at least one day"):
        STEADY.sum_quantiles(days, [level])


@pytest.mark.django_db
def test_a_forecast_keeps_its_numbers_in_the_database():
    with shop_scope(make_shop()):
        place = Warehouse.objects.create(code="M", name="Main")
        mug = Product.objects.create(sku="MUG", name="Mug")
        run = ForecastRun.objects.create(
            known_to="2026-01-01", horizon_days=2, lead_times=[1, 4], levels=[0.5, 0.9]
        )
        Forecast.objects.create(
            run=run, warehouse=place, product=mug, method="levels", mean=[4.0] * 8,
            distances=[0.0, 1.5, -0.5, 2.0], sigma=1.0,
        )  # fmt: skip
        kept = Forecast.objects.select_related("run").get()
    assert kept.mean == [4.0] * 8
    assert kept.sum_quantiles(4, [0.9]) == pytest.approx([24])
    assert kept.expected(4, skip=1) == 16


def test_packed_numbers_take_four_bytes_each():
    assert len(packed([0.1, 2, 3])) == 12
    assert unpacked(packed([0.5, 2.0])) == [0.5, 2.0]
