"""A draft and its lines: opened once per supplier and warehouse, edited until it is approved."""

from __future__ import annotations

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Product, Supplier, SupplierProduct, Warehouse
from common.errors import BadInput, Conflict, NotFound
from common.units import MAX_QUANTITY, write_quantity
from purchasing.models import OrderCounter, PurchaseOrder, PurchaseOrderLine
from purchasing.services.states import locked
from tenancy import audit
from tenancy.context import current_shop, require_shop_id
from tenancy.models import User

State = PurchaseOrder.State


def open_draft(*, supplier: Supplier, warehouse: Warehouse, actor: User | None) -> PurchaseOrder:
    """The one draft for `supplier` and `warehouse`, locked; made with the next number if there is none.

    A draft that was laid aside empty comes back first, so that no number stays unused.
    """
    if found := find_draft(supplier=supplier, warehouse=warehouse):
        return found
    counter = _lock_counter(timezone.now().astimezone(current_shop().zone).year)
    # Somebody may have made it while we waited for the counter.
    if found := find_draft(supplier=supplier, warehouse=warehouse):
        return found
    if found := _laid_aside(supplier, warehouse):
        return found
    counter.last += 1
    counter.save(update_fields=["last"])
    order = PurchaseOrder.objects.create(
        number=f"PO-{counter.year}-{counter.last:04}",
        supplier=supplier,
        warehouse=warehouse,
        currency=supplier.currency or current_shop().currency,
    )
    audit.record("order.drafted", actor=actor, about=order.number)
    return order


def find_draft(*, supplier: Supplier, warehouse: Warehouse) -> PurchaseOrder | None:
    drafts = PurchaseOrder.objects.select_for_update().filter(state=State.DRAFT)
    return drafts.filter(supplier=supplier, warehouse=warehouse).first()


def _laid_aside(supplier: Supplier, warehouse: Warehouse) -> PurchaseOrder | None:
    """The draft that was laid aside empty last, as a draft again."""
    order = (
        PurchaseOrder.objects.select_for_update()
        .filter(supplier=supplier, warehouse=warehouse, state=State.CANCELLED)
        .filter(approved_at=None, ended_at=None)
        .order_by("-id")
        .first()
    )
    if order is None or order.lines.exists():
        return None
    order.state = State.DRAFT
    order.save(update_fields=["state"])
    return order


def _lock_counter(year: int) -> OrderCounter:
    """The shop's counter, locked until the transaction ends; a rollback gives the number back."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO purchasing_ordercounter (shop_id, year, last) VALUES (%s, %s, 0)"
            " ON CONFLICT DO NOTHING",
            [require_shop_id(), year],
        )
    return OrderCounter.objects.select_for_update().get(year=year)


def set_quantity(
    line: PurchaseOrderLine, *, quantity: int, actor: User | None, why: str = ""
) -> PurchaseOrderLine:
    """Order `quantity` (thousandths) instead; the night leaves the line alone from now on.

    Raises BadInput where the supplier's pack or least quantity stands against it.
    """
    order = _locked_draft(line.order)
    line = _line(order, line.pk)
    check_terms(line.product, order.supplier, quantity)
    if quantity == line.quantity and line.is_edited:
        return line
    before = line.quantity
    line.quantity, line.edited_at, line.edited_by = quantity, timezone.now(), actor
    line.save(update_fields=["quantity", "edited_at", "edited_by"])
    _record_line("order.line_changed", order, line, before, quantity, actor, why)
    return line


def back_to_suggested(line: PurchaseOrderLine, *, actor: User | None) -> PurchaseOrderLine | None:
    """Forget a person's change; a line that the night does not suggest (any more) goes away."""
    order = _locked_draft(line.order)
    line = _line(order, line.pk)
    before = line.quantity
    _record_line("order.line_back_to_suggested", order, line, before, line.suggested or 0, actor)
    if not line.suggested:
        line.delete()
        return None
    line.quantity, line.edited_at, line.edited_by = line.suggested, None, None
    line.save(update_fields=["quantity", "edited_at", "edited_by"])
    return line


def add_line(
    order: PurchaseOrder, *, product: Product, quantity: int, actor: User | None
) -> PurchaseOrderLine:
    """Put a product on a draft by hand, at the supplier's present cost."""
    order = _locked_draft(order)
    if quantity <= 0:
        raise _bad_quantity(_("Order more than zero."))
    terms = check_terms(product, order.supplier, quantity)
    line = order.lines.filter(product=product).first()
    if line is not None and line.quantity > 0:
        raise BadInput(
            _("%(sku)s is on this order already; change its quantity there.") % {"sku": product.sku},
            {"sku": [_("is on this order already")]},
        )
    line = line or PurchaseOrderLine(order=order, product=product)
    line.quantity, line.unit_cost = quantity, terms.unit_cost
    line.edited_at, line.edited_by = timezone.now(), actor
    line.save()
    _record_line("order.line_added", order, line, 0, quantity, actor)
    return line


def remove_line(line: PurchaseOrderLine, *, actor: User | None) -> None:
    """Take a product off a draft. What the night suggested stays visible as 0, so it is not proposed anew."""
    order = _locked_draft(line.order)
    line = _line(order, line.pk)
    _record_line("order.line_removed", order, line, line.quantity, 0, actor)
    if line.suggested is None:
        line.delete()
        return
    line.quantity, line.edited_at, line.edited_by = 0, timezone.now(), actor
    line.save(update_fields=["quantity", "edited_at", "edited_by"])


def set_note(order: PurchaseOrder, *, note: str, actor: User | None) -> PurchaseOrder:
    order = _locked_draft(order)
    if note != order.note:
        audit.record("order.note_changed", actor=actor, about=order.number, before=order.note, after=note)
        order.note = note
        order.save(update_fields=["note"])
    return order


def check_terms(product: Product, supplier: Supplier, quantity: int) -> SupplierProduct:
    """The terms at which `supplier` sells `product`. Raises BadInput where `quantity` breaks them."""
    terms = SupplierProduct.objects.filter(supplier=supplier, product=product).first()
    if terms is None:
        raise BadInput(
            _("%(supplier)s has no terms for %(sku)s; enter them on the supplier's page first.")
            % {"supplier": supplier.name, "sku": product.sku},
            {"sku": [_("has no terms with this supplier")]},
        )
    if quantity < 0:
        raise _bad_quantity(_("A quantity cannot be below zero."))
    if quantity > MAX_QUANTITY:
        raise _bad_quantity(_("This quantity is too large."))
    if quantity % terms.pack:
        raise _bad_quantity(_not_whole_packs(quantity, terms))
    if 0 < quantity < terms.minimum_quantity:
        raise _bad_quantity(
            _("%(supplier)s sells at least %(least)s of %(sku)s: order that many, or none.")
            % {
                "supplier": supplier.name,
                "least": write_quantity(_whole_packs_up(terms.minimum_quantity, terms.pack)),
                "sku": product.sku,
            }
        )
    return terms


def _not_whole_packs(quantity: int, terms: SupplierProduct) -> str:
    above = _whole_packs_up(max(quantity, terms.minimum_quantity), terms.pack)
    below = quantity - quantity % terms.pack
    words = {
        "quantity": write_quantity(quantity),
        "pack": write_quantity(terms.pack),
        "below": write_quantity(below),
        "above": write_quantity(above),
    }
    if below < max(terms.minimum_quantity, 1):
        return _("%(quantity)s is not a whole number of packs of %(pack)s: order %(above)s.") % words
    return _("%(quantity)s is not a whole number of packs of %(pack)s: order %(below)s or %(above)s.") % words


def _whole_packs_up(quantity: int, pack: int) -> int:
    return -(-quantity // pack) * pack


def _locked_draft(order: PurchaseOrder) -> PurchaseOrder:
    order = locked(order)
    if order.state != State.DRAFT:
        raise Conflict(
            _("%(number)s is no longer a draft; undo the approval to change it.") % {"number": order.number}
        )
    return order


def _line(order: PurchaseOrder, line_id: int) -> PurchaseOrderLine:
    line = order.lines.select_related("product").filter(pk=line_id).first()
    if line is None:
        raise NotFound(_("This line is no longer on the order."))
    return line


def _bad_quantity(fault: str) -> BadInput:
    return BadInput(fault, {"quantity": [fault]})


def _record_line(
    action: str,
    order: PurchaseOrder,
    line: PurchaseOrderLine,
    before: int,
    after: int,
    actor: User | None,
    why: str = "",
) -> None:
    about = {"product": line.product.name, "sku": line.product.sku}
    audit.record(
        action,
        actor=actor,
        about=order.number,
        before={**about, "quantity": write_quantity(before)},
        after={**about, "quantity": write_quantity(after)} | ({"why": why} if why else {}),
    )
