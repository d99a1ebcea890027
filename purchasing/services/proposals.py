"""The night's proposal: one open draft per supplier and warehouse, revised and never added to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from catalog.models import Supplier, Warehouse
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.services.drafts import find_draft, open_draft
from tenancy import audit

State = PurchaseOrder.State


@dataclass(frozen=True, slots=True)
class ProposedLine:
    """What the plan wants of one product.

    quantity: thousandths of the stock unit, > 0, in whole packs.
    unit_cost: ten-thousandths of a minor unit.
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
    new = [
        PurchaseOrderLine(
            order=order,
            product_id=line.product_id,
            quantity=line.quantity,
            suggested=line.quantity,
            unit_cost=line.unit_cost,
            reason=line.reason,
        )
        for line in wanted.values()
        if line.product_id not in present
    ]
    gone = [line for id_, line in present.items() if id_ not in wanted and not line.is_edited]
    revised = [line for id_, line in present.items() if _follow(line, wanted.get(id_))]
    PurchaseOrderLine.objects.filter(pk__in=[line.pk for line in gone]).delete()
    PurchaseOrderLine.objects.bulk_create(new)
    PurchaseOrderLine.objects.bulk_update(revised, ["quantity", "suggested", "unit_cost", "reason"])
    counts = {"added": len(new), "changed": len(revised), "removed": len(gone)}
    return {name: count for name, count in counts.items() if count}


def _follow(line: PurchaseOrderLine, wanted: ProposedLine | None) -> bool:
    """Bring a line to what is wanted now; whether it changed."""
    before = (line.quantity, line.suggested, line.unit_cost, line.reason)
    if wanted is not None:
        line.suggested, line.unit_cost, line.reason = wanted.quantity, wanted.unit_cost, wanted.reason
        if not line.is_edited:
            line.quantity = wanted.quantity
    elif line.is_edited and line.suggested is not None:
        line.suggested, line.reason = 0, {}
    return before != (line.quantity, line.suggested, line.unit_cost, line.reason)


def _lay_aside(order: PurchaseOrder) -> None:
    """An empty draft ends without a trace but its number, which must not be lost."""
    order.lines.all().delete()
    order.state = State.CANCELLED
    order.save(update_fields=["state"])
    audit.record("order.laid_aside", actor=None, about=order.number)
