"""Files of sales, as a till or a web shop writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, ClassVar

from django.forms import Form
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from common.importing.faults import RowFault
from common.templatetags.ui import number
from imports.kinds import Kind, LeftOut, Run
from imports.models import FileImport
from imports.reading import source_of
from stock.import_forms import OpeningForm, SoldFromForm
from stock.importing.sales import FIELDS, Reason, Sale, read_sales
from stock.services import sales_import, sales_posting, sales_reading
from tenancy.models import User
from tenancy.permissions import Permission

REASONS = {
    Reason.CANCELLATION: _("cancelled receipts: they take back an earlier sale"),
    Reason.NEGATIVE: _("negative quantities: returns and corrections of stock"),
    Reason.NO_PRODUCT: _("no products: postage, fees, discounts"),
    Reason.NO_PRICE: _("price of zero or less: given away or a correction"),
    Reason.NOTHING: _("quantity of zero"),
}
SHORT_REASONS = {
    Reason.CANCELLATION: _("cancellation"),
    Reason.NEGATIVE: _("negative quantity"),
    Reason.NO_PRODUCT: _("no product"),
    Reason.NO_PRICE: _("no price"),
    Reason.NOTHING: _("quantity of zero"),
}


class Sales(Kind):
    name = "sales"
    label = _("Sales")
    intro = _("One line for each product sold, with its day, as your till or web shop writes it.")
    permission = Permission.IMPORTS_POST
    fields = FIELDS
    labels: ClassVar = {
        "sku": _("Product code"),
        "name": _("Name"),
        "quantity": _("Quantity"),
        "date": _("Sold at"),
        "price": _("Price"),
        "invoice": _("Receipt"),
    }
    has_dates = True
    template = "stock/import_sales.html"

    def choices_form(self, data: Any = None, *, initial: Mapping[str, Any] | None = None) -> Form:
        return SoldFromForm(data, initial=initial)

    def begin(self, file_import: FileImport, choices: Mapping[str, Any]) -> None:
        sales_import.keep_warehouse(file_import, choices["warehouse"])

    def preview(self, file_import: FileImport, run: Run) -> dict[str, Any]:
        found = sales_reading.look_through(file_import, run)
        return found.as_json() if found else {}

    def answers_form(self, file_import: FileImport, data: Any = None) -> Form | None:
        if sales_import.sales_of(file_import).warehouse.opening_date is not None:
            return None
        return OpeningForm(data, initial={"opening_date": sales_import.proposed_opening_date(file_import)})

    def begin_posting(self, file_import: FileImport, answers: Mapping[str, Any]) -> None:
        sales_import.begin_posting(file_import, opening_date=answers.get("opening_date"))

    def post(self, file_import: FileImport, run: Run) -> None:
        sales_posting.post(file_import, run)

    def result(self, file_import: FileImport) -> dict[str, Any]:
        result = sales_posting.result(file_import)
        sales = result["posted"] + result["history"]
        told = ngettext("%(count)s sale is in the books.", "%(count)s sales are in the books.", sales)
        return result | {
            "summary": told % {"count": number(sales)},
            "stock_from": str(sales_import.sales_of(file_import).stock_from),
        }

    def undo(self, file_import: FileImport, run: Run, actor: User | None) -> dict[str, Any]:
        undone = sales_posting.undo(file_import, run, actor)
        return undone | {"summary": str(_("The import is undone; its products stay."))}

    def finish_undo(self, file_import: FileImport) -> None:
        sales_posting.forget_history(file_import)

    def left_out(self, file_import: FileImport) -> Iterator[LeftOut]:
        for line in read_sales(source_of(file_import), sales_reading.manner_of(file_import)):
            if isinstance(line, RowFault):
                yield LeftOut(line.row, line.column, line.value, f"{line.fault} {line.advice}")
            elif not isinstance(line, Sale):
                told = f"{line.sku} {line.name}".strip()
                yield LeftOut(line.row, "", told, str(SHORT_REASONS[line.reason]))

    def post_label(self, file_import: FileImport) -> str:
        sales = file_import.summary["sales"]
        label = ngettext("Post %(count)s sale", "Post %(count)s sales", sales)
        return label % {"count": number(sales)} if sales else ""

    def about(self, file_import: FileImport) -> str:
        return str(sales_import.sales_of(file_import).warehouse)

    def context(self, file_import: FileImport, answers: Form | None) -> dict[str, Any]:
        summary = file_import.summary
        sales = sales_import.sales_of(file_import)
        kept_from = sales.stock_from or sales.warehouse.opening_date
        day = kept_from or sales_import.proposed_opening_date(file_import)
        if answers is not None and answers.is_bound and answers.is_valid():
            day = answers.cleaned_data["opening_date"]
        ready = file_import.state == FileImport.State.READY
        first = summary["first_day"]
        return {
            "sales": sales,
            "known_to": sales_import.known_to(file_import),
            "ignored": [
                (REASONS[Reason(reason)], count, summary["samples"].get(reason, []))
                for reason, count in summary["ignored"].items()
            ],
            "ignored_total": sum(summary["ignored"].values()),
            "first_day": date.fromisoformat(first) if first else None,
            "overlapping": sales_import.overlapping(file_import) if ready else None,
            **counts_on_both_sides(file_import, day),
        }


def counts_on_both_sides(file_import: FileImport, day: date) -> dict[str, Any]:
    history, moving = sales_import.split_by(file_import.summary, day)
    return {"day": day, "history": history, "moving": moving}
