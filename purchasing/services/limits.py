"""Automatic approval: how far the night may send orders by itself.

Nothing is approved until the owner has said how far. What the night leaves to people keeps the
reason, with the figures.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.prices import rates_by_currency
from common.errors import Conflict
from common.units import write_amount
from purchasing import queries
from purchasing.models import OrderLimits, PurchaseOrder, PurchaseOrderLine
from purchasing.money import totals_of, value_of
from purchasing.services.approval import approve
from purchasing.services.states import locked
from tenancy import audit
from tenancy.context import Scope, current_shop, in_current_shop
from tenancy.models import User

State = PurchaseOrder.State
WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Decision:
    """What the night did with a draft; `reason` says why it left it, empty where it approved."""

    order: PurchaseOrder
    reason: str

    @property
    def approved(self) -> bool:
        return not self.reason


def approve_within_limits(
    orders: Iterable[PurchaseOrder], *, scope: Scope = in_current_shop
) -> list[Decision]:
    """Approve those of a night's drafts that the owner's limits allow, one by one.

    Each is decided in a transaction of its own under the lock of the limits, so that two nights, or
    a change of the limits, cannot spend the same week's money twice. Orders that are no drafts any
    more are passed over. Nothing happens while automatic approval is off.
    """
    decisions = (_decide(order, scope) for order in orders)
    return [decision for decision in decisions if decision is not None]


def _decide(order: PurchaseOrder, scope: Scope) -> Decision | None:
    with scope():
        limits = OrderLimits.objects.select_for_update().first()
        if limits is None or not limits.approves:
            return None
        order = locked(order)
        if order.state != State.DRAFT:
            return None
        reason = _reason(order, limits)
        if not reason:
            try:
                return Decision(approve(order, actor=None, automatic_grace=limits.grace_minutes), "")
            except Conflict as refusal:  # raised before anything is written
                reason = refusal.detail
        _hold(order, reason)
        return Decision(order, reason)


def _hold(order: PurchaseOrder, reason: str) -> None:
    """Keep why the order waits for a person; the same reason night after night is recorded once."""
    if order.held_because == reason:
        return
    order.held_because = reason
    order.save(update_fields=["held_because"])
    audit.record("order.not_approved", actor=None, about=order.number, after={"why": reason})


def _reason(order: PurchaseOrder, limits: OrderLimits) -> str:
    """Why the night must not approve the order; empty where it may."""
    lines = list(order.lines.select_related("product__purchase_tax"))
    if order.only_by_hand:
        return _("Its automatic approval was undone, so it waits for you.")
    if any(line.is_edited for line in lines):
        return _("Somebody has changed it by hand, so it waits for you.")
    totals, minimum = totals_of(order, lines), order.supplier.minimum_order_value
    if totals.net < minimum:
        return _("Below the supplier's minimum: %(amount)s < %(limit)s.") % {
            "amount": write_amount(totals.net, order.currency),
            "limit": write_amount(minimum, order.currency),
        }
    value = value_of(order, rates_by_currency())
    if value is None:
        return _("No exchange rate is known for %(currency)s.") % {"currency": order.currency}
    if limits.only_known and (unknown := _first_unknown(order, lines)):
        return _("%(product)s was never ordered from this supplier before.") % {
            "product": unknown.product.name
        }
    return _too_much(value, limits)


def _too_much(value: int, limits: OrderLimits) -> str:
    currency = current_shop().currency
    if limits.per_order is not None and value > limits.per_order:
        return _("Over the limit per order: %(amount)s > %(limit)s.") % {
            "amount": write_amount(value, currency),
            "limit": write_amount(limits.per_order, currency),
        }
    if limits.per_week is not None and (spent := spent_by_itself()) + value > limits.per_week:
        return _("Over the limit for seven days: %(spent)s + %(amount)s > %(limit)s.") % {
            "spent": write_amount(spent, currency),
            "amount": write_amount(value, currency),
            "limit": write_amount(limits.per_week, currency),
        }
    return ""


def _first_unknown(order: PurchaseOrder, lines: list[PurchaseOrderLine]) -> PurchaseOrderLine | None:
    """A line whose product never stood on an order that this supplier got."""
    wanted = [line for line in lines if line.quantity]
    known = set(
        PurchaseOrderLine.objects.filter(
            order__supplier=order.supplier_id,
            order__sent_at__isnull=False,
            product__in=[line.product_id for line in wanted],
            quantity__gt=0,
        ).values_list("product_id", flat=True)
    )
    return next((line for line in wanted if line.product_id not in known), None)


def spent_by_itself() -> int:
    """What the nights of the last seven days approved, in the shop's currency, without tax.

    What was undone or cancelled since does not count.
    """
    approved = PurchaseOrder.objects.filter(is_automatic=True, approved_at__gt=timezone.now() - WEEK)
    orders = queries.with_names(approved.exclude(state__in=[State.DRAFT, State.CANCELLED]))
    rates = rates_by_currency()
    return sum(value_of(order, rates) or 0 for order in orders)


def save_limits(limits: OrderLimits, *, actor: User) -> OrderLimits:
    """Keep new limits. They hold from the next night on; what was approved stays approved."""
    before = OrderLimits.objects.select_for_update().first()
    if before is not None:
        limits.pk = before.pk
    was, now = audit.only_changes(audit.data_of(before or OrderLimits()), audit.data_of(limits))
    try:
        with transaction.atomic():
            limits.save()
    except IntegrityError as error:
        raise Conflict(_("Somebody else has just set the limits; look at them first.")) from error
    if now:
        audit.record("limits.changed", actor=actor, before=was, after=now)
    return limits
