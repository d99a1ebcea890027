from __future__ import annotations

import json

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from catalog.lookups import product_by_sku, products_by_sku, search_products
from catalog.models import Product, Supplier
from tenancy.context import shop_scope
from tests.factories import make_product, make_shop, make_supplier, make_token, make_warehouse

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return make_shop(slug="corner")


@pytest.fixture
def call(client, shop):
    secrets = {}

    def send(path, body=None, role="manager"):
        if role not in secrets:
            with shop_scope(shop):
                secrets[role] = make_token(role)[1]
        headers = {"Authorization": f"Bearer {secrets[role]}"}
        address = f"/api/v1/shops/corner/{path}"
        if body is None:
            return client.get(address, headers=headers)
        return client.post(address, json.dumps(body), content_type="application/json", headers=headers)

    return send


FULL = {
    "sku": "A1",
    "name": "Mug",
    "category": "Kitchen",
    "unit": "piece",
    "has_decimals": False,
    "price": "4.5",
    "cost": "1.2345",
    "barcodes": ["4006381333931"],
}


def test_a_product_is_added_and_listed(call):
    made = call("products/", FULL)
    assert made.status_code == 201
    told = {name: made.json()[name] for name in ("sku", "name", "category", "price", "cost", "state")}
    assert told == {
        "sku": "A1",
        "name": "Mug",
        "category": "Kitchen",
        "price": "4.50",
        "cost": "1.2345",
        "state": "active",
    }
    assert made.json()["barcodes"] == ["4006381333931"]
    listed = call("products/").json()
    assert listed["next"] is None
    assert listed["results"] == [
        {name: value for name, value in made.json().items() if name not in {"barcodes", "terms"}}
    ]
    assert call("products/?search=4006381333931").json() == listed


def test_a_sku_is_taken_in_any_case(call):
    call("products/", {"sku": "A1", "name": "Mug"})
    answer = call("products/", {"sku": "ａ1", "name": "Cup"})
    assert (answer.status_code, list(answer.json()["fields"])) == (409, ["sku"])
    assert len(call("products/").json()["results"]) == 1


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"sku": ""}, "sku"),
        ({"sku": " "}, "sku"),
        ({"sku": 1}, "sku"),
        ({"sku": "x" * 65}, "sku"),
        ({"sku": "a\0"}, "sku"),
        ({"name": None}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"has_decimals": "yes"}, "has_decimals"),
        ({"price": "-1"}, "price"),
        ({"price": "cheap"}, "price"),
        ({"price": 10**30}, "price"),
        ({"barcodes": "4006381333931"}, "barcodes"),
        ({"barcodes": ["4006381333930"]}, "barcodes"),
        ({"barcodes": [1]}, "barcodes"),
        ({"flavour": "red"}, "flavour"),
    ],
)
def test_what_cannot_be_read_is_refused_by_the_name_of_its_field(call, shop, change, field):
    answer = call("products/", FULL | change)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
    with shop_scope(shop):
        assert not Product.objects.exists()


def test_clerks_read_the_catalogue_without_costs_and_add_nothing(call):
    call("products/", FULL)
    assert "cost" not in call("products/", role="clerk").json()["results"][0]
    assert call("products/", FULL | {"sku": "B2"}, role="clerk").status_code == 403


def test_products_are_read_page_by_page_in_the_order_of_skus(call, shop):
    with shop_scope(shop):
        for sku in ("b", "C", "a"):
            make_product(sku=sku)
    first = call("products/?limit=2").json()
    second = call(f"products/?limit=2&cursor={first['next']}").json()
    assert [product["sku"] for product in first["results"] + second["results"]] == ["a", "b", "C"]
    assert second["next"] is None


def test_warehouses_are_listed(call, shop):
    with shop_scope(shop):
        make_warehouse(code="MAIN", name="Shop floor")
    (told,) = call("warehouses/", role="viewer").json()
    assert told == {
        "code": "MAIN",
        "name": "Shop floor",
        "address": "",
        "opening_date": None,
        "locations": [],
        "is_active": True,
    }


def test_a_supplier_is_added_and_listed(call):
    sent = {"name": "Acme", "email": "a@b.example", "lead_time_days": 3, "minimum_order_value": "50"}
    made = call("suppliers/", sent)
    assert made.status_code == 201
    assert made.json()["minimum_order_value"] == "50.00"
    assert call("suppliers/").json()["results"] == [made.json()]
    assert "minimum_order_value" not in call("suppliers/", role="clerk").json()["results"][0]
    assert call("suppliers/", sent).status_code == 409


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": ""}, "name"),
        ({"email": "nobody"}, "email"),
        ({"lead_time_days": -1}, "lead_time_days"),
        ({"lead_time_days": "3"}, "lead_time_days"),
        ({"lead_time_days": 10**20}, "lead_time_days"),
        ({"review_days": 0}, "review_days"),
        ({"minimum_order_value": "-1"}, "minimum_order_value"),
    ],
)
def test_a_supplier_that_cannot_be_read_is_refused_by_its_field(call, shop, change, field):
    answer = call("suppliers/", {"name": "Acme"} | change)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
    with shop_scope(shop):
        assert not Supplier.objects.exists()


def test_suppliers_are_read_page_by_page(call, shop):
    with shop_scope(shop):
        for name in ("B", "A"):
            make_supplier(name=name)
    first = call("suppliers/?limit=1").json()
    second = call(f"suppliers/?limit=1&cursor={first['next']}").json()
    assert [each["name"] for each in first["results"] + second["results"]] == ["A", "B"]


# ---- the keys that SKUs and names compare by -------------------------------------------------


def test_a_sku_is_found_in_any_case_and_width(shop):
    with shop_scope(shop):
        product = make_product(sku="Straße-1")
        assert product_by_sku("STRASSE-1") == product_by_sku("ｓtraße-1") == product
        assert products_by_sku(["strasse-1", "none"]) == {"strasse-1": product}
        assert list(search_products("STRASS")) == [product]


def test_a_renamed_product_is_found_by_its_new_name_only(shop):
    with shop_scope(shop):
        product = make_product(name="Mug")
        product.name = "Cup"
        product.save()
        Product.objects.bulk_create([Product(sku="X", name="Cup and saucer")])
        assert search_products("cup").count() == 2
        assert search_products("mug").count() == 0


def test_the_database_keeps_a_sku_once_and_forms_say_so_first(shop):
    with shop_scope(shop):
        make_product(sku="A1")
        with pytest.raises(ValidationError, match="exists already"):
            Product(sku="a1", name="Cup").full_clean(exclude={"shop"})
        with pytest.raises(IntegrityError), transaction.atomic():
            make_product(sku="a1")
