"""The sales of a file into the books, and out of them again: what workers do.

Posting goes in parts, each in a transaction of its own that also counts it: a worker killed in
between repeats nothing, and a second worker finds the count moved on. Sales before the warehouse's
opening date become history, sales from it on become postings.
"""

from __future__ import annotations

from datetime import date
from itertools import islice
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from catalog.models import Product, Warehouse
from common.rowset import rowset
from imports.kinds import Run
from imports.models import FileImport
from imports.services import take_part
from stock.importing.preview import Preview
from stock.importing.sales import Sale
from stock.models import Balance, HistorySale, ImportedPosting, Kind, Posting, SalesImport
from stock.services import ledger, sales_reading
from stock.services.sales_import import sales_of, split_by
from tenancy.context import require_shop_id
from tenancy.models import User

# Sales that are posted, or postings that are undone, in one transaction.
PART_SALES = 4_000
PART_POSTINGS = 20
PRODUCTS_AT_ONCE = 2_000


def post(file_import: FileImport, run: Run) -> None:
    """Post what `begin_posting` has settled. May be stopped and called again at any point."""
    total = _parts(file_import)
    run.progress(file_import.parts_done, total, _("Reading the file."))
    with run.scope(write=False):
        manner = sales_reading.manner_of(file_import)
    found = sales_reading.preview_of(file_import, run)
    with run.scope():
        products = _make_products(found)
    sales = sales_reading.sales_of(file_import, manner)
    done = file_import.parts_done
    for _sale in islice(sales, done * PART_SALES):
        pass  # posted by an earlier attempt
    while part := list(islice(sales, PART_SALES)):
        with run.scope():
            _post_part(file_import.pk, done, part, products)
        done += 1
        run.progress(done, total, _("Posting sales."))


def result(file_import: FileImport) -> dict[str, Any]:
    summary = file_import.summary
    history, moved = split_by(summary, sales_of(file_import).stock_from or date.max)
    return {
        "rows": summary["rows"],
        "history": history,
        "posted": moved,
        "ignored": summary["ignored"],
        "bad": summary["bad"],
        "new_products": summary["new_products"],
        "known_to": summary["last_day"],
    }


def _parts(file_import: FileImport) -> int:
    return -(-int(file_import.summary["sales"]) // PART_SALES)


def _make_products(found: Preview) -> dict[str, int]:
    """Ids of all the shop's products by search key, those new in the file among them."""
    have = _product_ids()
    new = [
        Product(
            sku=product.sku,
            name=product.usual_name or product.sku,
            price=product.usual_price,
            has_decimals=product.in_parts,
        )
        for key, product in found.new.items()
        if key not in have
    ]
    if new:
        Product.objects.bulk_create(new, batch_size=PRODUCTS_AT_ONCE, ignore_conflicts=True)
        have = _product_ids()
    return have


def _product_ids() -> dict[str, int]:
    return dict(Product.objects.order_by().values_list("sku_key", "pk"))


def _post_part(file_import_id: int, number: int, part: list[Sale], products: dict[str, int]) -> None:
    """One part, if it is the next; a part that another worker has posted is passed over."""
    locked = take_part(file_import_id, number)
    if locked is None:
        return
    to = sales_of(locked)
    opening = to.stock_from
    if opening is None:
        raise ValueError("an import is posted without an opening date")
    history: dict[tuple[int, str], int] = {}
    postings: dict[date, list[Sale]] = {}
    for sale in part:
        if sale.day < opening:
            place = (products[sale.key], sale.day.isoformat())
            history[place] = history.get(place, 0) + sale.quantity
        else:
            postings.setdefault(sale.day, []).append(sale)
    _add_history(to, history)
    by_day = {day: _lines(to, sales, products) for day, sales in postings.items()}
    ledger.hold([line for lines in by_day.values() for line in lines])
    for day, lines in by_day.items():
        _post_day(locked, f"import:{locked.pk}:{number}:{day}", lines)


def _add_history(sales_import: SalesImport, sums: dict[tuple[int, str], int]) -> None:
    if not sums:
        return
    source, params = rowset(
        {"product_id": "bigint", "day": "date", "quantity": "bigint"},
        [(product_id, day, quantity) for (product_id, day), quantity in sorted(sums.items())],
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO stock_historysale"
            " (shop_id, sales_import_id, warehouse_id, product_id, day, quantity)"
            f" SELECT %s, %s, %s, d.product_id, d.day, d.quantity FROM {source} WHERE true"
            " ON CONFLICT (shop_id, sales_import_id, warehouse_id, product_id, day)"
            " DO UPDATE SET quantity = stock_historysale.quantity + excluded.quantity",
            [require_shop_id(), sales_import.pk, sales_import.warehouse_id, *params],
        )


def _lines(sales_import: SalesImport, sales: list[Sale], products: dict[str, int]) -> list[ledger.Line]:
    warehouse_id = sales_import.warehouse_id
    return [ledger.Line(products[sale.key], warehouse_id, sale.quantity, at=sale.at) for sale in sales]


def _post_day(file_import: FileImport, key: str, lines: list[ledger.Line]) -> None:
    posting = ledger.post(
        kind=Kind.SALE,
        key=key,
        lines=lines,
        at=max(line.at for line in lines if line.at),
        actor=file_import.posted_by,
        document=file_import.file_name[:120],
        policy="sale_import",
    )
    ImportedPosting.objects.create(file_import=file_import, posting=posting)


# ---- undo ------------------------------------------------------------------------------------


def undo(file_import: FileImport, run: Run, actor: User | None) -> dict[str, Any]:
    """Reverse every posting; `forget_history` ends the undo. May be called again."""
    with run.scope(write=False):
        total = file_import.postings.count()
    done = 0
    while part := _undo_part(file_import, run, actor, skip=done):
        done += part
        run.progress(done, total, _("Undoing sales."))
    return {"postings": done}


def _undo_part(file_import: FileImport, run: Run, actor: User | None, *, skip: int) -> int:
    """Reverse the next postings, newest first; one that is reversed already answers as before."""
    with run.scope():
        newest_first = file_import.postings.select_related("posting").order_by("-id")
        links = list(newest_first[skip : skip + PART_POSTINGS])
        in_effect = [posting for link in links if (posting := _in_effect(link.posting))]
        ledger.hold_for_reversal(in_effect)
        for posting in in_effect:
            key = f"import:{file_import.pk}:undo:{posting.pk}"
            ledger.reverse(posting, key=key, actor=actor, policy="sale_import")
        return len(links)


def _in_effect(posting: Posting) -> Posting | None:
    """What must be reversed so that the document no longer counts; None where it does not by now.

    Somebody may have undone it by hand, and undone that.
    """
    counts = True
    while undone_by := posting.reversals.first():
        posting, counts = undone_by, not counts
    return posting if counts else None


def forget_history(file_import: FileImport) -> None:
    """The products stay. Needs a transaction."""
    sales = sales_of(file_import)
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
