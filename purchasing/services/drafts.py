"""A draft and its lines: opened once per supplier and warehouse, edited until it is approved."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from django.db import connection
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Product, Supplier, SupplierProduct, Warehouse
from catalog.prices import price_at, terms_with_breaks
from common.errors import BadInput, Conflict, NotFound
from common.units import MAX_QUANTITY, MAX_UNIT_PRICE, QUANTITY_SCALE, write_quantity, write_unit_price
from purchasing.models import OrderCounter, PurchaseOrder, PurchaseOrderLine
from purchasing.packs import rounded_up
from purchasing.services.states import locked
from tenancy import audit
from tenancy.context import current_shop, require_shop_id
from tenancy.models import User

State = PurchaseOrder.State
LONGEST_WAIT = timedelta(days=2 * 366)


def open_draft(*, supplier: Supplier, warehouse: Warehouse, actor: User | None) -> PurchaseOrder:
    """The one draft for `supplier` and `warehouse`, locked; made with the next number if there is none.

    A draft that was laid aside empty comes back first, so that no number stays unused.
    """
    if found := find_draft(supplier=supplier, warehouse=warehouse):
        follow_currency(found)
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
        currency=supplier.trades_in,
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

    The price follows the supplier's price breaks, unless a person typed it. Packs and least
    quantities do not stand in the way, see `purchasing.packs`.
    """
    order = _locked_draft(line.order)
    line = _line(order, line.pk)
    check_quantity(line.product, quantity)
    if quantity == line.quantity and line.is_edited:
        return line
    before = line.quantity
    line.quantity, line.edited_at, line.edited_by = quantity, timezone.now(), actor
    reprice(order, [line])
    line.save()
    _record_line("order.line_changed", order, line, before, quantity, actor, why)
    return line


def round_up(line: PurchaseOrderLine, *, actor: User | None) -> PurchaseOrderLine:
    """Order the next quantity that the supplier's packs and least quantity allow."""
    terms = _terms_of(line.product, line.order.supplier)
    return set_quantity(line, quantity=rounded_up(terms, line.quantity), actor=actor)


def set_price(line: PurchaseOrderLine, *, unit_cost: int | None, actor: User | None) -> PurchaseOrderLine:
    """A price of one's own, which stays whatever the quantity; None: the supplier's price again.

    It is in the currency of `line.order` as the caller knows it; Conflict where that is another now.
    """
    typed_in = line.order.currency
    order = _locked_draft(line.order)
    line = _line(order, line.pk)
    if unit_cost is not None:
        check_price(unit_cost)
        _refuse_other_currency(order, typed_in)
    before = line.unit_cost
    line.is_price_typed = unit_cost is not None
    if unit_cost is not None:
        line.unit_cost = unit_cost
    reprice(order, [line])
    line.save(update_fields=["unit_cost", "is_price_typed"])
    if line.unit_cost != before:
        record_price(order, line, before, actor)
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
    line.is_price_typed = False
    reprice(order, [line])
    line.save()
    return line


def all_back_to_suggested(order: PurchaseOrder, *, actor: User | None) -> int:
    """Forget every change of a line; how many there were. The note and the wanted day stay."""
    order = _locked_draft(order)
    changed = order.lines.filter(Q(edited_at__isnull=False) | Q(is_price_typed=True))
    lines = list(changed.select_related("order"))
    for line in lines:
        back_to_suggested(line, actor=actor)
    return len(lines)


def add_line(
    order: PurchaseOrder,
    *,
    product: Product,
    quantity: int,
    unit_cost: int | None = None,
    actor: User | None,
) -> PurchaseOrderLine:
    """Put a product on a draft by hand, at the supplier's present price or at one's own.

    One's own is in the currency of `order` as the caller knows it; Conflict where that is another now.
    """
    typed_in = order.currency
    order = _locked_draft(order)
    if unit_cost is not None:
        _refuse_other_currency(order, typed_in)
    line = new_line(order, product=product, quantity=quantity, unit_cost=unit_cost)
    line.edited_at, line.edited_by = timezone.now(), actor
    line.save()
    _record_line("order.line_added", order, line, 0, quantity, actor)
    return line


def new_line(
    order: PurchaseOrder, *, product: Product, quantity: int, unit_cost: int | None = None
) -> PurchaseOrderLine:
    """A line for a product that the order lacks, or the one that was taken off; not saved yet."""
    if quantity <= 0:
        raise _bad_quantity(_("Order more than zero."))
    check_quantity(product, quantity)
    _terms_of(product, order.supplier)
    if product.is_archived:
        fault = _("%(sku)s is archived and is not ordered any more.") % {"sku": product.sku}
        raise BadInput(fault, {"sku": [fault]})
    line = order.lines.filter(product=product).first()
    if line is not None and line.quantity > 0:
        raise BadInput(
            _("%(sku)s is on this order already; change its quantity there.") % {"sku": product.sku},
            {"sku": [_("is on this order already")]},
        )
    line = line or PurchaseOrderLine(order=order, product=product)
    line.quantity, line.is_price_typed = quantity, unit_cost is not None
    if unit_cost is not None:
        check_price(unit_cost)
        line.unit_cost = unit_cost
    reprice(order, [line])
    return line


def least_quantity(order: PurchaseOrder, product: Product) -> int:
    """One pack, or what the supplier's least quantity comes to. Raises BadInput without terms."""
    return rounded_up(_terms_of(product, order.supplier), 1)


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


def set_wanted_on(order: PurchaseOrder, *, day: date | None, actor: User | None) -> PurchaseOrder:
    """The day to ask the supplier for; None: as soon as the lead time allows."""
    order = _locked_draft(order)
    if day != order.wanted_on:
        check_wanted_on(day)
        before, after = (str(value) if value else None for value in (order.wanted_on, day))
        audit.record("order.wanted_on_changed", actor=actor, about=order.number, before=before, after=after)
        order.wanted_on = day
        order.save(update_fields=["wanted_on"])
    return order


# ---- what changes of drafts and of sent orders share ---------------------------------------------


def reprice(order: PurchaseOrder, lines: Sequence[PurchaseOrderLine]) -> None:
    """Give lines the supplier's price for their quantity, but those with a typed one. Not saved.

    A line whose terms are gone keeps the price it has.
    """
    terms = terms_with_breaks(order.supplier_id, [line.product_id for line in lines])
    for line in lines:
        if not line.is_price_typed and line.product_id in terms:
            line.unit_cost = price_at(terms[line.product_id], line.quantity)


def check_quantity(product: Product, quantity: int) -> None:
    """Raises BadInput for what nobody can order of the product, whoever sells it."""
    if quantity < 0:
        raise _bad_quantity(_("A quantity cannot be below zero."))
    if quantity > MAX_QUANTITY:
        raise _bad_quantity(_("This quantity is too large."))
    if quantity % QUANTITY_SCALE and not product.has_decimals:
        raise _bad_quantity(_("%(sku)s is bought in whole units only.") % {"sku": product.sku})


def check_price(unit_cost: int) -> None:
    if not 0 <= unit_cost <= MAX_UNIT_PRICE:
        fault = _("A price is not below zero, and not so large.")
        raise BadInput(fault, {"unit_cost": [fault]})


def _refuse_other_currency(order: PurchaseOrder, typed_in: str) -> None:
    if order.currency != typed_in:
        fault = _(
            "%(supplier)s trades in %(currency)s now, and this price was typed in %(before)s. "
            "Leave it out, save, and type it anew."
        ) % {"supplier": order.supplier.name, "currency": order.currency, "before": typed_in}
        raise Conflict(fault, {"unit_cost": [fault]})


def check_wanted_on(day: date | None) -> None:
    today = timezone.localdate(timezone=current_shop().zone)
    if day is not None and not today <= day <= today + LONGEST_WAIT:
        fault = _("Ask for a day from today on, within two years.")
        raise BadInput(fault, {"wanted_on": [fault]})


def _terms_of(product: Product, supplier: Supplier) -> SupplierProduct:
    terms = SupplierProduct.objects.filter(supplier=supplier, product=product).first()
    if terms is None:
        raise BadInput(
            _("%(supplier)s has no terms for %(sku)s; enter them on the supplier's page first.")
            % {"supplier": supplier.name, "sku": product.sku},
            {"sku": [_("has no terms with this supplier")]},
        )
    return terms


def _locked_draft(order: PurchaseOrder) -> PurchaseOrder:
    order = locked(order)
    if order.state != State.DRAFT:
        raise Conflict(
            _("%(number)s is no longer a draft; undo the approval to change it.") % {"number": order.number}
        )
    follow_currency(order)
    return order


def follow_currency(order: PurchaseOrder) -> None:
    """Bring a locked draft to the currency in which its supplier trades now.

    Every price is taken from the terms again then, also a typed one: it was of another currency.
    """
    currency = order.supplier.trades_in
    if currency == order.currency:
        return
    before, order.currency = order.currency, currency
    order.save(update_fields=["currency"])
    audit.record(
        "order.currency_changed",
        actor=None,
        about=order.number,
        before={"currency": before},
        after={"currency": currency},
    )
    lines = list(order.lines.all())
    for line in lines:
        line.is_price_typed = False
    reprice(order, lines)
    PurchaseOrderLine.objects.bulk_update(lines, ["unit_cost", "is_price_typed"])


def _line(order: PurchaseOrder, line_id: int) -> PurchaseOrderLine:
    line = order.lines.select_related("product").filter(pk=line_id).first()
    if line is None:
        raise NotFound(_("This line is no longer on the order."))
    return line


def _bad_quantity(fault: str) -> BadInput:
    return BadInput(fault, {"quantity": [fault]})


def record_price(order: PurchaseOrder, line: PurchaseOrderLine, before: int, actor: User | None) -> None:
    about = {"product": line.product.name, "sku": line.product.sku}
    old, new = (write_unit_price(cost, order.currency) for cost in (before, line.unit_cost))
    audit.record(
        "order.price_changed",
        actor=actor,
        about=order.number,
        before={**about, "unit_cost": old},
        after={**about, "unit_cost": new},
    )


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
