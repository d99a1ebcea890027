from __future__ import annotations

import pytest

from catalog import services
from catalog.models import Barcode, Category, Product, Supplier, Warehouse
from catalog.queries import find_products, products_by_code
from stock.models import Kind
from tenancy.context import shop_scope
from tenancy.models import AuditEvent
from tests.factories import make_product, make_shop, make_supplier, make_warehouse, post_line
from tests.pages import Visitor

pytestmark = pytest.mark.django_db
PRODUCT = {"sku": "HS-1042", "name": "Stoneware mug", "unit": "piece", "price": "12", "cost": "4.20"}
SUPPLIER = {
    "name": "Hallam",
    "email": "orders@hallam.example",
    "language": "en",
    "lead_time_days": 9,
    "review_days": 7,
    "minimum_order_value": "150",
    "order_cost": "4.5",
    "is_active": "on",
}


@pytest.fixture
def owner(db):
    return Visitor(make_shop(), "owner")


def test_a_product_is_added_with_category_and_barcodes_and_audited(owner):
    answer = owner.post(
        "product_new", **PRODUCT, category_name="Stoneware", barcodes="5060118422045\n036000291452\n"
    )
    with shop_scope(owner.shop):
        product = Product.objects.get()
        assert answer["Location"] == owner.address("product", product.pk)
        assert (product.price, product.cost) == (12_000_000, 4_200_000)
        assert product.category.name == "Stoneware"
        assert set(product.barcodes.values_list("code", flat=True)) == {"5060118422045", "036000291452"}
        event = AuditEvent.objects.get(action="product.add")
        assert event.actor == owner.user
        assert event.after["sku"] == "HS-1042"


def test_a_second_click_that_only_the_database_refuses_is_told_so_and_leaves_nothing(owner, monkeypatch):
    def as_if_both_found_it_free(name):
        Category.objects.create(name=name)
        return Category.objects.create(name=name)

    monkeypatch.setattr(services, "category_named", as_if_both_found_it_free)
    answer = owner.post("product_new", **PRODUCT, category_name="Stoneware")
    assert answer.status_code == 409
    assert "This would contradict what is stored." in answer.text
    with shop_scope(owner.shop):
        assert not Product.objects.exists()
        assert not Category.objects.exists()


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"sku": ""}, "This field is required."),
        ({"sku": "taken"}, "This is taken already."),
        ({"price": "12,345"}, "could mean thousands or decimals"),
        ({"price": "-1"}, "Write 0.00 or more."),
        ({"cost": "cheap"}, "is not a number"),
        ({"barcodes": "5060118422046"}, "its last digit does not fit the others"),
        ({"barcodes": "5901234123457"}, "belongs to TAKEN"),
        ({"barcodes": "x" * 65}, "is longer than 64 characters"),
        ({"name": "x" * 201}, "at most 200 characters"),
    ],
)
def test_what_cannot_be_saved_stays_typed_with_the_reason_beside_it(owner, change, fault):
    with shop_scope(owner.shop):
        make_product(sku="TAKEN").barcodes.create(code="5901234123457")
    answer = owner.post("product_new", **(PRODUCT | {"category_name": "New"} | change))
    assert answer.status_code == 200
    page = answer.text
    assert fault in page
    assert 'aria-invalid="true"' in page
    assert page.count("autofocus") == 1
    field = next(iter(change))
    assert f'href="#id_{field}"' in page
    if change[field]:
        assert change[field] in page
    with shop_scope(owner.shop):
        assert Product.objects.count() == 1


def test_editing_keeps_the_product_and_says_what_changed(owner):
    with shop_scope(owner.shop):
        product = make_product(sku="A1", price=1_000_000)
        product.barcodes.create(code="old")
    data = {"sku": "A1", "name": "Mug", "unit": "piece", "price": "2", "cost": "", "barcodes": "new"}
    owner.post("product_edit", product.pk, **data)
    with shop_scope(owner.shop):
        assert list(Barcode.objects.values_list("code", flat=True)) == ["new"]
        event = AuditEvent.objects.get(action="product.change")
        assert event.before == {"name": product.name, "price": 1_000_000}
        assert event.after == {"name": "Mug", "price": 2_000_000}
        assert AuditEvent.objects.get(action="product.barcodes").after == {"barcodes": ["new"]}


def test_discontinuing_keeps_the_product_and_can_be_taken_back(owner):
    with shop_scope(owner.shop):
        product = make_product()
    owner.post("product_state", product.pk, state="discontinued", follow=True)
    assert product.sku not in owner.get("products").text
    owner.post("product_state", product.pk, state="active", follow=True)
    assert product.sku in owner.get("products").text


def test_a_full_shop_takes_no_further_product(owner):
    owner.shop.product_limit = 1
    owner.shop.save()
    with shop_scope(owner.shop):
        make_product()
    assert "This shop may keep 1 products" in owner.post("product_new", **PRODUCT).text


def test_a_clerk_may_not_change_the_catalogue(owner):
    clerk = Visitor(owner.shop, "clerk")
    with shop_scope(owner.shop):
        product, supplier, place = make_product(), make_supplier(), make_warehouse()
    for name, *args in (
        ("product_new",),
        ("product_edit", product.pk),
        ("supplier_new",),
        ("supplier", supplier.pk),
        ("warehouse_new",),
        ("warehouse_edit", place.pk),
    ):
        assert clerk.get(name, *args).status_code == 403
        assert clerk.post(name, *args).status_code == 403
    assert clerk.post("product_state", product.pk, state="archived").status_code == 403


def test_another_shops_rows_are_not_found(owner):
    other = make_shop()
    with shop_scope(other):
        product, supplier, place = make_product(), make_supplier(), make_warehouse()
    assert owner.get("product_edit", product.pk).status_code == 404
    assert owner.post("product_state", product.pk, state="archived").status_code == 404
    assert owner.get("supplier", supplier.pk).status_code == 404
    assert owner.get("warehouse_edit", place.pk).status_code == 404


def test_a_supplier_is_added_and_then_its_terms_row_by_row(owner):
    with shop_scope(owner.shop):
        mug, cup = make_product(sku="MUG"), make_product(sku="CUP")
        cup.barcodes.create(code="5060118422045")
    owner.post("supplier_new", **SUPPLIER)
    with shop_scope(owner.shop):
        supplier = Supplier.objects.get()
        assert (supplier.minimum_order_value, supplier.order_cost) == (15_000, 450)
    rows = {
        "new-0-sku": "mug",
        "new-0-unit_cost": "4.20",
        "new-0-pack": "6",
        "new-1-sku": "5060118422045",
        "new-1-unit_cost": "1",
        "new-1-supplier_code": "C-9",
    }
    answer = owner.post("supplier", supplier.pk, **SUPPLIER, **rows)
    assert answer.status_code == 302, answer.text
    with shop_scope(owner.shop):
        terms = supplier.terms.get(product=mug)
        assert (terms.unit_cost, terms.pack, terms.minimum_quantity) == (4_200_000, 6_000, 0)
        assert supplier.terms.get(product=cup).pack == 1_000
    other = supplier.terms.model
    removal = {
        f"terms-{terms.pk}-remove": "on",
        f"terms-{terms.pk + 1}-unit_cost": "1.10",
        f"terms-{terms.pk + 1}-supplier_code": "C-9",
    }
    assert owner.post("supplier", supplier.pk, **SUPPLIER, **removal).status_code == 302
    with shop_scope(owner.shop):
        assert list(other.objects.values_list("product__sku", "unit_cost")) == [("CUP", 1_100_000)]
        assert AuditEvent.objects.filter(action="supplierproduct.remove").exists()


@pytest.mark.parametrize(
    ("row", "fault"),
    [
        ({"new-0-sku": "NOBODY", "new-0-unit_cost": "1"}, "No product has this SKU or barcode."),
        ({"new-0-unit_cost": "1"}, "This field is required."),
        ({"new-0-sku": "MUG"}, "This field is required."),
        ({"new-0-sku": "MUG", "new-0-unit_cost": "1", "new-0-pack": "0"}, "Write 0.001 or more."),
    ],
)
def test_a_wrong_row_of_terms_saves_nothing(owner, row, fault):
    with shop_scope(owner.shop):
        make_product(sku="MUG")
        supplier = make_supplier()
    answer = owner.post("supplier", supplier.pk, **(SUPPLIER | {"name": "Changed"}), **row)
    assert answer.status_code == 200
    assert fault in answer.text
    with shop_scope(owner.shop):
        assert not supplier.terms.exists()
        assert Supplier.objects.get().name == supplier.name


def test_the_same_product_twice_at_one_supplier_is_an_error_beside_its_row(owner):
    with shop_scope(owner.shop):
        product, supplier = make_product(sku="MUG"), make_supplier()
        terms = supplier.terms.create(product=product, unit_cost=1)
    kept = {f"terms-{terms.pk}-unit_cost": "1"}
    again = {"new-0-sku": "MUG", "new-0-unit_cost": "2"}
    answer = owner.post("supplier", supplier.pk, **SUPPLIER, **kept, **again)
    assert answer.status_code == 200
    assert "The supplier has terms for this product already." in answer.text


def test_a_warehouse_keeps_places_that_have_been_used(owner):
    owner.post("warehouse_new", code="BARN", name="Barn", is_active="on", locations="B1\nB2\n")
    with shop_scope(owner.shop):
        place = Warehouse.objects.get()
        used = place.locations.get(code="B1")
        post_line(Kind.OPENING, make_product(), place, 1_000, location_id=used.pk)
    data = {"code": "BARN", "name": "Barn", "is_active": "on"}
    refused = owner.post("warehouse_edit", place.pk, **data, locations="B2")
    assert "“B1” has been used in the ledger and stays." in refused.text
    assert owner.post("warehouse_edit", place.pk, **data, locations="B1\nB3").status_code == 302
    with shop_scope(owner.shop):
        assert sorted(place.locations.values_list("code", flat=True)) == ["B1", "B3"]
    taken = owner.post("warehouse_new", code="BARN", name="Another", locations="")
    assert taken.status_code == 200
    assert "This is taken already." in taken.text


def test_products_are_found_by_sku_name_barcode_and_else_inside_the_name(shop):
    mug = make_product(sku="HS-1", name="Stoneware mug")
    mug.barcodes.create(code="036000291452")
    make_product(sku="HS-2", name="Teapot")
    for text in ("hs-1", "stone", "036000291452", "mug"):
        assert list(find_products(text)) == [mug], text
    assert not find_products("kettle").exists()
    found = products_by_code(["hs-1", "0036000291452", "0360 0029 1452", "?", "HS-2\0"])
    assert {code: product.sku for code, product in found.items()} == {
        "hs-1": "HS-1",
        "0036000291452": "HS-1",
        "0360 0029 1452": "HS-1",
        "HS-2\0": "HS-2",
    }
