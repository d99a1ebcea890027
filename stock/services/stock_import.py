"""Rows of a file of stock against the ledger: a first stock, or what was counted of what there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

from django.db.models import Model, Q
from django.utils.translation import gettext as _

from catalog.gtin import spellings
from catalog.models import Barcode, Location, Product, Warehouse
from catalog.queries import clean_code
from common.importing import guessed_names as names
from common.importing.columns import Columns, Field
from common.importing.faults import FileFault
from common.importing.table import Record
from common.search_key import search_key
from common.units import QUANTITY_SCALE, write_quantity
from imports.models import Change, FileImport
from imports.staging import Outcome, Staged, refused
from stock.models import Balance, BinBalance, Kind, Lot, Movement, Posting
from stock.places import Bin
from stock.services import imported_postings, ledger
from tenancy.context import current_shop
from tenancy.models import User

FIELDS = (
    Field("sku", f"{names.SKU} {names.BARCODE}", required=True),
    Field("quantity", names.QUANTITY, required=True),
    Field("warehouse", "warehouse store branch lager entrepot almacen 仓库"),
    Field("location", "location place shelf bin lagerplatz emplacement 库位"),
    Field("lot", "lot lotnumber batch batchnumber charge 批次"),
    Field("unit_cost", names.COST),
)


class _Plan(NamedTuple):
    bin: Bin
    quantity: int
    lot: str  # a lot that is to be made
    unit_cost: int | None
    opens: bool


class StockStager:
    fills: ClassVar[Sequence[type[Model]]] = (Posting, Movement, Balance)

    def __init__(self, file_import: FileImport, columns: Columns, warehouse: Warehouse) -> None:
        """warehouse: for rows that name none."""
        self.file_import = file_import
        self.columns = columns
        self.default = warehouse
        self.currency = current_shop().currency
        self.warehouses = {place.code.casefold(): place for place in Warehouse.objects.filter(is_active=True)}
        places = Location.objects.values_list("warehouse_id", "code", "pk")
        self.locations = {(warehouse_id, code.casefold()): pk for warehouse_id, code, pk in places}
        self.seen: dict[tuple[int, int, int | None, str], int] = {}

    # ---- looking --------------------------------------------------------------------------

    def stage(self, rows: Sequence[Record]) -> list[Staged]:
        self._load(rows)
        staged = []
        for row in rows:
            try:
                staged.append(self._stage(row))
            except FileFault as fault:
                staged.append(refused(fault, row))
        return staged

    def _load(self, rows: Sequence[Record]) -> None:
        codes = {clean_code(row.said("sku")) for row in rows} - {""}
        found = Product.objects.filter(sku_key__in={search_key(code) for code in codes})
        self.products = {product.sku_key: product for product in found}
        scanned = {spelling for code in codes for spelling in spellings(code)}
        by_code = Barcode.objects.filter(code__in=scanned).select_related("product")
        self.by_barcode = {barcode.code: barcode.product for barcode in by_code}
        ids = {product.pk for product in (*self.products.values(), *self.by_barcode.values())}
        places = ("warehouse_id", "product_id")
        moved = Movement.objects.filter(product__in=ids).order_by().values_list(*places).distinct()
        self.moved = set(moved)
        balances = Balance.objects.filter(product__in=ids).values_list(*places, "on_hand")
        self.on_hand = {
            Bin(warehouse_id, product_id, None, None): quantity
            for warehouse_id, product_id, quantity in balances
        }
        named = Q(location__isnull=False) | Q(lot__isnull=False)
        bins = BinBalance.objects.filter(named, product__in=ids)
        for *place, quantity in bins.values_list(*places, "location_id", "lot_id", "on_hand"):
            self.on_hand[Bin._make(place)] = quantity
        lots = Lot.objects.filter(product__in=ids).values_list("product_id", "code", "pk")
        self.lots = {(product_id, code): pk for product_id, code, pk in lots}

    def _stage(self, row: Record) -> Staged:
        product = self._product(row)
        warehouse = self._warehouse(row)
        location_id = self._location(row, warehouse)
        lot = row.text("lot", longest=64) or ""
        place = (warehouse.pk, product.pk, location_id, lot)
        earlier = self.seen.setdefault(place, row.number)
        if earlier != row.number:
            raise row.fault("sku", _("Row %(row)d is about the same product.") % {"row": earlier})
        row.needed("quantity")
        quantity = row.quantity("quantity") or 0
        if quantity % QUANTITY_SCALE and not product.has_decimals:
            raise row.fault("quantity", _("This product is kept in whole units."))
        lot_id = self.lots.get((product.pk, lot))
        bin_ = Bin(warehouse.pk, product.pk, location_id, lot_id)
        unknown_lot = bool(lot) and lot_id is None
        on_hand = 0 if unknown_lot else self.on_hand.get(bin_, 0)
        opens = quantity > 0 and (warehouse.pk, product.pk) not in self.moved
        cost = row.unit_price("unit_cost", self.currency)
        plan = _Plan(bin_, quantity, lot if unknown_lot else "", cost, opens)
        if opens:
            return Staged(row.number, Outcome.NEW, product.sku, product.name, plan=plan)
        if quantity == on_hand:
            return Staged(row.number, Outcome.UNCHANGED, product.sku, product.name, plan=plan)
        change = ("quantity", write_quantity(on_hand), write_quantity(quantity))
        return Staged(row.number, Outcome.CHANGED, product.sku, product.name, [change], plan=plan)

    def _product(self, row: Record) -> Product:
        code = clean_code(row.needed("sku", longest=64))
        found = self.products.get(search_key(code))
        for spelling in spellings(code):
            found = found or self.by_barcode.get(spelling)
        if found is None:
            fault = _("There is no product with this code.")
            raise row.fault("sku", fault, _("Import the products first, or mend the code."))
        return found

    def _warehouse(self, row: Record) -> Warehouse:
        code = row.text("warehouse", longest=120)
        if code is None:
            return self.default
        if code.casefold() not in self.warehouses:
            known = ", ".join(place.code for place in self.warehouses.values())
            advice = _("Write one of: %(words)s.") % {"words": known}
            raise row.fault("warehouse", _("There is no warehouse with this code."), advice)
        return self.warehouses[code.casefold()]

    def _location(self, row: Record, warehouse: Warehouse) -> int | None:
        code = row.text("location", longest=40)
        if code is None:
            return None
        found = self.locations.get((warehouse.pk, code.casefold()))
        if found is None:
            fault = _("%(warehouse)s has no such place.") % {"warehouse": warehouse}
            raise row.fault("location", fault, _("Add it to the warehouse first."))
        return found

    # ---- writing --------------------------------------------------------------------------

    def write(self, staged: Sequence[Staged], actor: User | None) -> list[Change]:
        if not staged:
            return []
        plans = [row.plan for row in staged]
        opening = [self._line(plan) for plan in plans if plan.opens]
        counted = [self._line(plan) for plan in plans if not plan.opens]
        ledger.hold([*opening, *counted])
        for kind, lines in ((Kind.OPENING, opening), (Kind.COUNT, counted)):
            if lines:
                posting = ledger.post(
                    kind=kind,
                    key=f"import:{self.file_import.pk}:{staged[0].row}:{kind}",
                    lines=lines,
                    actor=actor,
                    document=self.file_import.file_name[:120],
                )
                imported_postings.remember(self.file_import, posting)
        return []

    def _line(self, plan: _Plan) -> ledger.Line:
        lot_id = plan.bin.lot_id
        if plan.lot:
            lot_id = Lot.objects.get_or_create(product_id=plan.bin.product_id, code=plan.lot)[0].pk
        cost = plan.unit_cost if plan.opens else None
        warehouse_id, product_id, location_id, _lot = plan.bin
        return ledger.Line(
            product_id, warehouse_id, plan.quantity, location_id=location_id, lot_id=lot_id, unit_cost=cost
        )

    def finish(self, rows: Iterable[Record], actor: User | None) -> list[Change]:
        return []
