"""The catalogue as the API answers it; costs only for those who see them."""

from __future__ import annotations

from typing import Any

from catalog.models import Product, Supplier, SupplierProduct, TaxRate, Warehouse
from common.units import write_amount, write_percent, write_quantity, write_unit_price
from tenancy.context import current_shop

# What `product_data` reads beside the product's own row.
PRODUCT_RELATED = ("category", "family", "sales_tax", "purchase_tax", "replaced_by", "sells_like")


def product_data(product: Product, *, with_costs: bool) -> dict[str, Any]:
    currency = current_shop().currency

    def price(value: int | None) -> str | None:
        return None if value is None else write_unit_price(value, currency)

    data = {
        "id": product.pk,
        "sku": product.sku,
        "name": product.name,
        "category": product.category.name if product.category else None,
        "family": product.family.name if product.family else None,
        "size": product.size,
        "colour": product.colour,
        "unit": product.unit,
        "has_decimals": product.has_decimals,
        "state": product.state,
        "price": price(product.price),
        "sales_tax": product.sales_tax.name if product.sales_tax else None,
        "purchase_tax": product.purchase_tax.name if product.purchase_tax else None,
        "replaced_by": product.replaced_by.sku if product.replaced_by else None,
        "sells_like": product.sells_like.sku if product.sells_like else None,
        "shelf_life_days": product.shelf_life_days,
        "volume": product.volume,
    }
    return data | {"cost": price(product.cost)} if with_costs else data


def product_detail(product: Product, *, with_costs: bool) -> dict[str, Any]:
    """Also its barcodes, and whom it is bought from in the order in which they are asked."""
    terms = product.terms.select_related("supplier", "product").prefetch_related("breaks")
    return product_data(product, with_costs=with_costs) | {
        "barcodes": sorted(product.barcodes.values_list("code", flat=True)),
        "terms": [terms_data(one, with_costs=with_costs) for one in terms.order_by("priority", "id")],
    }


def terms_data(terms: SupplierProduct, *, with_costs: bool) -> dict[str, Any]:
    currency = terms.supplier.trades_in
    data = {
        "sku": terms.product.sku,
        "supplier": terms.supplier.name,
        "supplier_id": terms.supplier_id,
        "supplier_code": terms.supplier_code,
        "pack": write_quantity(terms.pack),
        "minimum_quantity": write_quantity(terms.minimum_quantity),
        "priority": terms.priority,
    }
    if not with_costs:
        return data
    return data | {
        "currency": currency,
        "unit_cost": write_unit_price(terms.unit_cost, currency),
        "breaks": [
            {
                "quantity": write_quantity(step.minimum_quantity),
                "unit_cost": write_unit_price(step.unit_cost, currency),
            }
            for step in sorted(terms.breaks.all(), key=lambda step: step.minimum_quantity)
        ],
    }


def supplier_data(supplier: Supplier, *, with_costs: bool) -> dict[str, Any]:
    own = current_shop().currency
    currency = supplier.trades_in
    cut_off = supplier.order_cut_off
    data = {
        "id": supplier.pk,
        "name": supplier.name,
        "email": supplier.email,
        "contact_name": supplier.contact_name,
        "phone": supplier.phone,
        "language": supplier.language,
        "address": supplier.address,
        "currency": currency,
        "lead_time_days": supplier.lead_time_days,
        "review_days": supplier.review_days,
        "order_days": supplier.order_days,
        "order_cut_off": None if cut_off is None else f"{cut_off:%H:%M}",
        "closures": [
            {"first_day": closure.first_day, "last_day": closure.last_day, "note": closure.note}
            for closure in supplier.closures.all()
        ],
        "is_active": supplier.is_active,
    }
    if not with_costs:
        return data
    free_from = supplier.free_freight_from
    return data | {
        "minimum_order_value": write_amount(supplier.minimum_order_value, currency),
        "freight": write_amount(supplier.freight, currency),
        "free_freight_from": None if free_from is None else write_amount(free_from, currency),
        "order_cost": write_amount(supplier.order_cost, own),
    }


def warehouse_data(warehouse: Warehouse) -> dict[str, Any]:
    return {
        "code": warehouse.code,
        "name": warehouse.name,
        "address": warehouse.address,
        "opening_date": warehouse.opening_date,
        "locations": [location.code for location in warehouse.locations.all()],
        "is_active": warehouse.is_active,
    }


def tax_data(tax: TaxRate) -> dict[str, Any]:
    return {"name": tax.name, "percent": write_percent(tax.rate), "is_active": tax.is_active}
