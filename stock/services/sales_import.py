"""What is asked about a file of sales before it is posted, and what the answers settle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Any

from django.db.models import Min
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Product, Warehouse
from common.errors import BadInput, Conflict
from common.search_key import search_key
from imports.models import FileImport
from stock.importing.judging import Overlap
from stock.models import Movement, SalesCode, SalesImport
from tenancy.context import current_shop


def sales_of(file_import: FileImport) -> SalesImport:
    """For the warehouse that was said when the file was brought."""
    found = SalesImport.objects.select_related("warehouse").filter(file=file_import).order_by("pk").first()
    if found is None:
        raise SalesImport.DoesNotExist(f"file {file_import.pk} has no sales")
    return found


def keep_warehouse(file_import: FileImport, warehouse: Warehouse, source: str = "") -> None:
    SalesImport.objects.filter(file=file_import).exclude(warehouse=warehouse).delete()
    SalesImport.objects.update_or_create(file=file_import, warehouse=warehouse, defaults={"source": source})


def known_to(file_import: FileImport) -> date | None:
    """The last day that the file speaks of."""
    last = file_import.summary.get("last_day")
    return date.fromisoformat(last) if last else None


# ---- the question of the opening date --------------------------------------------------------


def warehouses_of(file_import: FileImport) -> list[Warehouse]:
    """The warehouses that the file's rows name, in the order of their codes."""
    return list(Warehouse.objects.filter(pk__in=file_import.summary.get("last_days", {})).order_by("code"))


def asks_opening_date(file_import: FileImport) -> bool:
    return any(warehouse.opening_date is None for warehouse in warehouses_of(file_import))


def proposed_opening_date(file_import: FileImport) -> date:
    """From which day stock should be kept, where a warehouse of the file has not said yet.

    The day its stock began, or, if nobody has booked any, the day after the file's last sale.
    """
    asked = [warehouse for warehouse in warehouses_of(file_import) if warehouse.opening_date is None]
    first = Movement.objects.filter(warehouse__in=asked).aggregate(first=Min("at"))["first"]
    if first is not None:
        return first.astimezone(current_shop().zone).date()
    return (known_to(file_import) or timezone.localdate()) + timedelta(days=1)


def opening_dates(file_import: FileImport, answer: date) -> dict[int, date]:
    """By warehouse of the file, the day from which its stock is kept. answer: for those without one."""
    settled = dict(
        SalesImport.objects.filter(file=file_import, stock_from__isnull=False).values_list(
            "warehouse_id", "stock_from"
        )
    )
    return {
        warehouse.pk: settled.get(warehouse.pk) or warehouse.opening_date or answer
        for warehouse in warehouses_of(file_import)
    }


def split_by(summary: Mapping[str, Any], opening: Mapping[int, date]) -> tuple[int, int]:
    """How many of the file's lines become history, and how many move stock."""
    history = total = 0
    for warehouse, counts in summary.get("days", {}).items():
        day = opening[int(warehouse)].isoformat()
        history += sum(count for when, count in counts.items() if when < day)
        total += sum(counts.values())
    return history, total - history


# ---- answers ---------------------------------------------------------------------------------


def begin_posting(file_import: FileImport, answers: Mapping[str, Any]) -> None:
    """Settle what is posted, and from which day it moves stock. Needs a transaction.

    answers: `opening_date`, for warehouses that have none; `take_repeats`; `overlap`; `products`,
    search keys of codes to take for products; `apart`, a SKU for each spelling that is not its twin.

    Raises Conflict where there is nothing to post, BadInput without an answer that is needed.
    """
    if file_import.options.get("order") is None:
        raise BadInput(_("Say first whether days or months come first in this file's dates."))
    summary = file_import.summary
    products = [key for key in answers.get("products") or () if key in _left_out_codes(summary)]
    if not (summary["sales"] + summary["cancellations"] + summary["returns"] or products):
        raise Conflict(_("There is no sale in this file to post."))
    apart = dict(answers.get("apart") or {})
    _refuse_same_product(apart)
    _refuse_beyond_product_limit(summary["new_products"] + len(products) + len(apart))
    file_import.options["answers"] = {
        "take_repeats": bool(answers.get("take_repeats", True)),
        "overlap": str(Overlap(answers.get("overlap") or Overlap.SAME)),
        "products": products,
        "apart": apart,
    }
    _remember_codes(summary, products, apart)
    _settle_opening(file_import, answers.get("opening_date"))


def _settle_opening(file_import: FileImport, answer: date | None) -> None:
    said = sales_of(file_import)
    warehouses = Warehouse.objects.select_for_update().filter(pk__in=file_import.summary["last_days"])
    for warehouse in warehouses.order_by("pk"):
        sales, _new = SalesImport.objects.get_or_create(
            file=file_import, warehouse=warehouse, defaults={"source": said.source}
        )
        sales.sets_opening_date = warehouse.opening_date is None
        if warehouse.opening_date is None:
            if answer is None:
                raise BadInput(_("Say from which day stock is kept in this warehouse."))
            warehouse.opening_date = answer
            warehouse.save(update_fields=["opening_date"])
        sales.stock_from = warehouse.opening_date
        sales.known_to = date.fromisoformat(file_import.summary["last_days"][str(warehouse.pk)])
        sales.save()


def _left_out_codes(summary: Mapping[str, Any]) -> dict[str, str]:
    """Codes that were taken for no products, by search key, as the file writes them."""
    return {key: sku for key, sku, *_rest in summary["no_product_list"]}


def _remember_codes(summary: Mapping[str, Any], products: Iterable[str], apart: Mapping[str, str]) -> None:
    """Treat the codes of the next file as those of this one."""
    codes = _left_out_codes(summary)
    said = {sku: (sku if key in products else "") for key, sku in codes.items()} | dict(apart)
    for code, sku in said.items():
        SalesCode.objects.update_or_create(code=code, defaults={"sku": sku})


def _refuse_same_product(apart: Mapping[str, str]) -> None:
    for spelling, sku in apart.items():
        if search_key(sku) == search_key(spelling):
            fault = _("Codes compare without capital letters. Give %(code)s another one to keep it apart.")
            raise BadInput(fault % {"code": spelling})


def _refuse_beyond_product_limit(new: int) -> None:
    limit = current_shop().product_limit
    if Product.objects.count() + new > limit:
        raise Conflict(
            _("With this file's new products the shop would have more than %(limit)d.") % {"limit": limit}
        )
