"""Stock from a file: the first stock of products, or what was counted of those that have some."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from catalog.models import Product, Warehouse
from common.importing.columns import Field
from common.importing.source import Source
from common.importing.table import Record, read_table
from common.search_key import search_key
from common.units import QUANTITY_SCALE
from stock.models import Kind, Movement, Posting
from stock.services import ledger
from tenancy.context import current_shop
from tenancy.models import User

FIELDS = (
    Field(
        "sku", "sku stockcode itemcode productcode articlenumber article code item 货号 编码", required=True
    ),
    Field("quantity", "quantity qty onhand counted count stock 数量", required=True),
    Field("unit_cost", "unitcost cost purchaseprice 成本"),
    Field("warehouse", "warehouse location store 仓库"),
)
_LINES = 5_000


@dataclass(frozen=True, slots=True)
class Outcome:
    rows: int
    opened: int
    counted: int
    warnings: list[str]


@transaction.atomic
def import_stock(
    source: Source,
    *,
    digest: str,
    warehouse: Warehouse,
    chosen: Mapping[str, str] | None = None,
    actor: User | None = None,
) -> Outcome:
    """Post the file's quantities as what is on hand now: opening stock where there never was any.

    digest: of the file; the same file again posts nothing more.
    warehouse: for rows that name none.

    Raises FileFault at the first row that cannot be taken; nothing is posted then.
    """
    row_limit = current_shop().import_row_limit
    keys = {kind: f"stock-file:{digest}:{kind}:" for kind in (Kind.OPENING, Kind.COUNT)}
    if Posting.objects.filter(key__in=[f"{key}0" for key in keys.values()]).exists():
        return Outcome(0, 0, 0, [_("This file was posted before. Nothing was changed.")])
    reader = _Reader(warehouse)
    for row in read_table(source, FIELDS, chosen=chosen, row_limit=row_limit):
        reader.take(row)
    ledger.hold([*reader.opening, *reader.counted])
    for kind, lines in ((Kind.OPENING, reader.opening), (Kind.COUNT, reader.counted)):
        for start in range(0, len(lines), _LINES):
            ledger.post(
                kind=kind,
                key=f"{keys[kind]}{start}",
                lines=lines[start : start + _LINES],
                actor=actor,
                document=source.file_name[:120],
            )
    return Outcome(len(reader.seen), len(reader.opening), len(reader.counted), [])


class _Reader:
    """Sorts rows into opening stock and counts."""

    def __init__(self, warehouse: Warehouse) -> None:
        self.products = {
            key: (pk, decimals)
            for key, pk, decimals in Product.objects.order_by().values_list("sku_key", "pk", "has_decimals")
        }
        self.warehouses = {place.code.casefold(): place for place in Warehouse.objects.all()}
        self.default = warehouse
        moved = Movement.objects.order_by().values_list("warehouse_id", "product_id").distinct()
        self.moved = set(moved)
        self.seen: dict[tuple[int, int], int] = {}
        self.opening: list[ledger.Line] = []
        self.counted: list[ledger.Line] = []

    def take(self, row: Record) -> None:
        product_id, decimals = self._product(row)
        place = (self._warehouse(row).pk, product_id)
        earlier = self.seen.setdefault(place, row.number)
        if earlier != row.number:
            raise row.fault("sku", _("Row %(row)d is about the same product.") % {"row": earlier})
        row.needed("quantity")
        quantity = row.quantity("quantity") or 0
        if quantity % QUANTITY_SCALE and not decimals:
            raise row.fault("quantity", _("This product is kept in whole units."))
        if quantity == 0 or place in self.moved:
            self.counted.append(ledger.Line(product_id, place[0], quantity))
            return
        cost = row.unit_price("unit_cost", current_shop().currency)
        self.opening.append(ledger.Line(product_id, place[0], quantity, unit_cost=cost))

    def _product(self, row: Record) -> tuple[int, bool]:
        found = self.products.get(search_key(row.needed("sku", longest=64)))
        if found is None:
            raise row.fault("sku", _("There is no product with this code. Import the products first."))
        return found

    def _warehouse(self, row: Record) -> Warehouse:
        code = row.text("warehouse", longest=20)
        if code is None:
            return self.default
        if code.casefold() not in self.warehouses:
            raise row.fault("warehouse", _("There is no warehouse with this code."))
        return self.warehouses[code.casefold()]
