"""What every change of an order's state shares: its lock, the refusal, and what follows from its lines."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import connection
from django.utils.translation import gettext as _

from common.errors import Conflict
from purchasing.models import PurchaseOrder
from tenancy.context import current_shop

State = PurchaseOrder.State


def locked(order: PurchaseOrder) -> PurchaseOrder:
    """The order as it is now, held until the transaction ends: whoever comes second sees the first.

    SQLite has no row locks; there the transaction holds the one write lock from its start.
    """
    if not connection.in_atomic_block:
        raise RuntimeError("an order can only be locked inside a transaction")
    return PurchaseOrder.objects.select_for_update().get(pk=order.pk)


def need(order: PurchaseOrder, *states: str) -> None:
    """Raise Conflict where a locked order is in none of `states`."""
    if order.state not in states:
        raise Conflict(
            _("%(number)s has moved on, or is not there yet: its state is “%(state)s”.")
            % {"number": order.number, "state": order.get_state_display()}
        )


def mark_sent(order: PurchaseOrder, *, at: datetime) -> None:
    """The supplier has the order. The caller holds its lock."""
    order.state, order.sent_at = State.SENT, at
    order.expected_on = expected(order, at)
    order.save(update_fields=["state", "sent_at", "expected_on"])


def expected(order: PurchaseOrder, leaves: datetime) -> date:
    """The day the goods should arrive if the order leaves then."""
    days = timedelta(days=order.supplier.lead_time_days)
    return leaves.astimezone(current_shop().zone).date() + days


def state_by_receipts(order: PurchaseOrder) -> str:
    """Sent, confirmed, partly received or received, by what its lines have received."""
    lines = list(order.lines.filter(quantity__gt=0))
    if all(line.received >= line.quantity for line in lines):
        return State.RECEIVED
    if any(line.received for line in lines):
        return State.PARTLY_RECEIVED
    return State.CONFIRMED if order.confirmed_at else State.SENT
