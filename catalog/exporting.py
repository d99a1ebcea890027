"""Products, and suppliers with their terms, as files that come in again as they went out."""

from __future__ import annotations

from collections.abc import Iterator

from catalog.importing.suppliers import write_order_days
from catalog.models import Product, Supplier, SupplierProduct
from catalog.price_breaks import write_breaks
from common.units import write_amount, write_quantity, write_unit_price
from imports.exporting import Column, Export
from tenancy.context import current_shop

_AT_ONCE = 2_000

PRODUCT_COLUMNS = [
    *(Column(name) for name in ("SKU", "Name", "Category", "Unit", "Sold in parts")),
    *(Column("Price", True), Column("Cost", True), Column("State"), Column("Barcodes")),
    *(Column(name) for name in ("Family", "Size", "Colour", "Tax when sold", "Tax when bought")),
    *(Column("Replaced by"), Column("Sells like")),
    *(Column("Shelf life, days", True), Column("Storage volume, ml", True)),
]
SUPPLIER_COLUMNS = [
    *(Column(name) for name in ("Supplier", "E-mail", "Contact", "Telephone", "Language", "Address")),
    *(Column("Currency"), Column("Lead time, days", True), Column("Days between orders", True)),
    *(Column("Order days"), Column("Order by"), Column("Minimum order value", True)),
    *(Column("Freight per order", True), Column("Free freight from", True), Column("Order cost", True)),
    *(Column("In use"), Column("SKU"), Column("Their code"), Column("Unit cost", True)),
    *(Column("Pack", True), Column("MOQ", True), Column("Price breaks"), Column("Priority", True)),
]
# What those do not get who may not see costs.
COSTS = {
    *("Cost", "Unit cost", "Price breaks", "Minimum order value", "Order cost"),
    *("Freight per order", "Free freight from"),
}


def products(*, with_costs: bool) -> Export:
    return _without_costs(Export(PRODUCT_COLUMNS, _products()), with_costs)


def suppliers(*, with_costs: bool) -> Export:
    return _without_costs(Export(SUPPLIER_COLUMNS, _suppliers()), with_costs)


def _without_costs(export: Export, with_costs: bool) -> Export:
    if with_costs:
        return export
    shown = [place for place, column in enumerate(export.columns) if column.name not in COSTS]
    columns = [export.columns[place] for place in shown]
    return Export(columns, ([row[place] for place in shown] for row in export.rows))


def _products() -> Iterator[list[str]]:
    currency = current_shop().currency
    related = ("category", "family", "sales_tax", "purchase_tax", "replaced_by", "sells_like")
    found = Product.objects.select_related(*related).prefetch_related("barcodes").order_by("sku_key")
    for product in found.iterator(chunk_size=_AT_ONCE):
        yield [
            product.sku,
            product.name,
            _name(product.category),
            product.unit,
            _yes(product.has_decimals),
            _price(product.price, currency),
            _price(product.cost, currency),
            product.state,
            " | ".join(barcode.code for barcode in product.barcodes.all()),
            _name(product.family),
            product.size,
            product.colour,
            _name(product.sales_tax),
            _name(product.purchase_tax),
            product.replaced_by.sku if product.replaced_by else "",
            product.sells_like.sku if product.sells_like else "",
            _number(product.shelf_life_days),
            _number(product.volume),
        ]


def _suppliers() -> Iterator[list[str]]:
    own = current_shop().currency
    for supplier in Supplier.objects.order_by("name", "id"):
        terms = supplier.terms.select_related("product").prefetch_related("breaks")
        head = _supplier(supplier, own)
        found = False
        for term in terms.order_by("product__sku_key").iterator(chunk_size=_AT_ONCE):
            found = True
            yield [*head, *_terms(term, supplier.trades_in)]
        if not found:
            yield [*head, *[""] * 7]


def _supplier(supplier: Supplier, own: str) -> list[str]:
    currency = supplier.trades_in
    free = supplier.free_freight_from
    return [
        supplier.name,
        supplier.email,
        supplier.contact_name,
        supplier.phone,
        supplier.language,
        supplier.address,
        currency,
        str(supplier.lead_time_days),
        str(supplier.review_days),
        write_order_days(supplier.order_days),
        supplier.order_cut_off.isoformat("minutes") if supplier.order_cut_off else "",
        write_amount(supplier.minimum_order_value, currency),
        write_amount(supplier.freight, currency),
        "" if free is None else write_amount(free, currency),
        write_amount(supplier.order_cost, own),
        _yes(supplier.is_active),
    ]


def _terms(term: SupplierProduct, currency: str) -> list[str]:
    breaks = [(each.minimum_quantity, each.unit_cost) for each in term.breaks.all()]
    return [
        term.product.sku,
        term.supplier_code,
        write_unit_price(term.unit_cost, currency),
        write_quantity(term.pack),
        write_quantity(term.minimum_quantity),
        write_breaks(breaks, currency),
        str(term.priority),
    ]


def _name(row: object) -> str:
    return getattr(row, "name", "")


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _price(value: int | None, currency: str) -> str:
    return "" if value is None else write_unit_price(value, currency)


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
