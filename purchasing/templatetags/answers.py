"""What a supplier answered, on the order's page."""

from __future__ import annotations

from typing import Any

from django import template

from purchasing import queries
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.services.confirming import can_be_answered

register = template.Library()


@register.inclusion_tag("purchasing/answer.html", takes_context=True)
def supplier_answer(context: dict[str, Any], order: PurchaseOrder) -> dict[str, Any]:
    """`{% supplier_answer order %}`: the last answer with its differences, and what can be done about it."""
    answer = queries.last_answer(order)
    differing = [line for line in queries.ordered_lines(order) if _differs(order, line)]
    return {
        "order": order,
        "answer": answer,
        "differing": differing if answer else [],
        "takes_answers": can_be_answered(order),
        **{name: context.get(name) for name in ("shop", "can", "csrf_token")},
    }


def _differs(order: PurchaseOrder, line: PurchaseOrderLine) -> bool:
    """Whether the supplier confirmed something else than was ordered."""
    if line.confirmed_quantity is None:
        return False
    another_day = bool(line.confirmed_quantity) and line.confirmed_on != order.asked_on
    return line.confirmed_quantity != line.quantity or another_day
