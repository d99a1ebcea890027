"""What the night found for an order, what it decided, and what the owner wants it to go by."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce, Least

from catalog.models import PriceBreak, Product, SupplierProduct, Warehouse
from forecasting.models import ForecastRun
from purchasing.models import ON_ORDER, PurchaseOrderLine
from replenishment.models import Plan, PlanLine, Policy, Snooze
from stock.models import Balance


@dataclass(frozen=True, slots=True)
class Rates:
    """Hundredths of a percent of a product's cost, see `models.Policy`."""

    holding: int
    goodwill: int


# A quarter of its cost for a year on the shelf; a missed sale loses its margin and 30 % of the cost.
DEFAULTS = Rates(25_00, 30_00)


@dataclass(frozen=True, slots=True)
class Policies:
    """All of a shop's policies, read once."""

    shop: Policy | None
    categories: dict[int, Policy]
    products: dict[int, Policy]

    @property
    def budget(self) -> int | None:
        return self.shop.budget if self.shop else None

    def rates(self, product: Product) -> Rates:
        own = [
            self.products.get(product.pk),
            self.categories.get(product.category_id) if product.category_id else None,
            self.shop,
        ]
        holding = next((one.holding_rate for one in own if one and one.holding_rate is not None), None)
        goodwill = next((one.goodwill_rate for one in own if one and one.goodwill_rate is not None), None)
        return Rates(
            DEFAULTS.holding if holding is None else holding,
            DEFAULTS.goodwill if goodwill is None else goodwill,
        )


def policies() -> Policies:
    """One query."""
    rows = list(Policy.objects.all())
    return Policies(
        shop=next((row for row in rows if row.category_id is None and row.product_id is None), None),
        categories={row.category_id: row for row in rows if row.category_id},
        products={row.product_id: row for row in rows if row.product_id},
    )


def preferred_terms() -> dict[int, list[SupplierProduct]]:
    """By supplier, the terms of the products that are bought there first; active suppliers only.

    Discontinued products are among them, so that the plan can say why it does not order them.
    """
    chosen: dict[int, SupplierProduct] = {}
    terms = SupplierProduct.objects.filter(supplier__is_active=True).exclude(
        product__state=Product.State.ARCHIVED
    )
    related = terms.select_related("supplier", "product__sales_tax", "product__replaced_by")
    for one in related.order_by("priority", "id"):
        chosen.setdefault(one.product_id, one)
    by_supplier: dict[int, list[SupplierProduct]] = defaultdict(list)
    for one in sorted(chosen.values(), key=lambda one: (one.supplier_id, one.product_id)):
        by_supplier[one.supplier_id].append(one)
    return dict(by_supplier)


def breaks_of(terms: Iterable[SupplierProduct]) -> dict[int, list[PriceBreak]]:
    """Price breaks by their terms, the smallest quantity first. One query."""
    found: dict[int, list[PriceBreak]] = defaultdict(list)
    rows = PriceBreak.objects.filter(terms__in=[one.pk for one in terms])
    for row in rows.order_by("minimum_quantity", "id"):
        found[row.terms_id].append(row)
    return found


def on_hand(warehouse: Warehouse) -> dict[int, int]:
    """Product id -> thousandths, of the products that were ever kept in `warehouse`."""
    return dict(Balance.objects.filter(warehouse=warehouse).values_list("product_id", "on_hand"))


def arrivals(warehouse: Warehouse) -> dict[int, list[tuple[date | None, int]]]:
    """Product id -> (day, thousandths) of what is on order for `warehouse`, as purchasing counts it.

    The day the supplier confirmed, else the one the order expects. One query.
    """
    found: dict[int, list[tuple[date | None, int]]] = defaultdict(list)
    due = Least(F("quantity"), Coalesce(F("confirmed_quantity"), F("quantity")))
    rows = (
        PurchaseOrderLine.objects.filter(order__warehouse=warehouse, order__state__in=ON_ORDER)
        .annotate(open=due - F("received"), day=Coalesce(F("confirmed_on"), F("order__expected_on")))
        .filter(open__gt=0)
        .order_by("day", "pk")
        .values_list("product_id", "day", "open")
    )
    for product_id, day, quantity in rows:
        found[product_id].append((day, quantity))
    return found


def snoozed(warehouse: Warehouse, on: date) -> dict[int, date]:
    """Product id -> day until which it is not proposed, of what sleeps on a day. One query."""
    rows = Snooze.objects.filter(warehouse=warehouse, until__gt=on)
    return dict(rows.values_list("product_id", "until"))


def lines_before(run: ForecastRun, plan: Plan) -> dict[int, PlanLine]:
    """What the plan before this run's said of each product at the same supplier and warehouse."""
    before = (
        Plan.objects.filter(supplier=plan.supplier_id, warehouse=plan.warehouse_id)
        .filter(run__known_to__lt=run.known_to)
        .order_by("-run__known_to", "-pk")
        .first()
    )
    return {line.product_id: line for line in before.lines.all()} if before else {}


def plans_of(run: ForecastRun) -> QuerySet[Plan]:
    """A night's decisions, by supplier and warehouse."""
    return (
        Plan.objects.filter(run=run)
        .select_related("supplier", "warehouse", "order")
        .order_by("supplier__name", "warehouse__code", "id")
    )
