"""What the supplier says to an order: on its page by link, or to a person who writes it down.

An answer names every line of the order's present revision. Where it says what was ordered, the
order is confirmed. Where it differs, it counts at once for what is on its way, and stays open until
somebody accepts it or makes another revision.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import BadInput, Conflict
from common.text import clean_text
from common.units import QUANTITY_SCALE, write_quantity
from purchasing import queries
from purchasing.models import PurchaseOrder, PurchaseOrderLine, SupplierAnswer
from purchasing.services.states import expect, locked, need, state_by_receipts
from tenancy import audit
from tenancy.context import current_shop
from tenancy.models import ApiToken, User

State = PurchaseOrder.State
LONGEST_NOTE = 2_000
LONGEST_REFERENCE = 80
# A day beyond this is a slip of the hand.
FARTHEST = timedelta(days=2 * 366)


@dataclass(frozen=True, slots=True)
class Said:
    """The supplier's word on one line; quantity in thousandths, 0 declines it.

    on: the day of delivery; None where it is the day that was asked for.
    """

    line_id: int
    quantity: int
    on: date | None = None


def as_ordered(order: PurchaseOrder, on: date | None = None) -> list[Said]:
    """Everything that was ordered, on the day that was asked for or on another one."""
    return [Said(line.pk, line.quantity, on) for line in queries.ordered_lines(order)]


def answer(
    order: PurchaseOrder,
    said: Sequence[Said],
    *,
    revision: int | None = None,
    address: str = "",
    reference: str = "",
    note: str = "",
    actor: User | None = None,
    token: ApiToken | None = None,
) -> PurchaseOrder:
    """Take the supplier's answer; the same answer again changes nothing.

    revision: the one that was answered, where the answer may be about an earlier one.
    address: whom the link was sent to; without one somebody of the shop writes down what they were
    told, so that what differs counts as settled.

    Raises Conflict where goods have arrived already or the order has moved on, BadInput for lines
    that are not the order's, or quantities and days that cannot be.
    """
    order = locked(order)
    _refuse_late(order, revision)
    lines = {line.pk: line for line in queries.ordered_lines(order)}
    _refuse_nonsense(order, lines, said)
    words = {
        "reference": clean_text(reference, field="reference", limit=LONGEST_REFERENCE),
        "note": clean_text(note, field="note", limit=LONGEST_NOTE),
        "address": address,
        "lines": [_as_data(order, one) for one in sorted(said, key=lambda one: one.line_id)],
    }
    last = queries.last_answer(order)
    if last is not None and all(getattr(last, name) == value for name, value in words.items()):
        return order
    SupplierAnswer.objects.create(order=order, revision=order.revision, actor=actor, **words)
    differs = _take(order, lines, said)
    _settle(order, is_open=differs and bool(address))
    audit.record(
        "order.answered" if differs else "order.confirmed",
        actor=actor,
        token=token,
        about=order.number,
        after={"by": address, "state": order.state} | _differences(lines, said),
    )
    return order


def accept(order: PurchaseOrder, *, actor: User | None, token: ApiToken | None = None) -> PurchaseOrder:
    """Agree to an answer that differs. Where the supplier declined every line, the order ends."""
    order = locked(order)
    need(order, State.SENT, State.PARTLY_RECEIVED)
    if not order.answer_open:
        raise Conflict(_("%(number)s has no answer that waits for you.") % {"number": order.number})
    _settle(order, is_open=False)
    audit.record(
        "order.answer_accepted",
        actor=actor,
        token=token,
        about=order.number,
        after={"state": order.state},
    )
    return order


def note_opened(order: PurchaseOrder) -> None:
    """Somebody looked at the order's page. Only the first time is kept."""
    PurchaseOrder.objects.filter(pk=order.pk, state=State.SENT, opened_at=None).update(
        opened_at=timezone.now()
    )


def can_be_answered(order: PurchaseOrder) -> bool:
    return order.state in {State.SENT, State.CONFIRMED}


def _refuse_late(order: PurchaseOrder, revision: int | None) -> None:
    if order.state in {State.PARTLY_RECEIVED, State.RECEIVED, State.CLOSED}:
        raise Conflict(_("Goods of this order have arrived; the answer can no longer be changed here."))
    need(order, State.SENT, State.CONFIRMED)
    if revision is not None and revision != order.revision:
        raise Conflict(
            _("This answer is about an earlier revision of %(number)s.") % {"number": order.number}
        )


def _refuse_nonsense(order: PurchaseOrder, lines: dict[int, PurchaseOrderLine], said: Sequence[Said]) -> None:
    if sorted(one.line_id for one in said) != sorted(lines):
        raise BadInput(
            _("An answer names every line of the order once."), {"lines": [_("are not the order's")]}
        )
    today = timezone.localdate(timezone=current_shop().zone)
    faults: dict[str, list[str]] = {}
    for number, one in enumerate(said):
        line = lines[one.line_id]
        if not 0 <= one.quantity <= line.quantity:
            fault = _("%(most)s were ordered; confirm up to that, and write the rest into the note.")
            faults[f"lines[{number}].quantity"] = [fault % {"most": write_quantity(line.quantity)}]
        elif one.quantity % QUANTITY_SCALE and not line.product.has_decimals:
            faults[f"lines[{number}].quantity"] = [_("This product is sold in whole units.")]
        if one.on is not None and not (order.created_at.date() <= one.on <= today + FARTHEST):
            faults[f"lines[{number}].on"] = [_("This day cannot be; look at the year.")]
    if faults:
        raise BadInput(next(iter(faults.values()))[0], faults)


def _as_data(order: PurchaseOrder, one: Said) -> dict[str, Any]:
    on = _day(order, one)
    return {"line": one.line_id, "quantity": one.quantity, "on": on.isoformat() if on else None}


def _day(order: PurchaseOrder, one: Said) -> date | None:
    """The day said, None for a line that will not come."""
    return (one.on or order.asked_on) if one.quantity else None


def _take(order: PurchaseOrder, lines: dict[int, PurchaseOrderLine], said: Sequence[Said]) -> bool:
    """Write the answer onto the lines; whether it differs from what was ordered."""
    differs = False
    for one in said:
        line = lines[one.line_id]
        line.confirmed_quantity, line.confirmed_on = one.quantity, _day(order, one)
        differs |= one.quantity != line.quantity or line.confirmed_on != order.asked_on
    PurchaseOrderLine.objects.bulk_update(lines.values(), ["confirmed_quantity", "confirmed_on"])
    return differs


def _settle(order: PurchaseOrder, *, is_open: bool) -> None:
    """Set what follows from the lines' confirmed quantities, with the order's lock held."""
    now = timezone.now()
    order.opened_at = order.opened_at or now
    order.answer_open = is_open
    order.confirmed_at = None if is_open else now
    order.state = state_by_receipts(order)
    nothing_comes = not any(line.due_quantity for line in order.lines.filter(quantity__gt=0))
    if nothing_comes and not is_open:
        order.state = State.CANCELLED
    order.ended_at = now if order.state in {State.RECEIVED, State.CANCELLED} else None
    expect(order)
    order.save(update_fields=["opened_at", "answer_open", "confirmed_at", "state", "ended_at", "expected_on"])


def _differences(lines: dict[int, PurchaseOrderLine], said: Sequence[Said]) -> dict[str, int]:
    """Counts for the audit, without zeros."""
    counts = {
        "declined": sum(not one.quantity for one in said),
        "fewer": sum(0 < one.quantity < lines[one.line_id].quantity for one in said),
        "other_day": sum(one.on is not None and bool(one.quantity) for one in said),
    }
    return {name: count for name, count in counts.items() if count}
