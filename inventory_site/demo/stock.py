"""The demo's opening stock and past deliveries, which never contradict its sales."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, time, timedelta

from catalog.models import Product, SupplierProduct, Warehouse
from common.dates import moment
from common.units import QUANTITY_SCALE
from inventory_site.demo.sales import Item
from stock.models import Kind
from stock.services import ledger

# Stock of the demo is kept for this many days up to its last sale.
STOCK_DAYS = 28
# Deliveries came in the morning of these days after the opening.
DELIVERIES = (8, 18)
_SEED = 20101201


@dataclass(frozen=True, slots=True)
class Supply:
    """Whole units on the opening morning and with each delivery."""

    opening: int
    deliveries: tuple[int, ...]


def stock_up(
    items: dict[str, Item], products: dict[str, Product], warehouse: Warehouse, opening: date
) -> None:
    """Opening stock and past deliveries; posting them again changes nothing."""
    supplies = supplies_of(items, opening)
    zone = warehouse.shop.zone
    arrivals = [(Kind.OPENING, "demo:opening", "Stock-taking", opening, 0)]
    for number, days in enumerate(DELIVERIES, 1):
        arrivals.append(
            (
                Kind.RECEIPT,
                f"demo:delivery:{number}",
                f"Delivery {number}",
                opening + timedelta(days=days),
                number,
            )
        )
    for kind, key, document, day, number in arrivals:
        units = {
            sku: supply.deliveries[number - 1] if number else supply.opening
            for sku, supply in supplies.items()
        }
        lines = [
            ledger.Line(products[sku].pk, warehouse.pk, count * QUANTITY_SCALE, unit_cost=products[sku].cost)
            for sku, count in units.items()
            if count
        ]
        ledger.post(kind=kind, key=key, lines=lines, at=moment(day, time(7, 30), zone), document=document)


def supplies_of(items: dict[str, Item], opening: date) -> dict[str, Supply]:
    """Enough for every sale from the opening on, and what is left over today: little of some.

    Goods that arrive on a day can be sold on it, so what is there before each delivery covers the
    sales up to the evening before.
    """
    chance = random.Random(_SEED)  # noqa: S311
    packs = dict(SupplierProduct.objects.values_list("product__sku", "pack"))
    supplies = {}
    for sku, item in items.items():
        pack = packs[sku] // QUANTITY_SCALE
        earlier = item.sold_before(opening)
        before = [item.sold_before(opening + timedelta(days=days)) - earlier for days in DELIVERIES]
        sold = sum(item.sold.values()) - earlier
        weekly = max(1.0, (sum(item.sold.values()) - item.sold_before(opening - timedelta(weeks=8))) / 12)
        # A third is about to run out, the others last for some weeks more.
        weeks = chance.uniform(0.2, 1.2) if chance.random() < 0.35 else chance.uniform(4, 12)
        total = sold + round(weekly * weeks)
        second = int((total - before[1]) * 0.8) // pack * pack
        first = int((total - second - before[0]) * 0.7) // pack * pack
        supplies[sku] = Supply(total - first - second, (first, second))
    return supplies
