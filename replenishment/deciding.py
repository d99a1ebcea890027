"""What people change about a proposal: quantities, naps, and what the night goes by."""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils.translation import gettext as _

from catalog.models import Category, Product
from common.errors import BadInput, Conflict
from purchasing.models import PurchaseOrderLine
from purchasing.services import drafts
from replenishment.models import Plan, PlanLine, Policy, Snooze
from tenancy import audit
from tenancy.models import User


def set_quantity(line: PlanLine, *, quantity: int, actor: User | None) -> None:
    """Order `quantity` (thousandths) of a plan's product instead: it stays on the draft as the person's own.

    Raises Conflict where the plan's order has been approved since, BadInput for what cannot be ordered.
    """
    plan = line.plan
    if plan.order is not None and not plan.order.is_draft:
        raise Conflict(
            _("%(number)s is no longer a draft; undo the approval to change it.")
            % {"number": plan.order.number}
        )
    found = draft_line(line)
    if found is not None:
        drafts.set_quantity(found, quantity=quantity, actor=actor)
    elif quantity:
        order = drafts.open_draft(supplier=plan.supplier, warehouse=plan.warehouse, actor=actor)
        drafts.add_line(order, product=line.product, quantity=quantity, actor=actor)
        if plan.order_id != order.pk:
            Plan.objects.filter(pk=plan.pk).update(order=order)


def draft_line(line: PlanLine) -> PurchaseOrderLine | None:
    """The line of the open draft that a plan's line became."""
    order = line.plan.order
    if order is None or not order.is_draft:
        return None
    return order.lines.filter(product=line.product_id).select_related("product", "order").first()


def snooze(line: PlanLine, *, until: date, today: date, actor: User | None) -> Snooze:
    """Do not propose a product before a day, and take it off the draft."""
    if until <= today:
        raise BadInput.at("until", _("is not after today"))
    with transaction.atomic():
        nap, _made = Snooze.objects.update_or_create(
            warehouse=line.plan.warehouse, product=line.product, defaults={"until": until, "by": actor}
        )
        found = draft_line(line)
        if found is not None and found.quantity:
            drafts.remove_line(found, actor=actor)
        audit.record(
            "replenishment.snoozed", actor=actor, about=line.product.sku, after={"until": until.isoformat()}
        )
    return nap


def wake(line: PlanLine, *, actor: User | None) -> None:
    """Propose a snoozed product again; twice is once."""
    with transaction.atomic():
        naps = Snooze.objects.filter(warehouse=line.plan.warehouse_id, product=line.product_id)
        if not naps.delete()[0]:
            return
        found = draft_line(line)
        if found is not None and found.is_edited and not found.quantity:
            drafts.back_to_suggested(found, actor=actor)
        audit.record("replenishment.woken", actor=actor, about=line.product.sku)


def set_policy(
    *,
    holding_rate: int | None,
    goodwill_rate: int | None,
    budget: int | None = None,
    category: Category | None = None,
    product: Product | None = None,
    actor: User | None,
) -> Policy | None:
    """What the shop, a category or a product is planned by; nothing said at all is no policy."""
    about = {"category": category, "product": product}
    before = Policy.objects.filter(**about).first()
    said = {"holding_rate": holding_rate, "goodwill_rate": goodwill_rate, "budget": budget}
    was = {name: getattr(before, name) if before else None for name in said}
    if was == said:
        return before
    after = None
    if any(value is not None for value in said.values()):
        after, _made = Policy.objects.update_or_create(**about, defaults=said)
    elif before is not None:
        before.delete()
    named = product or category
    audit.record(
        "replenishment.policy", actor=actor, about=str(named) if named else "", before=was, after=said
    )
    return after
