"""What will be gone before an order made today could arrive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, Max

from catalog.models import Product
from forecasting.models import Forecast, ForecastRun
from forecasting.queries import runs_out_on
from purchasing.models import ON_ORDER, PurchaseOrder, PurchaseOrderLine
from replenishment.models import Plan, PlanLine
from stock.models import Balance
from stock.places import Place
from stock.queries import committed

# More are looked at than shown, because some have been refilled or ordered since the night.
_LOOKED_AT = 4


@dataclass(frozen=True, slots=True)
class RunningOut:
    """A product in a warehouse that neither its stock nor what is on order carries far enough.

    line: what the latest night decided about it. coming: the open order line that arrives first.
    """

    line: PlanLine
    on_hand: int
    day: date  # that it runs out on
    coming: PurchaseOrderLine | None

    @property
    def draft(self) -> PurchaseOrder | None:
        """The proposal that would fill the shelf, while somebody has to approve it."""
        order = self.line.plan.order
        return order if self.line.quantity and order and order.is_draft else None

    @property
    def days_without(self) -> int:
        """Days with an empty shelf until what is on its way arrives."""
        due = self.coming.order.expected_on if self.coming else None
        return max((due - self.day).days, 0) if due else 0


def about_to_run_out(run: ForecastRun, today: date, limit: int) -> list[RunningOut]:
    """Products on the shelf that run out within their supplier's lead time, the first ones first.

    The night has noted for each when it runs out; only the nearest are looked at again, with the
    stock and the orders of this moment. A fixed number of queries.
    """
    longest = Plan.objects.filter(run=run).aggregate(days=Max("supplier__lead_time_days"))["days"] or 0
    noted = PlanLine.objects.filter(
        plan__run=run, product__state=Product.State.ACTIVE, runs_out_on__lt=today + timedelta(days=longest)
    )
    lines = noted.select_related("product__sales_tax", "plan__supplier", "plan__warehouse", "plan__order")
    nearest = list(lines.order_by("runs_out_on", "pk")[: limit * _LOOKED_AT])
    return [found for found in _looked_at_again(run, today, nearest) if _asks_for_something(found, today)][
        :limit
    ]


def _asks_for_something(found: RunningOut, today: date) -> bool:
    arrival = today + timedelta(days=found.line.plan.supplier.lead_time_days)
    in_time = found.coming is not None and not found.days_without
    return found.on_hand > 0 and found.day < arrival and not in_time


def _looked_at_again(run: ForecastRun, today: date, lines: Sequence[PlanLine]) -> list[RunningOut]:
    products = [line.product_id for line in lines]
    held = {
        Place(row.warehouse_id, row.product_id): row.on_hand
        for row in Balance.objects.filter(product__in=products)
    }
    means = {
        Place(row.warehouse_id, row.product_id): row.mean
        for row in Forecast.objects.filter(run=run, product__in=products)
    }
    aside, coming = committed(products), _first_to_arrive(products)
    found = []
    for line in lines:
        place = Place(line.plan.warehouse_id, line.product_id)
        on_hand = held.get(place, 0)
        day = runs_out_on(run.known_to, means.get(place, ()), on_hand - aside.get(place, 0))
        if day is not None:
            found.append(RunningOut(line, on_hand, max(day, today), coming.get(place)))
    return found


def _first_to_arrive(products: Sequence[int]) -> dict[Place, PurchaseOrderLine]:
    lines = (
        PurchaseOrderLine.objects.filter(
            product__in=products, order__state__in=ON_ORDER, quantity__gt=F("received")
        )
        .select_related("order")
        .order_by("-order__expected_on", "-pk")  # the earliest comes last and stays
    )
    return {Place(line.order.warehouse_id, line.product_id): line for line in lines}
