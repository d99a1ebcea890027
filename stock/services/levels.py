"""The levels beside each balance by which stock is called low or plenty, written by the night."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from django.db.models import Q

from stock.models import Balance
from stock.places import Place
from tenancy.context import Scope

_BATCH = 1_000


class Level(NamedTuple):
    """Thousandths. reorder_point: low at or below it. plenty: more than that is more than needed."""

    reorder_point: int
    plenty: int | None


NO_LEVEL = Level(0, None)


def set_levels(levels: Mapping[Place, Level], scope: Scope) -> int:
    """Write `levels` where they differ, and take away all others. Returns how many rows changed.

    In short transactions, each of which locks its balances in the ledger's order, so that tills
    wait for some rows and milliseconds only. Places without a balance have nothing to be low of.
    """
    with scope(write=False):
        told = Q(reorder_point__gt=0) | Q(plenty__isnull=False)
        places = {*levels, *(Place(*place) for place in Balance.objects.filter(told).values_list(*_PLACE))}
    ordered = sorted(places)
    changed = 0
    for start in range(0, len(ordered), _BATCH):
        with scope():
            changed += _set(ordered[start : start + _BATCH], levels)
    return changed


_PLACE = ("warehouse_id", "product_id")


def _set(places: list[Place], levels: Mapping[Place, Level]) -> int:
    wanted = set(places)
    rows = Balance.objects.filter(
        warehouse__in={place.warehouse_id for place in places},
        product__in={place.product_id for place in places},
    ).order_by(*_PLACE)
    changed = []
    for row in rows.only(*_PLACE, "shop_id", "reorder_point", "plenty").select_for_update():
        place = Place(row.warehouse_id, row.product_id)
        level = levels.get(place, NO_LEVEL)
        if place in wanted and (row.reorder_point, row.plenty) != level:
            row.reorder_point, row.plenty = level
            changed.append(row)
    Balance.objects.bulk_update(changed, ["reorder_point", "plenty"])
    return len(changed)
