"""Files of sales, as a till or a web shop writes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, ClassVar

from django.forms import Form
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from common.templatetags.ui import number
from imports.kinds import Kind, LeftOut, Run
from imports.models import FileImport
from imports.services import AtOnce
from stock.import_forms import SalesAnswersForm, SoldFromForm
from stock.importing.codes import NoProduct
from stock.importing.judging import TAKEN, Outcome
from stock.importing.reading import FIELDS
from stock.services import sales_import, sales_posting, sales_reading
from tenancy.models import User
from tenancy.permissions import Permission

REASONS = {
    Outcome.NO_PRODUCT: _("no products: postage, fees, discounts, vouchers"),
    Outcome.CORRECTION: _("corrections of stock: negative, without customer or price; a count says more"),
    Outcome.FREE: _("price of zero: given away, or goods that were found"),
    Outcome.NAMELESS: _("neither price nor description: nobody said what this was"),
    Outcome.NEGATIVE_PRICE: _("negative price: a credit in money, no goods"),
    Outcome.NOTHING: _("quantity of zero"),
    Outcome.REPEATED: _("written twice"),
    Outcome.KNOWN: _("brought by another file"),
}
SHORT_REASONS = {
    Outcome.NO_PRODUCT: _("no product"),
    Outcome.CORRECTION: _("correction of stock"),
    Outcome.FREE: _("price of zero"),
    Outcome.NAMELESS: _("neither price nor description"),
    Outcome.NEGATIVE_PRICE: _("negative price"),
    Outcome.NOTHING: _("quantity of zero"),
    Outcome.REPEATED: _("written twice"),
    Outcome.KNOWN: _("brought by another file"),
}
WHY_NO_PRODUCT = {
    NoProduct.SAID: _("as you said before"),
    NoProduct.PLACEHOLDER: _("a placeholder"),
    NoProduct.FEE: _("called like a fee, a discount or a voucher"),
    NoProduct.NO_DIGITS: _("no digits, where all other codes have some"),
    NoProduct.MONEY: _("another price on nearly every line"),
}


class Sales(Kind):
    name = "sales"
    label = _("Sales")
    place = 0
    intro = _("One line for each product sold, with its day, as your till or web shop writes it.")
    permission = Permission.IMPORTS_POST
    fields = FIELDS
    labels: ClassVar = {
        "sku": _("Product code"),
        "name": _("Name"),
        "quantity": _("Quantity"),
        "date": _("Sold at"),
        "time": _("Time, if apart"),
        "price": _("Price"),
        "invoice": _("Receipt"),
        "customer": _("Customer"),
        "warehouse": _("Warehouse"),
    }
    has_dates = True
    template = "stock/import_sales.html"
    answer_names = ("opening_date", "repeats", "overlap", "products", "apart")
    counts = ("history", "posted", "new_products")

    def choices_form(self, data: Any = None, *, initial: Mapping[str, Any] | None = None) -> Form:
        return SoldFromForm(data, initial=initial)

    def begin(self, file_import: FileImport, choices: Mapping[str, Any]) -> None:
        sales_import.keep_warehouse(file_import, choices["warehouse"], choices.get("source", ""))

    def preview(self, file_import: FileImport, run: Run) -> dict[str, Any]:
        return sales_reading.look_through(file_import, run)

    def answers_form(self, file_import: FileImport, data: Any = None) -> Form | None:
        return SalesAnswersForm(data, file_import=file_import) if file_import.summary else None

    def begin_posting(self, file_import: FileImport, answers: Mapping[str, Any]) -> None:
        sales_import.begin_posting(file_import, answers)

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
        judged = sales_reading.judge_file(file_import, AtOnce()).judged
        rows = [
            LeftOut(fault.row, fault.column, fault.value, f"{fault.fault} {fault.advice}")
            for fault in judged.faults
        ]
        rows += [
            LeftOut(line.row, "", f"{line.sku} {line.name}".strip(), str(SHORT_REASONS[outcome]))
            for line, outcome in zip(judged.lines, judged.outcomes, strict=True)
            if outcome not in TAKEN
        ]
        yield from sorted(rows)

    def warnings(self, file_import: FileImport) -> list[str]:
        twins = len(file_import.summary["twin_list"])
        merged = gettext("%(count)d codes that differ in capital letters only were merged.")
        return super().warnings(file_import) + ([merged % {"count": twins}] if twins else [])

    def post_label(self, file_import: FileImport) -> str:
        count = _taken(file_import.summary)
        label = ngettext("Post %(count)s line", "Post %(count)s lines", count)
        return label % {"count": number(count)} if count or file_import.summary["no_products"] else ""

    def about(self, file_import: FileImport) -> str:
        return str(sales_import.sales_of(file_import).warehouse)

    def context(self, file_import: FileImport, answers: Form | None) -> dict[str, Any]:
        summary = file_import.summary
        ready = file_import.state == FileImport.State.READY
        day = _opening_day(file_import, answers)
        asked = answers if isinstance(answers, SalesAnswersForm) else None
        ticked = asked.ticked("products") if asked else set()
        return {
            "sales": sales_import.sales_of(file_import),
            "warehouses": sales_import.warehouses_of(file_import),
            "asks_opening": ready and sales_import.asks_opening_date(file_import),
            "known_to": sales_import.known_to(file_import),
            "taken": _taken(summary),
            "ignored": [
                (REASONS[Outcome(reason)], count, summary["samples"].get(reason, []))
                for reason, count in summary["ignored"].items()
            ],
            "ignored_total": sum(summary["ignored"].values()),
            "no_products": [
                (key, sku, name, lines, WHY_NO_PRODUCT[NoProduct(why)], key in ticked)
                for key, sku, name, lines, why in summary["no_product_list"]
            ],
            "twins": asked.twins() if ready and asked else [],
            "first_day": date.fromisoformat(summary["first_day"]),
            **counts_on_both_sides(file_import, day),
        }


def _taken(summary: Mapping[str, Any]) -> int:
    return int(summary["sales"] + summary["cancellations"] + summary["returns"])


def _opening_day(file_import: FileImport, answers: Form | None) -> date:
    if answers is not None and answers.is_bound and answers.is_valid() and "opening_date" in answers.fields:
        return answers.cleaned_data["opening_date"]
    return sales_import.proposed_opening_date(file_import)


def counts_on_both_sides(file_import: FileImport, day: date) -> dict[str, Any]:
    """day: from which stock is kept in warehouses that have not said yet."""
    openings = sales_import.opening_dates(file_import, day)
    history, moving = sales_import.split_by(file_import.summary, openings)
    settled = set(openings.values())
    return {"day": settled.pop() if len(settled) == 1 else None, "history": history, "moving": moving}
