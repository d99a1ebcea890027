"""Whether the balances still say what the movements add up to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from catalog.models import Location, Product, Warehouse
from common.units import write_amount, write_quantity
from stock.models import Lot
from tenancy.context import shop_scope
from tenancy.models import Shop


@dataclass(frozen=True, slots=True)
class Difference:
    """A balance that is wrong, in words."""

    sku: str
    warehouse: str
    detail: str

    def __str__(self) -> str:
        return f"{self.sku} in {self.warehouse}: {self.detail}"


# Balances and movements in one statement: two would see a posting that came in between as a fault.
_BALANCES = """
SELECT warehouse_id, product_id, SUM(kept), SUM(kept_value), SUM(moved), SUM(moved_value)
FROM (
    SELECT warehouse_id, product_id, on_hand AS kept, value AS kept_value, 0 AS moved, 0 AS moved_value
    FROM stock_balance WHERE shop_id = %s
    UNION ALL
    SELECT warehouse_id, product_id, 0, 0, quantity, value FROM stock_movement WHERE shop_id = %s
) AS rows
GROUP BY warehouse_id, product_id
HAVING SUM(kept) <> SUM(moved) OR SUM(kept_value) <> SUM(moved_value)
    OR (SUM(kept) = 0 AND SUM(kept_value) <> 0)
    OR (SUM(kept) > 0 AND SUM(kept_value) < 0) OR (SUM(kept) < 0 AND SUM(kept_value) > 0)
ORDER BY warehouse_id, product_id"""

_BINS = """
SELECT warehouse_id, product_id, location_id, lot_id, SUM(kept), SUM(moved)
FROM (
    SELECT warehouse_id, product_id, location_id, lot_id, on_hand AS kept, 0 AS moved
    FROM stock_binbalance WHERE shop_id = %s
    UNION ALL
    SELECT m.warehouse_id, m.product_id, m.location_id, m.lot_id, 0, m.quantity
    FROM stock_movement m LEFT JOIN stock_balance b
        ON b.shop_id = m.shop_id AND b.warehouse_id = m.warehouse_id AND b.product_id = m.product_id
    WHERE m.shop_id = %s
        AND (b.has_bins OR m.location_id IS NOT NULL OR m.lot_id IS NOT NULL)
) AS rows
GROUP BY warehouse_id, product_id, location_id, lot_id
HAVING SUM(kept) <> SUM(moved)
ORDER BY warehouse_id, product_id, location_id, lot_id"""


def reconcile(shop: Shop) -> list[Difference]:
    """Every balance of `shop` that differs from its movements, or whose value cannot be.

    Two statements that read every movement: work for a night or a command, not for a request.
    """
    with shop_scope(shop, write=False):
        balances, bins = _rows(_BALANCES, shop), _rows(_BINS, shop)
        rows = [*balances, *bins]
        skus = dict(Product.objects.filter(pk__in={row[1] for row in rows}).values_list("pk", "sku"))
        codes = dict(Warehouse.objects.values_list("pk", "code"))
        found = [
            Difference(skus[product_id], codes[warehouse_id], detail)
            for warehouse_id, product_id, *sums in balances
            for detail in _faults(shop, *map(int, sums))
        ]
        return found + [
            Difference(skus[row[1]], codes[row[0]], _bin_fault(*row[2:4], *map(int, row[4:]))) for row in bins
        ]


def _rows(sql: str, shop: Shop) -> Sequence[Any]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [shop.pk, shop.pk])
        return cursor.fetchall()


def _faults(shop: Shop, kept: int, kept_value: int, moved: int, moved_value: int) -> Iterator[str]:
    if kept != moved:
        yield _("on hand is %(kept)s, the movements add up to %(moved)s") % {
            "kept": write_quantity(kept),
            "moved": write_quantity(moved),
        }
    if kept_value != moved_value:
        yield _("the value is %(kept)s, the movements add up to %(moved)s") % {
            "kept": write_amount(kept_value, shop.currency),
            "moved": write_amount(moved_value, shop.currency),
        }
    elif kept * kept_value < 0 or (kept == 0 and kept_value):
        yield _("%(kept)s on hand cannot be worth %(value)s") % {
            "kept": write_quantity(kept),
            "value": write_amount(kept_value, shop.currency),
        }


def _bin_fault(location_id: int | None, lot_id: int | None, kept: int, moved: int) -> str:
    location = Location.objects.filter(pk=location_id).first()
    lot = Lot.objects.filter(pk=lot_id).first()
    names = ([_("location %s") % location] if location else []) + ([_("lot %s") % lot] if lot else [])
    return _("%(bin)s holds %(kept)s, the movements add up to %(moved)s") % {
        "bin": ", ".join(names) or _("what stands in no location"),
        "kept": write_quantity(kept),
        "moved": write_quantity(moved),
    }
