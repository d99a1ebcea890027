"""The night as a whole: what it makes of a shop, twice, killed anywhere, and without news."""

from __future__ import annotations

import json
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

import forecasting.services
import inventory_site.night
import replenishment.services
from catalog.models import Warehouse
from forecasting.models import ForecastRun
from inventory_site.night import latest_business_date, run_night
from jobs.models import Job
from jobs.services import enqueue, run_now
from purchasing.models import PurchaseOrder
from stock.models import Balance
from tenancy.context import shop_scope
from tests.factories import make_shop
from tests.night_shop import LAST_DAY, make_stocked_shop, state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def stocked(db):
    return make_stocked_shop()


def test_a_night_ends_with_forecasts_plans_and_a_draft_whose_lines_explain_themselves(stocked):
    result = run_night(stocked, LAST_DAY)
    assert result["known_to"] == "2026-06-14"
    assert result["forecasts"] == 4
    assert result["warnings"] == []
    assert set(result["seconds"]) == {"close", "forecast", "plan", "approve", "reconcile"}
    with shop_scope(stocked, write=False):
        order = PurchaseOrder.objects.get(supplier__name="Hallam")
        line = order.lines.get(product__sku="MUG")
    assert order.state == PurchaseOrder.State.DRAFT
    assert line.quantity % 6_000 == 0
    assert sum(part["quantity"] for part in line.reason["parts"]) == line.quantity
    assert line.reason["text"].startswith(f"Order {line.quantity // 1000}: ")


def test_a_night_run_twice_changes_nothing(stocked):
    run_night(stocked, LAST_DAY)
    once = state_of(stocked)
    run_night(stocked, LAST_DAY)
    assert state_of(stocked) == once


class Killed(BaseException):
    """Like a worker that is gone: nothing catches it."""


def die(*args, **kwargs):
    raise Killed


KILLS = [
    (inventory_site.night, "run_forecast"),
    (forecasting.services, "_forecast"),
    (forecasting.services, "_store"),
    (forecasting.services, "_finish"),
    (inventory_site.night, "plan_orders"),
    (replenishment.services, "_decide"),
    (replenishment.services, "propose"),
    (replenishment.services.PlanLine.objects, "bulk_create"),
    (inventory_site.night, "reconcile"),
]


@pytest.mark.parametrize(("module", "step"), KILLS, ids=[step for _module, step in KILLS])
def test_a_night_killed_at_any_step_and_run_again_ends_like_an_undisturbed_one(
    stocked, monkeypatch, module, step
):
    undisturbed = make_stocked_shop()
    run_night(undisturbed, LAST_DAY)
    with monkeypatch.context() as patched:
        patched.setattr(module, step, die)
        with pytest.raises(Killed):
            run_night(stocked, LAST_DAY)
    run_night(stocked, LAST_DAY)
    assert state_of(stocked) == state_of(undisturbed)


def test_a_night_killed_between_two_chunks_of_products_goes_on_from_there(stocked, monkeypatch):
    # Products of a chunk learn from each other, so both shops are cut alike.
    monkeypatch.setattr(forecasting.services, "CHUNK", 1)
    undisturbed = make_stocked_shop()
    run_night(undisturbed, LAST_DAY)
    store, stored = forecasting.services._store, []

    def store_two(run, found, *more):
        if len(stored) == 2:
            raise Killed
        stored.append(found)
        return store(run, found, *more)

    with monkeypatch.context() as patched:
        patched.setattr(forecasting.services, "_store", store_two)
        with pytest.raises(Killed):
            run_night(stocked, LAST_DAY)
    run_night(stocked, LAST_DAY)
    assert state_of(stocked) == state_of(undisturbed)


def test_ten_nights_without_new_sales_change_no_forecast(stocked):
    run_night(stocked, LAST_DAY)
    before = state_of(stocked)
    for later in range(1, 11):
        result = run_night(stocked, LAST_DAY + timedelta(days=later))
        assert "known to" in result["warnings"][0]
    after = state_of(stocked)
    assert after["forecasts"] == before["forecasts"]
    assert after["demand"] == before["demand"]
    assert len(after["orders"]) == len(before["orders"])


def test_days_whose_sales_are_not_known_yet_are_expected_to_have_sold(stocked):
    run_night(stocked, LAST_DAY)
    before = state_of(stocked)["plans"]["Hallam"][3]["MUG"]
    run_night(stocked, LAST_DAY + timedelta(days=7))
    quantity, reason = state_of(stocked)["plans"]["Hallam"][3]["MUG"]
    (gap,) = [part for part in reason["parts"] if part["code"] == "since_known"]
    assert 20_000 < gap["quantity"] < 60_000
    # What was on the shelf has been sold by now, and nobody can sell more than that.
    assert quantity >= before[0] / 2


def test_sales_from_long_ago_are_planned_from_and_said_to_be_old(stocked):
    run_night(stocked, LAST_DAY)
    before = state_of(stocked)["plans"]
    result = run_night(stocked, LAST_DAY + timedelta(days=100))
    assert any("the plan starts from there" in warning for warning in result["warnings"])
    assert state_of(stocked)["plans"] == before


def test_a_warehouse_without_opening_stock_gets_forecasts_and_a_reason_instead_of_an_order(stocked):
    with shop_scope(stocked):
        Balance.objects.all().delete()
    result = run_night(stocked, LAST_DAY)
    assert (result["forecasts"], result["orders"]) == (4, 0)
    status, note, has_order, lines = state_of(stocked)["plans"]["Hallam"]
    assert (status, has_order, lines) == ("no_opening", False, {})
    assert "Main has no opening stock yet" in note


def test_a_shop_without_sales_has_a_night_that_says_so():
    shop = make_shop()
    with shop_scope(shop):
        Warehouse.objects.create(code="MAIN", name="Main")
    result = run_night(shop, LAST_DAY)
    assert result["known_to"] is None
    assert "No sales are known yet" in result["warnings"][0]


def test_a_day_that_is_not_over_is_never_closed(stocked):
    today = latest_business_date(stocked) + timedelta(days=1)
    assert run_night(stocked, today)["date"] == latest_business_date(stocked).isoformat()


def test_a_wrong_balance_is_named(stocked):
    with shop_scope(stocked):
        Balance.objects.filter(product__sku="MUG").update(on_hand=19_000)
    result = run_night(stocked, LAST_DAY)
    assert result["differences"] == 1
    assert "MUG" in result["warnings"][0]


def test_an_approved_order_is_not_proposed_a_second_time(stocked):
    run_night(stocked, LAST_DAY)
    with shop_scope(stocked):
        PurchaseOrder.objects.update(state=PurchaseOrder.State.SENT)
    result = run_night(stocked, LAST_DAY)
    assert result["order_lines"] == 0
    with shop_scope(stocked, write=False):
        assert not PurchaseOrder.objects.filter(state=PurchaseOrder.State.DRAFT).exists()


def test_an_approval_while_the_solver_works_is_seen_before_anything_is_proposed(stocked, monkeypatch):
    run_night(stocked, LAST_DAY)
    decide = replenishment.services._decide
    asked = []

    def approve_meanwhile(question):
        asked.append(question)
        if len(asked) == 1:
            with shop_scope(stocked):
                PurchaseOrder.objects.update(state=PurchaseOrder.State.SENT)
        return decide(question)

    monkeypatch.setattr(replenishment.services, "_decide", approve_meanwhile)
    assert run_night(stocked, LAST_DAY)["order_lines"] == 0
    assert len(asked) > 2


def test_the_night_is_in_the_shops_own_language():
    shop = make_stocked_shop(language="zh-hans")
    run_night(shop, LAST_DAY)
    assert state_of(shop)["plans"]["Hallam"][3]["MUG"][0] > 0


# ---- as a job and as a command -----------------------------------------------------------------


def test_the_job_shows_progress_and_ends_with_a_sentence_and_a_link(stocked):
    with shop_scope(stocked):
        job = enqueue(kind="night", key="2026-06-14", arguments={"date": "2026-06-14"})
    done = run_now(job)
    assert done.state == Job.State.DONE
    assert done.result["summary"].startswith("4 products forecast, ")
    assert done.result["link"] == f"/{stocked.slug}/replenish/"
    assert done.total == 100


def command(*arguments):
    output = StringIO()
    call_command("night", *arguments, stdout=output, stderr=output)
    return output.getvalue()


def test_the_command_prints_one_json_line(stocked):
    lines = command("--shop", stocked.slug, "--date", "2026-06-14").splitlines()
    assert len(lines) == 1
    told = json.loads(lines[0])
    assert told["forecasts"] == 4
    assert {"seconds", "cpu_seconds", "peak_rss_mb", "warnings"} <= told.keys()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--shop", "nowhere"], "no shop “nowhere”"),
        (["--shop", "SHOP", "--date", "14.6.2026"], "write it like 20"),
        (["--shop", "SHOP", "--date", "2999-01-01"], "is not over yet"),
    ],
)
def test_a_wrong_shop_or_date_ends_with_2_and_a_sentence(stocked, capsys, arguments, sentence):
    arguments = [stocked.slug if argument == "SHOP" else argument for argument in arguments]
    output = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("night", *arguments, stdout=output, stderr=output)
    assert ended.value.code == 2
    assert sentence in output.getvalue()
    with shop_scope(stocked, write=False):
        assert not ForecastRun.objects.exists()


def test_the_default_date_is_yesterday_by_the_shops_clock():
    shop = make_shop(time_zone="Pacific/Kiritimati")
    assert date.fromisoformat(json.loads(command("--shop", shop.slug))["date"]) == latest_business_date(shop)
