"""What is low: available and on order against what sells until an order arrives."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

import pytest
from django.utils import timezone

from catalog.models import Supplier
from common.errors import BadInput
from forecasting.models import ForecastRun
from insights.low_stock import low_stock
from insights.services import write_levels
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from replenishment.models import Plan, PlanLine
from stock.models import Balance, Kind
from stock.places import Place
from stock.services.commitments import put_aside
from stock.services.levels import Level, set_levels
from tenancy.context import shop_scope
from tests.factories import make_product, make_warehouse, post_line

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(shop):
    shop.accepts_negative = ["sale"]
    return make_warehouse()


def held(place, quantity, **fields):
    product = make_product(**fields)
    post_line(Kind.RECEIPT if quantity > 0 else Kind.SALE, product, place, abs(quantity))
    return product


def all_pages(**asked):
    cursor = ""
    while cursor is not None:
        page = low_stock(cursor=cursor, limit=2, **asked)
        yield from page.items
        cursor = page.next


def level(place, product, reorder_point, plenty=None):
    with_levels = {Place(place.pk, product.pk): Level(reorder_point, plenty)}
    return set_levels(with_levels, partial(shop_scope, place.shop))


def test_without_a_plan_a_product_is_low_when_nothing_is_available(place):
    held(place, 2_000, sku="PLENTY")
    promised = held(place, 2_000, sku="PROMISED")
    held(place, -2_000, sku="MISSING")
    held(place, -2_000, sku="OLD", state="discontinued")
    until = timezone.now() + timedelta(days=1)
    put_aside(product=promised, warehouse=place, quantity=2_000, reference="Ann", until=until, key="k")
    assert [(line.product.sku, line.available) for line in all_pages()] == [
        ("MISSING", -2_000),
        ("PROMISED", 0),
    ]


def test_with_a_plan_it_is_low_at_or_below_the_reorder_point_and_what_is_on_order_counts(place):
    mug, bowl, jug = (held(place, 5_000, sku=sku) for sku in ("MUG", "BOWL", "JUG"))
    levels = {Place(place.pk, mug.pk): 5_000, Place(place.pk, bowl.pk): 4_999, Place(place.pk, jug.pk): 9_000}
    set_levels(
        {place: Level(point, None) for place, point in levels.items()}, partial(shop_scope, place.shop)
    )
    assert [line.product.sku for line in all_pages()] == ["JUG", "MUG"]
    order = PurchaseOrder.objects.create(
        number="PO-1", supplier=Supplier.objects.create(name="S"), warehouse=place, state="sent"
    )
    PurchaseOrderLine.objects.create(order=order, product=jug, quantity=6_000, received=1_000, unit_cost=1)
    assert [line.product.sku for line in all_pages()] == ["MUG"]
    PurchaseOrderLine.objects.update(received=3_000)
    (first, _mug) = all_pages()
    assert (first.product.sku, first.on_order, first.position) == ("JUG", 3_000, 8_000)


def test_the_night_writes_the_levels_of_its_plan_and_takes_older_ones_away(place):
    mug, bowl = held(place, 5_000), held(place, 5_000)
    assert level(place, bowl, 3_000) == 1
    run = ForecastRun.objects.create(known_to=date(2026, 6, 1), horizon_days=28)
    plan = Plan.objects.create(
        run=run, supplier=Supplier.objects.create(name="S"), warehouse=place, status="optimal"
    )
    parts = {"until_arrival": 4_000, "review": 7_000, "safety": 2_000, "on_hand": -5_000}
    reason = {"parts": [{"code": code, "quantity": quantity} for code, quantity in parts.items()]}
    PlanLine.objects.create(plan=plan, product=mug, quantity=8_000, unit_cost=1, reason=reason)
    scope = partial(shop_scope, place.shop)
    assert write_levels(run, scope) == 2
    rows = Balance.objects.values_list("product_id", "reorder_point", "plenty")
    assert sorted(rows) == sorted([(mug.pk, 6_000, 26_000), (bowl.pk, 0, None)])
    assert write_levels(run, scope) == 0


def test_a_warehouse_is_listed_by_itself_and_a_cursor_of_no_list_is_refused(place):
    held(place, -1_000, sku="A")
    other = make_warehouse()
    held(other, -1_000, sku="B")
    assert [line.product.sku for line in all_pages(warehouse=other)] == ["B"]
    with pytest.raises(BadInput, match="cursor"):
        low_stock(cursor="x")
