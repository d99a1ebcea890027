"""What the night found for an order, and what it decided."""

from __future__ import annotations

from django.db.models import QuerySet

from catalog.models import Product, SupplierProduct, Warehouse
from forecasting.models import ForecastRun
from replenishment.models import Plan
from stock.models import Balance


def preferred_terms() -> dict[int, list[SupplierProduct]]:
    """By supplier, the terms of the products that are bought there first; active ones only."""
    chosen: dict[int, SupplierProduct] = {}
    terms = SupplierProduct.objects.filter(supplier__is_active=True, product__state=Product.State.ACTIVE)
    for one in terms.select_related("supplier", "product").order_by("priority", "id"):
        chosen.setdefault(one.product_id, one)
    by_supplier: dict[int, list[SupplierProduct]] = {}
    for one in sorted(chosen.values(), key=lambda one: (one.supplier_id, one.product_id)):
        by_supplier.setdefault(one.supplier_id, []).append(one)
    return by_supplier


def on_hand(warehouse: Warehouse) -> dict[int, int]:
    """Product id -> thousandths, of the products that were ever kept in `warehouse`."""
    return dict(Balance.objects.filter(warehouse=warehouse).values_list("product_id", "on_hand"))


def plans_of(run: ForecastRun) -> QuerySet[Plan]:
    """A night's decisions with their lines, by supplier and warehouse."""
    return (
        Plan.objects.filter(run=run)
        .select_related("supplier", "warehouse", "order")
        .prefetch_related("lines__product")
        .order_by("supplier__name", "warehouse__code", "id")
    )
