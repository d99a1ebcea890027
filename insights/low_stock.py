"""What is low: not what is gone, but what has to be ordered now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import BigIntegerField, F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from catalog.models import Product, Warehouse
from common.paging import Page, page_of, read_cursor
from purchasing.queries import open_on_order
from stock.models import Balance
from stock.queries import StockLine, open_commitments


@dataclass(frozen=True, slots=True)
class LowStock(StockLine):
    """A stock line that is low, with what is on its way and the level it is measured by."""

    on_order: int
    reorder_point: int

    @property
    def position(self) -> int:
        return self.available + self.on_order


def low_places(warehouse: Warehouse | None = None) -> QuerySet[Any]:
    """Balances of active products whose position is at or below their reorder point.

    The position is what is available and what is on order. The reorder point is the night's: what
    is expected to sell until an order made now arrives, and the safety. Where the night planned
    nothing it is 0, so that a product is low when nothing is available and nothing comes.
    """
    # This narrows to few rows by plain comparisons, before sums are made of any.
    suspects = Q(on_hand__lte=F("reorder_point")) | Q(
        product__in=open_commitments().order_by().values("product")
    )
    rows = Balance.objects.filter(suspects, product__state=Product.State.ACTIVE)
    if warehouse:
        rows = rows.filter(warehouse=warehouse)
    return (
        rows.annotate(
            committed=_sum(
                open_commitments().filter(product=OuterRef("product"), warehouse=OuterRef("warehouse")),
                "quantity",
            ),
            on_order=_sum(
                open_on_order().filter(product=OuterRef("product"), order__warehouse=OuterRef("warehouse")),
                "open",
            ),
        )
        .annotate(position=F("on_hand") - F("committed") + F("on_order"))
        .annotate(lacking=F("position") - F("reorder_point"))
        .filter(lacking__lte=0)
    )


def _sum(rows: QuerySet, field: str) -> Coalesce:
    total = rows.order_by().values("product").annotate(total=Sum(field)).values("total")
    return Coalesce(Subquery(total, output_field=BigIntegerField()), Value(0))


def low_stock(*, warehouse: Warehouse | None = None, cursor: str = "", limit: int = 100) -> Page[LowStock]:
    """A page of `low_places`, the farthest below its reorder point first."""
    rows = low_places(warehouse).select_related("product", "warehouse").order_by("lacking", "pk")
    if cursor:
        lacking, pk = read_cursor(cursor, int, int)
        rows = rows.filter(lacking__gte=lacking).exclude(lacking=lacking, pk__lte=pk)
    page = page_of(rows[: limit + 1], limit, lambda row: [row.lacking, row.pk])
    return page.map(_line)


def _line(row: Any) -> LowStock:
    return LowStock(
        product=row.product,
        warehouse=row.warehouse,
        on_hand=row.on_hand,
        committed=row.committed,
        value=row.value,
        unit_cost=row.unit_cost,
        on_order=row.on_order,
        reorder_point=row.reorder_point,
    )
