"""Life of the catalogue's rows: what may change, what stays, and what pages say about it."""

from __future__ import annotations

from datetime import date
from io import BytesIO
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from catalog.models import (
    CurrencyRate,
    Family,
    PriceBreak,
    Product,
    ProductPicture,
    Supplier,
    SupplierClosure,
    TaxRate,
    Warehouse,
)
from catalog.pictures import MOST_BYTES, redrawn
from catalog.prices import Rate, margin_of, net_price, rates_by_currency
from catalog.queries import find_in_use, find_products
from common.errors import BadInput
from common.units import RATE_SCALE
from stock.models import Kind
from stock.page_queries import products_to_count
from tenancy.context import shop_scope
from tenancy.models import AuditEvent
from tests.factories import make_product, make_shop, make_supplier, make_warehouse, post_line
from tests.pages import Visitor

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(db: Any) -> Visitor:
    return Visitor(make_shop(), "owner")


def sent(product: Product, **change: Any) -> dict[str, Any]:
    return {"sku": product.sku, "name": product.name, "unit": product.unit} | change


def image(size: tuple[int, int] = (1200, 800), kind: str = "JPEG") -> bytes:
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken in the back room"
    Image.new("RGB", size, "teal").save(out, kind, exif=exif)
    return out.getvalue()


# ---- products ------------------------------------------------------------------------------------


def test_all_fields_of_a_product_are_kept(owner: Visitor) -> None:
    with shop_scope(owner.shop):
        tax = TaxRate.objects.create(name="VAT", rate=20_00)
        other = make_product(sku="OLD")
        other.barcodes.create(code="5060118422045")
    fields = {
        "family_name": "Shirts",
        "size": "M",
        "colour": "blue",
        "shelf_life_days": "30",
        "volume": "400",
    }
    typed = {"sales_tax": tax.pk, "purchase_tax": tax.pk, "sells_like_code": "5060118422045"}
    owner.post("product_new", sku="NEW", name="Shirt", unit="piece", **fields, **typed)
    with shop_scope(owner.shop):
        made = Product.objects.get(sku="NEW")
        assert (made.family.name, made.size, made.colour) == ("Shirts", "M", "blue")
        assert (made.shelf_life_days, made.volume) == (30, 400)
        assert (made.sales_tax, made.purchase_tax, made.sells_like) == (tax, tax, other)
        event = AuditEvent.objects.get(action="product.add")
        assert (event.after["family"], event.after["sales_tax"]) == ("Shirts", "VAT")


def test_a_further_variant_begins_with_what_the_family_shares(owner: Visitor) -> None:
    with shop_scope(owner.shop):
        family = Family.objects.create(name="Shirts")
        make_product(sku="S-M", name="Shirt", family=family, size="M", price=1_000_000, volume=400)
    page = owner.get("family", family.pk).text
    assert f'href="{owner.address("product_new")}?family={family.pk}"' in page
    form = owner.get("product_new", family=family.pk).context["form"]
    with shop_scope(owner.shop):
        offered = {name: form[name].value() for name in ("family_name", "name", "price", "volume")}
    assert offered == {"family_name": "Shirts", "name": "Shirt", "price": "1.00", "volume": 400}
    assert (form["sku"].value(), form["size"].value()) == ("", None)
    assert owner.get("product_new", family="²").status_code == 200


def test_a_family_is_renamed_but_not_to_a_taken_name(owner: Visitor) -> None:
    with shop_scope(owner.shop):
        family, _other = (Family.objects.create(name=name) for name in ("Shirts", "Mugs"))
    assert "This is taken already." in owner.post("family_edit", family.pk, name="Mugs").text
    assert owner.post("family_edit", family.pk, name="T-shirts").status_code == 302
    assert "T-shirts" in owner.get("families").text


@pytest.mark.parametrize("field", ["replaced_by", "sells_like"])
def test_a_product_points_only_to_others_in_use_and_never_in_a_circle(owner: Visitor, field: str) -> None:
    with shop_scope(owner.shop):
        first, second, third = (make_product(sku=sku) for sku in "ABC")
        make_product(sku="GONE", state="archived")
        for one, other in ((second, third), (third, first)):
            setattr(one, field, other)
            one.save()
    for code, fault in (
        ("A", "names the product itself"),
        ("B", "leads back to this product"),
        ("GONE", "is archived"),
        ("NOBODY", "No product has this SKU or barcode."),
    ):
        answer = owner.post("product_edit", first.pk, **sent(first, **{f"{field}_code": code}))
        assert answer.status_code == 200, code
        assert fault in answer.text
        assert f'href="#id_{field}_code"' in answer.text
    with shop_scope(owner.shop):
        assert getattr(Product.objects.get(pk=first.pk), field) is None


def test_a_product_with_a_history_is_archived_and_one_without_may_be_deleted(owner: Visitor) -> None:
    with shop_scope(owner.shop):
        used, unused = make_product(sku="USED"), make_product(sku="UNUSED")
        unused.barcodes.create(code="5060118422045")
        post_line(Kind.OPENING, used, make_warehouse(), 1_000)
    assert "It has a history, so it cannot be deleted" in owner.get("product_edit", used.pk).text
    refused = owner.post("product_delete", used.pk, follow=True)
    assert "has a history, which stays: archive it instead." in refused.text
    assert "was deleted" in owner.post("product_delete", unused.pk, follow=True).text
    with shop_scope(owner.shop):
        assert list(Product.objects.values_list("sku", flat=True)) == ["USED"]
        assert AuditEvent.objects.filter(action="product.delete").exists()


def test_what_others_point_to_is_not_deleted(owner: Visitor) -> None:
    with shop_scope(owner.shop):
        product = make_product()
        make_product(sku="OTHER", replaced_by=product)
    assert "OTHER" in owner.post("product_delete", product.pk, follow=True).text
    with shop_scope(owner.shop):
        assert Product.objects.count() == 2


def test_archived_products_leave_sheets_and_counts_and_discontinued_ones_do_not(owner: Visitor) -> None:
    with shop_scope(owner.shop):
        place = make_warehouse()
        for state in Product.State.values:
            post_line(Kind.OPENING, make_product(sku=state, name="Mug", state=state), place, 1_000)
        in_use = ["active", "discontinued"]
        assert [product.sku for product in find_in_use("mug")] == in_use
        assert [product.sku for product in products_to_count(place)] == in_use
        assert [product.sku for product in find_products("mug", active=None)] == [
            "active",
            "archived",
            *in_use[1:],
        ]
    data = owner.sheet("sale_new", ("archived", "1"), warehouse=place.pk)
    assert "This product is archived; take it up again first." in owner.post("sale_new", **data).text
    data = owner.sheet("sale_new", ("discontinued", "1"), warehouse=place.pk)
    assert owner.post("sale_new", **data).status_code == 302


def test_an_unknown_state_changes_nothing(owner: Visitor) -> None:
    with shop_scope(owner.shop):
        product = make_product()
    assert owner.post("product_state", product.pk, state="gone").status_code == 400


def test_booked_quantities_keep_their_unit(owner: Visitor) -> None:
    with shop_scope(owner.shop):
        place = make_warehouse()
        parts, whole, free = (make_product(unit="kg", has_decimals=True) for _ in range(3))
        post_line(Kind.OPENING, parts, place, 1_500)
        post_line(Kind.OPENING, whole, place, 2_000)
    refused = owner.post("product_edit", parts.pk, **sent(parts, unit="piece", has_decimals="on"))
    assert "Quantities are booked in kg" in refused.text
    refused = owner.post("product_edit", parts.pk, **sent(parts))
    assert "stays sold in parts of a unit" in refused.text
    assert owner.post("product_edit", whole.pk, **sent(whole)).status_code == 302
    assert owner.post("product_edit", free.pk, **sent(free, unit="piece")).status_code == 302


def test_whole_units_contradict_a_suppliers_half_pack(owner: Visitor) -> None:
    with shop_scope(owner.shop):
        product = make_product(unit="kg", has_decimals=True)
        make_supplier(name="Mill").terms.create(product=product, unit_cost=1, pack=2_500)
    assert "Mill sells it in parts of a unit" in owner.post("product_edit", product.pk, **sent(product)).text


def test_two_spellings_of_a_barcode_are_kept_once(owner: Visitor) -> None:
    owner.post("product_new", sku="A", name="A", unit="piece", barcodes="036000291452\n0036000291452")
    with shop_scope(owner.shop):
        assert list(Product.objects.get().barcodes.values_list("code", flat=True)) == ["036000291452"]


# ---- pictures ------------------------------------------------------------------------------------


def upload(content: bytes) -> SimpleUploadedFile:
    return SimpleUploadedFile("shelf.jpg", content, content_type="image/jpeg")


def test_a_picture_is_drawn_small_without_metadata_and_served_by_its_etag(owner: Visitor) -> None:
    with shop_scope(owner.shop):
        product = make_product()
    assert owner.get("product_picture", product.pk).status_code == 404
    answer = owner.post("product_edit", product.pk, **sent(product, picture=upload(image())))
    assert answer.status_code == 302, answer.text
    served = owner.get("product_picture", product.pk)
    assert (served.status_code, served["Content-Type"]) == (200, "image/webp")
    assert "private" in served["Cache-Control"]
    drawn = Image.open(BytesIO(served.content))
    assert drawn.size == (640, 427)
    assert not drawn.getexif()
    again = owner.client.get(
        owner.address("product_picture", product.pk), headers={"If-None-Match": served["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    stranger = Visitor(make_shop(), "owner")
    assert stranger.client.get(owner.address("product_picture", product.pk)).status_code == 404
    owner.post("product_edit", product.pk, **sent(product, remove_picture="on"))
    with shop_scope(owner.shop):
        assert not ProductPicture.objects.exists()


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"no picture", "This is no picture that can be read"),
        (image()[:400], "This is no picture that can be read"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 40, "This is no picture that can be read"),
        (b"\0" * (MOST_BYTES + 1), "larger than 8 MB"),
    ],
    ids=["text", "torn", "broken", "large"],
)
def test_a_bad_file_is_a_form_error_and_saves_nothing(owner: Visitor, content: bytes, fault: str) -> None:
    with shop_scope(owner.shop):
        product = make_product(name="Mug")
    answer = owner.post("product_edit", product.pk, **sent(product, name="Cup", picture=upload(content)))
    assert answer.status_code == 200
    assert fault in answer.text
    with shop_scope(owner.shop):
        assert Product.objects.get().name == "Mug"


def test_a_picture_of_too_many_pixels_is_not_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog.pictures.MOST_PIXELS", 99)
    with pytest.raises(BadInput, match="pixels"):
        redrawn(image((10, 10)))


# ---- warehouses ----------------------------------------------------------------------------------


def test_a_warehouse_with_stock_is_not_archived(owner: Visitor) -> None:
    with shop_scope(owner.shop):
        make_warehouse()
        place, product = make_warehouse(code="BARN", name="Barn"), make_product(sku="MUG")
        post_line(Kind.OPENING, product, place, 1_000)
    data = {"code": "BARN", "name": "Barn"}
    refused = owner.post("warehouse_edit", place.pk, **data)
    assert "It still holds stock of 1 products, MUG" in refused.text
    with shop_scope(owner.shop):
        post_line(Kind.WRITE_OFF, product, place, 1_000, reason="gone")
    assert owner.post("warehouse_edit", place.pk, **data).status_code == 302
    with shop_scope(owner.shop):
        assert not Warehouse.objects.get(code="BARN").is_active


def test_the_last_warehouse_in_use_stays(owner: Visitor) -> None:
    with shop_scope(owner.shop):
        place = make_warehouse()
    refused = owner.post("warehouse_edit", place.pk, code=place.code, name=place.name)
    assert "It is the only warehouse in use" in refused.text


# ---- suppliers -----------------------------------------------------------------------------------

SUPPLIER = dict.fromkeys(("minimum_order_value", "order_cost"), "0") | {
    "name": "Mill",
    "language": "en",
    "lead_time_days": 4,
    "review_days": 7,
    "is_active": "on",
}


def test_a_suppliers_calendar_and_amounts_are_kept_in_their_currency(owner: Visitor) -> None:
    calendar = {"order_days": ["0", "3"], "order_cut_off": "16:30", "contact_name": "Ada", "phone": "1"}
    money = {
        "currency": "JPY",
        "minimum_order_value": "15000",
        "freight": "900",
        "free_freight_from": "40000",
    }
    answer = owner.post("supplier_new", **(SUPPLIER | calendar | money))
    assert answer.status_code == 302, answer.text
    with shop_scope(owner.shop):
        made = Supplier.objects.get()
        assert (made.order_days, str(made.order_cut_off)) == ([0, 3], "16:30:00")
        assert (made.minimum_order_value, made.freight, made.free_freight_from) == (15_000, 900, 40_000)
    page = owner.get("supplier", made.pk).text
    assert 'value="15000"' in page
    assert "Next order days" in page
    assert "¥15,000" in owner.get("suppliers").text


def test_terms_keep_price_breaks_and_priority_in_the_suppliers_currency(owner: Visitor) -> None:
    with shop_scope(owner.shop):
        make_product(sku="MUG")
        supplier = make_supplier(name="Mill", currency="JPY")
    row = {"sku": "MUG", "unit_cost": "400", "breaks": "48:390; 96:375.5", "priority": "2"}
    data = {f"new-0-{name}": value for name, value in row.items()}
    answer = owner.post("supplier", supplier.pk, **SUPPLIER, currency="JPY", **data)
    assert answer.status_code == 302, answer.text
    with shop_scope(owner.shop):
        terms = supplier.terms.get()
        assert (terms.unit_cost, terms.priority) == (4_000_000, 2)
        breaks = [(48_000, 3_900_000), (96_000, 3_755_000)]
        assert list(terms.breaks.values_list("minimum_quantity", "unit_cost")) == breaks
    assert 'value="48:390; 96:375.5"' in owner.get("supplier", supplier.pk).text


@pytest.mark.parametrize(
    ("breaks", "fault"),
    [
        ("48", "is no price break"),
        ("48:cheap", "is not a number"),
        ("0:1", "not above zero"),
        ("48:3; 48:2", "quantities must rise"),
        ("48:3; 96:3", "must cost less"),
        ("48:4", "must cost less"),
    ],
)
def test_price_breaks_rise_in_quantity_and_fall_in_cost(owner: Visitor, breaks: str, fault: str) -> None:
    with shop_scope(owner.shop):
        make_product(sku="MUG")
        supplier = make_supplier(name="Mill")
    data = {"new-0-sku": "MUG", "new-0-unit_cost": "4", "new-0-breaks": breaks}
    answer = owner.post("supplier", supplier.pk, **SUPPLIER, **data)
    assert answer.status_code == 200
    assert fault in answer.text
    with shop_scope(owner.shop):
        assert not PriceBreak.objects.exists()


def test_closures_are_added_and_removed_and_one_day_needs_no_end(owner: Visitor) -> None:
    with shop_scope(owner.shop):
        supplier = make_supplier(name="Mill")
    typed = {"new-closure-0-first_day": "2026-12-24", "new-closure-0-note": "Christmas"}
    assert owner.post("supplier", supplier.pk, **SUPPLIER, **typed).status_code == 302
    with shop_scope(owner.shop):
        closure = SupplierClosure.objects.get()
        assert (closure.first_day, closure.last_day) == (date(2026, 12, 24), date(2026, 12, 24))
    kept = {f"closure-{closure.pk}-first_day": "2026-12-24", f"closure-{closure.pk}-last_day": "2026-12-20"}
    assert "lies before the first day" in owner.post("supplier", supplier.pk, **SUPPLIER, **kept).text
    long = {"new-closure-0-first_day": "2027-01-01", "new-closure-0-last_day": "2029-01-01"}
    going = {f"closure-{closure.pk}-remove": "on"}
    assert "more than a year later" in owner.post("supplier", supplier.pk, **SUPPLIER, **going, **long).text
    assert owner.post("supplier", supplier.pk, **SUPPLIER, **going).status_code == 302
    with shop_scope(owner.shop):
        assert not SupplierClosure.objects.exists()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"order_days": ["7"]}, "7 is not one of the available choices"),
        ({"order_cut_off": "25:00"}, "Enter a valid time."),
        ({"currency": "XXX"}, "XXX is not one of the available choices"),
        ({"freight": "-1"}, "Write 0.00 or more."),
        ({"free_freight_from": "much"}, "is not a number"),
        ({"lead_time_days": "1001"}, "1000 days or fewer"),
        ({"lead_time_days": "99999999999"}, "1000 days or fewer"),
        ({"minimum_order_value": "1e400"}, "is not a number"),
    ],
)
def test_a_wrong_supplier_is_told_beside_the_field(owner: Visitor, change: Any, fault: str) -> None:
    answer = owner.post("supplier_new", **(SUPPLIER | change))
    assert answer.status_code == 200
    assert fault in answer.text


# ---- taxes and currencies ------------------------------------------------------------------------


def test_tax_rates_are_added_changed_and_removed_while_unused(owner: Visitor) -> None:
    owner.post("tax_rates", name="Standard", rate="20", is_active="on")
    with shop_scope(owner.shop):
        tax = TaxRate.objects.get()
        assert tax.rate == 20_00
        product = make_product(sales_tax=tax)
    assert "This is taken already." in owner.post("tax_rates", name="Standard", rate="5").text
    assert "is not between 0 and 100" in owner.post("tax_rates", name="Odd", rate="101").text
    assert "Products have the rate Standard" in owner.post("tax_rate_remove", tax.pk, follow=True).text
    owner.post("tax_rate", tax.pk, name="Standard", rate="17.5")
    with shop_scope(owner.shop):
        tax.refresh_from_db()
        assert (tax.rate, tax.is_active) == (17_50, False)
        product.delete()
    assert "was removed" in owner.post("tax_rate_remove", tax.pk, follow=True).text


def test_currency_rates_are_dated_and_can_be_removed(owner: Visitor) -> None:
    owner.post("currency_rates", currency="EUR", day="2026-11-01", rate="0.8642")
    assert "There is a rate" in owner.post("currency_rates", currency="EUR", day="2026-11-01", rate="1").text
    assert (
        "is not above zero" in owner.post("currency_rates", currency="EUR", day="2026-11-02", rate="0").text
    )
    assert "not one of the available" in owner.post("currency_rates", currency="GBP", day="2026-11-02").text
    page = owner.get("currency_rates").text
    assert "0.8642" in page
    with shop_scope(owner.shop):
        rate = CurrencyRate.objects.get()
    owner.post("currency_rate_remove", rate.pk)
    with shop_scope(owner.shop):
        assert not CurrencyRate.objects.exists()


def test_a_rate_holds_from_its_day_until_the_next(shop: Any) -> None:
    for day, rate in (("2026-11-01", 8_600_000_000), ("2026-11-20", 8_700_000_000)):
        CurrencyRate.objects.create(currency="EUR", day=day, rate=rate)
    assert "EUR" not in rates_by_currency(date(2026, 10, 31))
    assert rates_by_currency(date(2026, 11, 19))["EUR"] == Rate(8_600_000_000, date(2026, 11, 1))
    assert rates_by_currency(date(2026, 11, 20))["EUR"] == Rate(8_700_000_000, date(2026, 11, 20))
    assert rates_by_currency(date(2026, 11, 20))["GBP"].rate == RATE_SCALE


def test_margins_are_reckoned_without_tax(owner: Visitor) -> None:
    with shop_scope(owner.shop):
        tax = TaxRate.objects.create(name="VAT", rate=20_00)
        product = make_product(price=12_000_000, cost=6_000_000, sales_tax=tax)
        assert net_price(product, owner.shop) == 12_000_000
        owner.shop.prices_include_tax = True
        owner.shop.save()
        assert net_price(product, owner.shop) == 10_000_000
        margin = margin_of(product, owner.shop)
        assert margin is not None
        assert (margin.amount, margin.percent) == (4_000_000, 40_00)
        assert margin_of(make_product(), owner.shop) is None
    page = owner.get("product_edit", product.pk).text
    assert "Price without tax" in page
    assert "£10.00" in page


def test_the_shop_keeps_what_stands_on_orders(owner: Visitor) -> None:
    form = owner.get("settings").context["form"]
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    typed = {"address": "1 Lane", "tax_number": "GB1", "contact_name": "Ada", "phone": "2"}
    answer = owner.post("settings", **(data | typed | {"prices_include_tax": "on"}))
    assert answer.status_code == 302, answer.text
    owner.shop.refresh_from_db()
    assert {name: getattr(owner.shop, name) for name in typed} == typed
    assert owner.shop.prices_include_tax
