"""Goods that arrive for an order: into the ledger, onto the lines, into the order's state, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import BadInput, Conflict, KeyReused
from common.units import write_quantity
from purchasing.models import RECEIVABLE, PurchaseOrder, PurchaseOrderLine, Receipt
from purchasing.money import ledger_unit_cost
from purchasing.services.states import expect, locked, need, state_by_receipts
from stock.models import Kind, Posting
from stock.services import ledger
from stock.services.ledger import Line
from tenancy import audit
from tenancy.models import ApiToken, User

State = PurchaseOrder.State
# A posting's key has 120 places; the order goes in front of the caller's key.
LONGEST_KEY = 100


@dataclass(frozen=True, slots=True)
class Received:
    """Goods of one product; `damaged` of them cannot be sold."""

    product_id: int
    quantity: int  # thousandths, > 0
    damaged: int = 0  # of the quantity


@dataclass(frozen=True, slots=True)
class Damage:
    """What becomes of the damaged goods of a delivery.

    They enter the stock and leave it again at once, so that the books show what arrived. Goods that
    are sent back stay on order, written-off ones have been delivered.
    """

    reason: str
    send_back: bool = False


class MoreThanOrdered(Conflict):
    """More would be taken in than was ordered; a person may confirm that."""

    code = "more_than_ordered"


def receive(
    order: PurchaseOrder,
    *,
    lines: Sequence[Received],
    key: str,
    actor: User | None = None,
    token: ApiToken | None = None,
    accept_more: bool = False,
    damage: Damage | None = None,
) -> Receipt:
    """Take goods in, once per `key`; the same lines under the same key answer as before.

    damage: needed where lines have damaged goods.

    Raises MoreThanOrdered unless `accept_more`, Conflict where the order is not open for receipts,
    KeyReused where the key came with other lines. Then nothing is taken in.
    """
    order = locked(order)
    _refuse_nonsense(lines, key, damage)
    ordered = {line.product_id: line for line in order.lines.filter(quantity__gt=0)}
    if strange := [line for line in lines if line.product_id not in ordered]:
        raise BadInput(
            _("A product is not on order %(number)s.") % {"number": order.number},
            {f"lines[{lines.index(line)}].sku": [_("is not on this order")] for line in strange},
        )
    full_key = f"order {order.pk} {key}"
    if not Posting.objects.filter(key=full_key).exists():
        need(order, *RECEIVABLE)
        if not accept_more:
            _refuse_more(lines, ordered)
    who: dict[str, Any] = {"actor": actor, "token": token, "document": order.number}
    arrived = [
        Line(
            line.product_id,
            order.warehouse_id,
            line.quantity,
            unit_cost=ledger_unit_cost(order, ordered[line.product_id]),
        )
        for line in lines
    ]
    # What is damaged is among it, so this locks all that both documents move.
    ledger.hold(arrived)
    posting = ledger.post(kind=Kind.RECEIPT, key=full_key, lines=arrived, **who)
    damaged = [Line(line.product_id, order.warehouse_id, line.damaged) for line in lines if line.damaged]
    out = _put_out(damaged, damage, key=f"damage {order.pk} {key}", **who) if damage and damaged else None
    receipt, is_new = Receipt.objects.get_or_create(order=order, posting=posting, defaults={"damage": out})
    if is_new:
        _take(order, posting, "order.received")
        if out is not None and out.kind == Kind.SUPPLIER_RETURN:
            _take(order, out, "order.sent_back")
    elif receipt.damage != out:
        raise KeyReused(_("This idempotency key belongs to another receipt."))
    return receipt


def _put_out(lines: list[Line], damage: Damage, *, key: str, **who: Any) -> Posting:
    kind = Kind.SUPPLIER_RETURN if damage.send_back else Kind.WRITE_OFF
    return ledger.post(kind=kind, key=key, lines=lines, reason=damage.reason, **who)


def undo_receipt(
    receipt: Receipt, *, actor: User | None = None, token: ApiToken | None = None
) -> PurchaseOrder:
    """Take a receipt back: the goods leave the ledger, the order's lines and state go back.

    Raises Conflict if it is undone already or the order is closed, InsufficientStock where the goods
    are gone.
    """
    order = locked(receipt.order)
    standing = _standing(receipt.posting)
    if standing is None:
        raise Conflict(_("This receipt has been undone already."))
    # The damaged goods come back first: the receipt takes all of them along.
    out = _standing(receipt.damage) if receipt.damage else None
    undone = [posting for posting in (out, standing) if posting is not None]
    ledger.hold_for_reversal(undone)
    for posting in undone:
        ledger.reverse(posting, key=f"undo-{posting.pk}", actor=actor, token=token)
    order.refresh_from_db()
    return order


def _standing(posting: Posting) -> Posting | None:
    """The posting that holds a document's goods: itself, or the latest that took an Undo back; None
    where it is undone."""
    while mirror := posting.reversals.first():
        again = mirror.reversals.first()
        if again is None:
            return None
        posting = again
    return posting


class ReceiptWatch:
    """Keeps orders right when a receipt is reversed, from the order's page or straight in the ledger."""

    def before(self, posting: Posting) -> None:
        """Lock the order before the ledger locks balances, as `receive` does, and refuse if it is over."""
        receipt = _receipt_of(posting)
        if receipt is None:
            return
        order = locked(receipt.order)
        if order.state not in {*RECEIVABLE, State.RECEIVED}:
            raise Conflict(
                _("Order %(number)s is closed; reopen it first, then undo its receipt.")
                % {"number": order.number}
            )

    def after(self, posting: Posting, mirror: Posting) -> None:
        receipt = _receipt_of(posting)
        if receipt is None:
            return
        # The mirror of a mirror moves the goods as the first document did.
        is_undone = posting.reverses_id is None
        if mirror.kind == Kind.RECEIPT:
            receipt.undone_at = timezone.now() if is_undone else None
            receipt.save(update_fields=["undone_at"])
            _take(receipt.order, mirror, "order.receipt_undone" if is_undone else "order.received")
        else:
            _take(receipt.order, mirror, "order.send_back_undone" if is_undone else "order.sent_back")


def _receipt_of(posting: Posting) -> Receipt | None:
    """The receipt whose order must follow when `posting` is reversed."""
    if posting.kind not in {Kind.RECEIPT, Kind.SUPPLIER_RETURN}:
        return None
    while posting.reverses is not None:
        posting = posting.reverses
    which = {"posting": posting} if posting.kind == Kind.RECEIPT else {"damage": posting}
    return Receipt.objects.select_related("order").filter(**which).first()


def _take(order: PurchaseOrder, posting: Posting, action: str) -> None:
    """Add what a posting moved to the order's lines, and set the state by them."""
    moved = posting.movements.order_by().values_list("product_id").annotate(quantity=Sum("quantity"))
    quantities = {product: quantity for product, quantity in moved if quantity}
    lines = list(
        PurchaseOrderLine.objects.select_for_update()
        .filter(order=order, product__in=quantities)
        .order_by("id")
    )
    for line in lines:
        line.received += quantities[line.product_id]
    PurchaseOrderLine.objects.bulk_update(lines, ["received"])
    before = order.state
    order.state = state_by_receipts(order)
    order.ended_at = timezone.now() if order.state == State.RECEIVED else None
    expect(order)
    order.save(update_fields=["state", "ended_at", "expected_on"])
    audit.record(
        action,
        actor=posting.actor,
        token=posting.token,
        about=order.number,
        before={"state": before},
        after={"state": order.state, "lines": len(quantities), "posting": posting.pk},
    )


def _refuse_nonsense(lines: Sequence[Received], key: str, damage: Damage | None) -> None:
    if not key or len(key) > LONGEST_KEY:
        fault = _("An idempotency key has 1 to %(most)s characters.") % {"most": LONGEST_KEY}
        raise BadInput(fault, {"Idempotency-Key": [fault]})
    if not lines:
        fault = _("Nothing was received: enter a quantity.")
        raise BadInput(fault, {"lines": [fault]})
    seen: set[int] = set()
    for number, line in enumerate(lines):
        if line.quantity <= 0:
            fault = _("A received quantity is more than zero.")
            raise BadInput(fault, {f"lines[{number}].quantity": [fault]})
        if not 0 <= line.damaged <= line.quantity:
            fault = _("No more can be damaged than arrived.")
            raise BadInput(fault, {f"lines[{number}].damaged": [fault]})
        if line.product_id in seen:
            fault = _("A product stands here twice; send one line with the sum.")
            raise BadInput(fault, {f"lines[{number}].sku": [fault]})
        seen.add(line.product_id)
    if any(line.damaged for line in lines) and not (damage and damage.reason.strip()):
        fault = _("Say what is wrong with the damaged goods.")
        raise BadInput(fault, {"reason": [fault]})


def _refuse_more(lines: Sequence[Received], ordered: dict[int, PurchaseOrderLine]) -> None:
    faults: dict[str, list[str]] = {}
    for number, line in enumerate(lines):
        still_open = ordered[line.product_id].open_quantity
        if line.quantity > still_open:
            words = {"quantity": write_quantity(line.quantity), "open": write_quantity(still_open)}
            fault = _("%(quantity)s received, but only %(open)s are open on this order.") % words
            faults[f"lines[{number}].quantity"] = [fault]
    if faults:
        raise MoreThanOrdered(next(iter(faults.values()))[0], faults)
