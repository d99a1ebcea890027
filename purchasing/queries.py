"""What the orders say: what is on its way, lists, totals, and what happened."""

from __future__ import annotations

from django.db.models import F, Q, QuerySet, Sum

from catalog.models import Warehouse
from purchasing.models import ON_ORDER, PurchaseOrder, PurchaseOrderLine


def on_order(warehouse: Warehouse) -> dict[int, int]:
    """Product id -> thousandths ordered for `warehouse` and not yet received, late ones too.

    Counts orders that are queued, sent or partly received; drafts are proposals only. One query.
    """
    rows = (
        PurchaseOrderLine.objects.filter(
            order__warehouse=warehouse, order__state__in=ON_ORDER, quantity__gt=F("received")
        )
        .order_by()
        .values_list("product_id")
        .annotate(open=Sum(F("quantity") - F("received")))
    )
    return dict(rows)


def total(order: PurchaseOrder) -> int:
    """The order's total in minor units: the sum of its lines, each rounded once."""
    return sum(line.amount for line in order.lines.all())


def ordered_lines(order: PurchaseOrder) -> QuerySet[PurchaseOrderLine]:
    """The lines that are really ordered, with their products, as they entered the order."""
    return order.lines.filter(quantity__gt=0).select_related("product").order_by("id")


def open_drafts() -> QuerySet[PurchaseOrder]:
    """Orders that wait for approval, for Today."""
    return with_names(PurchaseOrder.objects.filter(state=PurchaseOrder.State.DRAFT))


def late_orders(today: object) -> QuerySet[PurchaseOrder]:
    """Sent orders whose goods should have arrived before `today`, for Today."""
    states = [PurchaseOrder.State.SENT, PurchaseOrder.State.PARTLY_RECEIVED]
    return with_names(PurchaseOrder.objects.filter(Q(expected_on__lt=today), state__in=states))


def with_names(orders: QuerySet[PurchaseOrder]) -> QuerySet[PurchaseOrder]:
    return orders.select_related("supplier", "warehouse").prefetch_related("lines")
