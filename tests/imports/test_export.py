"""What goes out as a file comes in again as it was."""

from __future__ import annotations

from datetime import time

import pytest

from catalog.models import (
    Barcode,
    Category,
    Family,
    Location,
    PriceBreak,
    Product,
    SupplierProduct,
    TaxRate,
)
from common.importing.harmless import harmless, restored
from imports.exporting import as_csv, workbook_bytes
from imports.kinds import kind_named
from stock.models import Kind
from tenancy.context import shop_scope
from tests import importing
from tests.factories import make_product, make_shop, make_supplier, make_warehouse, post_line
from tests.pages import Visitor

AWKWARD = [
    ("007", 'Cup "Lily", blue; 40 cm'),
    ("=1+1", "=HYPERLINK(1)"),
    ("-A1", "'=already quoted"),
    ("+44", "@sum"),
    ("'=x", "''-y"),
    ("1E5X", "Two\nlines, and a comma"),
    ("12345678901234567890", "蓝色马克杯"),
    ("A-1.50", "  1.50"),
]


@pytest.fixture
def full_shop(shop):
    """One of everything that a file can tell."""
    make_warehouse(code="MAIN")
    half = TaxRate.objects.create(name="Half", rate=1_000)
    products = [make_product(sku=sku, name=name) for sku, name in AWKWARD]
    first, second = products[:2]
    Product.objects.filter(pk=first.pk).update(
        category=Category.objects.create(name="=Mugs, cups"),
        family=Family.objects.create(name="Lily"),
        size="40 cm",
        colour="blue",
        price=45_999,
        cost=21_000_001,
        sales_tax=half,
        purchase_tax=half,
        state="discontinued",
        replaced_by=second,
        sells_like=second,
        shelf_life_days=30,
        volume=1_500,
    )
    Product.objects.filter(pk=second.pk).update(has_decimals=True, unit="kg", price=0)
    Barcode.objects.create(product=first, code="4006381333931")
    Barcode.objects.create(product=first, code="0012345678905")
    supplier = make_supplier(
        name="+Mill, Ltd",
        contact_name="-Jo",
        phone="+44 1234",
        address="1 Street\nTown",
        currency="EUR",
        order_days=[0, 3],
        order_cut_off=time(14, 30),
        minimum_order_value=12_050,
        freight=500,
        free_freight_from=30_000,
        order_cost=250,
        is_active=False,
    )
    make_supplier(name="Without terms")
    terms = SupplierProduct.objects.create(
        supplier=supplier, product=first, supplier_code="=9", unit_cost=9_999, pack=6_000, priority=2
    )
    PriceBreak.objects.create(terms=terms, minimum_quantity=48_000, unit_cost=9_500)
    PriceBreak.objects.create(terms=terms, minimum_quantity=96_000, unit_cost=9_000)
    SupplierProduct.objects.create(supplier=supplier, product=second, unit_cost=0, minimum_quantity=1_500)
    place = make_warehouse(code="BACK")
    post_line(Kind.OPENING, first, place, 12_000, unit_cost=21_000_001)
    shelf = Location.objects.create(warehouse=place, code="S-1")
    post_line(Kind.RECEIPT, second, place, 1_250, location_id=shelf.pk)
    return shop


def exported(kind, form, *, with_costs=True):
    made = kind_named(kind).export(with_costs=with_costs)
    if form == "xlsx":
        return workbook_bytes(made, title=kind)
    return "".join(as_csv(made)).encode()


def choices_of(kind):
    form = kind_named(kind).choices_form({})
    assert form is None or form.is_valid()
    return form.cleaned_data if form else {}


@pytest.mark.parametrize("with_costs", [True, False])
@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("kind", ["products", "suppliers", "stock"])
def test_an_export_comes_in_again_unchanged(full_shop, kind, form, with_costs):
    content = exported(kind, form, with_costs=with_costs)
    made = importing.bring(kind, content, f"export.{form}", choices=choices_of(kind))
    summary = made.summary
    assert (summary["faults"], summary["remark_samples"], summary["changed_samples"]) == ([], [], [])
    assert summary["new"] == summary["changed"] == 0
    assert summary["unchanged"] == summary["rows"] > 1


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_an_export_of_products_makes_the_same_products_in_another_shop(db, form):
    here, there = make_shop(), make_shop()
    with shop_scope(here):
        for sku, name in AWKWARD:
            make_product(sku=sku, name=name, price=45_999)
        content, told = exported("products", form), exported("products", "csv")
    with shop_scope(there):
        importing.post(there, importing.bring("products", content, f"export.{form}"))
        assert exported("products", "csv").replace(b"  1.50", b"1.50") == told.replace(b"  1.50", b"1.50")


@pytest.mark.parametrize("text", ["=1", "'=1", "''=1", "'quoted'", "-", "+x", "@", "a=1", "", "'"])
def test_a_formula_is_made_harmless_and_read_back(text):
    assert restored(harmless(text)) == text
    assert not harmless(text).startswith(("=", "+", "-", "@"))


def test_those_who_see_no_costs_get_files_without_any(db):
    shop = make_shop()
    with shop_scope(shop):
        make_product(sku="A1", cost=77_770_000, price=10_000)
        make_supplier(minimum_order_value=8_888)
        post_line(Kind.OPENING, Product.objects.get(), make_warehouse(), 1_000, unit_cost=77_770_000)
    clerk, owner = Visitor(shop, "clerk"), Visitor(shop, "owner")
    for kind, secret in (("products", "77.77"), ("suppliers", "88.88"), ("stock", "77.77")):
        assert secret in text_of(owner.get("export", kind, "csv"))
        assert secret not in text_of(clerk.get("export", kind, "csv"))
    assert clerk.get("export", "products", "xlsx").content[:2] == b"PK"
    assert clerk.get("export", "products", "pdf").status_code == 404
    assert clerk.get("export", "sales", "csv").status_code == 404


def text_of(response):
    return b"".join(response.streaming_content).decode("utf-8-sig")
