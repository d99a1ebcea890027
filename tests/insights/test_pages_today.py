from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from forecasting.models import Forecast, ForecastRun
from insights.today import missed_sales
from jobs.models import Job
from purchasing.models import OutboundMail, PurchaseOrder, PurchaseOrderLine
from replenishment.models import Plan
from stock.models import DemandMonth, Kind
from tenancy.context import shop_scope
from tests.factories import make_product, make_shop, make_supplier, make_warehouse, post_line
from tests.importing import sales_file
from tests.pages import Visitor

pytestmark = pytest.mark.django_db


def fill(shop, times):
    """`times` drafts, products that are out, jobs, late orders and failed mails."""
    today = timezone.localdate()
    for number in range(times):
        product, place, supplier = make_product(cost=1_000_000), make_warehouse(), make_supplier()
        post_line(Kind.OPENING, product, place, 5_000, unit_cost=1_000_000)
        post_line(Kind.SALE, product, place, 5_000)
        draft = PurchaseOrder.objects.create(
            number=f"D-{number}", supplier=supplier, warehouse=place, currency="GBP"
        )
        PurchaseOrderLine.objects.create(order=draft, product=product, quantity=2_000, unit_cost=1_500_000)
        late = PurchaseOrder.objects.create(
            number=f"L-{number}",
            supplier=supplier,
            warehouse=place,
            state="sent",
            expected_on=today - timedelta(days=2),
        )
        PurchaseOrderLine.objects.create(order=late, product=product, quantity=2_000, unit_cost=1_500_000)
        Job.objects.create(kind="night", key=f"{number}", state="parked", message="The file is gone")
        OutboundMail.objects.create(
            order=late,
            revision=1,
            message_id=f"<{number}@x>",
            to="a@b.example",
            subject="Order",
            state="failed",
            not_before=timezone.now(),
            last_error="550 no such user",
        )


def test_a_new_shop_is_shown_its_first_steps(db):
    shop = make_shop()
    owner, clerk = Visitor(shop, "owner"), Visitor(shop, "clerk")
    page = owner.get("today").text
    assert owner.address("imports") in page
    assert owner.address("opening_new") in page
    assert "No order waits for approval." in page
    page = clerk.get("today").text
    assert 'class="btn primary"' not in page
    assert "€" not in page
    assert "£" not in page


def test_today_shows_what_needs_somebody(db):
    shop = make_shop()
    with shop_scope(shop):
        fill(shop, 2)
        place, product = make_warehouse(), make_product()
        post_line(Kind.OPENING, product, place, 3_000, unit_cost=2_000_000)
        ForecastRun.objects.create(
            known_to=timezone.localdate() - timedelta(days=1), horizon_days=28, finished_at=timezone.now()
        )
    page = Visitor(shop, "owner").get("today")
    figures = page.context["figures"]
    assert (figures["value"], figures["out_count"]) == (600, 2)
    assert page.context["sold"] == 10_000
    assert "2 orders wait for you" in page.text
    for text in ("D-0", "L-1", "£3.00", "£6.00", "The file is gone", "550 no such user", "Demand closed to"):
        assert text in page.text, text
    assert "first night can forecast" not in page.text


def test_the_menu_says_how_many_orders_wait_to_those_who_may_approve(db):
    shop = make_shop()
    owner, clerk = Visitor(shop, "owner"), Visitor(shop, "clerk")
    said = '<span class="sr">, 2 to approve</span>'
    assert "to approve</span>" not in owner.get("products").text
    with shop_scope(shop):
        fill(shop, 2)
    assert said in owner.get("products").text
    assert said not in clerk.get("products").text


def test_one_place_of_the_menu_is_the_one_the_page_belongs_to(db):
    owner = Visitor(make_shop(), "owner")
    menu = owner.get("warehouses").text.partition("<main")[0]
    assert menu.count('aria-current="page"') == 1
    assert f'href="{owner.address("warehouses")}" aria-current="page"' in menu


def test_today_takes_a_bounded_number_of_queries(db, django_assert_max_num_queries):
    shop = make_shop()
    with shop_scope(shop):
        fill(shop, 4)
    owner = Visitor(shop, "owner")
    with django_assert_max_num_queries(34):  # two of them open and close the wall of PostgreSQL
        owner.get("today")


def test_an_undone_sale_does_not_count_as_sold(db):
    from stock.services.ledger import reverse

    shop = make_shop()
    with shop_scope(shop):
        product, place = make_product(), make_warehouse()
        post_line(Kind.OPENING, product, place, 9_000)
        reverse(post_line(Kind.SALE, product, place, 4_000), key="undo")
        post_line(Kind.SALE, product, place, 1_000)
    assert Visitor(shop, "viewer").get("today").context["sold"] == 1_000


def test_a_shop_that_has_imported_its_past_is_asked_for_its_stock(db):
    shop = make_shop()
    with shop_scope(shop):
        sales_file(make_warehouse())
    owner = Visitor(shop, "owner")
    page = owner.get("today").text
    assert "What stands on the shelves?" in page
    assert owner.address("opening_new") in page
    assert "Two steps" not in page


def test_what_saves_most_stands_first_and_is_approved_with_one_click(db):
    shop = make_shop()
    with shop_scope(shop):
        fill(shop, 2)
        run = ForecastRun.objects.create(
            known_to=timezone.localdate() - timedelta(days=1), horizon_days=28, finished_at=timezone.now()
        )
        drafts = PurchaseOrder.objects.filter(state="draft").order_by("pk")
        for order, waiting in zip(drafts, (900, 9_900), strict=True):
            Plan.objects.create(
                run=run,
                supplier=order.supplier,
                warehouse=order.warehouse,
                order=order,
                status="optimal",
                waiting=waiting,
                objective=400,
            )
    owner = Visitor(shop, "owner")
    page = owner.get("today")
    assert [draft.order.number for draft in page.context["drafts"]] == ["D-1", "D-0"]
    assert page.context["saves"] == 10_000
    assert f'action="{owner.address("order_approve", "D-1")}"' in page.text
    assert "£100.00" in page.text
    clerk = Visitor(shop, "clerk").get("today").text
    assert "order_approve" not in clerk
    assert "£" not in clerk


def test_stock_below_zero_is_to_be_counted(db):
    shop = make_shop(accepts_negative=["sale"])
    with shop_scope(shop):
        product, place = make_product(), make_warehouse()
        post_line(Kind.SALE, product, place, 3_000)
    page = Visitor(shop, "clerk").get("today").text
    assert "Below zero" in page
    assert f"counts/new/?product={product.pk}&amp;warehouse={place.pk}" in page


def test_days_whose_sales_are_not_in_are_said_to_be_unknown(db):
    shop = make_shop()
    with shop_scope(shop):
        post_line(Kind.OPENING, make_product(), make_warehouse(), 1_000)
        ForecastRun.objects.create(
            known_to=timezone.localdate() - timedelta(days=4), horizon_days=28, finished_at=timezone.now()
        )
    assert "3 days are unknown, not zero" in Visitor(shop, "owner").get("today").text


def test_an_empty_shelf_costs_what_the_forecast_expected_of_its_days(db):
    shop = make_shop()
    with shop_scope(shop):
        known_to = timezone.localdate() - timedelta(days=1)
        mug, place = make_product(price=12_000_000, cost=4_000_000), make_warehouse()
        post_line(Kind.OPENING, mug, place, 1_000)
        post_line(Kind.SALE, mug, place, 1_000)
        run = ForecastRun.objects.create(known_to=known_to, horizon_days=28, finished_at=timezone.now())
        Forecast.objects.create(
            run=run, warehouse=place, product=mug, method="levels", mean=[2.0] * 28, sigma=1
        )
        month = known_to.replace(day=1)
        days = [None if month + timedelta(days=number) == known_to else 2_000 for number in range(31)]
        DemandMonth.objects.create(warehouse=place, product=mug, month=month, days=days)
        assert missed_sales(run) == {"margin": 1_600, "products": 1}
