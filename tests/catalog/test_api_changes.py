"""Changing the catalogue over the API."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote

import pytest

from catalog.models import Category, Product, Supplier, SupplierProduct, TaxRate, Warehouse
from tenancy.context import shop_scope
from tests.factories import make_product, make_shop, make_supplier, make_token

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    return make_shop(slug="corner")


@pytest.fixture
def call(client, shop):
    secrets: dict[str, str] = {}

    def send(method: str, path: str, body: Any = None, role: str = "manager") -> Any:
        if role not in secrets:
            with shop_scope(shop):
                secrets[role] = make_token(role)[1]
        return client.generic(
            method,
            f"/api/v1/shops/corner/{path}",
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secrets[role]}"},
        )

    return send


def test_all_of_a_product_is_sent_read_and_changed(call, shop):
    with shop_scope(shop):
        TaxRate.objects.create(name="VAT", rate=20_00)
        make_product(sku="NEW")
    sent = {
        "sku": "TEE-M",
        "name": "T-shirt",
        "category": "Clothes",
        "family": "T-shirts",
        "size": "M",
        "colour": "blue",
        "sales_tax": "vat",
        "replaced_by": "new",
        "shelf_life_days": 90,
        "volume": 400,
        "barcodes": ["4006381333931"],
    }
    assert call("POST", "products/", sent).status_code == 201
    told = call("GET", "products/tee-m/").json()
    assert {name: told[name] for name in sent} == sent | {"sales_tax": "VAT", "replaced_by": "NEW"}
    changed = call("PATCH", "products/TEE-M/", {"colour": "red", "family": None, "state": "discontinued"})
    assert changed.status_code == 200
    assert (changed.json()["colour"], changed.json()["size"]) == ("red", "M")
    assert (changed.json()["family"], changed.json()["state"]) == (None, "discontinued")
    assert changed.json()["barcodes"] == ["4006381333931"]
    assert call("PATCH", "products/TEE-M/", {"barcodes": []}).json()["barcodes"] == []


@pytest.mark.parametrize("sku", ["A/1", "A 1", "50%", "é+?#", "A/history/2"])
def test_any_sku_stands_in_the_address_percent_encoded(call, shop, sku):
    with shop_scope(shop):
        make_product(sku=sku)
    address = f"products/{quote(sku, safe='')}/"
    assert call("GET", address).json()["sku"] == sku
    assert call("PATCH", address, {"name": "Changed"}).json()["name"] == "Changed"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"name": ""}, "name"),
        ({"sku": None}, "sku"),
        ({"state": "gone"}, "state"),
        ({"sales_tax": "nobody's"}, "sales_tax"),
        ({"replaced_by": "A1"}, "replaced_by"),
        ({"volume": -1}, "volume"),
        ({"barcodes": ["4006381333930"]}, "barcodes"),
        ({"colour": 5}, "colour"),
        ({"id": 7}, "id"),
    ],
)
def test_a_wrong_change_names_its_field_and_changes_nothing(call, shop, body, place):
    with shop_scope(shop):
        make_product(sku="A1", name="Mug")
    answer = call("PATCH", "products/A1/", body | {"category": "Made by mistake"})
    assert answer.status_code == 400
    assert place in answer.json()["fields"]
    with shop_scope(shop):
        assert not Category.objects.exists()
        assert Product.objects.get().name == "Mug"


def test_products_are_listed_by_state_category_and_family(call, shop):
    for sku, category, family in (("A", "Cups", None), ("B", "Cups", "Mugs"), ("C", None, "Mugs")):
        call("POST", "products/", {"sku": sku, "name": "X", "category": category, "family": family})
    call("PATCH", "products/B/", {"state": "archived"})

    def listed(query: str) -> list[str]:
        return [row["sku"] for row in call("GET", f"products/?{query}").json()["results"]]

    assert listed("category=cups") == ["A", "B"]
    assert listed("family=Mugs&state=active") == ["C"]
    assert listed("state=archived") == ["B"]
    assert call("GET", "products/?state=gone").status_code == 400


def test_a_supplier_is_sent_read_and_changed(call, shop):
    sent = {
        "name": "Woolcombe",
        "email": "orders@woolcombe.example",
        "contact_name": "Ada",
        "currency": "JPY",
        "lead_time_days": 4,
        "order_days": [0, 3],
        "order_cut_off": "16:30",
        "minimum_order_value": "15000",
        "freight": "900",
        "free_freight_from": "40000",
        "order_cost": "4.50",
        "closures": [{"first_day": "2026-12-24", "last_day": "2026-12-31", "note": "Christmas"}],
    }
    made = call("POST", "suppliers/", sent)
    assert made.status_code == 201, made.content
    address = f"suppliers/{made.json()['id']}/"
    told = call("GET", address).json()
    assert {name: told[name] for name in sent} == sent
    with shop_scope(shop):
        assert Supplier.objects.get().minimum_order_value == 15_000
    changed = call(
        "PATCH", address, {"closures": [{"first_day": "2027-05-01"}], "order_cut_off": None}
    ).json()
    assert changed["closures"] == [{"first_day": "2027-05-01", "last_day": "2027-05-01", "note": ""}]
    assert (changed["order_cut_off"], changed["order_days"]) == (None, [0, 3])
    seen = call("GET", address, role="clerk").json()
    assert not {"minimum_order_value", "freight", "free_freight_from", "order_cost"} & seen.keys()


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"order_days": [7]}, "order_days"),
        ({"order_days": [1, 1]}, "order_days"),
        ({"order_days": "Monday"}, "order_days"),
        ({"order_cut_off": "half past"}, "order_cut_off"),
        ({"currency": "euro"}, "currency"),
        ({"currency": "e1"}, "currency"),
        ({"freight": "-1"}, "freight"),
        ({"email": "nobody"}, "email"),
        ({"closures": [{"first_day": "2026-12-24", "last_day": "2026-12-23"}]}, "last_day"),
        ({"closures": [{"note": "x"}]}, "closures[0].first_day"),
        ({"closures": [{"first_day": "2026-12-24"}, {"first_day": "2026-12-24"}]}, "closures"),
    ],
)
def test_a_wrong_supplier_names_its_field_and_changes_nothing(call, shop, body, place):
    with shop_scope(shop):
        supplier = make_supplier(phone="1")
    answer = call("PATCH", f"suppliers/{supplier.pk}/", body | {"phone": "2"})
    assert answer.status_code == 400, answer.content
    assert place in answer.json()["fields"]
    with shop_scope(shop):
        assert Supplier.objects.get().phone == "1"


def test_terms_are_added_changed_listed_and_removed(call, shop):
    with shop_scope(shop):
        make_product(sku="A/1")
        supplier = make_supplier(currency="EUR", name="Mill")
    address = f"suppliers/{supplier.pk}/terms/"
    sent = {
        "sku": "a/1",
        "unit_cost": "4.00",
        "pack": "6",
        "minimum_quantity": "12",
        "priority": 2,
        "breaks": [{"quantity": "48", "unit_cost": "3.90"}, {"quantity": "96", "unit_cost": "3.75"}],
    }
    made = call("POST", address, sent)
    assert made.status_code == 200, made.content
    assert made.json() == sent | {
        "sku": "A/1",
        "supplier": "Mill",
        "supplier_id": supplier.pk,
        "supplier_code": "",
        "currency": "EUR",
    }
    call("POST", address, {"sku": "A/1", "supplier_code": "M-1"})
    (listed,) = call("GET", address).json()["results"]
    assert (listed["supplier_code"], listed["pack"], len(listed["breaks"])) == ("M-1", "6", 2)
    assert call("GET", "products/A%2F1/").json()["terms"] == [listed]
    (seen,) = call("GET", address, role="viewer").json()["results"]
    assert not {"unit_cost", "breaks", "currency"} & seen.keys()
    assert call("DELETE", f"{address}A%2F1/").status_code == 204
    assert call("DELETE", f"{address}A%2F1/").status_code == 404
    with shop_scope(shop):
        assert not SupplierProduct.objects.exists()


@pytest.mark.parametrize(
    ("body", "place"),
    [
        ({"sku": "NOBODY"}, "sku"),
        ({"unit_cost": None}, "unit_cost"),
        ({"pack": "0"}, "pack"),
        ({"pack": "1.5"}, "pack"),
        ({"breaks": [{"quantity": "48"}]}, "breaks[0].unit_cost"),
        ({"breaks": [{"quantity": "48", "unit_cost": "5"}]}, "breaks"),
        (
            {"breaks": [{"quantity": "48", "unit_cost": "3"}, {"quantity": "24", "unit_cost": "2"}]},
            "breaks",
        ),
        ({"breaks": 5}, "breaks"),
        ({"priority": 0}, "priority"),
    ],
)
def test_wrong_terms_name_their_field(call, shop, body, place):
    with shop_scope(shop):
        make_product(sku="A1")
        supplier = make_supplier()
    answer = call("POST", f"suppliers/{supplier.pk}/terms/", {"sku": "A1", "unit_cost": "4"} | body)
    assert answer.status_code == 400, answer.content
    assert place in answer.json()["fields"]
    with shop_scope(shop):
        assert not SupplierProduct.objects.exists()


def test_warehouses_are_added_and_changed(call, shop):
    sent = {"code": "BARN", "name": "Barn", "opening_date": "2026-01-01", "locations": ["B1", "B2"]}
    made = call("POST", "warehouses/", sent)
    assert made.status_code == 201
    assert made.json() == sent | {"address": "", "is_active": True}
    assert call("POST", "warehouses/", sent).status_code == 409
    changed = call("PATCH", "warehouses/BARN/", {"locations": ["B2"], "name": "Big barn"}).json()
    assert (changed["locations"], changed["name"]) == (["B2"], "Big barn")
    assert call("PATCH", "warehouses/BARN/", {"opening_date": "soon"}).status_code == 400
    assert call("PATCH", "warehouses/NONE/", {"name": "x"}).status_code == 404
    only = call("PATCH", "warehouses/BARN/", {"is_active": False})
    assert (only.status_code, only.json()["fields"].keys()) == (409, {"is_active"})
    with shop_scope(shop):
        assert Warehouse.objects.get(code="BARN").is_active


def test_tax_rates_are_listed_as_percentages(call, shop):
    with shop_scope(shop):
        TaxRate.objects.create(name="Reduced", rate=5_50)
    assert call("GET", "tax-rates/").json() == [{"name": "Reduced", "percent": "5.5", "is_active": True}]
