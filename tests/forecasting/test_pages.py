"""The forecasts page, the night's button and the API."""

from __future__ import annotations

import pytest
from django.urls import reverse

from inventory_site.night import run_night
from jobs.models import Job
from tenancy.context import shop_scope
from tests.factories import make_member, make_token
from tests.night_shop import LAST_DAY, make_stocked_shop

pytestmark = pytest.mark.django_db


@pytest.fixture
def stocked(db):
    return make_stocked_shop()


@pytest.fixture
def forecast(stocked):
    run_night(stocked, LAST_DAY)
    return stocked


def sign_in(client, shop, role):
    client.force_login(make_member(shop, role))


def test_before_the_first_night_the_page_says_what_to_do(client, stocked):
    sign_in(client, stocked, "viewer")
    page = client.get(f"/{stocked.slug}/forecasts/").content.decode()
    assert "No forecast yet" in page
    assert "Run the night now" not in page


def test_the_page_begins_with_the_finding_and_shows_each_error_beside_the_naive_one(client, forecast):
    sign_in(client, forecast, "viewer")
    page = client.get(f"/{forecast.slug}/forecasts/").content.decode()
    assert "The naive forecast is kept for 0 of 3 products" in page
    assert "Level and calendar, learned together" in page
    assert "Too new to test" in page
    assert "In the 90 % band" in page
    assert "Without a category" in page
    products = page[page.index("Product by product") :]
    assert products.count("<tr>") == 5
    assert products.index("NEW") > products.index("MUG"), "what could not be tested comes last"


def test_a_manager_runs_the_night_from_the_page_and_sees_it_there(client, stocked):
    sign_in(client, stocked, "manager")
    answer = client.post(reverse("run_night", args=[stocked.slug]), follow=True)
    with shop_scope(stocked, write=False):
        job = Job.objects.get()
    assert job.kind == "night"
    assert ":by-hand:" in job.key
    assert f'id="job-note-{job.pk}"' in answer.content.decode()


def test_a_clerk_cannot_run_the_night(client, stocked):
    sign_in(client, stocked, "clerk")
    assert client.post(reverse("run_night", args=[stocked.slug])).status_code == 403
    with shop_scope(stocked, write=False):
        assert not Job.objects.exists()


@pytest.mark.parametrize("job", ["x", "999999", "9" * 40, "-1"])
def test_an_unknown_job_in_the_address_is_no_error(client, forecast, job):
    sign_in(client, forecast, "viewer")
    assert client.get(f"/{forecast.slug}/forecasts/?job={job}&page=99").status_code == 200


def ask(client, shop, query=""):
    with shop_scope(shop):
        _token, secret = make_token("viewer")
    return client.get(
        f"/api/v1/shops/{shop.slug}/forecasts/{query}", headers={"Authorization": f"Bearer {secret}"}
    )


def test_the_api_gives_a_products_days(client, forecast):
    (found,) = ask(client, forecast, "?sku=mug").json()["results"]
    assert (found["sku"], found["known_to"], found["first_day"]) == ("MUG", "2026-06-14", "2026-06-15")
    assert len(found["mean"]) == 56
    assert found["weekly_error"] < found["weekly_naive_error"]
    assert found["method"] in found["weights"]
    week = found["sums"][1]
    assert week["days"] == 7
    assert week["mean"] == pytest.approx(sum(found["mean"][:7]), abs=0.01)
    levels = [week["quantiles"][level] for level in ("0.05", "0.5", "0.95")]
    assert levels == sorted(levels)


def test_the_api_pages_through_all_products(client, forecast):
    first = ask(client, forecast, "?limit=3").json()
    rest = ask(client, forecast, f"?limit=3&cursor={first['next']}").json()
    assert sorted(row["sku"] for row in first["results"] + rest["results"]) == ["BOWL", "MUG", "NEW", "TWINE"]
    assert rest["next"] is None


def test_the_api_names_what_it_does_not_know(client, forecast, stocked):
    answer = ask(client, forecast, "?sku=nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert ask(client, forecast, "?cursor=%00").status_code == 400
    assert ask(client, stocked).status_code == 200
