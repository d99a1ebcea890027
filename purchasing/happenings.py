"""What happened to an order, in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from purchasing import queries
from purchasing.models import PurchaseOrder
from tenancy.models import AuditEvent

WORDS = {
    "order.drafted": gettext_lazy("Drafted"),
    "order.proposed": gettext_lazy("Revised by the night's plan"),
    "order.laid_aside": gettext_lazy("Laid aside: nothing was left on it"),
    "order.note_changed": gettext_lazy("Note changed"),
    "order.wanted_on_changed": gettext_lazy("Wanted day changed"),
    # No figures: not everybody who reads this sees costs.
    "order.price_changed": gettext_lazy("%(product)s: price changed"),
    "order.currency_changed": gettext_lazy("Now in %(currency)s, as the supplier trades; prices taken anew"),
    "order.approved": gettext_lazy("Approved"),
    "order.approval_undone": gettext_lazy("Approval undone"),
    "order.changed": gettext_lazy("Changed: %(changes)s"),
    "order.change_undone": gettext_lazy("Change undone"),
    "change.send_now": gettext_lazy("Change told to leave at once"),
    "change.sent": gettext_lazy("Change sent to %(to)s"),
    "change.mail_failed": gettext_lazy("The mail to %(to)s failed: %(answer)s"),
    "order.send_now": gettext_lazy("Told to leave at once"),
    "order.sent": gettext_lazy("Sent to %(to)s"),
    "order.sent_by_hand": gettext_lazy("Sent by the shop itself"),
    "order.mail_failed": gettext_lazy("The mail to %(to)s failed: %(answer)s"),
    "order.cancelled": gettext_lazy("Cancelled"),
    "order.received": gettext_lazy("Goods received"),
    "order.receipt_undone": gettext_lazy("Receipt undone"),
    "order.sent_back": gettext_lazy("Damaged goods sent back; they stay on order"),
    "order.send_back_undone": gettext_lazy("Sending back undone"),
    "order.confirmed": gettext_lazy("Confirmed by the supplier"),
    "order.answered": gettext_lazy("Answered by the supplier, with differences"),
    "order.answer_accepted": gettext_lazy("The supplier's answer accepted"),
    "order.not_approved": gettext_lazy("Not approved by the night: %(why)s"),
    "order.closed": gettext_lazy("Closed"),
    "order.closed_short": gettext_lazy("Closed short"),
    "order.reopened": gettext_lazy("Reopened"),
    "cancellation.send_now": gettext_lazy("Cancellation told to leave at once"),
    "cancellation.sent": gettext_lazy("Cancellation sent to %(to)s"),
    "cancellation.mail_failed": gettext_lazy("The cancellation to %(to)s failed: %(answer)s"),
    "closing.send_now": gettext_lazy("Closing told to leave at once"),
    "closing.sent": gettext_lazy("The supplier was told at %(to)s that nothing more is expected"),
    "closing.mail_failed": gettext_lazy("The closing to %(to)s failed: %(answer)s"),
    "order.line_changed": gettext_lazy("%(product)s: %(before)s → %(quantity)s"),
    "order.line_back_to_suggested": gettext_lazy("%(product)s: %(before)s → %(quantity)s, as suggested"),
    "order.line_added": gettext_lazy("%(product)s: %(quantity)s added"),
    "order.line_removed": gettext_lazy("%(product)s taken off"),
}


@dataclass(frozen=True, slots=True)
class Happening:
    at: datetime
    text: str
    by: str


def happenings(order: PurchaseOrder, *, with_costs: bool) -> list[Happening]:
    """Newest first."""
    return [Happening(event.at, _text(event, with_costs), _by(event)) for event in queries.history(order)]


def _text(event: AuditEvent, with_costs: bool) -> str:
    if event.action == "order.not_approved" and not with_costs:
        # The reason may name amounts.
        return _("Not approved by the night")
    words: dict[str, Any] = dict.fromkeys(
        ("to", "answer", "why", "product", "quantity", "before", "currency", "changes"), ""
    )
    if isinstance(event.after, dict):
        words |= event.after
        if event.action == "order.changed":
            words["changes"] = _changes(event.after)
        if event.action == "order.proposed":
            return _revised(event.after)
    if isinstance(event.before, dict):
        words["before"] = event.before.get("quantity", "")
    template = WORDS.get(event.action)
    return str(template) % words if template else event.action


def _revised(after: dict[str, Any]) -> str:
    counts = {name: after.get(name, 0) for name in ("added", "changed", "removed")}
    words = _("Revised by the night's plan: %(added)d new, %(changed)d changed, %(removed)d gone")
    return words % counts


def _changes(after: dict[str, Any]) -> str:
    """`NC-1: 12 → 18, wanted 2026-12-01`: what a change of a sent order changed."""
    words = [f"{line['sku']}: {line['before']} → {line['quantity']}" for line in after.get("lines", [])]
    if day := after.get("wanted_on"):
        words.append(_("wanted on %(day)s") % {"day": day})
    if "note" in after:
        words.append(_("the note"))
    return ", ".join(words)


def _by(event: AuditEvent) -> str:
    if event.actor:
        return str(event.actor)
    return _("token %(name)s") % {"name": event.token.name} if event.token else ""
