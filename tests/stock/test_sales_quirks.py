"""What real files of sales are like: a small made-up file for each quirk."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from catalog.models import Barcode, Product
from common.errors import BadInput, Conflict
from imports.models import FileImport
from stock.models import HistorySale, Kind, Movement, Posting, SalesCode, SalesImport
from stock.services.demand import close_demand, demand_panel
from tests import importing
from tests.factories import make_product, make_warehouse

FILES = Path(__file__).parent.parent / "data" / "sales"
LATER = date(2027, 1, 1)
EARLIER = date(2000, 1, 1)


@pytest.fixture
def warehouse(shop):
    shop.time_zone = "Europe/London"
    shop.save()
    return make_warehouse(code="MAIN")


def bring(warehouse, name, **choices):
    content = (FILES / name).read_bytes()
    return importing.bring("sales", content, name, choices={"warehouse": warehouse} | choices)


def post(shop, made, opening=LATER, **answers):
    result = importing.post(shop, made, {"opening_date": opening, **answers})
    made.refresh_from_db()
    return result


def history():
    return sorted(HistorySale.objects.values_list("product__sku", "day", "quantity"))


def moved(kind):
    return sorted(Movement.objects.filter(posting__kind=kind).values_list("product__sku", "quantity"))


def demand(warehouse, sku):
    """Units by day, of the days on which something was wanted."""
    close_demand(date(2026, 12, 1))
    _products, days, panel = demand_panel(warehouse.pk, product_ids=[Product.objects.get(sku=sku).pk])
    return {day: units for day, units in zip(days, panel[0], strict=True) if units > 0} if days else {}


# ---- what came back --------------------------------------------------------------------------


CANCELLED = {
    # Of the large order nothing is left.
    # 1003 was cancelled whole by C1006; of 1004 C1007 took 3 back, and 8 more than are left is a return.
    date(2011, 1, 20): 7,
}


def test_a_cancellation_lowers_the_demand_of_the_day_of_its_sale(shop, warehouse):
    made = bring(warehouse, "cancellations.csv")
    assert (made.summary["sales"], made.summary["cancellations"], made.summary["returns"]) == (5, 5, 4)
    post(shop, made)
    assert history() == [("21130", date(2011, 1, 20), 7_000)]
    assert not Movement.objects.exists()
    assert demand(warehouse, "21130") == CANCELLED


def test_where_stock_is_kept_goods_come_back_on_their_day_and_demand_is_the_same(shop, warehouse):
    made = bring(warehouse, "cancellations.csv")
    post(shop, made, EARLIER)
    sold = sum(quantity for _sku, quantity in moved(Kind.SALE))
    back = sum(quantity for _sku, quantity in moved(Kind.CUSTOMER_RETURN))
    assert (sold, back) == (-74_240_000, 74_245_000)
    assert demand(warehouse, "21130") == CANCELLED
    assert demand(warehouse, "23166") == {}
    returned = Movement.objects.get(posting__kind=Kind.CUSTOMER_RETURN, product__sku="23166")
    assert returned.at == datetime(2011, 1, 18, 10, 17, tzinfo=ZoneInfo("Europe/London"))


def test_goods_that_were_sold_before_stock_was_kept_come_back_to_it(shop, warehouse):
    made = bring(warehouse, "cancellations.csv")
    post(shop, made, date(2011, 1, 22))
    assert moved(Kind.CUSTOMER_RETURN) == [
        ("21130", 1_000), ("21130", 2_000), ("21130", 3_000), ("21130", 4_000), ("21130", 8_000),
        ("21999", 1_000), ("21999", 5_000),
    ]  # fmt: skip
    assert demand(warehouse, "21130") == CANCELLED


def test_a_file_with_cancellations_is_undone_as_a_whole(shop, warehouse):
    made = bring(warehouse, "cancellations.csv")
    post(shop, made, date(2011, 1, 22))
    importing.undo(shop, made)
    assert not HistorySale.objects.exists()
    assert sum(Movement.objects.values_list("quantity", flat=True)) == 0
    assert demand(warehouse, "21130") == {}


def test_a_later_file_cancels_what_an_earlier_one_sold(shop, warehouse):
    post(shop, bring(warehouse, "exported_on_the_3rd.csv"), date(2026, 3, 2))
    later = bring(warehouse, "exported_on_the_5th.csv")
    assert (later.summary["on_known_days"], later.summary["same"]) == (4, 3)
    # C6 takes back what stands in both files, C7 what only the earlier one can have: of its sales only
    # sums of days are at hand, and of the nearest day with as many none are left but the 2nd's.
    assert (later.summary["cancellations"], later.summary["returns"]) == (2, 0)
    post(shop, later)
    assert demand(warehouse, "A1") == {date(2026, 3, 1): 2, date(2026, 3, 3): 3, date(2026, 3, 5): 1}


# ---- the same lines in several files ---------------------------------------------------------


@pytest.mark.parametrize(("overlap", "lines"), [("same", 4), ("days", 3), ("take", 7)])
def test_lines_of_days_that_another_file_brought_are_taken_as_somebody_chooses(
    shop, warehouse, overlap, lines
):
    post(shop, bring(warehouse, "exported_on_the_3rd.csv"))
    later = bring(warehouse, "exported_on_the_5th.csv")
    result = post(shop, later, overlap=overlap)
    assert result["posted"] + result["history"] == lines


# ---- what is no product ----------------------------------------------------------------------


def test_postage_fees_vouchers_and_placeholders_are_no_products(warehouse):
    found = {
        sku: why
        for _key, sku, _name, _lines, why in bring(warehouse, "no_products.csv").summary["no_product_list"]
    }
    assert found == {
        "POST": "fee", "DOT": "fee", "M": "fee", "BANK CHARGES": "fee", "AMAZONFEE": "fee",
        "gift_0001_20": "fee", "B": "fee", "VERSAND": "fee", "运费": "fee",
        "NONE": "placeholder", "XYZ": "no_digits",
    }  # fmt: skip


def test_a_code_that_is_sold_at_another_price_each_time_is_a_sum_of_money(warehouse):
    summary = bring(warehouse, "sums_of_money.csv").summary
    assert [(key, why) for key, _sku, _name, _lines, why in summary["no_product_list"]] == [("900", "money")]
    assert summary["sales"] == 12


def test_what_somebody_takes_for_a_product_is_one_and_is_remembered(shop, warehouse):
    made = bring(warehouse, "no_products.csv")
    post(shop, made, products=["xyz"])
    assert Product.objects.filter(sku="XYZ").exists()
    assert not Product.objects.filter(sku="POST").exists()
    assert SalesCode.objects.get(code="XYZ").sku == "XYZ"
    assert SalesCode.objects.get(code="POST").sku == ""
    again = importing.bring(
        "sales", "Code,Qty,Date\nXYZ,1,2026-04-01\nPOST,1,2026-04-01\n",
        "april.csv", choices={"warehouse": warehouse},
    )  # fmt: skip
    assert (again.summary["sales"], again.summary["ignored"]) == (1, {"no_product": 1})


def test_what_was_left_out_is_left_out_again_without_the_rest_of_that_file_to_judge_by(shop, warehouse):
    post(shop, bring(warehouse, "sums_of_money.csv"))
    again = importing.bring(
        "sales", "Code,Qty,Date,Price\n900,1,2026-04-01,3.20\n901,1,2026-04-01,0.40\n",
        "april.csv", choices={"warehouse": warehouse},
    )  # fmt: skip
    assert [(key, why) for key, *_rest, why in again.summary["no_product_list"]] == [("900", "said")]


# ---- lines that are no sales -----------------------------------------------------------------


def test_prices_of_zero_and_corrections_are_each_left_out_for_their_own_reason(warehouse):
    summary = bring(warehouse, "prices_and_corrections.csv").summary
    assert summary["ignored"] == {
        "correction": 2, "free": 2, "nameless": 2, "negative_price": 1, "nothing": 1,
    }  # fmt: skip
    assert (summary["sales"], summary["returns"]) == (2, 1)


def test_repeated_lines_are_sales_unless_somebody_says_otherwise(shop, warehouse):
    made = bring(warehouse, "repeats.csv")
    assert (made.summary["repeats"], made.summary["sales"]) == (1, 5)
    post(shop, made)
    assert history() == [("22111", date(2026, 3, 2), 5_000), ("22866", date(2026, 3, 2), 1_000)]
    importing.undo(shop, made)
    left = bring(warehouse, "repeats.csv")
    result = post(shop, left, take_repeats=False)
    assert result["ignored"] == {"repeated": 1}
    assert history()[0] == ("22111", date(2026, 3, 2), 4_000)


# ---- codes -----------------------------------------------------------------------------------


def test_the_most_frequent_spelling_and_description_win(shop, warehouse):
    made = bring(warehouse, "twins_and_names.csv")
    assert made.summary["twins"] == 2
    post(shop, made)
    assert set(Product.objects.values_list("sku", "name")) == {
        ("85123A", "WHITE HEART"), ("15056bl", "EDWARDIAN PARASOL BLACK"),
    }  # fmt: skip


def test_a_twin_can_be_kept_apart_under_a_code_of_its_own_in_later_files_too(shop, warehouse):
    made = bring(warehouse, "twins_and_names.csv")
    post(shop, made, apart={"85123a": "85123a-2"})
    assert [(sku, quantity) for sku, _day, quantity in history() if sku.startswith("85123")] == [
        ("85123A", 6_000),
        ("85123A", 2_000),
        ("85123a-2", 4_000),
    ]
    again = importing.bring(
        "sales", "Code,Qty,Date\n85123a,1,2026-04-01\n85123A,1,2026-04-01\n", "april.csv",
        choices={"warehouse": warehouse},
    )  # fmt: skip
    assert (again.summary["products"], again.summary["twins"]) == (2, 0)


def test_a_twin_under_its_own_code_is_refused_since_codes_compare_without_case(shop, warehouse):
    made = bring(warehouse, "twins_and_names.csv")
    with pytest.raises(BadInput, match="compare without capital letters"):
        post(shop, made, apart={"85123a": "85123A"})


def test_barcodes_are_looked_up_and_rounded_ones_refused_by_row_and_column(shop, warehouse):
    Barcode.objects.create(product=make_product(sku="PEN"), code="4006381333931")
    Barcode.objects.create(product=make_product(sku="TISSUE"), code="036000291452")
    made = bring(warehouse, "barcodes.csv")
    assert [(fault["row"], fault["column"], fault["value"]) for fault in made.summary["faults"]] == [
        (5, "Barcode", "4.00638E+12"),
        (6, "Barcode", "2,02E+11"),
    ]
    assert "rounded number" in made.summary["faults"][0]["fault"]
    post(shop, made)
    assert [sku for sku, _day, _quantity in history()] == ["A1", "PEN", "TISSUE"]


# ---- shapes of files -------------------------------------------------------------------------


def test_a_file_without_quantities_counts_its_lines_and_joins_date_and_time(shop, warehouse):
    made = bring(warehouse, "bakery.csv")
    assert not made.summary["has_quantity"]
    assert (made.summary["sales"], made.summary["repeats"]) == (6, 1)
    assert {sku for _key, sku, *_rest in made.summary["no_product_list"]} == {
        "NONE", "Adjustment", "Gift voucher",
    }  # fmt: skip
    post(shop, made, EARLIER)
    bread = Movement.objects.filter(product__sku="Bread").order_by("at")
    assert [line.at.strftime("%d %H:%M:%S") for line in bread] == [
        "30 09:58:11", "31 09:00:00", "31 23:59:59",
    ]  # fmt: skip


def test_a_column_of_stores_names_the_warehouse_of_each_row(shop, warehouse):
    other = make_warehouse(code="HS", name="High Street")
    other.opening_date = date(2026, 1, 1)
    other.save()
    made = bring(warehouse, "stores.csv")
    assert [(fault["row"], fault["column"], fault["value"]) for fault in made.summary["faults"]] == [
        (5, "store", "Nowhere")
    ]
    post(shop, made)
    assert history() == [("A1", date(2026, 3, 2), 4_000), ("A1", date(2026, 3, 3), 12_000)]
    assert moved(Kind.SALE) == [("A1", -2_000)]
    known = dict(SalesImport.objects.values_list("warehouse__code", "known_to"))
    assert known == {"MAIN": date(2026, 3, 3), "HS": date(2026, 3, 2)}


def test_titles_above_the_header_and_german_names_do_no_harm(shop, warehouse):
    made = bring(warehouse, "header_on_row_4.tsv")
    assert (made.options["header_row"], made.options["order"]) == (4, "DMY")
    post(shop, made)
    assert history() == [("A1", date(2026, 3, 1), 2_000), ("A2", date(2026, 3, 14), 1_000)]
    assert Product.objects.get(sku="A1").price == 4_600_000


def test_postings_name_the_receipts_that_they_hold(shop, warehouse):
    post(shop, bring(warehouse, "repeats.csv"), EARLIER)
    assert Posting.objects.get().document == "536409–536410 repeats.csv"


# ---- once ------------------------------------------------------------------------------------


def test_what_the_shop_learns_during_a_stop_does_not_change_what_is_posted(shop, warehouse, monkeypatch):
    from stock.importing import plan
    from stock.services import ledger

    monkeypatch.setattr(plan, "PART_ROWS", 3)
    made = bring(warehouse, "no_products.csv")
    whole, calls = ledger.post, []

    def dies(**document):
        calls.append(document["key"])
        if len(calls) == 4:
            raise RuntimeError("killed")
        return whole(**document)

    monkeypatch.setattr(ledger, "post", dies)
    with pytest.raises(RuntimeError, match="killed"):
        post(shop, made, EARLIER)
    monkeypatch.setattr(ledger, "post", whole)
    make_product(sku="POST")
    make_product(sku="XYZ")
    importing.post(shop, FileImport.objects.get(pk=made.pk))
    sold = -sum(Movement.objects.values_list("quantity", flat=True))
    assert sold == made.summary["units"]
    assert not Movement.objects.filter(product__sku__in=["POST", "XYZ"]).exists()


def test_a_resumed_import_whose_lines_have_changed_is_refused_not_mixed(shop, warehouse, monkeypatch):
    from stock.services import ledger

    made = importing.bring(
        "sales", "Code,Qty,Date\nTEA,0.5,2026-03-01\nTEA,1,2026-03-02\n", "t.csv",
        choices={"warehouse": warehouse},
    )  # fmt: skip
    whole = ledger.post
    monkeypatch.setattr(ledger, "post", lambda **_document: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        post(shop, made, EARLIER)
    monkeypatch.setattr(ledger, "post", whole)
    Product.objects.filter(sku="TEA").update(has_decimals=False)
    with pytest.raises(Conflict, match="Undo it and bring the file again"):
        importing.post(shop, FileImport.objects.get(pk=made.pk))


# ---- several sources -------------------------------------------------------------------------


def test_a_day_is_known_once_every_source_of_the_warehouse_has_reported_it(shop, warehouse):
    def file(source, day, name):
        content = f"Code,Qty,Date\nA1,1,2026-03-01\nA1,1,{day}\n"
        choices = {"warehouse": warehouse, "source": source}
        made = importing.bring("sales", content, name, choices=choices)
        post(shop, made, overlap="take")

    file("till", "2026-03-10", "till.csv")
    file("web shop", "2026-03-06", "web.csv")
    assert close_demand(date(2026, 12, 1)).known_to == {warehouse.pk: date(2026, 3, 6)}
    file("till", "2026-04-30", "april.csv")
    assert close_demand(date(2026, 12, 1)).known_to == {warehouse.pk: date(2026, 4, 30)}
