"""What every change of an order's state shares: its lock, the refusal, and what follows from its lines."""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection
from django.utils.translation import gettext as _

from catalog.calendar import next_order_days
from common.errors import Conflict
from purchasing.models import PurchaseOrder

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
    order.asked_on = order.expected_on = order.wanted_on or expected(order, at)
    order.save(update_fields=["state", "sent_at", "asked_on", "expected_on"])


def forget_answer(order: PurchaseOrder) -> None:
    """What the supplier said is about another revision than the order's present one.

    Call it where a change makes the next revision, with the order's lock held.
    """
    order.lines.update(confirmed_quantity=None, confirmed_on=None)
    order.opened_at = order.confirmed_at = None
    order.answer_open = False
    order.save(update_fields=["opened_at", "confirmed_at", "answer_open"])


def expect(order: PurchaseOrder) -> None:
    """Set the day on which the first of what is still open should come, by the supplier's word where
    there is one. With nothing open the last day stands. The caller holds the lock and saves."""
    days = [
        line.confirmed_on or order.asked_on
        for line in order.lines.filter(quantity__gt=0)
        if line.open_quantity
    ]
    known = [day for day in days if day is not None]
    if known:
        order.expected_on = min(known)


def expected(order: PurchaseOrder, leaves: datetime) -> date:
    """The day the goods should arrive if the order leaves then, by the supplier's order days and closures."""
    return next_order_days(order.supplier, leaves, 1)[0].arrives


def state_by_receipts(order: PurchaseOrder) -> str:
    """Sent, confirmed, partly received or received, by what its lines have received."""
    lines = list(order.lines.filter(quantity__gt=0))
    if not any(line.received for line in lines):
        return State.CONFIRMED if order.confirmed_at else State.SENT
    # While an answer is open, nobody has agreed yet that less will come.
    due = [line.quantity if order.answer_open else line.due_quantity for line in lines]
    if all(line.received >= quantity for line, quantity in zip(lines, due, strict=True)):
        return State.RECEIVED
    return State.PARTLY_RECEIVED
