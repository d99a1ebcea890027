"""Sheets by keyboard and scanner, phones without sideways scrolling, and the admin under our policy."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from forecasting.models import Forecast, ForecastRun
from stock.models import Balance, Kind
from tenancy.context import shop_scope
from tests.factories import make_product, make_shop, make_supplier, make_user, make_warehouse, post_line
from tests.pages import Visitor

pytestmark = [pytest.mark.browser, pytest.mark.one_database, pytest.mark.django_db(transaction=True)]

LONG = "Stoneware mug with a handle for two fingers, speckled grey, seconds quality"


@pytest.fixture
def shop(db):
    made = make_shop(name="Marlow Lane Gifts", slug="marlow-lane")
    with shop_scope(made):
        place, supplier = make_warehouse(code="MAIN", name="High Street"), make_supplier()
        mug = make_product(sku="HS-1042-GREY-SECONDS", name=LONG, price=12_000_000, cost=4_200_000)
        mug.barcodes.create(code="5060118422045")
        mug.terms.create(supplier=supplier, unit_cost=4_200_000, pack=6_000)
        now = timezone.now()
        post_line(Kind.OPENING, mug, place, 100_000, unit_cost=4_200_000, at=now - timedelta(days=60))
        for days in range(40, 0, -2):
            made.sale = post_line(Kind.SALE, mug, place, 2_000, at=now - timedelta(days=days))
        run = ForecastRun.objects.create(
            known_to=timezone.localdate() - timedelta(days=1), horizon_days=28, finished_at=now
        )
        Forecast.objects.create(
            run=run, product=mug, warehouse=place, method="holt_winters", mean=[1.0] * 28, sigma=0.5
        )
        made.mug, made.place, made.supplier = mug, place, supplier
    return made


def sign_in(page, live_server, user):
    client = Client()
    client.force_login(user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    page.context.add_cookies([cookie])


def on_hand(shop):
    with shop_scope(shop):
        return Balance.objects.get(product=shop.mug).on_hand


def scan(page, code):
    """What a scanner does: it types where the focus is, and ends with Enter."""
    page.evaluate("document.getElementById('sheet').dataset.before = 'the scan'")
    page.keyboard.type(code)
    page.keyboard.press("Enter")
    page.wait_for_selector("#sheet:not([data-before]) .scan:focus:not([value])")


def test_scanning_fills_the_sheet_without_leaving_the_page(shop, visit, live_server):
    clerk = Visitor(shop, "clerk")
    page = visit(390, 844)
    sign_in(page, live_server, clerk.user)
    page.goto(live_server.url + clerk.address("sale_new"))
    page.evaluate("window.stayed = true")
    for _scan in range(3):
        scan(page, "5060118422045")
    scan(page, "4006381333931")
    assert page.evaluate("window.stayed")
    assert page.locator("#id_line-0-quantity").input_value() == "3"
    assert page.get_by_text("No product has this SKU or barcode.").is_visible()
    assert on_hand(shop) == 60_000
    page.locator("#id_line-1-code").fill("")
    page.locator("#id_line-1-quantity").fill("")
    page.get_by_role("button", name="Post the sale").click()
    page.get_by_text("The sale is posted.").wait_for()
    assert on_hand(shop) == 57_000
    assert page.evaluate("document.activeElement.id") == "id_line-0-code"


def test_after_a_failed_send_the_first_wrong_field_has_the_focus(shop, visit, live_server):
    owner = Visitor(shop, "owner")
    page = visit()
    sign_in(page, live_server, owner.user)
    page.goto(live_server.url + owner.address("sale_new"))
    page.locator("#id_line-0-code").fill("HS-1042-GREY-SECONDS")
    page.locator("#id_line-0-quantity").fill("9999")
    page.get_by_role("button", name="Post the sale").click()
    page.get_by_role("alert").wait_for()
    assert page.evaluate("document.activeElement.id") == "id_line-0-quantity"
    described = page.locator("#id_line-0-quantity").get_attribute("aria-describedby")
    assert "9999 requested, 60 on hand" in page.locator(f"#{described}").inner_text()


def test_no_page_scrolls_sideways_on_a_phone(shop, visit, live_server):
    owner = Visitor(shop, "owner")
    page = visit(390, 844)
    sign_in(page, live_server, owner.user)
    wide = {}
    for name, *args in (
        *(
            ("today",),
            ("products",),
            ("product", shop.mug.pk),
            ("product_new",),
            ("product_edit", shop.mug.pk),
        ),
        *(("suppliers",), ("supplier", shop.supplier.pk), ("supplier_new",), ("warehouses",)),
        *(("warehouse_edit", shop.place.pk), ("ledger",), ("posting", shop.sale.pk), ("sales",), ("counts",)),
        *(
            ("transfers",),
            ("sale_new",),
            ("return_new",),
            ("receipt_new",),
            ("opening_new",),
            ("transfer_new",),
        ),
        *(("write_off_new",), ("correction_new",), ("count_new",), ("count_list",), ("menu",)),
    ):
        page.goto(live_server.url + owner.address(name, *args))
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 390:
            wide[name] = width
    assert not wide


def test_the_admin_works_under_our_content_security_policy(shop, visit, live_server):
    page = visit()
    sign_in(page, live_server, make_user(is_staff=True, is_superuser=True))
    page.goto(live_server.url + reverse("admin:index"))
    page.get_by_label("Shop", exact=True).select_option(str(shop.pk))
    page.get_by_role("button", name="Act in this shop").click()
    page.get_by_text("You act in").wait_for()
    page.goto(live_server.url + reverse("admin:catalog_product_change", args=[shop.mug.pk]))
    page.get_by_role("button", name="Add another Supplier product").click()
    page.locator("#terms-1 .select2-selection").first.click()
    page.locator(".select2-results").get_by_text(shop.supplier.name).wait_for()
    page.goto(live_server.url + reverse("admin:stock_posting_changelist"))
    assert page.get_by_role("button", name="Leave this shop").is_visible()
    assert page.get_by_text("Opening stock").first.is_visible()
