"""The demo shop and shops made for measuring."""

from __future__ import annotations

import json
from datetime import date, timedelta
from io import StringIO

import pytest
from django.core.management import call_command

from catalog.models import Product, Warehouse
from inventory_site.demo import sales, stock
from inventory_site.demo.catalogue import catalogue
from inventory_site.demo.invented import RANGES, SUPPLIERS, range_of, title_case
from stock.models import Balance, Movement
from tenancy.context import shop_scope
from tenancy.models import Shop

MADE_ON = date(2026, 11, 22)


@pytest.fixture(scope="module")
def rows():
    return sales.moved_rows(MADE_ON)


def test_the_demos_sales_end_last_week_on_their_own_weekday(rows):
    at = rows[0].index("InvoiceDate")
    days = {row[at][:10] for row in rows[1:]}
    last = date.fromisoformat(max(days))
    assert MADE_ON - timedelta(days=7) <= last < MADE_ON
    assert last.weekday() == date(2011, 8, 31).weekday()
    assert not any(date.fromisoformat(day).weekday() == 5 for day in days)


def test_the_demos_stock_never_contradicts_its_sales(shop, rows):
    items = sales.items_of(rows)
    last = max(day for item in items.values() for day in item.sold)
    opening = last - timedelta(days=stock.STOCK_DAYS - 1)
    catalogue(items, opening)
    supplies = stock.supplies_of(items, opening)
    assert len(supplies) == 200
    for sku, supply in supplies.items():
        on_hand = supply.opening
        for day in range(stock.STOCK_DAYS):
            if day in stock.DELIVERIES:
                on_hand += supply.deliveries[stock.DELIVERIES.index(day)]
            on_hand -= items[sku].sold[opening + timedelta(days=day)]
            assert on_hand >= 0, f"{sku} on day {day}"


def test_every_supplier_of_the_demo_has_a_range():
    assert {each.supplier for each in RANGES} == {terms.name for terms in SUPPLIERS}


@pytest.mark.parametrize(
    ("name", "shown", "category"),
    [
        ("CHILDREN'S CIRCUS  PARADE MUG", "Children's Circus Parade Mug", "Toys and children"),
        ("LUNCH BAG  BLACK SKULL.", "Lunch Bag Black Skull", "Bags and textiles"),
        ("METAL SIGN,CUPCAKE SINGLE HOOK", "Metal Sign, Cupcake Single Hook", "Signs and hooks"),
        ("WORLD WAR 2 GLIDERS ASSTD DESIGNS", "World War 2 Gliders Asstd Designs", "Toys and children"),
        ("CHILDRENS APRON APPLES DESIGN", "Childrens Apron Apples Design", "Bags and textiles"),
    ],
)
def test_names_of_the_demo_are_readable_and_sorted_into_categories(name, shown, category):
    assert title_case(name) == shown
    assert range_of(shown).category == category


@pytest.mark.django_db
def test_a_generated_shop_has_stock_of_every_product_and_a_working_token(client):
    out = StringIO()
    call_command("make_shop", "--slug", "measured", "--products", "30", "--movements", "50", stdout=out)
    made = json.loads(out.getvalue())
    assert made["shop"] == "measured"
    assert made["warehouses"] == ["MAIN", "BACK"]
    assert made["products"] == 30
    with shop_scope(Shop.objects.get(slug="measured")):
        assert Balance.objects.filter(on_hand__gt=0).count() == Product.objects.count() == 30
        assert Movement.objects.count() == 80
        assert Warehouse.objects.count() == 2
    headers = {"Authorization": f"Bearer {made['token']}"}
    answer = client.get("/api/v1/shops/measured/balances/", headers=headers)
    assert answer.status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("slug", "more", "words"),
    [
        ("taken", [], "There is a shop “taken” already"),
        ("Not One", [], "small letters"),
        ("free", ["--products", "0"], "at least 1"),
    ],
)
def test_a_generated_shop_that_cannot_be_made_is_refused_in_a_sentence(slug, more, words):
    Shop.objects.create(name="Taken", slug="taken")
    err = StringIO()
    with pytest.raises(SystemExit) as end:
        call_command("make_shop", "--slug", slug, *more, stderr=err)
    assert end.value.code == 2
    assert words in err.getvalue()
    assert Shop.objects.count() == 1
