"""Files of real shops, as they were recorded; totals are checked by a computation of its own."""

from __future__ import annotations

import os
from collections import Counter
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from django.db.models import Max

from stock.models import Balance, HistorySale, Kind, Movement
from stock.services.demand import close_demand, demand_panel
from tests import importing
from tests.factories import make_warehouse

NINE_MONTHS = "online_retail_2010_12_to_2011_08.csv.gz"
JANUARY = "online_retail_2011_01.xlsx"
BAKERY = "bakery_breadbasket.csv.gz"

# Read off the file by eye.
NO_GOODS = {
    "post", "dot", "d", "m", "s", "b", "c2", "pads", "cruk", "bank charges", "amazonfee",
    "gift_0001_10", "gift_0001_20", "gift_0001_30", "gift_0001_40", "gift_0001_50",
}  # fmt: skip


def real(name):
    folder = os.environ.get("PARSTOCK_DATA")
    if not folder or not (Path(folder) / name).exists():
        pytest.skip(f"PARSTOCK_DATA names no folder with {name}")
    return Path(folder) / name


@pytest.fixture
def warehouse(shop):
    shop.time_zone = "Europe/London"
    shop.save()
    return make_warehouse(code="MAIN")


def bring(warehouse, path):
    return importing.bring(
        "sales", path.read_bytes(), path.name, choices={"warehouse": warehouse}, at_once=True
    )


def lines_of(table: pd.DataFrame) -> pd.DataFrame:
    """The goods among the lines of Online Retail, with plain codes, numbers and moments."""
    was_read = pd.api.types.is_datetime64_any_dtype(table["InvoiceDate"])
    lines = pd.DataFrame(
        {
            "invoice": table["InvoiceNo"].astype(str),
            "key": table["StockCode"].astype(str).str.strip().str.lower(),
            "units": pd.to_numeric(table["Quantity"]),
            "price": pd.to_numeric(table["UnitPrice"]),
            "customer": table["CustomerID"].map(lambda code: "" if pd.isna(code) else str(code)),
            "at": pd.to_datetime(table["InvoiceDate"], format=None if was_read else "%m/%d/%Y %H:%M"),
        }
    )
    return lines[~lines["key"].isin(NO_GOODS)]


def wanted_by_month(lines: pd.DataFrame) -> tuple[dict[tuple[str, str], int], int]:
    """Units per product and month after cancelled sales are taken out, and how many those lines are.

    The rule of docs/imports.md once more, on whole tables and a line at a time.
    """
    sales = lines[(lines["units"] > 0) & (lines["price"] > 0)].copy()
    backs = lines[(lines["units"] < 0) & lines["invoice"].str.startswith("C")]
    sales["left"] = sales["units"]
    tables = {key: table.sort_values("at", kind="stable") for key, table in sales.groupby("key")}
    cancelled = 0
    for back in backs.sort_values("at", kind="stable").itertuples():
        table = tables.get(back.key)
        if table is None:
            continue
        fits = (table["at"] <= back.at) & (table["left"] >= -back.units)
        if back.customer:
            fits &= table["customer"] == back.customer
        exact = table.index[fits & (table["units"] == -back.units)]
        found = exact if len(exact) else table.index[fits]
        if len(found):
            table.loc[found[-1], "left"] += back.units
            cancelled += 1
    everything = pd.concat(tables.values())
    months = everything.groupby([everything["key"], everything["at"].dt.strftime("%Y-%m")])["left"].sum()
    return {place: int(units) for place, units in months.items() if units}, cancelled


def stored_by_month() -> dict[tuple[str, str], int]:
    found: Counter[tuple[str, str]] = Counter()
    for key, day, quantity in HistorySale.objects.values_list("product__sku_key", "day", "quantity"):
        found[key, f"{day:%Y-%m}"] += quantity
    sold = Movement.objects.filter(posting__kind=Kind.SALE)
    for key, at, quantity in sold.values_list("product__sku_key", "at", "quantity"):
        found[key, f"{at:%Y-%m}"] -= quantity
    return {place: thousandths // 1_000 for place, thousandths in found.items() if thousandths}


@pytest.mark.deep
def test_nine_real_months_become_the_demand_that_a_computation_of_its_own_finds(shop, warehouse):
    path = real(NINE_MONTHS)
    made = bring(warehouse, path)
    summary = made.summary
    assert (summary["rows"], summary["bad"]) == (320_705, 0)
    assert {key for key, *_rest in summary["no_product_list"]} == NO_GOODS
    assert summary["several_names"] > 50
    assert summary["twins"] > 80
    table = pd.read_csv(path, dtype={"StockCode": str, "InvoiceNo": str, "CustomerID": str})
    wanted, cancelled = wanted_by_month(lines_of(table))
    assert summary["cancellations"] == cancelled
    importing.post(shop, made, {"opening_date": date(2011, 9, 1)})
    assert stored_by_month() == wanted
    # An order of 74,215 units that was cancelled a quarter of an hour later.
    most = HistorySale.objects.filter(product__sku="23166").aggregate(most=Max("quantity"))["most"]
    assert 0 < most < 10_000_000


def test_a_real_january_from_a_workbook_is_posted_and_undone(shop, warehouse):
    path = real(JANUARY)
    made = bring(warehouse, path)
    summary = made.summary
    assert (summary["first_day"], summary["last_day"]) == ("2011-01-04", "2011-01-31")
    assert (summary["rows"], summary["bad"]) == (35_147, 0)
    came_back = summary["cancellations"] + summary["returns"]
    assert summary["sales"] + came_back + sum(summary["ignored"].values()) == summary["rows"]
    wanted, cancelled = wanted_by_month(lines_of(pd.read_excel(path, engine="calamine")))
    assert summary["cancellations"] == cancelled
    importing.post(shop, made, {"opening_date": date(2011, 1, 17)})
    assert stored_by_month() == wanted
    moved = sum(Movement.objects.values_list("quantity", flat=True))
    assert moved == sum(Balance.objects.values_list("on_hand", flat=True))
    made.refresh_from_db()
    importing.undo(shop, made)
    assert not HistorySale.objects.exists()
    assert not Balance.objects.exclude(on_hand=0).exists()


@pytest.mark.one_database
def test_the_receipts_of_a_real_bakery_are_a_unit_a_line(shop, warehouse):
    path = real(BAKERY)
    made = bring(warehouse, path)
    assert (made.summary["rows"], made.summary["bad"]) == (21_293, 0)
    assert made.summary["ignored"] == {"no_product": 788}
    importing.post(shop, made, {"opening_date": date(2017, 4, 10)})
    close_demand(date(2017, 4, 9))
    _products, _days, panel = demand_panel(warehouse.pk)
    table = pd.read_csv(path)
    goods = table[~table["Item"].isin(["NONE", "Adjustment", "Gift voucher"])]
    assert panel[panel > 0].sum() == len(goods) == 21_293 - 788
