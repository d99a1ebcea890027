from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from forecasting.models import Forecast, ForecastRun
from insights.running_out import about_to_run_out
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from replenishment.models import Plan
from stock.models import Kind
from tenancy.context import shop_scope
from tests.factories import make_product, make_shop, make_supplier, make_warehouse, post_line
from tests.pages import Visitor

pytestmark = pytest.mark.django_db


class Night:
    """Ten mugs, two sold a day from tomorrow on, and a supplier who needs seven days."""

    def __init__(self):
        self.today = timezone.localdate()
        self.place, self.supplier = make_warehouse(), make_supplier(lead_time_days=7)
        self.run = ForecastRun.objects.create(
            known_to=self.today, horizon_days=28, finished_at=timezone.now()
        )
        self.plan = Plan.objects.create(
            run=self.run, supplier=self.supplier, warehouse=self.place, status="optimal"
        )
        self.mug = self.product(10, 2.0)

    def product(self, on_hand, a_day):
        product = make_product()
        post_line(Kind.OPENING, product, self.place, on_hand * 1000, unit_cost=1_000_000)
        Forecast.objects.create(
            run=self.run,
            product=product,
            warehouse=self.place,
            method="mean_rate",
            mean=[a_day] * 28,
            sigma=1,
        )
        out = self.today + timedelta(days=int(on_hand / a_day) + 1)
        self.plan.lines.create(
            product=product, quantity=24_000, unit_cost=1, reason={"parts": [], "text": ""}, runs_out_on=out
        )
        return product

    def order(self, state, days=0):
        order = PurchaseOrder.objects.create(
            number=f"PO-{state}",
            supplier=self.supplier,
            warehouse=self.place,
            state=state,
            expected_on=self.today + timedelta(days=days) if days else None,
        )
        PurchaseOrderLine.objects.create(order=order, product=self.mug, quantity=24_000, unit_cost=1)
        return order

    def running_out(self, limit=8):
        return about_to_run_out(self.run, self.today, limit)


@pytest.fixture
def shop(db):
    return make_shop()


@pytest.fixture
def night(shop):
    with shop_scope(shop):
        yield Night()


def test_what_runs_out_within_the_lead_time_is_listed_the_first_first(night):
    night.product(100, 2.0)  # lasts fifty days
    sooner = night.product(4, 2.0)
    found = night.running_out()
    assert [row.line.product for row in found] == [sooner, night.mug]
    assert [(row.on_hand, row.day) for row in found] == [
        (4_000, night.today + timedelta(days=3)),
        (10_000, night.today + timedelta(days=6)),
    ]
    assert len(night.running_out(limit=1)) == 1


def test_what_was_refilled_since_the_night_is_not_listed(night):
    post_line(Kind.RECEIPT, night.mug, night.place, 90_000, unit_cost=1_000_000)
    assert night.running_out() == []


def test_what_is_gone_already_is_no_longer_about_to_run_out(night):
    post_line(Kind.SALE, night.mug, night.place, 10_000)
    assert night.running_out() == []


def test_an_order_that_comes_in_time_settles_it_and_a_late_one_says_how_late(night):
    order = night.order("sent", days=5)
    assert night.running_out() == []
    order.expected_on = night.today + timedelta(days=9)
    order.save()
    (found,) = night.running_out()
    assert found.days_without == 3


def test_today_says_what_to_do(shop, night):
    owner, viewer = Visitor(shop, "owner"), Visitor(shop, "viewer")
    assert "Not ordered: see why" in owner.get("today").text
    night.plan.order = night.order("draft")
    night.plan.save()
    assert "Approve PO-draft" in owner.get("today").text
    assert "PO-draft, to approve" in viewer.get("today").text
    assert "1 order drafted" in owner.get("today").text


def test_it_takes_a_fixed_number_of_queries(night, django_assert_num_queries):
    for _number in range(5):
        night.product(4, 2.0)
    with django_assert_num_queries(6):
        night.running_out()
