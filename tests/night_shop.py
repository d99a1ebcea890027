"""A small shop with half a year of sales, terms and stock: what a night works on."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import numpy as np

from catalog.models import Product, Supplier, SupplierProduct, Warehouse
from forecasting.models import Forecast
from purchasing.models import PurchaseOrder
from replenishment.models import Plan
from stock.models import DemandMonth, HistorySale, Kind
from tenancy.context import shop_scope
from tenancy.models import Shop
from tests.factories import make_shop, post_line
from tests.importing import sales_file

LAST_DAY = date(2026, 6, 14)  # a Sunday
DAYS = 182


def make_stocked_shop(**fields: Any) -> Shop:
    """Two products of a supplier that sell every day, one that sells now and then, one new."""
    shop = make_shop(**fields)
    with shop_scope(shop):
        place = Warehouse.objects.create(code="MAIN", name="Main", opening_date=LAST_DAY)
        hallam = Supplier.objects.create(
            name="Hallam", lead_time_days=5, review_days=7, minimum_order_value=5_000, order_cost=500
        )
        fern = Supplier.objects.create(name="Fern", lead_time_days=3, review_days=14)
        rng = np.random.default_rng(7)
        sales = {
            "MUG": rng.poisson(np.resize([4, 4, 5, 5, 8, 11, 2], DAYS)),
            "BOWL": rng.poisson(3, DAYS),
            "TWINE": (rng.random(DAYS) < 0.1).astype(int),
            "NEW": np.append(np.zeros(DAYS - 4, dtype=int), [1, 2, 0, 1]),
        }
        products = {sku: make_terms(sku, fern if sku == "TWINE" else hallam) for sku in sales}
        add_history(place, {products[sku]: days for sku, days in sales.items()})
        for sku, on_hand in {"MUG": 20, "BOWL": 200, "TWINE": 0, "NEW": 1}.items():
            at = datetime.combine(LAST_DAY, time(8), tzinfo=UTC)
            if on_hand:
                post_line(Kind.OPENING, products[sku], place, on_hand * 1_000, at=at, key=f"opening {sku}")
    return shop


def make_terms(sku: str, supplier: Supplier, **fields: Any) -> Product:
    product = Product.objects.create(sku=sku, name=sku.title(), price=8_000_000, cost=4_000_000)
    terms = {"unit_cost": 4_000_000, "pack": 6_000} | fields
    SupplierProduct.objects.create(supplier=supplier, product=product, **terms)
    return product


def add_history(place: Warehouse, sales: dict[Product, Any]) -> None:
    imported = sales_file(place, known_to=LAST_DAY)
    HistorySale.objects.bulk_create(
        HistorySale(
            sales_import=imported,
            warehouse=place,
            product=product,
            day=LAST_DAY - timedelta(days=len(days) - 1 - number),
            quantity=int(units) * 1_000,
        )
        for product, days in sales.items()
        for number, units in enumerate(days)
        if units
    )


def state_of(shop: Shop) -> dict[str, Any]:
    """Everything that a night writes, by names instead of ids."""
    with shop_scope(shop, write=False):
        return {
            "demand": {
                (row.product.sku, row.month): row.days
                for row in DemandMonth.objects.select_related("product")
            },
            "forecasts": {
                (row.run.known_to, row.product.sku): (row.method, row.mean, row.sigma, row.error)
                for row in Forecast.objects.select_related("run", "product")
            },
            "plans": {
                plan.supplier.name: (
                    plan.status,
                    plan.note,
                    plan.order_id is not None,
                    {line.product.sku: (line.quantity, line.reason) for line in plan.lines.all()},
                )
                for plan in Plan.objects.prefetch_related("lines__product").select_related("supplier")
            },
            "orders": sorted(
                (
                    order.number,
                    order.state,
                    order.supplier.name,
                    sorted((line.product.sku, line.quantity) for line in order.lines.all()),
                )
                for order in PurchaseOrder.objects.prefetch_related("lines__product")
            ),
        }
