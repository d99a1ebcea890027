"""Rows of the catalogue from what a program sent: a field that is left out stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from catalog import services
from catalog.lookups import product_by_sku
from catalog.models import Product, Supplier, SupplierClosure, SupplierProduct, TaxRate, Warehouse
from catalog.price_breaks import MOST_BREAKS, Break
from common.json_input import Body
from tenancy.context import current_shop

_MOST_BARCODES = 50
_MOST_CLOSURES = 100
_MOST_LOCATIONS = 500
_LONGEST_DAYS = 3_650
_LARGEST_VOLUME = 10**12


def fill_product(product: Product, body: Body) -> list[str] | None:
    """Read a product's fields; returns its barcodes, None where they are to stay.

    Categories and families that are new are made last, once all else is right: a fault makes none.
    """
    currency, is_new = current_shop().currency, product.pk is None
    _take(product, body, "sku", body.text("sku", limit=64, required=is_new or "sku" in body.data))
    _take(product, body, "name", body.text("name", limit=200, required=is_new or "name" in body.data))
    for field, limit in (("size", 40), ("colour", 40)):
        _take(product, body, field, body.text(field, limit=limit))
    _take(product, body, "unit", body.text("unit", limit=20) or "piece")
    _take(product, body, "has_decimals", body.switch("has_decimals") or False)
    for field in ("price", "cost"):
        _take(product, body, field, _not_negative(body, field, body.unit_price(field, currency)))
    for field in ("sales_tax", "purchase_tax"):
        _take(product, body, field, _tax(body, field))
    for field in ("replaced_by", "sells_like"):
        _take(product, body, field, _product(body, field))
    days = body.whole("shelf_life_days", least=1, most=_LONGEST_DAYS)
    _take(product, body, "shelf_life_days", days)
    _take(product, body, "volume", body.whole("volume", least=0, most=_LARGEST_VOLUME))
    if not is_new:
        _take(
            product, body, "state", body.choice("state", Product.State.values, required="state" in body.data)
        )
    category, family = body.text("category", limit=120), body.text("family", limit=120)
    barcodes = body.texts("barcodes", limit=_MOST_BARCODES, length=64)
    body.refuse_faults()
    if "category" in body.data:
        product.category = services.category_named(category)
    if "family" in body.data:
        product.family = services.family_named(family)
    return barcodes if "barcodes" in body.data else None


def fill_supplier(supplier: Supplier, body: Body) -> list[SupplierClosure] | None:
    """Read a supplier's fields; returns its closures, None where they are to stay."""
    own, is_new = current_shop().currency, supplier.pk is None
    _take(supplier, body, "name", body.text("name", limit=120, required=is_new or "name" in body.data))
    texts = (("email", 254), ("contact_name", 120), ("phone", 40), ("address", 500))
    for field, limit in texts:
        _take(supplier, body, field, body.text(field, limit=limit))
    languages = [code for code, _name in settings.LANGUAGES]
    if language := body.choice("language", languages):
        supplier.language = language
    currency = body.text("currency", limit=3)
    _take(supplier, body, "currency", "" if currency == own else currency)
    for name, least in (("lead_time_days", 0), ("review_days", 1)):
        if (days := body.whole(name, least=least, most=1_000)) is not None:
            setattr(supplier, name, days)
    _take(supplier, body, "order_days", body.wholes("order_days", least=0, most=6) or [])
    _take(supplier, body, "order_cut_off", body.clock("order_cut_off"))
    money = supplier.trades_in
    for field in ("minimum_order_value", "freight"):
        _take(supplier, body, field, _not_negative(body, field, body.amount(field, money)) or 0)
    free_from = _not_negative(body, "free_freight_from", body.amount("free_freight_from", money))
    _take(supplier, body, "free_freight_from", free_from)
    _take(
        supplier, body, "order_cost", _not_negative(body, "order_cost", body.amount("order_cost", own)) or 0
    )
    if (is_active := body.switch("is_active")) is not None:
        supplier.is_active = is_active
    closures = [_closure(supplier, part) for part in _objects(body, "closures", _MOST_CLOSURES)]
    body.refuse_faults()
    _check_fields(supplier)
    return closures if "closures" in body.data else None


def _closure(supplier: Supplier, part: Body) -> SupplierClosure:
    first, last = part.day("first_day"), part.day("last_day")
    if first is None and "first_day" not in part.faults:
        part.fault("first_day", _("is missing"))
    closure = SupplierClosure(supplier=supplier, note=part.text("note", limit=120))
    if first is not None:
        closure.first_day, closure.last_day = first, last or first
    return closure


def fill_terms(terms: SupplierProduct, body: Body) -> list[Break] | None:
    """Read terms, whose supplier and product stand already; returns their price breaks, None to stay."""
    currency = terms.supplier.trades_in
    _take(terms, body, "supplier_code", body.text("supplier_code", limit=64))
    cost = _not_negative(body, "unit_cost", body.unit_price("unit_cost", currency))
    if cost is not None:
        terms.unit_cost = cost
    elif terms.pk is None and "unit_cost" not in body.faults:
        body.fault("unit_cost", _("is missing"))
    if (pack := body.quantity("pack")) is not None:
        terms.pack = pack
        if pack <= 0:
            body.fault("pack", _("must be above zero"))
    minimum = _not_negative(body, "minimum_quantity", body.quantity("minimum_quantity"))
    _take(terms, body, "minimum_quantity", minimum or 0)
    _take(terms, body, "priority", body.whole("priority", least=1, most=99) or 1)
    breaks = []
    for part in _objects(body, "breaks", MOST_BREAKS):
        quantity, step = part.quantity("quantity", required=True), part.unit_price("unit_cost", currency)
        if step is None and f"{part.place}unit_cost" not in body.faults:
            part.fault("unit_cost", _("is missing"))
        breaks.append((quantity or 0, step or 0))
    body.refuse_faults()
    return breaks if "breaks" in body.data else None


def fill_warehouse(warehouse: Warehouse, body: Body) -> list[str] | None:
    """Read a warehouse's fields; returns the codes of its places, None where they are to stay."""
    is_new = warehouse.pk is None
    _take(warehouse, body, "code", body.text("code", limit=20, required=is_new or "code" in body.data))
    _take(warehouse, body, "name", body.text("name", limit=120, required=is_new or "name" in body.data))
    _take(warehouse, body, "address", body.text("address", limit=500))
    _take(warehouse, body, "opening_date", body.day("opening_date"))
    if (is_active := body.switch("is_active")) is not None:
        warehouse.is_active = is_active
    locations = body.texts("locations", limit=_MOST_LOCATIONS, length=40)
    body.refuse_faults()
    return locations if "locations" in body.data else None


def _take(row: Any, body: Body, name: str, value: Any) -> None:
    if name in body.data:
        setattr(row, name, value)


def _objects(body: Body, name: str, limit: int) -> list[Body]:
    if body.data.get(name) is None:
        body.known.add(name)
        return []
    return body.objects(name, limit=limit, least=0)


def _not_negative(body: Body, name: str, number: int | None) -> int | None:
    if number is not None and number < 0:
        body.fault(name, _("must not be below zero"))
    return number


def _tax(body: Body, field: str) -> TaxRate | None:
    return _named(body, field, 60, lambda name: TaxRate.objects.filter(name__iexact=name).first())


def _product(body: Body, field: str) -> Product | None:
    return _named(body, field, 64, product_by_sku)


def _named(body: Body, field: str, limit: int, find: Callable[[str], Any]) -> Any:
    name = body.text(field, limit=limit)
    found = find(name) if name else None
    if name and found is None:
        body.fault(field, _("“%(name)s” is not known here") % {"name": name})
    return found


def _check_fields(row: Any) -> None:
    """What the model itself asks of its fields, as an e-mail address; ValidationError names them."""
    try:
        row.clean_fields(exclude={"shop"})
    except ValidationError as error:
        raise ValidationError(error.message_dict) from error
