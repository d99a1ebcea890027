"""Files of products, suppliers and stock: what each row would change, posted and taken back."""

from __future__ import annotations

import pytest

from catalog.models import Barcode, Category, PriceBreak, Product, ProductWord, Supplier, SupplierProduct
from common.errors import Conflict
from imports import services
from imports.models import Change, FileImport
from stock.models import Balance, Kind
from tests import importing
from tests.factories import make_product, make_supplier, make_warehouse, post_line

FILE = "SKU,Name,Category,Price,EAN\nA1,Cup,Table,4.60,4006381333931\nB1,Mug,table,5,\n"


def bring(content, kind="products", **more):
    return importing.bring(kind, content, "file.csv", **more)


def faults(made):
    return [(fault["row"], fault["column"], fault["value"]) for fault in made.summary["faults"]]


def test_rows_are_new_changed_from_something_to_something_unchanged_or_refused(shop):
    make_product(sku="A1", name="Cup", price=4_000_000)
    make_product(sku="B1", name="Mug")
    made = bring("SKU,Name,Price\na1,Cup,4.60\nb1,Mug,\nC1,Jug,3\nD1,Pot,much\n")
    summary = made.summary
    assert {name: summary[name] for name in ("rows", "new", "changed", "unchanged", "bad")} == {
        "rows": 4,
        "new": 1,
        "changed": 1,
        "unchanged": 1,
        "bad": 1,
    }
    assert summary["changed_samples"] == [[2, "A1", "Cup", [["price", "4.00", "4.60"]]]]
    assert faults(made) == [(5, "Price", "much")]
    assert Product.objects.count() == 2, "a preview writes nothing"


def test_refused_rows_are_left_out_only_when_somebody_says_so(shop):
    made = bring("SKU,Price\nA1,2\nB1,much\n")
    with pytest.raises(Conflict, match="Some rows cannot be taken"):
        services.begin_posting(made, {})
    importing.post(shop, made, {"leave_out": True})
    assert list(Product.objects.values_list("sku", flat=True)) == ["A1"]


def test_a_file_that_changes_nothing_is_not_posted(shop):
    make_product(sku="A1", name="Cup")
    with pytest.raises(Conflict, match="in the shop already"):
        services.begin_posting(bring("SKU,Name\nA1,Cup\n"), {})


def test_products_come_with_keys_and_words_to_find_them_by(shop):
    importing.post(shop, bring(FILE))
    assert Product.objects.get(sku="A1").sku_key == "a1"
    assert ProductWord.objects.filter(word="cup").exists()
    importing.post(shop, bring("SKU,Name\nA1,Bowl\n"))
    assert set(ProductWord.objects.filter(product__sku="A1").values_list("word", flat=True)) == {"a1", "bowl"}


def test_products_may_name_each_other_whatever_their_order(shop):
    made = bring("SKU,Replaced by,Sells like\nA1,B1,\nB1,,C1\nC1,,\n")
    importing.post(shop, made)
    assert Product.objects.get(sku="A1").replaced_by.sku == "B1"
    assert Product.objects.get(sku="B1").sells_like.sku == "C1"


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("A1,A1\n", "the product itself"),
        ("A1,X9\n", "no product with this code"),
        ("A1,B1\nB1,A1\n", "leads back"),
    ],
)
def test_a_product_cannot_point_to_itself_or_nowhere(shop, rows, words):
    made = bring(f"SKU,Replaced by\n{rows}")
    assert words in made.summary["faults"][0]["fault"]


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("Price", "1,234.50", "without thousands signs"),
        ("Price", "-1", "less than zero"),
        ("State", "sleeping", "active, discontinued, archived"),
        ("Tax when sold", "Luxury", "Make the rate under Settings"),
        ("Sold in parts", "perhaps", "yes"),
        ("Shelf life, days", "0", "whole number"),
        ("Storage volume, ml", "1.5", "whole number"),
        ("Unit", "x" * 21, "longer than 20"),
        ("EAN", "6.41E+12", "Export again with the column set to text"),
    ],
)
def test_a_cell_that_cannot_be_taken_says_why_and_how_to_mend_it(shop, column, value, words):
    made = bring(f'SKU,"{column}"\nA1,"{value}"\n')
    fault = made.summary["faults"][0]
    assert (fault["row"], fault["column"]) == (2, column)
    assert words in f"{fault['fault']} {fault['advice']}"


def test_a_barcode_of_zeros_only_is_none(shop):
    made = bring("SKU,EAN\nA1,0000000000000\n")
    assert (made.summary["new"], made.summary["remarks"]) == (1, 1)
    importing.post(shop, made)
    assert not Barcode.objects.exists()


def test_another_spelling_of_a_barcode_is_the_same_barcode(shop):
    Barcode.objects.create(product=make_product(sku="A1"), code="036000291452")
    made = bring("SKU,EAN\nA1,0036000291452\nB1,0036000291452\n")
    assert (made.summary["unchanged"], made.summary["remarks"]) == (1, 1)


def test_more_products_than_the_shop_may_keep_are_refused(shop):
    shop.product_limit = 1
    made = bring("SKU\nA1\nB1\n")
    assert faults(made) == [(3, "SKU", "B1")]


# ---- undo ------------------------------------------------------------------------------------


def test_undo_restores_what_was_changed_and_removes_what_was_made(shop):
    cup = make_product(sku="A1", name="Beaker", price=4_000_000)
    made = bring(FILE)
    importing.post(shop, made)
    importing.undo(shop, made)
    cup.refresh_from_db()
    assert (cup.name, cup.price, cup.category) == ("Beaker", 4_000_000, None)
    assert list(Product.objects.values_list("sku", flat=True)) == ["A1"]
    assert not Barcode.objects.exists()
    assert not Category.objects.exists()
    assert set(ProductWord.objects.values_list("word", flat=True)) == {"a1", "beaker"}
    made.refresh_from_db()
    assert (made.state, made.summary["left"]) == ("undone", 0)


def test_what_somebody_changed_since_is_left_and_named(shop):
    make_product(sku="A1", name="Beaker", price=4_000_000)
    made = bring(FILE)
    importing.post(shop, made)
    Product.objects.filter(sku="A1").update(price=9_990_000)
    Product.objects.filter(sku="B1").update(name="Great mug")
    importing.undo(shop, made)
    cup = Product.objects.get(sku="A1")
    assert (cup.name, cup.price) == ("Beaker", 9_990_000)
    assert Product.objects.get(sku="B1").state == "active"
    made.refresh_from_db()
    notes = {note for _name, note in made.summary["left_samples"]}
    assert {"changed since: price", "changed since: name"} <= notes


def test_what_was_used_since_is_archived(shop):
    made = bring(FILE)
    importing.post(shop, made)
    post_line(Kind.RECEIPT, Product.objects.get(sku="B1"), make_warehouse(), 1_000)
    importing.undo(shop, made)
    assert list(Product.objects.values_list("sku", "state")) == [("B1", "archived")]


def test_an_undone_file_may_come_again(shop):
    made = bring(FILE)
    importing.post(shop, made)
    with pytest.raises(services.KnownFile):
        bring(FILE)
    importing.undo(shop, made)
    importing.post(shop, bring(FILE))
    assert Product.objects.count() == 2


def test_a_posting_that_was_stopped_goes_on_without_repeating(shop, monkeypatch):
    monkeypatch.setattr("imports.row_services.PART_ROWS", 2)
    made = bring("SKU,Name\n" + "".join(f"P{n},Thing {n}\n" for n in range(7)))

    def stops(done, total, message):
        if done == 4:
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        importing.post(shop, made, progress=stops)
    made.refresh_from_db()
    assert (made.state, made.parts_done, Product.objects.count()) == ("posting", 2, 4)
    result = importing.post(shop, made)
    assert (result["state"], result["new"], Product.objects.count()) == ("posted", 7, 7)
    assert Change.objects.count() == 7


# ---- suppliers -------------------------------------------------------------------------------

SUPPLIERS = (
    "Supplier,E-mail,Currency,Order days,Order by,Minimum order value,SKU,Unit cost,Pack,Price breaks\n"
    "Mill,mill@example.org,EUR,Mon Thu,14:30,120.50,A1,1.05,6,48:0.95;96:0.90\n"
    "Mill,,,,,,B1,2,,\n"
)


def test_suppliers_come_with_terms_and_price_breaks(shop):
    make_product(sku="A1")
    make_product(sku="B1")
    made = bring(SUPPLIERS, "suppliers")
    importing.post(shop, made)
    mill = Supplier.objects.get()
    assert (mill.currency, mill.order_days, str(mill.order_cut_off)) == ("EUR", [0, 3], "14:30:00")
    assert mill.minimum_order_value == 12_050
    assert list(PriceBreak.objects.values_list("minimum_quantity", "unit_cost")) == [
        (48_000, 950_000),
        (96_000, 900_000),
    ]
    importing.undo(shop, made)
    assert not Supplier.objects.exists()


def test_changed_terms_are_restored_with_their_price_breaks(shop):
    cup = make_product(sku="A1")
    mill = make_supplier(name="Mill", lead_time_days=4)
    terms = SupplierProduct.objects.create(supplier=mill, product=cup, unit_cost=2_000_000)
    PriceBreak.objects.create(terms=terms, minimum_quantity=10_000, unit_cost=1_000_000)
    made = bring("Supplier,Lead time,SKU,Cost,Price breaks\nmill,9,A1,3,20:2.5\n", "suppliers")
    assert made.summary["changed_samples"][0][3] == [
        ["lead_time_days", "4", "9"],
        ["unit_cost", "2.00", "3.00"],
        ["breaks", "10:1.00", "20:2.50"],
    ]
    importing.post(shop, made)
    assert SupplierProduct.objects.get().unit_cost == 3_000_000
    importing.undo(shop, made)
    assert (Supplier.objects.get().lead_time_days, SupplierProduct.objects.get().unit_cost) == (4, 2_000_000)
    assert list(PriceBreak.objects.values_list("minimum_quantity", "unit_cost")) == [(10_000, 1_000_000)]


@pytest.mark.parametrize(
    ("columns", "row", "words"),
    [
        ("Order days", "Someday", "Mon Thu"),
        ("Order by", "25:00", "Write a time"),
        ("Currency", "euro", "three letters"),
        ("SKU,Cost,Pack", "A1,1,1.5", "whole units"),
        ("SKU,Cost,Pack", "A1,1,0", "more than nothing"),
        ("SKU,Cost", "A1,", "need a unit cost"),
        ("SKU,Cost,Price breaks", "A1,1,10:2", "48:0.95;96:0.90"),
    ],
)
def test_suppliers_that_make_no_sense_are_refused(shop, columns, row, words):
    make_product(sku="A1")
    fault = bring(f"Supplier,{columns}\nMill,{row}\n", "suppliers").summary["faults"][0]
    assert words in f"{fault['fault']} {fault['advice']}"


# ---- stock -----------------------------------------------------------------------------------


def test_a_file_of_stock_opens_counts_and_is_taken_back(shop):
    place = make_warehouse(code="MAIN")
    cup, mug = make_product(sku="A1"), make_product(sku="B1")
    Barcode.objects.create(product=cup, code="4006381333931")
    post_line(Kind.RECEIPT, mug, place, 5_000, unit_cost=10_000)
    before = Balance.objects.get(product=mug).value
    made = bring("EAN,Quantity,Cost\n4006381333931,12,2.05\nB1,3,\n", "stock", choices={"warehouse": place})
    assert made.summary["changed_samples"] == [[3, "B1", mug.name, [["quantity", "5", "3"]]]]
    importing.post(shop, made)
    assert dict(Balance.objects.values_list("product__sku", "on_hand")) == {"A1": 12_000, "B1": 3_000}
    importing.undo(shop, made)
    assert dict(Balance.objects.values_list("product__sku", "on_hand")) == {"A1": 0, "B1": 5_000}
    assert Balance.objects.get(product=mug).value == before


def test_stock_names_warehouse_and_place_that_there_are(shop):
    place = make_warehouse(code="MAIN")
    make_product(sku="A1")
    made = bring(
        "SKU,Quantity,Warehouse,Location\nA1,1,NOWHERE,\nA1,1,,S-1\nA1,1.5,,\n",
        "stock",
        choices={"warehouse": place},
    )
    assert [fault[1] for fault in faults(made)] == ["Warehouse", "Location", "Quantity"]
    assert "MAIN" in made.summary["faults"][0]["advice"]


# ---- mappings --------------------------------------------------------------------------------


def test_how_a_file_was_read_is_remembered_for_files_with_the_same_header(shop):
    odd = "Ref,Label,Ours\nx,A1,Cup\n"
    made = bring(odd, said={"columns": {"sku": "Label", "name": "Ours"}})
    importing.post(shop, made)
    again = bring("Ref;Label;Ours\ny;B1;Mug\n")
    assert again.options["remembered"]
    assert again.summary["new_samples"] == [["B1", "Mug"]]
    other = bring("Ref,Label\nB2,Mug\n")
    assert not other.options["remembered"]


def test_a_header_in_a_later_row_can_be_said(shop):
    made = bring("SKU,Name\nreally,\nSKU,Name\nA1,Cup\n", said={"header_row": 3})
    assert made.summary["new_samples"] == [["A1", "Cup"]]
    assert FileImport.objects.get().options["header_row"] == 3


@pytest.mark.parametrize("code", ["A\x01", "A\u200b", "\u202eA1", "A\u00a01"])
def test_a_new_code_has_no_signs_that_nobody_sees(shop, code):
    made = bring(f"SKU,Name\n{code},Cup\n")
    assert (made.summary["new"], made.summary["faults"][0]["fault"]) == (
        0,
        "There are signs in this code that nobody sees.",
    )
