"""Changing an order that its supplier has: revision n+1, and one mail that says what changed.

The mail waits through the shop's grace period, with Undo. Until it has left, a further change goes
into the same revision: the supplier hears of all of it once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Product
from common.errors import BadInput, Conflict
from common.units import write_quantity
from purchasing import queries
from purchasing.document import freeze
from purchasing.models import RECEIVABLE, OutboundMail, PurchaseOrder, PurchaseOrderLine
from purchasing.money import freight_for, tax_now
from purchasing.services import outbox
from purchasing.services.drafts import check_quantity, check_wanted_on, new_line, reprice
from purchasing.services.states import expect, forget_answer, locked, need, state_by_receipts
from tenancy import audit
from tenancy.context import current_shop
from tenancy.models import ApiToken, User

MailState = OutboundMail.State


def change(
    order: PurchaseOrder,
    *,
    quantities: Mapping[int, int],
    added: Sequence[tuple[Product, int]] = (),
    wanted_on: date | None,
    note: str,
    actor: User | None,
    token: ApiToken | None = None,
) -> PurchaseOrder:
    """Change what has not arrived yet. Without a difference nothing happens.

    quantities: by line, thousandths; 0 takes a line off of which nothing has come. Lines that are
        not named stay. wanted_on: the day to ask for; None: as it was.

    Raises BadInput with the place (`lines[ID].quantity`), Conflict where the order is not open, is
    left without lines, or its mail is leaving right now.
    """
    order = locked(order)
    need(order, *RECEIVABLE)
    before = _standing(order)
    differences = _apply(order, quantities, added)
    if wanted_on is not None and wanted_on != order.asked_on:
        check_wanted_on(wanted_on)
        differences["wanted_on"] = wanted_on.isoformat()
        order.wanted_on = order.asked_on = wanted_on
    if note != order.note:
        differences["note"] = note
        order.note = note
    if not differences:
        return order
    if not order.lines.filter(quantity__gt=0).exists():
        raise Conflict(
            _("Nothing would be left of %(number)s; cancel it instead.") % {"number": order.number}
        )
    _next_revision(order, before)
    audit.record("order.changed", actor=actor, token=token, about=order.number, after=differences)
    return order


def undo_change(order: PurchaseOrder, *, actor: User | None, token: ApiToken | None = None) -> PurchaseOrder:
    """Back to the revision that the supplier has, while the mail of the change has not left.

    Raises Conflict where there is no such change, or goods came for a product that it had added.
    """
    order = locked(order)
    need(order, *RECEIVABLE, PurchaseOrder.State.RECEIVED)
    mail = queries.open_mail(order)
    if mail is None or mail.kind != OutboundMail.Kind.CHANGE:
        raise Conflict(_("No change of %(number)s waits to leave.") % {"number": order.number})
    outbox.withdraw(order)
    _restore(order)
    audit.record("order.change_undone", actor=actor, token=token, about=order.number)
    return order


# ---- the change ----------------------------------------------------------------------------------


def _apply(
    order: PurchaseOrder, quantities: Mapping[int, int], added: Sequence[tuple[Product, int]]
) -> dict[str, Any]:
    """Change the lines, all or none; what became different, for the audit."""
    lines = {line.pk: line for line in queries.ordered_lines(order)}
    faults: dict[str, list[str]] = {}
    changed: list[PurchaseOrderLine] = []
    words = []
    for pk, quantity in quantities.items():
        line = lines.get(pk)
        if line is None or quantity == line.quantity:
            continue
        if fault := _fault(line, quantity):
            faults[f"lines[{pk}].quantity"] = [fault]
            continue
        words.append(_words(line, line.quantity, quantity))
        line.quantity = quantity
        changed.append(line)
    if faults:
        raise BadInput(next(iter(faults.values()))[0], faults)
    # The price of goods that have come in part was agreed on, and stands in the ledger.
    reprice(order, [line for line in changed if not line.received])
    for line in changed:
        line.save(update_fields=["quantity", "unit_cost"])
    for product, quantity in added:
        line = new_line(order, product=product, quantity=quantity)
        line.tax_rate = tax_now(product)
        line.save()
        words.append(_words(line, 0, quantity))
    return {"lines": words} if words else {}


def _fault(line: PurchaseOrderLine, quantity: int) -> str:
    try:
        check_quantity(line.product, quantity)
    except BadInput as refusal:
        return refusal.detail
    if quantity < line.received:
        received = {"received": write_quantity(line.received)}
        return _("%(received)s have arrived already; order at least that many.") % received
    return ""


def _words(line: PurchaseOrderLine, before: int, after: int) -> dict[str, str]:
    return {"sku": line.product.sku, "before": write_quantity(before), "quantity": write_quantity(after)}


def _next_revision(order: PurchaseOrder, before: dict[str, Any]) -> None:
    """Freeze the changed order; a revision that no mail has told of yet is replaced."""
    unheard = queries.open_mail(order)
    outbox.withdraw(order)
    if unheard is not None and unheard.kind == OutboundMail.Kind.CHANGE:
        former = order.revisions.get(revision=order.revision)
        before = former.before
        former.delete()
    else:
        order.revision += 1
    goods = sum(line.amount for line in order.lines.all())
    order.freight = freight_for(order.supplier, goods)
    forget_answer(order)
    order.state = state_by_receipts(order)
    expect(order)
    order.save()
    freeze(order, before=before)
    if order.mails.filter(state=MailState.SENT).exists():
        leaves = timezone.now() + timedelta(minutes=current_shop().order_grace_minutes)
        outbox.queue(order, kind=OutboundMail.Kind.CHANGE, not_before=leaves)


# ---- and back ------------------------------------------------------------------------------------

_OF_ORDER = ("note", "freight", "answer_open")
_DAYS = ("wanted_on", "asked_on", "expected_on")
_MOMENTS = ("opened_at", "confirmed_at")
_OF_LINE = ("quantity", "unit_cost", "tax_rate", "confirmed_quantity")


def _standing(order: PurchaseOrder) -> dict[str, Any]:
    """What a change of the order may touch, as JSON."""
    return {
        **{name: getattr(order, name) for name in _OF_ORDER},
        **{name: _iso(getattr(order, name)) for name in (*_DAYS, *_MOMENTS)},
        "lines": {
            str(line.pk): {name: getattr(line, name) for name in _OF_LINE}
            | {"confirmed_on": _iso(line.confirmed_on)}
            for line in order.lines.all()
        },
    }


def _restore(order: PurchaseOrder) -> None:
    revision = order.revisions.get(revision=order.revision)
    before = revision.before
    for line in order.lines.select_related("product"):
        kept = before["lines"].get(str(line.pk))
        if kept is not None:
            for name in _OF_LINE:
                setattr(line, name, kept[name])
            line.confirmed_on = _day(kept["confirmed_on"])
            line.save()
        elif line.received:
            raise Conflict(
                _("%(product)s has arrived already; undo its receipt first.") % {"product": line.product.name}
            )
        else:
            line.delete()
    for name in _OF_ORDER:
        setattr(order, name, before[name])
    for name in _DAYS:
        setattr(order, name, _day(before[name]))
    for name in _MOMENTS:
        setattr(order, name, datetime.fromisoformat(before[name]) if before[name] else None)
    revision.delete()
    order.revision -= 1
    order.state = state_by_receipts(order)
    order.save()


def _iso(value: date | datetime | None) -> str | None:
    return value.isoformat() if value else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
