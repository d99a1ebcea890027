"""What is asked about a file of sales before it is posted, and what the answers settle."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Product, Warehouse
from common.errors import BadInput, Conflict
from imports.models import FileImport
from stock.models import Movement, SalesImport
from tenancy.context import current_shop


def sales_of(file_import: FileImport) -> SalesImport:
    return SalesImport.objects.select_related("warehouse").get(file=file_import)


def keep_warehouse(file_import: FileImport, warehouse: Warehouse) -> None:
    SalesImport.objects.update_or_create(file=file_import, defaults={"warehouse": warehouse})


def known_to(file_import: FileImport) -> date | None:
    """The last day that the file speaks of."""
    last = file_import.summary.get("last_day")
    return date.fromisoformat(last) if last else None


def proposed_opening_date(file_import: FileImport) -> date:
    """From which day stock should be kept, where the warehouse has not said yet.

    The day its stock began, or, if nobody has booked any, the day after the file's last sale.
    """
    warehouse_id = sales_of(file_import).warehouse_id
    first = Movement.objects.filter(warehouse=warehouse_id).order_by("at").first()
    if first is not None:
        return first.at.astimezone(current_shop().zone).date()
    return (known_to(file_import) or timezone.localdate()) + timedelta(days=1)


def split_by(summary: dict[str, Any], opening: date) -> tuple[int, int]:
    """How many of the file's sales become history, and how many move stock."""
    day = opening.isoformat()
    counts = summary.get("days", {})
    history = sum(count for when, count in counts.items() if when < day)
    return history, sum(counts.values()) - history


def overlapping(file_import: FileImport) -> SalesImport | None:
    """A posted file of the same warehouse that covers some of the same days."""
    first = file_import.summary.get("first_day")
    if not first:
        return None
    posted = SalesImport.objects.filter(
        file__state=FileImport.State.POSTED,
        warehouse=sales_of(file_import).warehouse_id,
        known_to__gte=first,
    ).exclude(file=file_import)
    last = str(file_import.summary.get("last_day"))
    others = posted.select_related("file").defer("file__content")
    return next((other for other in others if str(other.file.summary.get("first_day")) <= last), None)


def begin_posting(file_import: FileImport, *, opening_date: date | None = None) -> None:
    """Settle from which day the file's sales move stock. Needs a transaction.

    opening_date: the answer to the question above; the warehouse's own date goes before it.

    Raises Conflict where there is nothing to post, BadInput without an answer.
    """
    if file_import.options.get("order") is None:
        raise BadInput(_("Say first whether days or months come first in this file's dates."))
    if not file_import.summary["sales"]:
        raise Conflict(_("There is no sale in this file to post."))
    _refuse_beyond_product_limit(file_import)
    sales = sales_of(file_import)
    warehouse = Warehouse.objects.select_for_update().get(pk=sales.warehouse_id)
    sales.sets_opening_date = warehouse.opening_date is None
    if warehouse.opening_date is None:
        if opening_date is None:
            raise BadInput(_("Say from which day stock is kept in this warehouse."))
        warehouse.opening_date = opening_date
        warehouse.save(update_fields=["opening_date"])
    sales.stock_from = warehouse.opening_date
    sales.known_to = known_to(file_import)
    sales.save(update_fields=["sets_opening_date", "stock_from", "known_to"])


def _refuse_beyond_product_limit(file_import: FileImport) -> None:
    limit = current_shop().product_limit
    if Product.objects.count() + file_import.summary["new_products"] > limit:
        raise Conflict(
            _("With this file's new products the shop would have more than %(limit)d.") % {"limit": limit}
        )
