"""Pages of imports: bring a file, look at what it would change, post it, undo it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.csv_answers import csv_answer, csv_file
from common.errors import ParstockError
from common.forms import add_refusal
from common.numbered_pages import numbered_page
from imports import services
from imports.exporting import Export, as_csv, workbook_bytes
from imports.forms import MappingForm, UploadForm
from imports.kinds import Kind, all_kinds, kind_named
from imports.models import FileImport
from tenancy.access import check, require
from tenancy.context import shop_scope
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

ROWS_PER_PAGE = 50
CELLS_SHOWN = 3
EXPORTED = ("products", "suppliers", "stock")
WORKBOOK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
State = FileImport.State


@require_GET
@require(Permission.IMPORTS_POST)
def imports(request: ShopRequest) -> HttpResponse:
    mine = _kinds(request)
    everything = FileImport.objects.filter(kind__in=[kind.name for kind in mine]).defer("content")
    found = numbered_page(everything.select_related("created_by", "job"), ROWS_PER_PAGE, request)
    for row in found:
        kind = kind_named(row.kind)
        row.kind_label, row.about = kind.label, kind.about(row)
    context = {"page": found, "kinds": mine, "exported": EXPORTED}
    return render(request, "imports/list.html", context)


@require_http_methods(["GET", "POST"])
@require(Permission.IMPORTS_POST)
def import_new(request: ShopRequest, kind: str) -> HttpResponse:
    about = _kind(request, kind)
    posted = request.method == "POST"
    form = UploadForm(request.POST or None, request.FILES or None)
    choices = about.choices_form(request.POST if posted else None)
    if posted and form.is_valid() and (choices is None or choices.is_valid()):
        upload = form.cleaned_data["file"]
        try:
            # A savepoint: what a refusal leaves half done must not stand.
            with transaction.atomic():
                made = services.upload(
                    kind=about.name,
                    file_name=upload.name,
                    chunks=upload.chunks(),
                    choices=choices.cleaned_data if choices else {},
                    actor=request.user,
                )
        except services.KnownFile as known:
            messages.warning(request, known.detail)
            return redirect("import", request.shop.slug, known.file_import.pk)
        except ParstockError as refusal:
            add_refusal(form, refusal)
        else:
            return redirect("import", request.shop.slug, made.pk)
    context = {"form": form, "choices": choices, "kind": about, "kinds": _kinds(request)} | _needs(about)
    status = 422 if form.errors or (choices is not None and choices.errors) else 200
    return render(request, "imports/new.html", context, status=status)


@require_GET
@require(Permission.IMPORTS_POST)
def import_page(request: ShopRequest, pk: int) -> HttpResponse:
    return _page(request, _found(request, pk))


@require_POST
@require(Permission.IMPORTS_POST)
def import_columns(request: ShopRequest, pk: int) -> HttpResponse:
    found = _found(request, pk, whole=True)
    form = MappingForm(request.POST, kind=kind_named(found.kind), file_import=found)
    if form.is_valid():
        try:
            with transaction.atomic():
                services.read_again(found, said=form.said(), actor=request.user)
        except ParstockError as refusal:
            form.add_error(None, refusal.detail)
        else:
            if found.state == State.READY:
                messages.success(request, _("The file was read again."))
            return redirect("import", request.shop.slug, pk)
    return _page(request, _found(request, pk), mapping=form, status=422)


@require_POST
@require(Permission.IMPORTS_POST)
def import_post(request: ShopRequest, pk: int) -> HttpResponse:
    found = _found(request, pk)
    answers = kind_named(found.kind).answers_form(found, request.POST) if found.summary else None
    if answers is not None and not answers.is_valid():
        return _page(request, found, answers=answers, status=422)
    try:
        with transaction.atomic():
            said = answers.cleaned_data if answers is not None else {}
            services.begin_posting(found, said, actor=request.user)
            services.enqueue_posting(found, actor=request.user)
    except ParstockError as refusal:
        return _page(request, _found(request, pk), refusal=refusal, status=refusal.status)
    return redirect("import", request.shop.slug, pk)


@require_POST
@require(Permission.IMPORTS_POST)
def import_undo(request: ShopRequest, pk: int) -> HttpResponse:
    found = _found(request, pk)
    try:
        with transaction.atomic():
            services.begin_undo(found, actor=request.user)
            services.enqueue_undo(found, actor=request.user)
    except ParstockError as refusal:
        return _page(request, _found(request, pk), refusal=refusal, status=refusal.status)
    return redirect("import", request.shop.slug, pk)


@require_POST
@require(Permission.IMPORTS_POST)
def import_discard(request: ShopRequest, pk: int) -> HttpResponse:
    found = _found(request, pk)
    try:
        with transaction.atomic():
            services.discard(found)
    except ParstockError as refusal:
        return _page(request, _found(request, pk), refusal=refusal, status=refusal.status)
    messages.success(request, _("%(file)s is forgotten; nothing was booked.") % {"file": found.file_name})
    return redirect("imports", request.shop.slug)


@require_GET
@require(Permission.IMPORTS_POST)
def import_left_out(request: ShopRequest, pk: int) -> Any:
    """Every row that is left out, with its reason, as a file."""
    found = _found(request, pk, whole=True)
    if not found.summary:
        return redirect("import", request.shop.slug, pk)
    return csv_answer(f"left-out-{found.pk}.csv", _left_out_rows(request, found))


def _left_out_rows(request: ShopRequest, found: FileImport) -> Iterator[Sequence[Any]]:
    yield [_("Row"), _("Column"), _("In the file"), _("What is wrong")]
    # Streaming goes on after the middleware has closed the request's scope.
    with shop_scope(request.shop, write=False):
        yield from kind_named(found.kind).left_out(found)


@require_GET
@require(Permission.SHOP_VIEW)
def export(request: ShopRequest, kind: str, form: str) -> Any:
    """What the shop has, as a file that can be imported again; without costs for those who see none."""
    found = next((each for each in all_kinds() if each.name == kind), None)
    made = found.export(with_costs=Permission.COSTS_VIEW in request.permissions) if found else None
    if made is None or form not in {"csv", "xlsx"}:
        raise Http404
    name = f"{request.shop.slug}-{kind}-{timezone.localdate():%Y-%m-%d}.{form}"
    if form == "csv":
        return csv_file(name, _in_scope(request, made))
    response = HttpResponse(workbook_bytes(made, title=kind), content_type=WORKBOOK_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _in_scope(request: ShopRequest, made: Export) -> Iterator[str]:
    # Streaming goes on after the middleware has closed the request's scope.
    with shop_scope(request.shop, write=False):
        yield from as_csv(made)


# ---- what a visitor may touch ----------------------------------------------------------------


def _kinds(request: ShopRequest) -> list[Kind]:
    return [kind for kind in all_kinds() if kind.permission in request.permissions]


def _kind(request: ShopRequest, name: str) -> Kind:
    try:
        kind = kind_named(name)
    except LookupError:
        raise Http404 from None
    check(request, kind.permission)
    return kind


def _found(request: ShopRequest, pk: int, *, whole: bool = False) -> FileImport:
    """whole: with the bytes of the file."""
    rows = FileImport.objects.select_related("job", "created_by")
    found = get_object_or_404(rows if whole else rows.defer("content"), pk=pk)
    _kind(request, found.kind)
    return found


def _needs(kind: Kind) -> dict[str, Any]:
    """What a file needs, with column names that are known, and what else is read."""
    needed = [field for field in kind.fields if field.required]
    return {
        "needed": [(kind.labels[field.code], ", ".join(field.names.split()[:3])) for field in needed],
        "optional": [str(kind.labels[field.code]) for field in kind.fields if not field.required],
    }


# ---- the page --------------------------------------------------------------------------------


def _page(
    request: ShopRequest,
    found: FileImport,
    *,
    mapping: MappingForm | None = None,
    answers: Any = None,
    refusal: ParstockError | None = None,
    status: int = 200,
) -> HttpResponse:
    kind = kind_named(found.kind)
    # A file that is ready is somebody's to decide about: a page that still waited for the end of the
    # job would be loaded anew under their hands.
    waits = found.job is not None and not found.job.is_over and found.state != State.READY
    running = found.job if waits else None
    answers = answers or (kind.answers_form(found) if found.state == State.READY and found.summary else None)
    context = {
        "file_import": found,
        "kind": kind,
        "summary": found.summary,
        "State": State,
        "refusal": refusal,
        "running": running,
        "stopped": found.state in {State.READING, State.POSTING, State.UNDOING} and not running,
        "mapping": mapping or MappingForm(kind=kind, file_import=found),
        "may_change": found.state in {State.READY, State.REFUSED},
        "asks_order": kind.has_dates and found.state == State.READY and not found.options.get("order"),
        "facts": _facts(kind, found),
        "answers": answers,
        "first_cells": _first_cells(kind, found),
    }
    if found.summary:
        context |= kind.context(found, answers) | {"post_label": kind.post_label(found)}
    return render(request, "imports/page.html", context, status=status)


def _first_cells(kind: Kind, found: FileImport) -> list[tuple[str, Any, list[str]]]:
    """Each column by its name, what it was taken for, and its first cells beneath the header."""
    options = found.options
    fields = {place: kind.labels.get(field, field) for field, place in options.get("index", {}).items()}
    rows = [cells for row, cells in options.get("head", []) if row > options.get("header_row", 0)]
    names = options.get("names", [])
    return [
        (name, fields.get(place, ""), [row[place] for row in rows[:CELLS_SHOWN] if place < len(row)])
        for place, name in enumerate(names)
    ]


def _facts(kind: Kind, found: FileImport) -> list[tuple[Any, str]]:
    """What each column was taken for, and the columns that are not used."""
    names, index = found.options.get("names", []), found.options.get("index", {})
    facts = [(label, names[index[field]]) for field, label in kind.labels.items() if field in index]
    unused = ", ".join(name for place, name in enumerate(names) if place not in index.values() and name)
    return [*facts, (_("Not used"), unused)] if unused else facts
