"""One product's forecast page, the comparison of methods, and a method named by the owner."""

from __future__ import annotations

import numpy as np
import pytest

from catalog.models import Product
from forecasting.engine.gallery import rivals
from forecasting.engine.panel import Panel
from forecasting.models import ENGINE, RIVALS, Comparison, Forecast, NamedMethod
from forecasting.queries import latest_run
from inventory_site.night import run_night
from jobs.models import Job
from jobs.services import run_now
from tenancy.context import shop_scope
from tenancy.models import AuditEvent
from tests.factories import make_member
from tests.night_shop import LAST_DAY, make_stocked_shop


@pytest.fixture
def forecast(db):
    shop = make_stocked_shop()
    run_night(shop, LAST_DAY)
    return shop


def product_of(shop, sku):
    with shop_scope(shop, write=False):
        return Product.objects.get(sku=sku)


def forecast_of(shop, sku):
    with shop_scope(shop, write=False):
        run = latest_run()
        return Forecast.objects.select_related("run").get(run=run, product__sku=sku)


def sign_in(client, shop, role):
    client.force_login(make_member(shop, role))


def page_of(client, shop, product):
    answer = client.get(f"/{shop.slug}/forecasts/{product.pk}/")
    assert answer.status_code == 200
    return answer.content.decode()


def compare(client, shop, product):
    answer = client.post(f"/{shop.slug}/forecasts/{product.pk}/compare/")
    with shop_scope(shop, write=False):
        job = Job.objects.get(kind="compare_methods")
    return answer, job


def name(client, shop, product, method):
    return client.post(f"/{shop.slug}/forecasts/{product.pk}/method/", {"method": method})


@pytest.mark.django_db
def test_the_page_shows_weeks_parts_shares_and_errors(client, forecast):
    sign_in(client, forecast, "viewer")
    page = page_of(client, forecast, product_of(forecast, "MUG"))
    for words in ("expected in the next week", "Level, a week without the calendar", "Part of the month"):
        assert words in page
    assert "Past weeks tested" in page
    assert "Naive alone" in page
    assert "Compare methods</button>" not in page
    assert "Name a method" not in page


@pytest.mark.django_db
def test_a_product_too_new_to_test_or_never_sold_has_a_page_too(client, forecast):
    sign_in(client, forecast, "owner")
    assert "too little history to test it" in page_of(client, forecast, product_of(forecast, "NEW"))
    with shop_scope(forecast):
        unsold = Product.objects.create(sku="NONE", name="None")
    assert "No forecast yet" in page_of(client, forecast, unsold)
    assert client.get(f"/{forecast.slug}/forecasts/999999/").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_methods_are_compared_best_first_with_the_mix_among_them(client):
    shop = make_stocked_shop()
    run_night(shop, LAST_DAY)
    sign_in(client, shop, "manager")
    mug = product_of(shop, "MUG")
    answer, job = compare(client, shop, mug)
    assert answer["Location"].endswith(f"?job={job.pk}")
    assert run_now(job).state == Job.State.DONE
    with shop_scope(shop, write=False):
        found = Comparison.objects.get()
    errors = [row["error"] for row in found.rows]
    assert errors == sorted(errors)
    assert {row["method"] for row in found.rows} == {ENGINE, *RIVALS}
    by_method = {row["method"]: row for row in found.rows}
    of_engine = forecast_of(shop, "MUG")
    assert by_method[ENGINE]["error"] == of_engine.error
    # The same weeks: the naive one's error is the one that the engine measured itself.
    assert by_method["seasonal_naive"]["error"] == pytest.approx(of_engine.naive_error, abs=1e-3)
    page = page_of(client, shop, mug)
    assert "The mix" in page
    assert "Theta, weekly season" in page


@pytest.mark.django_db
def test_a_named_method_is_used_from_the_next_night_on_and_said_on_the_page(client, forecast):
    sign_in(client, forecast, "owner")
    mug = product_of(forecast, "MUG")
    before = forecast_of(forecast, "MUG")
    assert name(client, forecast, mug, "regression").status_code == 302
    run_night(forecast, LAST_DAY)
    after = forecast_of(forecast, "MUG")
    assert after.method == "regression"
    assert after.mean != before.mean
    assert sum(after.mean[:28]) == pytest.approx(sum(before.mean[:28]), rel=0.2)
    assert after.parts["named"]["mix_error"] == pytest.approx(before.error)
    quantiles = after.sum_quantiles(14, [0.1, 0.5, 0.9, 0.99])
    assert quantiles == sorted(quantiles)
    assert quantiles[0] < after.expected(14) < quantiles[-1]
    assert "Forecast by the method named for it" in page_of(client, forecast, mug)
    name(client, forecast, mug, "")
    run_night(forecast, LAST_DAY)
    assert forecast_of(forecast, "MUG").mean == before.mean
    with shop_scope(forecast, write=False):
        actions = list(
            AuditEvent.objects.filter(action__startswith="forecast.").values_list("action", flat=True)
        )
    assert sorted(actions) == ["forecast.named", "forecast.unnamed"]


@pytest.mark.django_db
def test_a_named_method_that_is_worse_than_naive_or_untested_is_not_used(client, forecast):
    """A mean of 28 days knows no weekdays, and the mugs sell by the weekday."""
    sign_in(client, forecast, "owner")
    for sku, method in {"NEW": "theta", "MUG": "moving_average"}.items():
        name(client, forecast, product_of(forecast, sku), method)
    with shop_scope(forecast):
        place = forecast_of(forecast, "MUG")
    run_night(forecast, LAST_DAY)
    new, mug = forecast_of(forecast, "NEW"), forecast_of(forecast, "MUG")
    assert new.method != "theta"
    assert "is not used" in page_of(client, forecast, product_of(forecast, "NEW"))
    assert mug.parts["named"]["used"] == (mug.parts["named"]["error"] <= place.naive_error + 1e-4)


@pytest.mark.django_db
def test_only_the_owner_names_and_only_methods_that_there_are(client, forecast):
    mug = product_of(forecast, "MUG")
    sign_in(client, forecast, "manager")
    assert name(client, forecast, mug, "theta").status_code == 403
    sign_in(client, forecast, "owner")
    assert name(client, forecast, mug, "crystal_ball").status_code == 400
    with shop_scope(forecast, write=False):
        assert not NamedMethod.objects.exists()


def series_panel(demand, horizon=28):
    zero = np.zeros(1, dtype=np.int64)
    demand = np.asarray(demand, dtype=np.float32)[None]
    return Panel(("one",), demand, np.datetime64("2025-01-06"), "D", horizon, zero, zero)


@pytest.mark.parametrize("method", [one.value for one in RIVALS])
@pytest.mark.filterwarnings("error")
def test_every_method_stands_odd_series(method):
    rng = np.random.default_rng(1)
    gaps = rng.poisson(3, 200).astype(float)
    gaps[rng.random(200) < 0.3] = np.nan
    gaps[-5:] = np.nan
    for demand in (np.full(200, np.nan), np.zeros(200), [1.0], np.full(200, 2.0), gaps, gaps[:70]):
        panel = series_panel(demand)
        found = rivals.forecast(panel, method)
        rivals.compare(panel, method)
        if found is not None:
            assert np.isfinite(found.mean).all()
            assert (found.mean >= 0).all()
            assert np.isfinite(found.distances).all()


@pytest.mark.parametrize("method", [one.value for one in RIVALS])
def test_no_method_sees_the_days_after_an_origin(method):
    rng = np.random.default_rng(2)
    demand = rng.poisson(np.resize([4, 4, 5, 5, 8, 11, 2], 300)).astype(float)
    changed = demand.copy()
    changed[250:] = 90
    days = np.datetime64("2025-01-06") + np.arange(330)
    origins = np.array([200, 221, 249])
    first, second = (rivals.METHODS[method](values, days, origins, 14) for values in (demand, changed))
    np.testing.assert_array_equal(first, second)
