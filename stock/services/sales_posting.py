"""The sales of a file into the books, and out of them again: what workers do.

Posting goes in parts, each in a transaction of its own that also counts it: a worker killed in
between repeats nothing, and a second worker finds the count moved on. What comes before a warehouse's
opening date becomes history, what comes from it on becomes postings.

There is one posting a day, not one a receipt: a document costs as much as thirty of its lines, so that
16,000 receipts would take more than twice as long. It names the first and the last of its receipts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date
from typing import Any, cast

from django.db import connection
from django.utils.translation import gettext as _

from catalog.models import Product, Warehouse
from common.errors import Conflict
from common.rowset import rowset
from imports.kinds import Run
from imports.models import FileImport
from imports.services import take_part
from stock.importing.judging import Judged
from stock.importing.plan import DayDemand, Document, Plan, plan
from stock.models import Balance, HistorySale, Kind, SalesImport
from stock.services import imported_postings, ledger, sales_reading
from stock.services.sales_import import opening_dates, split_by
from tenancy.context import require_shop_id
from tenancy.models import User

# Postings that are undone in one transaction.
PART_POSTINGS = 20
PRODUCTS_AT_ONCE = 2_000


def post(file_import: FileImport, run: Run) -> None:
    """Post what `begin_posting` has settled. May be stopped and called again at any point."""
    run.progress(0, 1, _("Reading the file."))
    read = sales_reading.judge_file(file_import, run)
    with run.scope(write=False):
        planned = plan(read.judged, opening_dates(file_import, date.max))
    with run.scope():
        _settle(file_import, read, planned)
        products = _make_products(read.judged, planned)
        rows = {sales.warehouse_id: sales for sales in SalesImport.objects.filter(file=file_import)}
    del read
    parts = planned.parts()
    for number in range(file_import.parts_done, len(parts)):
        run.progress(number, len(parts), _("Posting sales."))
        with run.scope():
            if locked := take_part(file_import.pk, number):
                _post_part(locked, parts[number], rows, products)
    run.progress(len(parts), len(parts), _("Posting sales."))


def result(file_import: FileImport) -> dict[str, Any]:
    summary = file_import.summary
    history, moved = split_by(summary, opening_dates(file_import, date.max))
    return {
        "rows": summary["rows"],
        "history": history,
        "posted": moved,
        "cancellations": summary["cancellations"],
        "returns": summary["returns"],
        "ignored": summary["ignored"],
        "bad": summary["bad"],
        "new_products": summary["new_products"],
        "known_to": summary["last_day"],
    }


def _settle(file_import: FileImport, read: sales_reading.FileRead, planned: Plan) -> None:
    """Keep what this attempt goes by for the next one, and see that both plan the same parts.

    The counts that people see are of what is posted: answers may have changed them.
    """
    mark = _mark(planned)
    settled = file_import.options.get("settled")
    if settled is not None:
        if settled["mark"] != mark:
            raise Conflict(
                _("Products have changed since this import began. Undo it and bring the file again.")
            )
        return
    file_import.options["settled"] = read.as_settled() | {"mark": mark}
    file_import.summary |= sales_reading.counted(file_import, read)
    FileImport.objects.filter(pk=file_import.pk, parts_done=0).update(
        options=file_import.options, summary=file_import.summary
    )


def _mark(planned: Plan) -> str:
    digest = hashlib.sha256()
    for row in planned.demand:
        digest.update(repr(row).encode())
    for document in planned.documents:
        digest.update(
            f"{document.warehouse} {document.day} {document.outgoing} {len(document.lines)}".encode()
        )
    return digest.hexdigest()


def _make_products(judged: Judged, planned: Plan) -> dict[str, int]:
    """Ids of all the shop's products by search key, those new in the file among them."""
    have = _product_ids()
    new = [
        Product(sku=code.sku, name=code.name or code.sku, price=code.price, has_decimals=code.in_parts)
        for code in (judged.codes[key] for key in judged.codes if key in planned.products and key not in have)
    ]
    if new:
        Product.objects.bulk_create(new, batch_size=PRODUCTS_AT_ONCE, ignore_conflicts=True)
        have = _product_ids()
    return have


def _product_ids() -> dict[str, int]:
    return dict(Product.objects.order_by().values_list("sku_key", "pk"))


def _post_part(
    file_import: FileImport,
    part: Sequence[DayDemand] | Sequence[Document],
    rows: dict[int, SalesImport],
    products: dict[str, int],
) -> None:
    if isinstance(part[0], DayDemand):
        _add_history(cast("Sequence[DayDemand]", part), rows, products)
        return
    documents = [(document, _lines(document, products)) for document in cast("Sequence[Document]", part)]
    ledger.hold([line for _document, lines in documents for line in lines])
    for document, lines in documents:
        _post_document(file_import, document, lines)


def _add_history(demand: Sequence[DayDemand], rows: dict[int, SalesImport], products: dict[str, int]) -> None:
    columns = {
        "sales_import_id": "bigint",
        "warehouse_id": "bigint",
        "product_id": "bigint",
        "day": "date",
        "quantity": "bigint",
    }
    source, params = rowset(
        columns,
        [
            (rows[row.warehouse].pk, row.warehouse, products[row.key], row.day.isoformat(), row.quantity)
            for row in demand
        ],
    )
    names = ", ".join(columns)
    values = ", ".join(f"d.{name}" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO stock_historysale (shop_id, {names}) SELECT %s, {values} FROM {source}",
            [require_shop_id(), *params],
        )


def _lines(document: Document, products: dict[str, int]) -> list[ledger.Line]:
    return [
        ledger.Line(products[line.key], document.warehouse, line.quantity, at=line.at)
        for line in document.lines
    ]


def _post_document(file_import: FileImport, document: Document, lines: list[ledger.Line]) -> None:
    what = "sold" if document.outgoing else "back"
    posting = ledger.post(
        kind=Kind.SALE if document.outgoing else Kind.CUSTOMER_RETURN,
        key=f"import:{file_import.pk}:{document.warehouse}:{document.day}:{what}:{document.number}",
        lines=lines,
        at=document.lines[-1].at,
        actor=file_import.posted_by,
        document=_called(file_import.file_name, document),
        policy="sale_import",
        tells_balances=False,
    )
    imported_postings.remember(file_import, posting)


def _called(file_name: str, document: Document) -> str:
    if not document.first:
        return file_name[:120]
    receipts = document.first if document.first == document.last else f"{document.first}–{document.last}"
    return f"{receipts} {file_name}"[:120]


# ---- undo ------------------------------------------------------------------------------------


def undo(file_import: FileImport, run: Run, actor: User | None) -> dict[str, Any]:
    """Reverse every posting; `forget_history` ends the undo. May be called again."""
    return imported_postings.undo(file_import, run, actor, policy="sale_import")


def forget_history(file_import: FileImport) -> None:
    """The products stay. Needs a transaction."""
    for sales in SalesImport.objects.filter(file=file_import):
        HistorySale.objects.filter(sales_import=sales).delete()
        _forget_opening_date(sales)


def _forget_opening_date(sales: SalesImport) -> None:
    """The next import asks again, unless stock has been kept here meanwhile."""
    if not sales.sets_opening_date:
        return
    live = (FileImport.State.POSTED, FileImport.State.POSTING)
    if SalesImport.objects.filter(warehouse=sales.warehouse_id, file__state__in=live).exists():
        return
    if not Balance.objects.filter(warehouse=sales.warehouse_id).exclude(on_hand=0).exists():
        Warehouse.objects.filter(pk=sales.warehouse_id).update(opening_date=None)
