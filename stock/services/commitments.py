"""Putting goods aside: they stay on hand, and nobody else is promised them.

A commitment is a promise and no movement. It ends when it is released or runs out; a sale is not
stopped by it, because the sale may be the very one that it was made for.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Product, Warehouse
from common.errors import BadInput, Conflict, InsufficientStock, KeyReused
from common.text import clean_text
from common.units import MAX_QUANTITY, write_quantity
from stock.models import Commitment
from stock.places import Place
from stock.queries import committed
from stock.services import statements
from tenancy.models import User


def put_aside(
    *,
    product: Product,
    warehouse: Warehouse,
    quantity: int,
    reference: str,
    until: datetime,
    key: str,
    actor: User | None = None,
) -> Commitment:
    """Commit `quantity` (thousandths) to `reference` until a moment, once per `key`.

    Raises InsufficientStock where less is available: on hand, less what is put aside already.
    """
    if not 0 < quantity <= MAX_QUANTITY:
        raise BadInput(_("Put aside more than zero."), {"quantity": [_("must be more than zero")]})
    if until <= timezone.now():
        raise BadInput(_("Name a moment that is still to come."), {"until": [_("is over")]})
    draft = Commitment(
        product=product,
        warehouse=warehouse,
        quantity=quantity,
        reference=clean_text(reference, field="reference", limit=120, required=True),
        until=until,
        key=clean_text(key, field="key", limit=120, required=True),
        created_by=actor,
    )
    place = Place(warehouse.pk, product.pk)
    with transaction.atomic():
        # The lock of the balance lets one at a time ask what is available.
        held = statements.lock({place})[place]
        if known := _repeat(draft):
            return known
        available = held.stock.on_hand - committed([product.pk]).get(place, 0)
        if quantity > available:
            fault = _("%(wanted)s requested, %(available)s available") % {
                "wanted": write_quantity(quantity),
                "available": write_quantity(available),
            }
            raise InsufficientStock(f"{product.sku}: {fault}", {product.sku: [fault]})
        draft.save()
    return draft


def release(commitment: Commitment) -> Commitment:
    """Give what was put aside back to everybody. Raises Conflict if that has been done."""
    open_still = Commitment.objects.filter(pk=commitment.pk, released_at__isnull=True)
    if not open_still.update(released_at=timezone.now()):
        raise Conflict(_("This has been released already."))
    commitment.refresh_from_db()
    return commitment


def _repeat(draft: Commitment) -> Commitment | None:
    known = Commitment.objects.filter(key=draft.key).first()
    asked = ("product_id", "warehouse_id", "quantity", "reference", "until")
    if known is not None and any(getattr(known, name) != getattr(draft, name) for name in asked):
        raise KeyReused(_("This idempotency key belongs to another commitment."))
    return known
