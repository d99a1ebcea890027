"""Goods that arrive for an order: into the ledger, onto the lines, into the order's state, all at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import BadInput, Conflict
from common.units import write_quantity
from purchasing.models import RECEIVABLE, PurchaseOrder, PurchaseOrderLine, Receipt
from purchasing.money import ledger_unit_cost
from purchasing.services.states import locked, need, state_by_receipts
from stock.models import Kind, Posting
from stock.services.ledger import Line, post, reverse
from tenancy import audit
from tenancy.models import ApiToken, User

State = PurchaseOrder.State
# A posting's key has 120 places; the order goes in front of the caller's key.
LONGEST_KEY = 100


@dataclass(frozen=True, slots=True)
class Received:
    product_id: int
    quantity: int  # thousandths, > 0


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
) -> Receipt:
    """Take goods in, once per `key`; the same lines under the same key answer as before.

    Raises MoreThanOrdered unless `accept_more`, Conflict where the order is not open for receipts,
    KeyReused where the key came with other lines. Then nothing is taken in.
    """
    order = locked(order)
    _refuse_nonsense(lines, key)
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
    posting = post(
        kind=Kind.RECEIPT,
        key=full_key,
        lines=[
            Line(
                line.product_id,
                order.warehouse_id,
                line.quantity,
                unit_cost=ledger_unit_cost(order, ordered[line.product_id]),
            )
            for line in lines
        ],
        actor=actor,
        token=token,
        document=order.number,
    )
    receipt, is_new = Receipt.objects.get_or_create(order=order, posting=posting)
    if is_new:
        _take(order, posting)
    return receipt


def undo_receipt(
    receipt: Receipt, *, actor: User | None = None, token: ApiToken | None = None
) -> PurchaseOrder:
    """Take a receipt back: the goods leave the ledger, the order's lines and state go back.

    Raises Conflict if it is undone already or the order is closed, InsufficientStock where the goods
    are gone.
    """
    order = locked(receipt.order)
    posting = _standing(receipt)
    reverse(posting, key=f"undo-{posting.pk}", actor=actor, token=token)
    order.refresh_from_db()
    return order


def _standing(receipt: Receipt) -> Posting:
    """The posting that holds a receipt's goods: the first, or the latest that took an Undo back."""
    posting = receipt.posting
    while mirror := posting.reversals.first():
        again = mirror.reversals.first()
        if again is None:
            raise Conflict(_("This receipt has been undone already."))
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
        # The mirror of a mirror takes the goods in again.
        receipt.undone_at = None if posting.reverses_id else timezone.now()
        receipt.save(update_fields=["undone_at"])
        _take(receipt.order, mirror)


def _receipt_of(posting: Posting) -> Receipt | None:
    if posting.kind != Kind.RECEIPT:
        return None
    while posting.reverses is not None:
        posting = posting.reverses
    return Receipt.objects.select_related("order").filter(posting=posting).first()


def _take(order: PurchaseOrder, posting: Posting) -> None:
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
    order.save(update_fields=["state", "ended_at"])
    audit.record(
        "order.receipt_undone" if sum(quantities.values()) < 0 else "order.received",
        actor=posting.actor,
        token=posting.token,
        about=order.number,
        before={"state": before},
        after={"state": order.state, "lines": len(quantities), "posting": posting.pk},
    )


def _refuse_nonsense(lines: Sequence[Received], key: str) -> None:
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
        if line.product_id in seen:
            fault = _("A product stands here twice; send one line with the sum.")
            raise BadInput(fault, {f"lines[{number}].sku": [fault]})
        seen.add(line.product_id)


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
