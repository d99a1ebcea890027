"""What is on hand as a file that comes in again as it went out."""

from __future__ import annotations

from collections.abc import Iterator

from common.units import write_quantity, write_unit_price
from imports.exporting import Column, Export
from stock.models import Balance, BinBalance
from tenancy.context import current_shop

_AT_ONCE = 2_000


def on_hand(*, with_costs: bool) -> Export:
    """A row for each product in each warehouse, and one more for each place and lot it is kept by."""
    columns = [Column("SKU"), Column("Name"), Column("Quantity", True), Column("Warehouse")]
    columns += [Column("Location"), Column("Lot")]
    return Export([*columns, Column("Unit cost", True)] if with_costs else columns, _rows(with_costs))


def _rows(with_costs: bool) -> Iterator[list[str]]:
    currency = current_shop().currency
    related = ("product", "warehouse")
    # Nobody counts less than nothing.
    balances = Balance.objects.filter(on_hand__gte=0).select_related(*related)
    for balance in balances.order_by("product__sku_key", "warehouse").iterator(chunk_size=_AT_ONCE):
        cost = [write_unit_price(balance.unit_cost or 0, currency)] if with_costs else []
        yield [*_about(balance), "", "", *cost]
    bins = BinBalance.objects.filter(on_hand__gte=0).select_related(*related, "location", "lot")
    for part in bins.iterator(chunk_size=_AT_ONCE):
        if part.location or part.lot:
            named = [part.location.code if part.location else "", part.lot.code if part.lot else ""]
            yield [*_about(part), *named, *([""] if with_costs else [])]


def _about(row: Balance | BinBalance) -> list[str]:
    return [row.product.sku, row.product.name, write_quantity(row.on_hand), row.warehouse.code]
