"""The replenish page: proposals by supplier, their sums, what is left out, and what people change."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from catalog.models import Product, Supplier
from inventory_site.night import run_night
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from replenishment.models import Plan, PlanLine, Policy, Snooze
from stock.models import Balance
from tenancy.context import shop_scope
from tests.factories import make_member
from tests.night_shop import LAST_DAY, make_stocked_shop, state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop_by_day(db):
    return make_stocked_shop()


@pytest.fixture
def planned(shop_by_day):
    run_night(shop_by_day, LAST_DAY)
    return shop_by_day


def page_of(client, shop, role, query=""):
    client.force_login(make_member(shop, role))
    answer = client.get(f"/{shop.slug}/replenish/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def line_of(shop, sku):
    with shop_scope(shop, write=False):
        return PlanLine.objects.select_related("plan__order", "product").get(product__sku=sku)


def draft_line(shop, sku):
    with shop_scope(shop, write=False):
        return PurchaseOrderLine.objects.filter(product__sku=sku).first()


def save(client, shop, line, text):
    return client.post(
        f"/{shop.slug}/replenish/{line.plan_id}/quantities/", {f"quantity-{line.pk}": text, "show": "all"}
    )


# ---- what the page says ------------------------------------------------------------------------


def test_before_the_first_plan_the_page_says_what_is_missing(client, shop_by_day):
    assert "No plan yet" in page_of(client, shop_by_day, "viewer")


def test_each_quantity_has_its_sum_and_the_order_is_linked(client, planned):
    state = state_of(planned)
    quantity, reason = state["plans"]["Hallam"][3]["MUG"]
    page = page_of(client, planned, "manager", f"?why={line_of(planned, 'MUG').pk}")
    assert f"Why {quantity // 1000}?" in page
    assert reason["text"] in page
    for part in reason["parts"]:
        assert part["label"] in page
    number = state["orders"][0][0]
    assert f'href="/{planned.slug}/orders/{number}/"' in page
    assert "£50.00 minimum" in page


def test_the_reason_opens_in_its_row(client, planned):
    client.force_login(make_member(planned, "viewer"))
    line = line_of(planned, "MUG")
    address = f"/{planned.slug}/replenish/lines/{line.pk}/"
    opened = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert f'id="item-{line.pk}"' in opened
    assert line.reason["text"] in opened
    assert "<html" not in opened
    closed = client.get(f"{address}?close=1", headers={"HX-Request": "true"}).content.decode()
    assert line.reason["text"] not in closed
    assert client.get(address).url.endswith(f"why={line.pk}#item-{line.pk}")


def test_what_is_not_ordered_has_its_reason(client, planned):
    page = page_of(client, planned, "manager", f"?show=left&why={line_of(planned, 'BOWL').pk}")
    assert "Nothing to order: 200 available and 0 on order cover the" in page
    assert "Why none?" in page


@pytest.mark.parametrize("role", ["clerk", "viewer"])
@pytest.mark.parametrize("query", ["", "?show=all&budget=20", "?show=all&why={mug}"])
def test_who_sees_no_costs_sees_quantities_and_no_money(client, planned, role, query):
    page = page_of(client, planned, role, query.format(mug=line_of(planned, "MUG").pk))
    assert "Mug" in page
    assert not re.search(r"[£€]\s*\d|\d\s*[£€]", page)


def test_filters_find_a_product_a_supplier_and_what_runs_out(client, planned):
    assert "Twine" not in page_of(client, planned, "manager", "?show=all&search=mug")
    with shop_scope(planned, write=False):
        fern = Supplier.objects.get(name="Fern").pk
    page = page_of(client, planned, "viewer", f"?show=all&supplier={fern}")
    assert "Twine" in page
    assert "Mug" not in page
    assert "Mug" in page_of(client, planned, "owner", "?show=late")


def test_odd_parameters_filter_nothing(client, planned):
    page = page_of(client, planned, "manager", "?show=x&supplier=%F0%9F%90%9F&page=-4&why=a&budget=lots")
    assert "Mug" in page
    assert "is not a number" in page


def test_a_warehouse_without_opening_stock_says_why_there_is_no_order(client, shop_by_day):
    with shop_scope(shop_by_day):
        Balance.objects.all().delete()
    run_night(shop_by_day, LAST_DAY)
    assert "Main has no opening stock yet." in page_of(client, shop_by_day, "manager")


def test_the_plan_says_how_good_it_is(client, planned):
    assert re.search(r"The plan costs at most 0[.,]\d\d % \(£", page_of(client, planned, "manager"))


def test_less_money_buys_less_and_changes_nothing(client, planned):
    before = state_of(planned)
    page = page_of(client, planned, "manager", "?budget=0")
    assert "With £0.00 it would order for £0.00" in page
    assert "0 with that money" in page
    assert state_of(planned) == before


# ---- quantities --------------------------------------------------------------------------------


def test_a_changed_quantity_stays_on_the_draft_as_the_persons_own(client, planned):
    client.force_login(make_member(planned, "manager"))
    line = line_of(planned, "MUG")
    answer = save(client, planned, line, "30")
    assert answer.status_code == 302
    assert draft_line(planned, "MUG").quantity == 30_000
    page = client.get(answer.url).content.decode()
    assert 'value="30"' in page
    assert f"suggested {line.quantity // 1000}" in page
    run_night(planned, LAST_DAY + timedelta(days=1))
    assert draft_line(planned, "MUG").quantity == 30_000


def test_what_was_not_suggested_can_be_ordered(client, planned):
    client.force_login(make_member(planned, "manager"))
    assert save(client, planned, line_of(planned, "BOWL"), "12").status_code == 302
    assert draft_line(planned, "BOWL").quantity == 12_000


@pytest.mark.parametrize(("text", "says"), [("many", "is not a number"), ("-6", "below zero")])
def test_a_wrong_quantity_stands_at_its_field_and_nothing_is_saved(client, planned, text, says):
    client.force_login(make_member(planned, "manager"))
    line = line_of(planned, "MUG")
    before = draft_line(planned, "MUG").quantity
    answer = save(client, planned, line, text)
    assert answer.status_code == 422
    page = answer.content.decode()
    assert says in page
    assert f'value="{text}"' in page
    assert draft_line(planned, "MUG").quantity == before


def test_an_approved_order_cannot_be_changed_here_any_more(client, planned):
    client.force_login(make_member(planned, "manager"))
    line = line_of(planned, "MUG")
    with shop_scope(planned):
        PurchaseOrder.objects.update(state=PurchaseOrder.State.SENT)
    answer = save(client, planned, line, "30")
    assert answer.status_code == 422
    assert draft_line(planned, "MUG").quantity == line.quantity


# ---- naps --------------------------------------------------------------------------------------


def test_a_snoozed_product_leaves_the_draft_and_is_not_proposed_until_it_is_woken(client, planned):
    client.force_login(make_member(planned, "manager"))
    line = line_of(planned, "MUG")
    address = f"/{planned.slug}/replenish/lines/{line.pk}/snooze/"
    assert client.get(address).status_code == 200
    until = (date.today() + timedelta(days=3_000)).isoformat()
    assert client.post(address, {"until": until}).status_code == 302
    assert draft_line(planned, "MUG").quantity == 0
    run_night(planned, LAST_DAY)
    line = line_of(planned, "MUG")
    assert line.quantity == 0
    assert line.reason["code"] == "snoozed"
    client.post(f"/{planned.slug}/replenish/lines/{line.pk}/wake/")
    with shop_scope(planned, write=False):
        assert not Snooze.objects.exists()
    run_night(planned, LAST_DAY)
    assert line_of(planned, "MUG").quantity > 0


def test_a_nap_ends_after_today(client, planned):
    client.force_login(make_member(planned, "manager"))
    address = f"/{planned.slug}/replenish/lines/{line_of(planned, 'MUG').pk}/snooze/"
    assert "Choose a day after today." in client.post(address, {"until": "2020-01-01"}).content.decode()


# ---- what the night goes by --------------------------------------------------------------------


def test_dear_shelves_mean_less_stock(client, planned):
    client.force_login(make_member(planned, "owner"))
    before = line_of(planned, "MUG").quantity
    address = f"/{planned.slug}/settings/planning/"
    assert (
        client.post(address, {"of": "shop", "holding_rate": "100", "goodwill_rate": "0"}).status_code == 302
    )
    run_night(planned, LAST_DAY)
    assert line_of(planned, "MUG").quantity <= before
    with shop_scope(planned, write=False):
        assert Policy.objects.get().holding_rate == 100_00


def test_a_product_may_have_numbers_of_its_own_and_lose_them_again(client, planned):
    client.force_login(make_member(planned, "owner"))
    address = f"/{planned.slug}/settings/planning/"
    sent = {"of": "own", "sku": "mug", "holding_rate": "60"}
    assert client.post(address, sent).status_code == 302
    with shop_scope(planned, write=False):
        policy = Policy.objects.get()
        assert policy.product.sku == "MUG"
    assert "60" in client.get(address).content.decode()
    client.post(f"{address}{policy.pk}/remove/")
    with shop_scope(planned, write=False):
        assert not Policy.objects.exists()


@pytest.mark.parametrize(
    "sent", [{"sku": "nothing", "holding_rate": "5"}, {"holding_rate": "5"}, {"sku": "mug"}]
)
def test_numbers_of_nobody_and_no_numbers_are_refused(client, planned, sent):
    client.force_login(make_member(planned, "owner"))
    answer = client.post(f"/{planned.slug}/settings/planning/", {"of": "own", **sent})
    assert 'role="alert"' in answer.content.decode()


def test_the_budget_holds_over_all_suppliers_and_the_lines_say_so(client, planned):
    client.force_login(make_member(planned, "owner"))
    client.post(f"/{planned.slug}/settings/planning/", {"of": "shop", "budget": "60"})
    run_night(planned, LAST_DAY)
    with shop_scope(planned, write=False):
        lines = list(PlanLine.objects.all())
        assert sum(line.amount for line in lines) <= 60_00
        assert any(part["code"] == "budget" for line in lines for part in line.reason["parts"])
        assert Plan.objects.filter(is_cut=True).exists()
    assert "Your budget cut this order" in client.get(f"/{planned.slug}/replenish/?show=all").content.decode()


# ---- what is not ordered any more, and what changed ----------------------------------------------


def test_discontinued_and_replaced_products_say_why_they_are_not_ordered(planned):
    with shop_scope(planned):
        Product.objects.filter(sku="BOWL").update(state=Product.State.DISCONTINUED)
        mug = Product.objects.get(sku="MUG")
        mug.replaced_by = Product.objects.get(sku="NEW")
        mug.save()
    run_night(planned, LAST_DAY)
    bowl, mug = line_of(planned, "BOWL"), line_of(planned, "MUG")
    assert (bowl.quantity, bowl.reason["code"]) == (0, "discontinued")
    assert (mug.quantity, mug.reason["code"]) == (0, "replaced")
    assert "New" in mug.reason["text"]


def test_a_new_night_says_what_changed(planned):
    before = line_of(planned, "MUG").quantity
    with shop_scope(planned):
        Balance.objects.filter(product__sku="MUG").update(on_hand=400_000)
        from stock.models import SalesImport

        SalesImport.objects.update(known_to=LAST_DAY + timedelta(days=1))
    run_night(planned, LAST_DAY + timedelta(days=1))
    with shop_scope(planned, write=False):
        line = PlanLine.objects.filter(product__sku="MUG").latest("plan__run__known_to")
        assert line.plan.run.known_to == LAST_DAY + timedelta(days=1)
    assert line.change["quantity"] == before
    assert line.change["parts"]
    assert "than the plan before" in line.change["text"]


def test_every_line_of_every_plan_adds_up(planned):
    with shop_scope(planned, write=False):
        for line in PlanLine.objects.all():
            if line.reason["parts"]:
                assert sum(part["quantity"] for part in line.reason["parts"]) == line.quantity
