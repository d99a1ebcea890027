"""What a file of sales would change: read through once, nothing written."""

from __future__ import annotations

from collections.abc import Iterator

from django.utils.translation import gettext as _

from catalog.models import Product
from common.importing.days import Order, guess_order
from common.importing.faults import FileFault
from imports import reading
from imports.kinds import Run
from imports.models import FileImport
from stock.importing.preview import Preview, preview
from stock.importing.sales import Manner, Sale, dates_of, read_sales
from tenancy.context import current_shop


def look_through(file_import: FileImport, run: Run) -> Preview | None:
    """Count what the lines of a file are; None while the order of its dates is not known.

    Raises FileFault where nothing can be made of the file.
    """
    source, columns = reading.source_of(file_import), reading.columns_of(file_import)
    with run.scope(write=False):
        row_limit = current_shop().import_row_limit
    run.progress(0, 2, _("Reading the dates."))
    order = reading.settle_order(file_import, guess_order(dates_of(source, columns, row_limit=row_limit)))
    if order is None:
        return None
    run.progress(1, 2, _("Reading the sales."))
    found = preview_of(file_import, run)
    if not found.sales and not found.ignored:
        raise _nothing_readable(found, file_import.file_name)
    return found


def preview_of(file_import: FileImport, run: Run) -> Preview:
    with run.scope(write=False):
        manner = manner_of(file_import)
    return preview(read_sales(reading.source_of(file_import), manner), known=manner.known)


def sales_of(file_import: FileImport, manner: Manner) -> Iterator[Sale]:
    lines = read_sales(reading.source_of(file_import), manner)
    return (line for line in lines if isinstance(line, Sale))


def manner_of(file_import: FileImport) -> Manner:
    shop = current_shop()
    known = dict(Product.objects.order_by().values_list("sku_key", "has_decimals"))
    return Manner(
        columns=reading.columns_of(file_import),
        order=Order(file_import.options["order"]),
        currency=shop.currency,
        zone=shop.zone,
        latest=file_import.created_at,
        known=known,
        whole_units={key for key, decimals in known.items() if not decimals},
    )


def _nothing_readable(found: Preview, file_name: str) -> FileFault:
    if found.faults:
        return found.faults[0].as_file_fault(file_name)
    return FileFault(file_name, _("There are no rows beneath the header."))
