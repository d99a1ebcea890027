"""Products and suppliers from a file, all of it or nothing.

A blank cell leaves what there is; a row of a product that exists changes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from catalog.gtin import has_wrong_check_digit
from catalog.models import Barcode, Category, Product, Supplier, SupplierProduct
from catalog.queries import clean_code
from common.importing.columns import Field
from common.importing.source import Source
from common.importing.table import Record, read_table
from common.search_key import search_key
from common.units import QUANTITY_SCALE
from tenancy.audit import record
from tenancy.context import current_shop
from tenancy.models import User

_BATCH = 2_000

PRODUCT_FIELDS = (
    Field(
        "sku", "sku stockcode itemcode productcode articlenumber article code item 货号 编码", required=True
    ),
    Field("name", "name description productname itemname title 名称"),
    Field("category", "category group productgroup family 类别"),
    Field("unit", "unit stockunit uom 单位"),
    Field("price", "price unitprice saleprice retailprice 价格"),
    Field("cost", "cost unitcost purchaseprice buyingprice 成本"),
    Field("barcode", "barcode ean gtin upc 条码"),
)
SUPPLIER_FIELDS = (
    Field("name", "supplier name suppliername vendor 供应商", required=True),
    Field("email", "email mail orderemail"),
    Field("language", "language"),
    Field("lead_time_days", "leadtimedays leadtime"),
    Field("review_days", "reviewdays daysbetweenorders review"),
    Field("minimum_order_value", "minimumordervalue minordervalue minimum"),
    Field("order_cost", "ordercost"),
    Field("sku", "sku product productcode stockcode item code 货号"),
    Field("supplier_code", "suppliercode theircode vendorcode"),
    Field("unit_cost", "unitcost cost price"),
    Field("pack", "pack packsize"),
    Field("moq", "moq minimumquantity minquantity"),
)


@dataclass(frozen=True, slots=True)
class Outcome:
    rows: int
    created: int
    changed: int


@transaction.atomic
def import_products(
    source: Source, *, chosen: Mapping[str, str] | None = None, actor: User | None = None
) -> Outcome:
    """Raises FileFault at the first row that cannot be taken; nothing is changed then."""
    shop = current_shop()
    have = {product.sku_key: product for product in Product.objects.order_by().select_for_update()}
    categories = {category.name.casefold(): category for category in Category.objects.all()}
    owners = dict(Barcode.objects.values_list("code", "product__sku_key"))
    seen: dict[str, int] = {}
    new: list[Product] = []
    changed: list[Product] = []
    barcodes: list[tuple[str, str]] = []
    for row in read_table(source, PRODUCT_FIELDS, chosen=chosen, row_limit=shop.import_row_limit):
        sku = row.needed("sku", longest=64)
        key = search_key(sku)
        _refuse_twice(row, seen, key)
        product = have.get(key)
        if product is None:
            product = Product(sku=sku, name=sku)
            new.append(product)
            if len(have) + len(new) > shop.product_limit:
                limit = _("This shop may keep %(limit)d products.") % {"limit": shop.product_limit}
                raise row.fault("sku", limit)
        else:
            changed.append(product)
        _fill_product(product, row, categories, shop.currency)
        if code := _barcode(row, key, owners):
            barcodes.append((key, code))
    Product.objects.bulk_create(new, batch_size=_BATCH)
    # The keys for searching are kept by hand where nothing saves the row itself.
    fields = ["name", "name_key", "category", "unit", "price", "cost"]
    for product in changed:
        product.name_key = search_key(product.name)
    Product.objects.bulk_update(changed, fields, batch_size=_BATCH)
    by_key = have | {search_key(product.sku): product for product in new}
    Barcode.objects.bulk_create(
        (Barcode(product=by_key[key], code=code) for key, code in barcodes), batch_size=_BATCH
    )
    outcome = Outcome(len(seen), len(new), len(changed))
    _audit("products.imported", source, outcome, actor)
    return outcome


def _fill_product(product: Product, row: Record, categories: dict[str, Category], currency: str) -> None:
    product.name = row.text("name") or product.name
    product.unit = row.text("unit", longest=20) or product.unit
    if (price := row.unit_price("price", currency)) is not None:
        product.price = price
    if (cost := row.unit_price("cost", currency)) is not None:
        product.cost = cost
    if name := row.text("category", longest=120):
        category = categories.get(name.casefold())
        if category is None:
            category = categories[name.casefold()] = Category.objects.create(name=name)
        product.category = category


def _barcode(row: Record, key: str, owners: dict[str, str]) -> str | None:
    """The row's barcode, if it is to be added."""
    code = clean_code(row.text("barcode", longest=64) or "")
    if not code:
        return None
    if has_wrong_check_digit(code) or "E+" in code.upper():
        raise row.fault(
            "barcode", _("This barcode is mistyped, or a spreadsheet has rounded it. Set the column to text.")
        )
    owner = owners.setdefault(code, "")
    if owner == key:
        return None
    if owner:
        raise row.fault("barcode", _("This barcode belongs to another product."))
    owners[code] = key
    return code


@transaction.atomic
def import_suppliers(
    source: Source, *, chosen: Mapping[str, str] | None = None, actor: User | None = None
) -> Outcome:
    """One row for each supplier, or for each product of a supplier with its terms.

    Raises FileFault at the first row that cannot be taken; nothing is changed then.
    """
    shop = current_shop()
    suppliers = {supplier.name.casefold(): supplier for supplier in Supplier.objects.select_for_update()}
    products = dict(Product.objects.order_by().values_list("sku_key", "pk"))
    terms = {(term.supplier_id, term.product_id): term for term in SupplierProduct.objects.all()}
    told: dict[tuple[str, str], Any] = {}
    seen: dict[str, int] = {}
    rows = created = 0
    touched: dict[str, Supplier] = {}
    for row in read_table(source, SUPPLIER_FIELDS, chosen=chosen, row_limit=shop.import_row_limit):
        rows += 1
        name = row.needed("name", longest=120)
        supplier = suppliers.get(name.casefold())
        if supplier is None:
            supplier = suppliers[name.casefold()] = Supplier(name=name)
            created += 1
        touched[name.casefold()] = supplier
        _fill_supplier(supplier, row, shop.currency, told)
        supplier.save()
        sku = row.text("sku", longest=64)
        if sku is not None:
            _refuse_twice(row, seen, f"{name.casefold()}\n{search_key(sku)}")
            _save_terms(supplier, sku, row, products, terms, shop.currency)
    outcome = Outcome(rows, created, len(touched) - created)
    _audit("suppliers.imported", source, outcome, actor)
    return outcome


def _fill_supplier(supplier: Supplier, row: Record, currency: str, told: dict[tuple[str, str], Any]) -> None:
    email = row.text("email", longest=254)
    if email is not None:
        try:
            validate_email(email)
        except ValidationError as error:
            raise row.fault("email", _("This is no e-mail address.")) from error
    values = {
        "email": email,
        "language": row.text("language", longest=10),
        "lead_time_days": row.days("lead_time_days"),
        "review_days": row.days("review_days", least=1),
        "minimum_order_value": row.amount("minimum_order_value", currency),
        "order_cost": row.amount("order_cost", currency),
    }
    for field, value in values.items():
        if value is None:
            continue
        if told.setdefault((supplier.name.casefold(), field), value) != value:
            raise row.fault(field, _("An earlier row says something else about this supplier."))
        setattr(supplier, field, value)


def _save_terms(
    supplier: Supplier,
    sku: str,
    row: Record,
    products: dict[str, int],
    terms: dict[tuple[int, int], SupplierProduct],
    currency: str,
) -> None:
    product_id = products.get(search_key(sku))
    if product_id is None:
        raise row.fault("sku", _("There is no product with this code. Import the products first."))
    term = terms.get((supplier.pk, product_id))
    cost = row.unit_price("unit_cost", currency)
    if term is None:
        if cost is None:
            raise row.fault("unit_cost", _("New terms need a unit cost."))
        term = terms[(supplier.pk, product_id)] = SupplierProduct(supplier=supplier, product_id=product_id)
    term.unit_cost = term.unit_cost if cost is None else cost
    term.supplier_code = row.text("supplier_code", longest=64) or term.supplier_code
    pack = row.quantity("pack")
    if pack == 0:
        raise row.fault("pack", _("A pack holds more than nothing."))
    term.pack = pack or term.pack or QUANTITY_SCALE
    if (moq := row.quantity("moq")) is not None:
        term.minimum_quantity = moq
    term.save()


def _refuse_twice(row: Record, seen: dict[str, int], key: str) -> None:
    earlier = seen.setdefault(key, row.number)
    if earlier != row.number:
        raise row.fault("sku", _("Row %(row)d is about the same product.") % {"row": earlier})


def _audit(action: str, source: Source, outcome: Outcome, actor: User | None) -> None:
    after = {"rows": outcome.rows, "created": outcome.created, "changed": outcome.changed}
    record(action, actor=actor, about=source.file_name, after=after)
