"""Files of what is on hand: a first stock, or a count."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.forms import Form
from django.utils.translation import gettext_lazy as _

from catalog.models import Warehouse
from imports.exporting import Export
from imports.kinds import Run
from imports.models import FileImport
from imports.reading import columns_of
from imports.row_kinds import RowKind
from stock import exporting
from stock.import_forms import WarehouseForm
from stock.models import Kind
from stock.services import imported_postings
from stock.services.stock_import import FIELDS, StockStager
from tenancy.models import User
from tenancy.permissions import Permission


class CountedInForm(WarehouseForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["warehouse"].label = _("Counted in")
        self.fields["warehouse"].help_text = _("For rows that name no warehouse of their own.")


class OnHand(RowKind):
    name = "stock"
    label = _("Stock")
    place = 2
    intro = _("One row for each product with what is on hand now: its first stock, or what was counted.")
    permission = Permission.IMPORTS_POST
    fields = FIELDS
    action = "stock.imported"
    labels: ClassVar = {
        "sku": _("SKU or barcode"),
        "quantity": _("On hand"),
        "warehouse": _("Warehouse"),
        "location": _("Place"),
        "lot": _("Lot"),
        "unit_cost": _("Unit cost"),
    }

    def choices_form(self, data: Any = None, *, initial: Mapping[str, Any] | None = None) -> Form:
        return CountedInForm(data, initial=initial)

    def begin(self, file_import: FileImport, choices: Mapping[str, Any]) -> None:
        file_import.options["choices"] = {"warehouse": choices["warehouse"].pk}

    def export(self, *, with_costs: bool) -> Export:
        return exporting.on_hand(with_costs=with_costs)

    def stager(self, file_import: FileImport) -> StockStager:
        return StockStager(file_import, columns_of(file_import), _warehouse(file_import))

    def undo(self, file_import: FileImport, run: Run, actor: User | None) -> dict[str, Any]:
        undone = imported_postings.undo(file_import, run, actor, policy=Kind.CORRECTION)
        return undone | {"summary": str(_("The import is undone."))}

    def about(self, file_import: FileImport) -> str:
        return str(_warehouse(file_import))


def _warehouse(file_import: FileImport) -> Warehouse:
    return Warehouse.objects.get(pk=file_import.options["choices"]["warehouse"])
