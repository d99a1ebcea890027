"""`manage.py import_file`, for every kind of file."""

from __future__ import annotations

import json
from io import StringIO

import pytest
from django.core.management import call_command

from catalog.models import Barcode, Product, Supplier, SupplierProduct, Warehouse
from imports.models import FileImport
from stock.models import Balance, HistorySale, Kind, Posting
from tenancy.context import shop_scope
from tests.factories import make_product, make_shop, make_warehouse, post_line
from tests.stock.test_import_sales import HEADER, QUIRKS

SALE = HEADER + "A1,Cup,2,2026-03-01,4\n"

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def shop():
    made = make_shop()
    with shop_scope(made):
        make_warehouse(code="MAIN")
    return made


@pytest.fixture
def bring(shop, tmp_path):
    """Imports text as a file; the JSON answer, or the sentence of a refusal with status 2."""

    def run(kind, content, mapping=None, name="file.csv"):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        more = []
        if mapping is not None:
            (tmp_path / "mapping.json").write_text(
                mapping if isinstance(mapping, str) else json.dumps(mapping)
            )
            more = ["--mapping", str(tmp_path / "mapping.json")]
        out, err = StringIO(), StringIO()
        try:
            call_command(
                "import_file", "--shop", shop.slug, "--kind", kind, *more, str(path), stdout=out, stderr=err
            )
        except SystemExit as end:
            status = end.code
        else:
            return json.loads(out.getvalue().splitlines()[-1])
        assert (status, out.getvalue()) == (2, "")
        return err.getvalue().strip()

    return run


def test_sales_are_posted_and_told_in_one_line(shop, bring):
    answer = bring("sales", HEADER + "A1,Cup,2,2026-03-01,4.60\na1,Cup,1,2026-03-02,4.60\n")
    assert (answer["rows"], answer["history"], answer["posted"], answer["new_products"]) == (2, 2, 0, 1)
    assert answer["stock_from"] == "2026-03-03"
    assert answer["warnings"] == ["1 codes that differ in capital letters only were merged."]
    assert {"seconds", "cpu_seconds", "peak_rss_mb", "kind", "shop"} <= answer.keys()
    with shop_scope(shop):
        assert HistorySale.objects.count() == 2


def test_the_same_sales_again_change_nothing_and_say_so(shop, bring):
    sales = HEADER + "A1,Cup,2,2026-03-01,4.60\n"
    bring("sales", sales)
    again = bring("sales", sales, name="again.csv")
    assert again["posted"] == again["history"] == 0
    assert "Nothing was changed" in again["warnings"][0]
    with shop_scope(shop):
        assert HistorySale.objects.count() == 1


def test_a_mapping_says_columns_order_opening_and_warehouse(shop, bring):
    with shop_scope(shop):
        make_warehouse(code="BACK")
    mapping = {
        "columns": {"sku": "Ref", "quantity": "N"},
        "date_order": "DMY",
        "opening_date": "2026-02-01",
        "warehouse": "BACK",
    }
    answer = bring("sales", "Ref;N;Date\nA1;2;1/2/2026\nA1;2;3/1/2026\n", mapping)
    assert (answer["history"], answer["posted"]) == (1, 1)
    with shop_scope(shop):
        assert Balance.objects.get().warehouse.code == "BACK"


def test_sales_with_faults_are_refused_whole_unless_the_mapping_leaves_them_out(shop, bring):
    refusal = bring("sales", QUIRKS.read_bytes(), name="quirks.csv")
    assert refusal.startswith("quirks.csv, row 12, column Quantity: “many”:")
    with shop_scope(shop):
        assert not FileImport.objects.exists()
    answer = bring("sales", QUIRKS.read_bytes(), {"leave_out_faults": True})
    assert (answer["history"], answer["bad"]) == (7, 5)


@pytest.mark.parametrize(
    ("kind", "content", "mapping", "words"),
    [
        ("sales", HEADER + "A1,Cup,2,1/2/2026,4.60\n", None, "row 2, column Date: Every date can be read"),
        ("sales", "SKU,Qty\nA1,2\n", None, "row 1: There is no column for date"),
        ("sales", HEADER + "A1,Cup,2,2026-03-01,4\n", {"warehouse": "X"}, "There is no warehouse “X”."),
        ("sales", HEADER, {"colour": 1}, "mapping.json: “colour” is not known here."),
        ("sales", HEADER, {"date_order": "YDM"}, "mapping.json: “date_order” is DMY or MDY."),
        ("sales", SALE, {"opening_date": "May"}, "mapping.json: “opening_date”: This is not a date."),
        ("sales", HEADER, {"columns": ["a"]}, "mapping.json: “columns” holds"),
        ("sales", HEADER, "[]", "mapping.json: The mapping is a JSON object."),
        ("sales", HEADER, "{", "mapping.json: This is not JSON"),
        (
            "products",
            "SKU,Price\nA1,cheap\n",
            None,
            "file.csv, row 2, column Price: “cheap”: This is not a number",
        ),
        ("products", "SKU,Price\nA1,-1\n", None, "row 2, column Price: “-1”: This is less than zero."),
        ("products", "SKU\nA1\na1\n", None, "row 3, column SKU: “a1”: Row 2 is about the same product."),
        (
            "products",
            "SKU,EAN\nA1,4.00638E+12\n",
            None,
            "row 2, column EAN: “4.00638E+12”: A spreadsheet has",
        ),
        ("products", "SKU\n6.41E+12\n", None, "row 2, column SKU: “6.41E+12”: A spreadsheet has turned"),
        ("products", f"SKU,Name\nA1,{'x' * 201}\n", None, "row 2, column Name"),
        ("products", "SKU,Name\n", None, "file.csv: There are no rows beneath the header."),
        ("stock", "SKU,Qty\nA1,2\n", None, "row 2, column SKU: “A1”: There is no product with this code."),
        (
            "suppliers",
            "Supplier,Email\nMill,nobody\n",
            None,
            "row 2, column Email: “nobody”: This is no e-mail",
        ),
        (
            "suppliers",
            "Supplier,Lead time\nMill,soon\n",
            None,
            "column Lead time: “soon”: Write a whole number",
        ),
        ("suppliers", "Supplier,SKU,Cost\nMill,A1,2\n", None, "column SKU: “A1”: There is no product"),
        (
            "suppliers",
            "Supplier,Lead time\nMill,5\nmill,6\n",
            None,
            "row 3, column Lead time: “6”: An earlier row",
        ),
    ],
)
def test_what_cannot_be_taken_is_refused_by_file_row_and_column(shop, bring, kind, content, mapping, words):
    assert words in bring(kind, content, mapping)
    with shop_scope(shop):
        assert not Product.objects.exists()
        assert not Supplier.objects.exists()
        assert not FileImport.objects.exists()


def test_an_unknown_shop_and_a_missing_file_are_refused(shop, capsys):
    for arguments, words in [
        (["--shop", "nowhere", "--kind", "sales", "x.csv"], "There is no shop “nowhere”."),
        (["--shop", shop.slug, "--kind", "sales", "/no/x.csv"], "x.csv: The file cannot be opened."),
    ]:
        err = StringIO()
        with pytest.raises(SystemExit) as end:
            call_command("import_file", *arguments, stderr=err)
        assert end.value.code == 2
        assert words in err.getvalue()


def test_products_are_made_and_changed_and_blank_cells_leave_what_there_is(shop, bring):
    first = bring(
        "products",
        "SKU,Name,Category,Price,Cost,EAN\nA1,Cup,Table,4.60,2.1,4006381333931\nB1,Mug,table,5,,\n",
    )
    assert (first["rows"], first["new"], first["changed"]) == (2, 2, 0)
    second = bring("products", "SKU,Name,Price,EAN\na1,,5.20,4006381333931\n")
    assert (second["new"], second["changed"]) == (0, 1)
    with shop_scope(shop):
        cup = Product.objects.select_related("category").get(sku="A1")
        assert (cup.name, cup.price, cup.cost, cup.category.name) == ("Cup", 5_200_000, 2_100_000, "Table")
        assert Product.objects.get(sku="B1").category == cup.category
        assert Barcode.objects.get().product == cup


def test_products_with_mistyped_or_taken_barcodes_come_without_them_and_are_named(shop, bring):
    answer = bring("products", "SKU,EAN\nA1,96385074\nB1,96385074\nC1,4006381333932\n")
    assert (answer["new"], answer["remarks"]) == (3, 2)
    assert answer["warnings"] == [
        "file.csv, row 3, column EAN: “96385074”: “96385074” belongs to another product, a1."
        " The product is taken without this barcode.",
        "file.csv, row 4, column EAN: “4006381333932”: “4006381333932” is mistyped: its last digit does"
        " not fit the others. The product is taken without this barcode.",
    ]
    with shop_scope(shop):
        assert Barcode.objects.get().product.sku == "A1"


def test_stock_opens_what_has_none_and_counts_what_has_some_once_a_file(shop, bring):
    with shop_scope(shop):
        cup, mug = make_product(sku="A1"), make_product(sku="B1")
        post_line(Kind.RECEIPT, mug, warehouse_of(shop), 5_000)
    stock = "SKU;On hand;Cost\na1;40;2,05\nB1;3;\n"
    answer = bring("stock", stock)
    assert (answer["rows"], answer["new"], answer["changed"]) == (2, 1, 1)
    assert "Nothing was changed." in bring("stock", stock)["warnings"][0]
    with shop_scope(shop):
        assert dict(Balance.objects.values_list("product__sku", "on_hand")) == {"A1": 40_000, "B1": 3_000}
        assert Balance.objects.get(product=cup).value == 8_200
        assert Posting.objects.count() == 3


def test_suppliers_come_with_their_terms(shop, bring):
    with shop_scope(shop):
        make_product(sku="A1")
        make_product(sku="B1")
    answer = bring(
        "suppliers",
        "Supplier,Email,Lead time,Min order value,SKU,Unit cost,Pack,MOQ\n"
        "Woolcombe Mill,mill@woolcombe.example,9,120.50,A1,2.10,6,12\nWoolcombe Mill,,,,b1,0.95,,\n",
    )
    assert (answer["rows"], answer["new"]) == (2, 2)
    bring("suppliers", "Supplier,SKU,Cost\nwoolcombe mill,A1,2.20\n")
    with shop_scope(shop):
        supplier = Supplier.objects.get()
        assert (supplier.lead_time_days, supplier.minimum_order_value) == (9, 12_050)
        terms = SupplierProduct.objects.get(product__sku="A1")
        assert (terms.unit_cost, terms.pack, terms.minimum_quantity) == (2_200_000, 6_000, 12_000)


def warehouse_of(shop):
    return Warehouse.objects.get(shop=shop)
