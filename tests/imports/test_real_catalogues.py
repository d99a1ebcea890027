"""Price lists of real shops, as they publish them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from catalog.models import Barcode, Product
from tests import importing


def real_file(name):
    folder = os.environ.get("PARSTOCK_DATA")
    if not folder or not (Path(folder) / name).exists():
        pytest.skip(f"PARSTOCK_DATA names no folder with {name}")
    return (Path(folder) / name).read_bytes()


@pytest.mark.one_database
def test_a_price_list_with_its_header_on_row_four_goes_through_as_it_is(shop):
    name = "alko_price_list_2025_07_07.xlsx"
    shop.product_limit = 50_000
    made = importing.bring("products", real_file(name), name, at_once=True)
    summary = made.summary
    assert made.options["header_row"] == 4
    assert (summary["rows"], summary["new"], summary["bad"]) == (11_117, 11_117, 0)
    assert summary["remarks"] == 27
    importing.post(shop, made)
    assert Product.objects.count() == 11_117
    assert Product.objects.filter(sku__startswith="0").count() == 337
    assert Barcode.objects.count() == 11_109 - 27
    assert Product.objects.get(sku="906458").price == 11_980_000


@pytest.mark.deep
def test_a_price_list_with_columns_of_other_names_goes_through_when_told(shop):
    name = "bibitor_purchase_prices.csv.gz"
    shop.product_limit = 50_000
    columns = {"sku": "Brand", "name": "Description", "cost": "PurchasePrice", "volume": "Volume"}
    made = importing.bring("products", real_file(name), name, said={"columns": columns}, at_once=True)
    summary = made.summary
    assert summary["rows"] == 12_261
    assert {fault["column"] for fault in summary["faults"]} <= {"Volume", "Description"}
    importing.post(shop, made, {"leave_out": True})
    assert Product.objects.count() == summary["new"] == 12_261 - summary["bad"]
