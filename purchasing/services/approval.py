"""From draft to sent and to its end: approve, undo, send now, cancel, close.

Every step locks the order first, so two people or a double click act once: the second one finds the
new state and is told so.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.prices import rate_for
from common.errors import Conflict
from common.units import RATE_SCALE
from purchasing import queries
from purchasing.document import freeze
from purchasing.models import OutboundMail, PurchaseOrder, PurchaseOrderLine
from purchasing.money import tax_of, totals_of
from purchasing.services import outbox
from purchasing.services.drafts import find_draft
from purchasing.services.states import expect, expected, locked, mark_sent, need, state_by_receipts
from tenancy import audit
from tenancy.context import current_shop
from tenancy.models import ApiToken, User

State = PurchaseOrder.State


def approve(
    order: PurchaseOrder,
    *,
    actor: User | None,
    token: ApiToken | None = None,
    by_mail: bool = True,
    automatic_grace: int | None = None,
) -> PurchaseOrder:
    """Freeze a draft and queue its mail, which leaves when the shop's grace period is over.

    by_mail: False where the shop tells the supplier itself, by telephone or in a web shop; the
    order then counts as sent at once.
    automatic_grace: minutes of grace, where the night approves inside the owner's limits.
    """
    order = locked(order)
    need(order, State.DRAFT)
    if not order.lines.filter(quantity__gt=0).exists():
        raise Conflict(_("%(number)s has no lines; add a product first.") % {"number": order.number})
    if by_mail and not order.supplier.email:
        raise Conflict(
            _("%(supplier)s has no e-mail address for orders. Enter one, or send the order yourself.")
            % {"supplier": order.supplier.name}
        )
    now = timezone.now()
    grace = current_shop().order_grace_minutes if automatic_grace is None else automatic_grace
    leaves = now + timedelta(minutes=grace)
    _fix_money(order, now.astimezone(current_shop().zone).date())
    order.state = State.QUEUED
    order.approved_at, order.approved_by = now, actor
    order.is_automatic, order.held_because = automatic_grace is not None, ""
    order.expected_on = order.wanted_on or expected(order, leaves)
    order.save()
    freeze(order)
    after = {"revision": order.revision} | ({"by": "night"} if order.is_automatic else {})
    audit.record("order.approved", actor=actor, token=token, about=order.number, after=after)
    if by_mail:
        outbox.queue(order, kind=OutboundMail.Kind.ORDER, not_before=leaves)
    else:
        mark_sent(order, at=now)
        audit.record("order.sent_by_hand", actor=actor, token=token, about=order.number)
    return order


def _fix_money(order: PurchaseOrder, day: date) -> None:
    """Give a draft the taxes, the freight and the exchange rate of the day, its own from now on."""
    currency = order.supplier.trades_in
    if currency != order.currency:
        raise Conflict(
            _("%(supplier)s trades in %(currency)s now. Save the order's lines once to take the new prices.")
            % {"supplier": order.supplier.name, "currency": currency}
        )
    rate = rate_for(order.currency, day)
    lines = list(queries.ordered_lines(order))
    order.freight = totals_of(order, lines).freight
    order.rate, order.rate_on = rate.rate, rate.day
    for line in lines:
        line.tax_rate = tax_of(order, line)
    PurchaseOrderLine.objects.bulk_update(lines, ["tax_rate"])


def undo_approval(
    order: PurchaseOrder, *, actor: User | None, token: ApiToken | None = None
) -> PurchaseOrder:
    """Back to a draft, while nothing has left. Raises Conflict once the mail is on its way."""
    order = locked(order)
    need(order, State.QUEUED)
    other = find_draft(supplier=order.supplier, warehouse=order.warehouse)
    if other is not None:
        raise Conflict(
            _("%(other)s is a newer draft for this supplier; approve or cancel it first.")
            % {"other": other.number}
        )
    outbox.withdraw(order)
    order.state = State.DRAFT
    order.approved_at = order.approved_by = order.expected_on = order.rate_on = None
    order.rate = RATE_SCALE
    # Whoever takes the night's approval back wants to decide: the next night must not approve anew.
    order.only_by_hand |= order.is_automatic
    order.is_automatic = False
    order.save()
    # Nobody outside has seen it.
    order.revisions.filter(revision=order.revision).delete()
    audit.record("order.approval_undone", actor=actor, token=token, about=order.number)
    return order


def send_now(order: PurchaseOrder, *, actor: User | None) -> PurchaseOrder:
    """Do not wait for the end of the grace period, or for the next attempt after a failure."""
    order = locked(order)
    mail = queries.open_mail(order)
    if mail is None:
        raise Conflict(_("No mail of %(number)s waits to leave.") % {"number": order.number})
    outbox.send_soon(mail)
    audit.record(f"{mail.kind}.send_now", actor=actor, about=order.number)
    return order


def cancel(order: PurchaseOrder, *, actor: User | None, token: ApiToken | None = None) -> PurchaseOrder:
    """End an order of which nothing has arrived; a supplier who has the order hears of it by mail."""
    order = locked(order)
    need(order, State.DRAFT, State.QUEUED, State.SENT, State.CONFIRMED)
    before = order.state
    outbox.withdraw(order)
    order.state, order.ended_at = State.CANCELLED, timezone.now()
    if before in {State.SENT, State.CONFIRMED} and was_mailed(order):
        order.revision += 1
        outbox.queue(order, kind=OutboundMail.Kind.CANCELLATION, not_before=order.ended_at)
    order.answer_open = False
    order.save(update_fields=["state", "ended_at", "revision", "answer_open"])
    audit.record("order.cancelled", actor=actor, token=token, about=order.number, before={"state": before})
    return order


def close(
    order: PurchaseOrder,
    *,
    actor: User | None,
    token: ApiToken | None = None,
    tell_supplier: bool = False,
) -> PurchaseOrder:
    """End an order; what has not arrived of it is no longer expected.

    tell_supplier: mail that nothing more is wanted, where something is still missing and the
    supplier got the order by mail.
    """
    order = locked(order)
    need(order, State.PARTLY_RECEIVED, State.RECEIVED)
    short = order.state == State.PARTLY_RECEIVED
    order.state, order.ended_at = State.CLOSED, timezone.now()
    order.answer_open = False
    if tells := tell_supplier and short and was_mailed(order):
        order.revision += 1
        outbox.queue(order, kind=OutboundMail.Kind.CLOSING, not_before=order.ended_at)
    order.save(update_fields=["state", "ended_at", "answer_open", "revision"])
    action = "order.closed_short" if short else "order.closed"
    after = {"told": order.supplier.email} if tells else None
    audit.record(action, actor=actor, token=token, about=order.number, after=after)
    return order


def reopen(order: PurchaseOrder, *, actor: User | None, token: ApiToken | None = None) -> PurchaseOrder:
    """Undo `close`. A mail that has told the supplier stays told; one that waits is taken back."""
    order = locked(order)
    need(order, State.CLOSED)
    closing = order.mails.filter(kind=OutboundMail.Kind.CLOSING, revision=order.revision)
    if closing.exists() and not closing.filter(state=OutboundMail.State.SENT).exists():
        outbox.withdraw(order)
        order.revision -= 1
    order.state = state_by_receipts(order)
    # Received in full is an end of its own.
    order.ended_at = timezone.now() if order.state == State.RECEIVED else None
    expect(order)
    order.save(update_fields=["state", "ended_at", "revision", "expected_on"])
    audit.record("order.reopened", actor=actor, token=token, about=order.number)
    return order


def was_mailed(order: PurchaseOrder) -> bool:
    """Whether a mail of the order has left, so that its supplier hears of its end by mail too."""
    return order.mails.filter(state=OutboundMail.State.SENT).exists()
