"""Pages of imports: bring a file, look at what it would change, post it, undo it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.errors import ParstockError
from common.forms import add_refusal
from common.importing.days import Order
from common.importing.faults import RowFault
from stock.import_forms import FIELD_LABELS, ColumnsForm, OpeningForm, UploadForm
from stock.importing.sales import Reason
from stock.models import SalesImport
from stock.services import sales_import as service
from tenancy.access import require
from tenancy.context import shop_scope
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

ROWS_PER_PAGE = 50
State = SalesImport.State

REASONS = {
    Reason.CANCELLATION: gettext_lazy("cancelled receipts: they take back an earlier sale"),
    Reason.NEGATIVE: gettext_lazy("negative quantities: returns and corrections of stock"),
    Reason.NO_PRODUCT: gettext_lazy("no products: postage, fees, discounts"),
    Reason.NO_PRICE: gettext_lazy("price of zero or less: given away or a correction"),
    Reason.NOTHING: gettext_lazy("quantity of zero"),
}
SHORT_REASONS = {
    Reason.CANCELLATION: gettext_lazy("cancellation"),
    Reason.NEGATIVE: gettext_lazy("negative quantity"),
    Reason.NO_PRODUCT: gettext_lazy("no product"),
    Reason.NO_PRICE: gettext_lazy("no price"),
    Reason.NOTHING: gettext_lazy("quantity of zero"),
}


@require_GET
@require(Permission.IMPORTS_POST)
def imports(request: ShopRequest) -> HttpResponse:
    everything = SalesImport.objects.defer("content").select_related("warehouse", "created_by", "job")
    page = Paginator(everything, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "stock/import_list.html", {"page": page})


@require_http_methods(["GET", "POST"])
@require(Permission.IMPORTS_POST)
def import_new(request: ShopRequest) -> HttpResponse:
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        upload = form.cleaned_data["file"]
        try:
            # A savepoint: what a refusal leaves half done must not stand.
            with transaction.atomic():
                made = service.upload(
                    warehouse=form.cleaned_data["warehouse"],
                    file_name=upload.name,
                    chunks=upload.chunks(),
                    actor=request.user,
                )
        except service.KnownFile as known:
            messages.warning(request, known.detail)
            return redirect("import", request.shop.slug, known.sales_import.pk)
        except ParstockError as refusal:
            add_refusal(form, refusal)
        else:
            return redirect("import", request.shop.slug, made.pk)
    status = 422 if form.errors else 200
    return render(request, "stock/import_new.html", {"form": form}, status=status)


@require_GET
@require(Permission.IMPORTS_POST)
def import_page(request: ShopRequest, pk: int) -> HttpResponse:
    return _page(request, _found(pk))


@require_GET
@require(Permission.IMPORTS_POST)
def import_counts(request: ShopRequest, pk: int) -> HttpResponse:
    """How the sales fall on both sides of a day, as a part of the page."""
    found = _found(pk)
    form = OpeningForm(request.GET)
    context: dict[str, Any] = {"sales_import": found, "opening": form}
    if form.is_valid():
        context |= _split(found, form.cleaned_data["opening_date"])
    return render(request, "stock/import_counts.html", context)


@require_POST
@require(Permission.IMPORTS_POST)
def import_columns(request: ShopRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SalesImport, pk=pk)
    form = ColumnsForm(request.POST, names=found.options["names"])
    if form.is_valid():
        try:
            with transaction.atomic():
                order = Order(form.cleaned_data["order"])
                service.read_again(found, chosen=form.chosen(), order=order)
        except ParstockError as refusal:
            form.add_error(None, refusal.detail)
        else:
            messages.success(request, _("The file was read again."))
            return redirect("import", request.shop.slug, pk)
    return _page(request, _found(pk), columns=form, status=422)


@require_POST
@require(Permission.IMPORTS_POST)
def import_post(request: ShopRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(SalesImport.objects.select_for_update().defer("content"), pk=pk)
    opening = None
    form = OpeningForm(request.POST)
    if found.warehouse.opening_date is None:
        if not form.is_valid():
            return _page(request, found, opening=form, status=422)
        opening = form.cleaned_data["opening_date"]
    try:
        with transaction.atomic():
            service.begin_posting(found, opening_date=opening)
            service.enqueue_posting(found, actor=request.user)
    except ParstockError as refusal:
        return _page(request, _found(pk), refusal=refusal, status=refusal.status)
    return redirect("import", request.shop.slug, pk)


@require_POST
@require(Permission.IMPORTS_POST)
def import_undo(request: ShopRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    try:
        with transaction.atomic():
            service.begin_undo(found)
            service.enqueue_undo(found, actor=request.user)
    except ParstockError as refusal:
        return _page(request, _found(pk), refusal=refusal, status=refusal.status)
    return redirect("import", request.shop.slug, pk)


@require_POST
@require(Permission.IMPORTS_POST)
def import_discard(request: ShopRequest, pk: int) -> HttpResponse:
    found = _found(pk)
    try:
        service.discard(found)
    except ParstockError as refusal:
        return _page(request, found, refusal=refusal, status=refusal.status)
    messages.success(request, _("%(file)s is forgotten; nothing was booked.") % {"file": found.file_name})
    return redirect("imports", request.shop.slug)


@require_GET
@require(Permission.IMPORTS_POST)
def import_left_out(request: ShopRequest, pk: int) -> Any:
    """Every line that is left out, with its reason, as a file."""
    found = get_object_or_404(SalesImport, pk=pk)
    if not found.summary:
        return redirect("import", request.shop.slug, pk)
    response = StreamingHttpResponse(_left_out_rows(request, found), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="left-out-{found.pk}.csv"'
    return response


class _Echo:
    def write(self, text: str) -> str:
        return text


def _left_out_rows(request: ShopRequest, found: SalesImport) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([_("Row"), _("Column"), _("In the file"), _("What is wrong")])
    # Streaming goes on after the middleware has closed the request's scope.
    with shop_scope(request.shop, write=False):
        for line in service.left_out(found):
            if isinstance(line, RowFault):
                cells = [line.row, line.column, line.value, f"{line.fault} {line.advice}"]
            else:
                cells = [line.row, "", f"{line.sku} {line.name}".strip(), SHORT_REASONS[line.reason]]
            yield writer.writerow([_harmless(cell) for cell in cells])


def _harmless(cell: Any) -> Any:
    """A cell that a spreadsheet would take for a formula, as text."""
    text = str(cell)
    return f"'{text}" if text[:1] in {"=", "+", "-", "@", "\t", "\r"} else text


# ---- the page --------------------------------------------------------------------------------


def _found(pk: int) -> SalesImport:
    rows = SalesImport.objects.defer("content").select_related("warehouse", "job", "created_by")
    return get_object_or_404(rows, pk=pk)


def _page(
    request: ShopRequest,
    found: SalesImport,
    *,
    columns: ColumnsForm | None = None,
    opening: OpeningForm | None = None,
    refusal: ParstockError | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {"sales_import": found, "summary": found.summary, "refusal": refusal, "State": State}
    context |= {"columns": columns or _columns_form(found), "facts": _facts(found)}
    context["running"] = found.job if found.job and not found.job.is_over else None
    context["stopped"] = found.state in {State.POSTING, State.UNDOING} and not context["running"]
    if found.summary:
        context |= _preview(found, opening)
    return render(request, "stock/import_page.html", context, status=status)


def _preview(found: SalesImport, opening: OpeningForm | None) -> dict[str, Any]:
    summary = found.summary
    kept_from = found.stock_from or found.warehouse.opening_date
    day = kept_from or service.proposed_opening_date(found)
    if opening is not None and opening.is_valid():
        day = opening.cleaned_data["opening_date"]
    return {
        "asks_opening": found.state == State.UPLOADED and kept_from is None,
        "opening": opening or OpeningForm(initial={"opening_date": day}),
        "ignored": [
            (REASONS[Reason(reason)], count, summary["samples"].get(reason, []))
            for reason, count in summary["ignored"].items()
        ],
        "ignored_total": sum(summary["ignored"].values()),
        "first_day": date.fromisoformat(summary["first_day"]) if summary["first_day"] else None,
        "overlapping": service.overlapping(found) if found.state == State.UPLOADED else None,
        **_split(found, day),
    }


def _split(found: SalesImport, day: date) -> dict[str, Any]:
    history, moving = service.split_by(found, day)
    return {"day": day, "history": history, "moving": moving}


def _columns_form(found: SalesImport) -> ColumnsForm:
    names, index = found.options["names"], found.options["index"]
    initial = {field: names[place] for field, place in index.items()} | {"order": found.options["order"]}
    return ColumnsForm(names=names, initial=initial)


def _facts(found: SalesImport) -> list[tuple[Any, str]]:
    """What each column was taken for, and the columns that are not used."""
    names, index = found.options["names"], found.options["index"]
    facts = [(label, names[index[field]]) for field, label in FIELD_LABELS.items() if field in index]
    unused = ", ".join(name for place, name in enumerate(names) if place not in index.values() and name)
    return [*facts, (_("Not used"), unused)] if unused else facts
