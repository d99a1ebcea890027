"""The night's proposal: one open draft per supplier and warehouse, revised and never added to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from catalog.models import Supplier, Warehouse
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.services.drafts import find_draft, follow_currency, open_draft, reprice
from tenancy import audit

State = PurchaseOrder.State
# What a new plan may change of a line.
FOLLOWING = ["quantity", "suggested", "suggested_before", "suggested_at", "unit_cost", "reason"]


@dataclass(frozen=True, slots=True)
class ProposedLine:
    """What the plan wants of one product.

    quantity: thousandths of the stock unit, > 0, in whole packs.
    unit_cost: what the plan reckoned with. The order takes the supplier's own price for the
        quantity, in the supplier's currency, where there is one.
    reason: {"parts": [{"code", "label", "quantity"}], "text"}, the arithmetic as data.
    """

    product_id: int
    quantity: int
    unit_cost: int
    reason: dict[str, Any]


def propose(
    *, supplier: Supplier, warehouse: Warehouse, lines: Sequence[ProposedLine]
) -> PurchaseOrder | None:
    """Make the open draft say what the plan says today; the same lines again change nothing.

    A line that a person changed or removed keeps their quantity and only shows the new suggestion
    beside it. A suggestion that is no longer needed goes, unless a person had a hand in it. A draft
    left without anything is laid aside and None returned; its number is used again by the next one.
    """
    _refuse_nonsense(lines)
    order = find_draft(supplier=supplier, warehouse=warehouse)
    if order is None:
        if not lines:
            return None
        order = open_draft(supplier=supplier, warehouse=warehouse, actor=None)
    follow_currency(order)
    changed = _revise(order, {line.product_id: line for line in lines})
    if not any(line.quantity or line.suggested for line in order.lines.all()):
        _lay_aside(order)
        return None
    if changed:
        audit.record("order.proposed", actor=None, about=order.number, after=changed)
    return order


def _refuse_nonsense(lines: Sequence[ProposedLine]) -> None:
    if any(line.quantity <= 0 or line.unit_cost < 0 for line in lines):
        raise ValueError("a proposed line needs a quantity > 0 and a cost >= 0")
    if len({line.product_id for line in lines}) != len(lines):
        raise ValueError("a product is proposed twice on one order")


def _revise(order: PurchaseOrder, wanted: dict[int, ProposedLine]) -> dict[str, int]:
    """Counts of what changed, without zeros."""
    present = {line.product_id: line for line in order.lines.all()}
    now = timezone.now()
    new = [
        PurchaseOrderLine(
            order=order,
            product_id=line.product_id,
            quantity=line.quantity,
            suggested=line.quantity,
            suggested_at=now,
            unit_cost=line.unit_cost,
            reason=line.reason,
        )
        for line in wanted.values()
        if line.product_id not in present
    ]
    gone = [line for id_, line in present.items() if id_ not in wanted and not line.is_edited]
    before = {line.pk: line.unit_cost for line in present.values()}
    followed = {line.pk for id_, line in present.items() if _follow(line, wanted.get(id_), now)}
    reprice(order, [*new, *present.values()])
    revised = [
        line
        for line in present.values()
        if line not in gone and (line.pk in followed or line.unit_cost != before[line.pk])
    ]
    PurchaseOrderLine.objects.filter(pk__in=[line.pk for line in gone]).delete()
    PurchaseOrderLine.objects.bulk_create(new)
    PurchaseOrderLine.objects.bulk_update(revised, FOLLOWING)
    counts = {"added": len(new), "changed": len(revised), "removed": len(gone)}
    return {name: count for name, count in counts.items() if count}


def _follow(line: PurchaseOrderLine, wanted: ProposedLine | None, now: datetime) -> bool:
    """Bring a line to what is wanted now; whether it changed. Its price is another matter."""
    before = (line.quantity, line.suggested, line.reason)
    if wanted is not None:
        _suggest(line, wanted.quantity, now)
        line.reason = wanted.reason
        if not line.is_edited:
            line.quantity = wanted.quantity
    elif line.is_edited and line.suggested is not None:
        _suggest(line, 0, now)
        line.reason = {}
    return before != (line.quantity, line.suggested, line.reason)


def _suggest(line: PurchaseOrderLine, quantity: int, now: datetime) -> None:
    if quantity != line.suggested:
        line.suggested_before, line.suggested, line.suggested_at = line.suggested, quantity, now


def _lay_aside(order: PurchaseOrder) -> None:
    """An empty draft ends without a trace but its number, which must not be lost."""
    order.lines.all().delete()
    order.state = State.CANCELLED
    order.save(update_fields=["state"])
    audit.record("order.laid_aside", actor=None, about=order.number)
