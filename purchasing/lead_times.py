"""How long suppliers really take: observed per order, learned per supplier.

An order's time runs in days by the shop's clock, from the day it was sent to the day of its first
receipt, and to the day of the receipt that completed it. What counts for planning is the second:
until then something of the order is missing. Of an order closed short it is the last receipt.

The typed lead time speaks until enough orders have: it weighs as much as TYPED_WEIGHT orders, with
a spread of a fifth of itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from math import sqrt
from typing import NamedTuple

from django.db.models import Count, F, Max, Min, Q

from catalog.models import Supplier
from purchasing.models import PurchaseOrder, PurchaseOrderLine, Receipt
from tenancy.context import current_shop

State = PurchaseOrder.State
# How many of a supplier's latest orders are looked at: what was long ago says little about today.
LATEST_ORDERS = 30
TYPED_WEIGHT = 3
# Spread of the typed lead time as a share of it, and in days at least.
TYPED_SPREAD = 0.2
LEAST_SPREAD = 0.5


@dataclass(frozen=True, slots=True)
class Observation:
    """One order that has come to its end."""

    order: PurchaseOrder
    sent_on: date
    first_days: int
    full_days: int
    on_time: bool  # all of it by the day that was asked for


class Learned(NamedTuple):
    """Days from sending an order to having all of it; `orders` observed."""

    mean: float
    sd: float
    orders: int


def observations(supplier: Supplier) -> list[Observation]:
    """The supplier's latest orders that came to their end with goods, newest first. Two queries."""
    ended = PurchaseOrder.objects.filter(
        supplier=supplier, state__in=[State.RECEIVED, State.CLOSED], sent_at__isnull=False
    )
    orders = {order.pk: order for order in ended.order_by("-sent_at", "-id")[:LATEST_ORDERS]}
    standing = Receipt.objects.filter(order__in=orders, undone_at=None)
    arrived = (
        standing.order_by()
        .values_list("order_id")
        .annotate(first=Min("received_at"), last=Max("received_at"))
    )
    days = {order_id: (first, last) for order_id, first, last in arrived}
    return [_observed(order, *days[pk]) for pk, order in orders.items() if pk in days]


def _observed(order: PurchaseOrder, first: datetime, last: datetime) -> Observation:
    zone = current_shop().zone
    assert order.sent_at is not None
    sent_on, first_on, last_on = (moment.astimezone(zone).date() for moment in (order.sent_at, first, last))
    return Observation(
        order,
        sent_on,
        first_days=max((first_on - sent_on).days, 0),
        full_days=max((last_on - sent_on).days, 0),
        on_time=order.asked_on is None or last_on <= order.asked_on,
    )


def lines_in_full(seen: Iterable[Observation]) -> tuple[int, int]:
    """Of the lines of some orders, how many arrived in full, and how many there are. One query."""
    lines = PurchaseOrderLine.objects.filter(order__in=[one.order.pk for one in seen], quantity__gt=0)
    full = Count("pk", filter=Q(received__gte=F("quantity")))
    return tuple(lines.order_by().aggregate(full=full, all=Count("pk")).values())  # type: ignore[return-value]


def learned(supplier: Supplier) -> Learned:
    """What the supplier's orders say, shrunk towards the typed lead time while they are few."""
    return estimate([seen.full_days for seen in observations(supplier)], typed=supplier.lead_time_days)


def estimate(days: Iterable[int], *, typed: int) -> Learned:
    """Mean and standard deviation, where the typed lead time stands for TYPED_WEIGHT more orders."""
    seen = list(days)
    spread = max(typed * TYPED_SPREAD, LEAST_SPREAD)
    weight = TYPED_WEIGHT + len(seen)
    mean = (TYPED_WEIGHT * typed + sum(seen)) / weight
    squares = TYPED_WEIGHT * (spread**2 + (typed - mean) ** 2) + sum((day - mean) ** 2 for day in seen)
    return Learned(mean, sqrt(squares / weight), len(seen))
