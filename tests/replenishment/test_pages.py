"""The replenish page: proposals by supplier, their sums, and what is left out."""

from __future__ import annotations

import re

import pytest

from inventory_site.night import run_night
from stock.models import Balance
from tenancy.context import shop_scope
from tests.factories import make_member
from tests.night_shop import LAST_DAY, make_stocked_shop, state_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop_by_day(db):
    return make_stocked_shop()


def page_of(client, shop, role):
    client.force_login(make_member(shop, role))
    answer = client.get(f"/{shop.slug}/replenish/")
    assert answer.status_code == 200
    return answer.content.decode()


def test_before_the_first_plan_the_page_says_what_is_missing(client, shop_by_day):
    assert "No plan yet" in page_of(client, shop_by_day, "viewer")


def test_each_quantity_has_its_sum_and_the_order_is_linked(client, shop_by_day):
    run_night(shop_by_day, LAST_DAY)
    state = state_of(shop_by_day)
    quantity, reason = state["plans"]["Hallam"][3]["MUG"]
    page = page_of(client, shop_by_day, "manager")
    assert f"Why {quantity // 1000}?" in page
    assert reason["text"] in page
    for part in reason["parts"]:
        assert part["label"] in page
    number = state["orders"][0][0]
    assert f'href="/{shop_by_day.slug}/orders/{number}/"' in page
    assert "£50.00 minimum" in page


def test_what_is_not_ordered_has_its_reason(client, shop_by_day):
    run_night(shop_by_day, LAST_DAY)
    page = page_of(client, shop_by_day, "manager")
    assert "Nothing to order: 200 available and 0 on order cover the" in page


def test_a_clerk_sees_quantities_and_no_money(client, shop_by_day):
    run_night(shop_by_day, LAST_DAY)
    page = page_of(client, shop_by_day, "clerk")
    assert "Mug" in page
    assert not re.search(r"£\s*\d", page)


def test_a_warehouse_without_opening_stock_says_why_there_is_no_order(client, shop_by_day):
    with shop_scope(shop_by_day):
        Balance.objects.all().delete()
    run_night(shop_by_day, LAST_DAY)
    assert "Main has no opening stock yet." in page_of(client, shop_by_day, "manager")
