"""Words for what this app writes into the audit."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

ACTIONS = {
    "order.drafted": gettext_lazy("Order drafted"),
    "order.proposed": gettext_lazy("Order revised by the night"),
    "order.laid_aside": gettext_lazy("Order laid aside"),
    "order.note_changed": gettext_lazy("Note to the supplier changed"),
    "order.wanted_on_changed": gettext_lazy("Wanted day of an order changed"),
    "order.price_changed": gettext_lazy("Price on an order changed"),
    "order.line_added": gettext_lazy("Product added to an order"),
    "order.line_changed": gettext_lazy("Quantity on an order changed"),
    "order.line_back_to_suggested": gettext_lazy("Quantity back to suggested"),
    "order.line_removed": gettext_lazy("Product taken off an order"),
    "order.approved": gettext_lazy("Order approved"),
    "order.approval_undone": gettext_lazy("Approval undone"),
    "order.send_now": gettext_lazy("Order told to leave at once"),
    "order.sent": gettext_lazy("Order sent"),
    "order.sent_by_hand": gettext_lazy("Order sent by the shop itself"),
    "order.mail_failed": gettext_lazy("Mail of an order failed"),
    "order.received": gettext_lazy("Goods received"),
    "order.receipt_undone": gettext_lazy("Receipt undone"),
    "order.sent_back": gettext_lazy("Damaged goods sent back"),
    "order.send_back_undone": gettext_lazy("Sending back undone"),
    "order.confirmed": gettext_lazy("Order confirmed by its supplier"),
    "order.answered": gettext_lazy("Order answered with differences"),
    "order.answer_accepted": gettext_lazy("A supplier's answer accepted"),
    "order.not_approved": gettext_lazy("Order not approved by the night"),
    "limits.changed": gettext_lazy("Limits of orders changed"),
    "order.cancelled": gettext_lazy("Order cancelled"),
    "order.closed": gettext_lazy("Order closed"),
    "order.closed_short": gettext_lazy("Order closed short"),
    "order.reopened": gettext_lazy("Order reopened"),
    "closing.send_now": gettext_lazy("Closing told to leave at once"),
    "closing.sent": gettext_lazy("Closing sent"),
    "closing.mail_failed": gettext_lazy("Mail of a closing failed"),
    "cancellation.send_now": gettext_lazy("Cancellation told to leave at once"),
    "cancellation.sent": gettext_lazy("Cancellation sent"),
    "cancellation.mail_failed": gettext_lazy("Mail of a cancellation failed"),
}
