"""A file of sales, from upload to undo."""

from __future__ import annotations

import gzip
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from catalog.models import Product
from catalog.queries import find_products
from common.errors import BadInput, Conflict
from common.importing.days import Order
from imports import services as imports
from imports.models import FileImport
from stock.importing import plan
from stock.models import Balance, HistorySale, Kind, Movement, Posting
from stock.services import imported_postings, ledger, sales_import
from tests import importing
from tests.factories import make_product, make_warehouse, post_line

QUIRKS = Path(__file__).parent.parent / "data" / "quirks.csv"
HEADER = "SKU,Name,Qty,Date,Price\n"


@pytest.fixture
def warehouse(shop):
    shop.time_zone = "Europe/London"
    shop.save()
    return make_warehouse(code="MAIN")


def bring(warehouse, content, name="till.csv", **said):
    return importing.bring("sales", content, name, choices={"warehouse": warehouse}, said=said)


def quirks(warehouse):
    return bring(warehouse, QUIRKS.read_bytes(), "quirks.csv")


def post(shop, made, opening, progress=None):
    return importing.post(shop, made, {"opening_date": opening}, progress)


def undo(shop, made):
    return importing.undo(shop, made)


def state_of_books():
    return (
        sorted(HistorySale.objects.values_list("product__sku", "day", "quantity")),
        sorted(Movement.objects.values_list("product__sku", "at", "quantity")),
        sorted(Balance.objects.values_list("product__sku", "on_hand")),
    )


def many_lines(count, days=5):
    first = date(2026, 3, 1)
    lines = (
        f"P{number % 7},Thing {number % 7},{number % 3 + 1},{first + timedelta(days=number % days)},1.50"
        for number in range(count)
    )
    return HEADER + "\n".join(lines)


# ---- what is read ----------------------------------------------------------------------------


def test_every_line_is_a_sale_ignored_for_a_reason_or_a_fault(warehouse):
    summary = quirks(warehouse).summary
    assert (summary["rows"], summary["sales"], summary["bad"]) == (16, 6, 5)
    assert summary["cancellations"] == 1
    assert summary["ignored"] == {"correction": 1, "free": 1, "no_product": 2}


def test_faults_name_row_column_value_and_what_to_do(warehouse):
    faults = quirks(warehouse).summary["faults"]
    assert [(fault["row"], fault["column"], fault["value"]) for fault in faults] == [
        (12, "Quantity", "many"),
        (13, "InvoiceDate", "13/45/2010 10:01"),
        (14, "StockCode", ""),
        (15, "StockCode", "4.00638E+12"),
        (16, "UnitPrice", "1.2.3"),
    ]
    assert "Months come first in this file." in faults[1]["fault"]
    assert "rounded number" in faults[3]["fault"]
    assert all(fault["advice"] for fault in faults)


def test_case_twins_are_one_new_product_named_and_priced_as_most_often(shop, warehouse):
    made = quirks(warehouse)
    assert made.summary["twin_list"] == [["85123A", "WHITE HEART", [["85123a", 1, "85123a-2"]]]]
    post(shop, made, date(2011, 1, 1))
    product = Product.objects.get(sku_key="85123a")
    assert (product.sku, product.name, product.price) == ("85123A", "WHITE HEART", 2_550_000)
    assert HistorySale.objects.get(product=product).quantity == 10_000


def test_the_price_of_a_new_product_is_the_most_usual_one(shop, warehouse):
    made = bring(
        warehouse, HEADER + "A,Cup,1,2026-03-01,9\nA,Cup,1,2026-03-01,4.60\nA,Mug,1,2026-03-02,4.60\n"
    )
    post(shop, made, date(2027, 1, 1))
    assert Product.objects.get().price == 4_600_000


def test_new_products_are_found_by_their_code_and_by_words_of_their_name(shop, warehouse):
    post(shop, quirks(warehouse), date(2027, 1, 1))
    for product in Product.objects.all():
        assert product in find_products(product.sku.lower(), active=None)
        assert product in find_products(product.name.split()[-1], active=None)


def test_repeated_lines_are_counted_and_told(warehouse):
    assert quirks(warehouse).summary["repeats"] == 1


def test_a_shops_own_product_may_be_called_like_a_fee(warehouse):
    make_product(sku="Post")
    assert quirks(warehouse).summary["ignored"]["no_product"] == 1


def test_parts_of_a_unit_are_a_fault_for_products_sold_whole_and_fine_for_new_ones(shop, warehouse):
    make_product(sku="A")
    made = bring(warehouse, HEADER + "A,,1.5,2026-03-01,2\nTEA,Tea,0.25,2026-03-01,2\n")
    assert [fault["row"] for fault in made.summary["faults"]] == [2]
    post(shop, made, date(2027, 1, 1))
    assert Product.objects.get(sku="TEA").has_decimals


def test_dates_that_can_be_read_both_ways_are_asked_about_before_posting(shop, warehouse):
    made = bring(warehouse, HEADER + "A,Cup,1,1/2/2026,2\nA,Cup,1,3/4/2026,2\n")
    assert made.options["order"] is None
    with pytest.raises(BadInput, match="days or months"):
        imports.begin_posting(made, {"opening_date": date(2027, 1, 1)})
    imports.read_again(made, said={"order": Order.MONTH_FIRST})
    assert made.summary["days"] == {str(warehouse.pk): {"2026-01-02": 1, "2026-03-04": 1}}
    assert sales_import.known_to(made) == date(2026, 3, 4)


def test_a_sale_still_to_come_is_a_fault(warehouse):
    tomorrow = timezone.localdate() + timedelta(days=2)
    made = bring(warehouse, f"{HEADER}A,Cup,1,{tomorrow},2\nA,Cup,1,2026-03-01,2\n")
    assert "still to come" in made.summary["faults"][0]["fault"]


@pytest.mark.parametrize("when", ["9999-12-31", "9999-12-31 23:00-12:00"])
def test_the_last_day_of_all_is_still_to_come_too(warehouse, when):
    made = bring(warehouse, f"{HEADER}A,Cup,1,{when},2\nA,Cup,1,2026-03-01,2\n")
    assert "still to come" in made.summary["faults"][0]["fault"]


def test_a_file_without_the_needed_columns_is_refused(warehouse):
    made = bring(warehouse, "SKU,Qty\nA,1\n")
    assert made.state == FileImport.State.REFUSED
    assert made.fault.startswith("till.csv, row 1: There is no column for date")
    with pytest.raises(Conflict, match="Cannot be read"):
        imports.begin_posting(made, {"opening_date": date(2027, 1, 1)})


def test_a_file_in_which_nothing_can_be_read_is_refused_with_its_first_fault(warehouse):
    made = bring(warehouse, HEADER + "A,Cup,lots,2026-03-01,2\n")
    assert "row 2, column Qty: “lots”" in made.fault


def test_more_rows_than_the_shop_may_import_are_refused(shop, warehouse):
    shop.import_row_limit = 2
    made = bring(warehouse, HEADER + "A,Cup,1,2026-03-01,2\n" * 3)
    assert "row 4: The file has more than 2 rows" in made.fault


def test_more_new_products_than_the_shop_may_keep_are_refused(shop, warehouse):
    shop.product_limit = 1
    made = bring(warehouse, HEADER + "A,Cup,1,2026-03-01,2\nMUG,Mug,1,2026-03-01,2\n")
    with pytest.raises(Conflict, match="more than 1"):
        imports.begin_posting(made, {"opening_date": date(2027, 1, 1)})


# ---- history and postings --------------------------------------------------------------------


def test_the_day_after_the_last_sale_is_proposed_where_no_stock_is_kept_yet(warehouse):
    made = quirks(warehouse)
    assert sales_import.proposed_opening_date(made) == date(2010, 12, 19)
    assert sales_import.split_by(made.summary, {warehouse.pk: date(2010, 12, 14)}) == (2, 5)


def test_the_day_stock_began_is_proposed_where_it_did(warehouse):
    began = datetime(2010, 12, 10, 0, 30, tzinfo=ZoneInfo("Europe/London"))
    post_line(Kind.OPENING, make_product(), warehouse, 1_000, at=began)
    assert sales_import.proposed_opening_date(quirks(warehouse)) == date(2010, 12, 10)


def test_sales_before_the_opening_become_history_and_later_ones_move_stock(shop, warehouse):
    made = quirks(warehouse)
    post(shop, made, date(2010, 12, 17))
    history, movements, balances = state_of_books()
    assert history == [
        ("71053", date(2010, 12, 14), 2_000),  # of two sales of 2, one was cancelled
        ("85123A", date(2010, 12, 13), 10_000),
    ]
    london = ZoneInfo("Europe/London")
    assert movements == [
        ("22633", datetime(2010, 12, 17, 10, 0, tzinfo=london), -5_000),
        ("22633", datetime(2010, 12, 18, 10, 2, tzinfo=london), -1_500),
    ]
    assert balances == [("22633", -6_500)]
    warehouse.refresh_from_db()
    made.refresh_from_db()
    assert warehouse.opening_date == date(2010, 12, 17)
    assert (made.state, made.sales.get().known_to) == ("posted", date(2010, 12, 18))


def test_a_warehouse_is_asked_once_from_which_day_its_stock_is_kept(shop, warehouse):
    post(shop, quirks(warehouse), date(2010, 12, 17))
    later = bring(warehouse, HEADER + "A,Cup,1,2010-12-16,2\nA,Cup,1,2010-12-20,2\n")
    post(shop, later, None)
    assert HistorySale.objects.filter(sales_import__file=later).count() == 1
    assert later.postings.count() == 1


def test_without_an_answer_nothing_is_posted(warehouse):
    with pytest.raises(BadInput, match="from which day"):
        imports.begin_posting(quirks(warehouse))


def test_sales_known_by_day_happen_at_the_end_of_it(shop, warehouse):
    made = bring(warehouse, HEADER + "A,Cup,1,2026-03-29,2\n")
    post(shop, made, date(2026, 3, 1))
    assert Movement.objects.get().at == datetime(2026, 3, 29, 23, 59, 59, tzinfo=ZoneInfo("Europe/London"))


def test_sales_take_stock_below_zero_where_the_shop_lets_them_and_not_elsewhere(shop, warehouse):
    post_line(Kind.OPENING, make_product(sku="A"), warehouse, 1_000)
    made = bring(warehouse, HEADER + "A,Cup,3,2026-03-01,2\n")
    post(shop, made, date(2026, 1, 1))
    assert Balance.objects.get().on_hand == -2_000


# ---- once, whatever happens ------------------------------------------------------------------


def test_the_same_file_twice_changes_nothing_and_says_so(shop, warehouse):
    post(shop, quirks(warehouse), date(2010, 12, 17))
    before = state_of_books()
    packed = gzip.compress(QUIRKS.read_bytes())
    with pytest.raises(imports.KnownFile, match=r"as quirks\.csv\. Nothing was changed"):
        bring(warehouse, packed, "again.csv.gz")
    assert state_of_books() == before


def test_an_import_killed_in_the_middle_of_a_part_goes_on_without_repeating(shop, warehouse, monkeypatch):
    monkeypatch.setattr(plan, "PART_ROWS", 10)
    made = bring(warehouse, many_lines(45))
    opening = date(2026, 3, 3)
    whole = ledger.post
    calls = []

    def dies_in_the_second_part(**document):
        calls.append(document["key"])
        if len(calls) == 2:
            raise RuntimeError("killed")
        return whole(**document)

    monkeypatch.setattr(ledger, "post", dies_in_the_second_part)
    with pytest.raises(RuntimeError, match="killed"):
        post(shop, made, opening)
    made.refresh_from_db()
    assert (made.state, made.parts_done) == ("posting", 3)
    post(shop, made, opening)
    killed = state_of_books()
    undo(shop, made)
    monkeypatch.setattr(ledger, "post", whole)
    again = bring(warehouse, many_lines(45))
    assert again.pk != made.pk
    movements_before = set(Movement.objects.values_list("pk", flat=True))
    post(shop, again, opening)
    history, movements, balances = killed
    assert sorted(HistorySale.objects.values_list("product__sku", "day", "quantity")) == history
    fresh = Movement.objects.exclude(pk__in=movements_before)
    assert sorted(fresh.values_list("product__sku", "at", "quantity")) == movements
    assert sorted(Balance.objects.values_list("product__sku", "on_hand")) == balances


def test_posting_a_posted_import_again_does_nothing(shop, warehouse):
    made = quirks(warehouse)
    first = post(shop, made, date(2010, 12, 17))
    before = state_of_books()
    made.refresh_from_db()
    assert post(shop, made, None) == first
    assert state_of_books() == before


def test_a_part_that_another_worker_posted_is_passed_over(shop, warehouse, monkeypatch):
    monkeypatch.setattr(plan, "PART_ROWS", 10)
    made = bring(warehouse, many_lines(30))

    def another_worker(done, _total, _text):
        if done == 1 and not made.summary.get("other"):
            made.summary["other"] = True
            post(shop, FileImport.objects.get(pk=made.pk), None)

    post(shop, made, date(2026, 3, 3), progress=another_worker)
    sold = -sum(Movement.objects.values_list("quantity", flat=True))
    history = sum(HistorySale.objects.values_list("quantity", flat=True))
    assert sold + history == made.summary["units"]


# ---- undo ------------------------------------------------------------------------------------


def test_undo_restores_the_stock_and_keeps_the_products(shop, warehouse):
    product = make_product(sku="22633")
    post_line(Kind.OPENING, product, warehouse, 100_000, unit_cost=10_000)
    before = Balance.objects.values_list("on_hand", "value").get()
    made = quirks(warehouse)
    post(shop, made, date(2010, 12, 14))
    undo(shop, made)
    made.refresh_from_db()
    assert made.state == "undone"
    assert Balance.objects.values_list("on_hand", "value").get(product=product) == before
    assert not HistorySale.objects.exists()
    assert not Balance.objects.exclude(product=product).exclude(on_hand=0).exists()
    assert Product.objects.count() == 3


def test_an_undone_file_may_come_again_and_the_opening_date_is_asked_again(shop, warehouse):
    made = quirks(warehouse)
    post(shop, made, date(2010, 12, 14))
    undo(shop, made)
    warehouse.refresh_from_db()
    assert warehouse.opening_date is None
    post(shop, quirks(warehouse), date(2010, 12, 17))
    assert state_of_books()[2][0] == ("22633", -6_500)


def test_undo_takes_back_what_somebody_had_undone_and_brought_into_force_again(shop, warehouse):
    made = quirks(warehouse)
    post(shop, made, date(2010, 12, 17))
    posting = Posting.objects.filter(kind=Kind.SALE).order_by("id").first()
    undone = ledger.reverse(posting, key="by-hand")
    ledger.reverse(undone, key="by-hand-again", policy="sale_import")
    undo(shop, made)
    assert not Balance.objects.exclude(on_hand=0).exists()


def test_a_day_of_an_undone_import_does_not_come_back_by_hand(shop, warehouse):
    made = quirks(warehouse)
    post(shop, made, date(2010, 12, 17))
    undo(shop, made)
    mirror = Posting.objects.filter(kind=Kind.SALE, reverses__isnull=False).first()
    with pytest.raises(Conflict, match="bring the file again"):
        ledger.reverse(mirror, key="by-hand", policy="sale_import")
    assert not Balance.objects.exclude(on_hand=0).exists()


def test_an_undo_that_was_stopped_goes_on(shop, warehouse, monkeypatch):
    monkeypatch.setattr(imported_postings, "PART_POSTINGS", 1)
    made = quirks(warehouse)
    post(shop, made, date(2010, 12, 13))

    def stops(*_step):
        raise RuntimeError("cancelled")

    with pytest.raises(RuntimeError, match="cancelled"):
        importing.undo(shop, made, progress=stops)
    made.refresh_from_db()
    importing.undo(shop, made)
    assert not Balance.objects.exclude(on_hand=0).exists()
    assert Posting.objects.filter(reverses__isnull=False).count() == made.postings.count()


def test_only_what_was_posted_can_be_undone_and_only_what_was_not_discarded(shop, warehouse):
    made = quirks(warehouse)
    with pytest.raises(Conflict):
        imports.begin_undo(made)
    post(shop, made, date(2010, 12, 14))
    made.refresh_from_db()
    with pytest.raises(Conflict):
        imports.discard(made)


def test_what_somebody_else_began_to_post_is_neither_read_again_nor_forgotten(warehouse):
    made = bring(warehouse, many_lines(4))
    seen_before = FileImport.objects.get(pk=made.pk)
    imports.begin_posting(made, {"opening_date": date(2026, 1, 1)})
    with pytest.raises(Conflict, match="Posting"):
        imports.discard(seen_before)
    seen_before.state = FileImport.State.READY
    with pytest.raises(Conflict, match="Posting"):
        imports.read_again(seen_before, said={"order": Order.MONTH_FIRST})


def test_a_file_that_a_second_click_brings_meanwhile_is_known(warehouse, monkeypatch):
    looks = imports._live

    def second_click(kind, digest):
        monkeypatch.setattr(imports, "_live", looks)
        bring(warehouse, many_lines(4))

    monkeypatch.setattr(imports, "_live", second_click)
    with pytest.raises(imports.KnownFile):
        bring(warehouse, many_lines(4))
    assert FileImport.objects.count() == 1


def test_a_file_that_covers_posted_days_is_pointed_out(shop, warehouse):
    first = quirks(warehouse)
    post(shop, first, date(2010, 12, 14))
    other = bring(warehouse, HEADER + "A,Cup,1,2010-12-16,2\nA,Cup,1,2010-12-20,2\n")
    later = bring(warehouse, HEADER + "A,Cup,1,2010-12-19,2\n")
    assert other.summary["overlaps"] == [[first.pk, "quirks.csv"]]
    assert (other.summary["on_known_days"], other.summary["same"]) == (1, 0)
    assert later.summary["overlaps"] == []
