"""What the ledger says before the catalogue changes something that it has booked."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.db.models.functions import Mod
from django.utils.translation import gettext as _

from catalog.models import Product, Warehouse
from common.errors import Conflict
from common.units import QUANTITY_SCALE
from stock.models import Balance, HistorySale, Movement


def refuse_while_in_stock(warehouse: Warehouse, **signal: Any) -> None:
    """A warehouse with anything on hand, or owing anything, is not archived."""
    kept = Balance.objects.filter(warehouse=warehouse).exclude(on_hand=0)
    count = kept.count()
    if count:
        first = kept.select_related("product").order_by("product__sku_key")[0]
        fault = _(
            "It still holds stock of %(count)d products, %(product)s among them: move it, write it off or"
            " count it to 0 first."
        ) % {"count": count, "product": first.product}
        raise Conflict(fault, {"is_active": [fault]})


def refuse_other_unit(product: Product, before: Product, **signal: Any) -> None:
    """Booked quantities keep their meaning."""
    if product.unit.casefold() != before.unit.casefold() and _is_booked(product):
        fault = _(
            "Quantities are booked in %(unit)s and would mean something else. Add another product for the"
            " new unit and archive this one when it has gone."
        ) % {"unit": before.unit}
        raise Conflict(fault, {"unit": [fault]})
    if before.has_decimals and not product.has_decimals and _has_parts(product):
        fault = _("Parts of a unit are booked or sold, so it stays sold in parts of a unit.")
        raise Conflict(fault, {"has_decimals": [fault]})


def _is_booked(product: Product) -> bool:
    return (
        Movement.objects.filter(product=product).exists()
        or HistorySale.objects.filter(product=product).exists()
    )


def _has_parts(product: Product) -> bool:
    for model in (Movement, HistorySale):
        parts = model._default_manager.filter(product=product).annotate(
            rest=Mod(F("quantity"), QUANTITY_SCALE)
        )
        if parts.exclude(rest=0).exists():
            return True
    return False
