"""A file of sales, read through and judged; nothing written."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Sum
from django.db.models.functions import TruncDate
from django.utils.translation import gettext as _

from catalog.gtin import looks_like_gtin, spellings
from catalog.models import Barcode, Product, Warehouse
from common.importing.days import Order, guess_order
from common.importing.faults import FileFault, RowFault
from common.search_key import search_key
from imports import reading
from imports.kinds import Run
from imports.models import FileImport
from stock.importing.judging import Choices, Earlier, Judged, Overlap, judge, signature
from stock.importing.reading import Line, Manner, dates_of, read_lines
from stock.importing.summary import summary_of
from stock.models import HistorySale, Kind, Movement, SalesCode, SalesImport
from tenancy.context import current_shop

State = FileImport.State


def look_through(file_import: FileImport, run: Run) -> dict[str, Any]:
    """What the file would change, as JSON; nothing while the order of its dates is not known.

    Raises FileFault where nothing can be made of the file.
    """
    source, columns = reading.source_of(file_import), reading.columns_of(file_import)
    with run.scope(write=False):
        row_limit = current_shop().import_row_limit
    run.progress(0, 3, _("Reading the dates."))
    order = reading.settle_order(file_import, guess_order(dates_of(source, columns, row_limit=row_limit)))
    if order is None:
        return {}
    run.progress(1, 3, _("Reading the sales."))
    read = judge_file(file_import, run)
    judged = read.judged
    if not judged.lines:
        raise _nothing_readable(judged, file_import.file_name)
    run.progress(2, 3, _("Counting what would change."))
    with run.scope(write=False):
        return counted(file_import, read)


def counted(file_import: FileImport, read: FileRead) -> dict[str, Any]:
    """What a person is shown of a judged file, as JSON."""
    has_quantity = "quantity" in reading.columns_of(file_import).index
    return summary_of(read.judged, known=set(_product_keys()), has_quantity=has_quantity) | {
        "overlaps": [[other.pk, other.file_name] for other in read.others]
    }


def _nothing_readable(judged: Judged, file_name: str) -> FileFault:
    if judged.faults:
        return judged.faults[0].as_file_fault(file_name)
    return FileFault(file_name, _("There are no rows beneath the header."))


@dataclass(slots=True)
class FileRead:
    """others: posted files that cover some of the same days.

    cancelled_before: by row of lines that cancel a sale of another file, the day of that sale.
    """

    judged: Judged
    others: list[FileImport]
    cancelled_before: dict[int, date]

    def as_settled(self) -> dict[str, Any]:
        """What `judge_file` must find again, as JSON."""
        return {
            "no_products": {key: str(why) for key, why in self.judged.no_products.items()},
            "overlaps": [other.pk for other in self.others],
            "cancelled_before": [[row, day.isoformat()] for row, day in self.cancelled_before.items()],
        }


def judge_file(file_import: FileImport, run: Run) -> FileRead:
    """What becomes of each line.

    Once posting has begun, what was settled then holds: what the shop has learned since must not
    change which lines belong to which part.
    """
    settled = file_import.options.get("settled")
    with run.scope(write=False):
        manner = _manner_of(file_import)
        choices = _choices_of(file_import)
    with _without_collector():
        rows = list(read_lines(reading.source_of(file_import), manner))
    with run.scope(write=False):
        others = _overlapping(file_import, rows, settled)
        earlier = _earlier(others)
        known = set(_product_keys())
    with _without_collector():
        judged = judge(
            rows,
            choices,
            known=known,
            earlier=earlier,
            no_products=settled["no_products"] if settled else None,
        )
    del rows
    if settled:
        before = {row: date.fromisoformat(day) for row, day in settled["cancelled_before"]}
    else:
        with run.scope(write=False):
            before = _sold_before(judged, file_import)
    judged.cancel(before)
    return FileRead(judged, others, before)


@contextmanager
def _without_collector() -> Iterator[None]:
    """Hundreds of thousands of lines are kept, none in a cycle: the collector would walk them in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _product_keys() -> Iterable[str]:
    return Product.objects.order_by().values_list("sku_key", flat=True)


# ---- how the file is understood --------------------------------------------------------------


def _manner_of(file_import: FileImport) -> Manner:
    shop = current_shop()
    whole = Product.objects.order_by().filter(has_decimals=False).values_list("sku_key", flat=True)
    first = SalesImport.objects.filter(file=file_import).order_by("pk").values_list("warehouse_id", flat=True)
    named: dict[str, int] = {}
    for warehouse in Warehouse.objects.all():
        named.setdefault(search_key(warehouse.name), warehouse.pk)
        named[search_key(warehouse.code)] = warehouse.pk
    return Manner(
        columns=reading.columns_of(file_import),
        order=Order(file_import.options["order"]),
        currency=shop.currency,
        zone=shop.zone,
        latest=file_import.created_at,
        warehouse=first[0],
        warehouses=named,
        whole_units=set(whole),
        stands_for=_stands_for(file_import),
    )


def _stands_for(file_import: FileImport) -> dict[str, str]:
    """SKUs of codes that are none: barcodes, and spellings that are kept apart."""
    found: dict[str, str] = {}
    own = set(_product_keys())
    for code, sku in Barcode.objects.order_by().values_list("code", "product__sku"):
        for spelling in _as_written(code):
            if search_key(spelling) not in own:
                found.setdefault(spelling, sku)
    said = SalesCode.objects.exclude(sku="").values_list("code", "sku")
    return found | dict(said) | file_import.options.get("answers", {}).get("apart", {})


def _as_written(barcode: str) -> list[str]:
    """A barcode as scanners send it, and as a spreadsheet writes it: without leading zeros."""
    found = spellings(barcode)
    return [*found, barcode.lstrip("0")] if looks_like_gtin(barcode) and barcode.startswith("0") else found


def _choices_of(file_import: FileImport) -> Choices:
    answers = file_import.options.get("answers", {})
    said = {search_key(code): bool(sku) for code, sku in SalesCode.objects.values_list("code", "sku")}
    return Choices(
        take_repeats=answers.get("take_repeats", True),
        overlap=Overlap(answers.get("overlap", Overlap.SAME)),
        said=said | dict.fromkeys(answers.get("products", []), True),
    )


# ---- what is in the books already ------------------------------------------------------------


def _overlapping(
    file_import: FileImport, rows: Iterable[Line | RowFault], settled: dict[str, Any] | None
) -> list[FileImport]:
    """Posted files of the same warehouses that cover some of the same days."""
    if settled is not None:
        return list(FileImport.objects.filter(pk__in=settled["overlaps"]).order_by("pk"))
    first: dict[int, date] = {}
    last: dict[int, date] = {}
    for line in rows:
        if isinstance(line, Line):
            first[line.warehouse] = min(line.day, first.get(line.warehouse, line.day))
            last[line.warehouse] = max(line.day, last.get(line.warehouse, line.day))
    posted = SalesImport.objects.filter(
        warehouse__in=first, file__state__in=(State.POSTED, State.POSTING), known_to__isnull=False
    ).exclude(file=file_import)
    found = {
        sales.file_id
        for sales in posted.select_related("file").defer("file__content")
        if sales.known_to
        and sales.known_to >= first[sales.warehouse_id]
        and sales.file.summary.get("first_day", "9") <= last[sales.warehouse_id].isoformat()
    }
    return list(FileImport.objects.filter(pk__in=found).order_by("pk"))


def _earlier(others: Iterable[FileImport]) -> Earlier | None:
    """Lines and days of other files. A line that several of them have is there once."""
    found = Earlier()
    for other in others:
        lines = [
            line for line in read_lines(reading.source_of(other), _manner_of(other)) if isinstance(line, Line)
        ]
        found.lines |= type(found.lines)(signature(line) for line in lines)
        found.days |= {(line.warehouse, line.day) for line in lines}
    return found if found.days else None


def _sold_before(judged: Judged, file_import: FileImport) -> dict[int, date]:
    """The day of the sale that each line cancels, among sales that other files and the till brought.

    Of those only sums of days are at hand: the nearest earlier day on which as much was sold, and not
    cancelled since.
    """
    backs = judged.unmatched()
    if not backs:
        return {}
    ids = dict(Product.objects.filter(sku_key__in={line.key for line in backs}).values_list("sku_key", "pk"))
    left = _sold_by_day(set(ids.values()), file_import)
    for line, day in judged.known_cancelled:
        days = left.get((line.warehouse, ids.get(line.key, 0)), {})
        days[day] = days.get(day, 0) + line.quantity
    found: dict[int, date] = {}
    for line in sorted(backs, key=lambda line: (line.at, line.row)):
        days = left.get((line.warehouse, ids.get(line.key, 0)), {})
        enough = [day for day, quantity in days.items() if day <= line.day and quantity >= -line.quantity]
        if enough:
            found[line.row] = max(enough)
            days[max(enough)] += line.quantity
    return found


def _sold_by_day(product_ids: set[int], file_import: FileImport) -> dict[tuple[int, int], dict[date, int]]:
    found: dict[tuple[int, int], dict[date, int]] = {}
    history = (
        HistorySale.objects.filter(product__in=product_ids, sales_import__file__state=State.POSTED)
        .exclude(sales_import__file=file_import)
        .order_by()
        .values_list("warehouse_id", "product_id", "day")
        .annotate(total=Sum("quantity"))
    )
    moved = (
        Movement.objects.filter(product__in=product_ids, posting__kind=Kind.SALE)
        .order_by()
        .annotate(day=TruncDate("at", tzinfo=current_shop().zone))
        .values_list("warehouse_id", "product_id", "day")
        .annotate(total=-Sum("quantity"))
    )
    for rows in (history, moved):
        for warehouse_id, product_id, day, quantity in rows:
            days = found.setdefault((warehouse_id, product_id), {})
            days[day] = days.get(day, 0) + quantity
    return found
