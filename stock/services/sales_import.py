"""A file of sales, from upload to undo.

Uploading reads the whole file once and keeps what a person wants to see before posting. Posting
goes in parts, each in a transaction of its own that also counts it: a worker killed in between
repeats nothing, and a second worker finds the count moved on. Sales before the warehouse's opening
date become history, sales from it on become postings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, timedelta
from itertools import islice
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Product, Warehouse
from common.errors import BadInput, Conflict
from common.importing.columns import Columns, find_columns
from common.importing.days import Order, guess_order
from common.importing.faults import FileFault
from common.importing.source import Source, pack
from common.rowset import rowset
from jobs import services as jobs
from jobs.models import Job
from stock.importing.preview import Preview, preview
from stock.importing.sales import FIELDS, Manner, Sale, dates_of, read_sales
from stock.models import Balance, HistorySale, ImportedPosting, Kind, Movement, Posting, SalesImport
from stock.services import ledger
from tenancy.context import Scope, current_shop, require_shop_id
from tenancy.models import User

# Sales that are posted, or postings that are undone, in one transaction.
PART_SALES = 4_000
PART_POSTINGS = 20
PRODUCTS_AT_ONCE = 2_000

Progress = Callable[[int, int, str], None]


class KnownFile(Conflict):
    """The same bytes were brought here before; `sales_import` is the one that holds them."""

    code = "known_file"

    def __init__(self, sales_import: SalesImport) -> None:
        day = timezone.localtime(sales_import.created_at).date().isoformat()
        detail = _("This file came here on %(day)s as %(name)s. Nothing was changed.")
        super().__init__(detail % {"day": day, "name": sales_import.file_name})
        self.sales_import = sales_import


# ---- upload and preview ----------------------------------------------------------------------


def upload(
    *,
    warehouse: Warehouse,
    file_name: str,
    chunks: Iterable[bytes],
    chosen: Mapping[str, str] | None = None,
    order: Order | None = None,
    actor: User | None = None,
) -> SalesImport:
    """Take in a file and read it through; nothing is booked yet.

    chosen, order: columns and order of dates as somebody said; the rest is guessed.

    Raises FileFault where the file cannot be read, KnownFile where it is here already.
    """
    name = file_name[:200]
    packed = pack(chunks, file_name=name, limit_mb=settings.UPLOAD_LIMIT_MB)
    known = _live_import(packed.digest)
    if known is not None:
        raise KnownFile(known)
    made = SalesImport(
        warehouse=warehouse,
        file_name=name,
        file_digest=packed.digest,
        content=packed.content,
        created_at=timezone.now(),
        created_by=actor,
    )
    _read_through(made, chosen or {}, order)
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as twice:
        # A second click brought it while this one was being read.
        known = _live_import(packed.digest)
        if known is None:
            raise
        raise KnownFile(known) from twice
    return made


def _live_import(digest: str) -> SalesImport | None:
    found = SalesImport.objects.exclude(state=SalesImport.State.UNDONE).filter(file_digest=digest)
    return found.defer("content").first()


def read_again(sales_import: SalesImport, *, chosen: Mapping[str, str], order: Order | None) -> None:
    """Read an upload through again with other columns or another order of dates. Needs a transaction."""
    _expect_uploaded(sales_import)
    _read_through(sales_import, chosen, order)
    sales_import.save(update_fields=["options", "summary", "known_to"])


def discard(sales_import: SalesImport) -> None:
    """Forget an upload that was never posted. Needs a transaction."""
    _expect_uploaded(sales_import)
    sales_import.delete()


def _read_through(sales_import: SalesImport, chosen: Mapping[str, str], order: Order | None) -> None:
    content = bytes(sales_import.content)
    source = Source.of(content, sales_import.file_name)
    columns = find_columns(source, FIELDS, chosen)
    reading = guess_order(dates_of(source, columns, row_limit=current_shop().import_row_limit))
    sales_import.options = {
        "encoding": source.encoding,
        "delimiter": source.delimiter,
        "header_row": columns.header_row,
        "names": columns.names,
        "index": columns.index,
        "order": order or reading.order,
        "order_guessed": order is None,
        "order_matters": reading.needs_order,
    }
    if (order or reading.order) is None:
        sales_import.summary, sales_import.known_to = {}, None
        return
    manner = _manner(sales_import)
    found = preview(read_sales(_source(sales_import), manner), known=manner.known)
    if not found.sales and not found.ignored:
        raise _nothing_readable(found, sales_import.file_name)
    sales_import.summary = found.as_json()
    sales_import.known_to = found.last_day


def _nothing_readable(found: Preview, file_name: str) -> FileFault:
    if found.faults:
        return found.faults[0].as_file_fault(file_name)
    return FileFault(file_name, _("There are no rows beneath the header."))


def _source(sales_import: SalesImport) -> Source:
    options = sales_import.options
    return Source(
        bytes(sales_import.content), sales_import.file_name, options["encoding"], options["delimiter"]
    )


def _columns(sales_import: SalesImport) -> Columns:
    options = sales_import.options
    return Columns(options["header_row"], options["names"], options["index"])


def _manner(sales_import: SalesImport) -> Manner:
    shop = current_shop()
    known = dict(Product.objects.order_by().values_list("sku_key", "has_decimals"))
    return Manner(
        columns=_columns(sales_import),
        order=Order(sales_import.options["order"]),
        currency=shop.currency,
        zone=shop.zone,
        latest=sales_import.created_at,
        known=known,
        whole_units={key for key, decimals in known.items() if not decimals},
    )


def left_out(sales_import: SalesImport) -> Iterator[Any]:
    """Every line that will not be posted, in the file's order: Ignored or RowFault."""
    lines = read_sales(_source(sales_import), _manner(sales_import))
    return (line for line in lines if not isinstance(line, Sale))


# ---- the question of the opening date --------------------------------------------------------


def proposed_opening_date(sales_import: SalesImport) -> date:
    """From which day stock should be kept, where the warehouse has not said yet.

    The day its stock began, or, if nobody has booked any, the day after the file's last sale.
    """
    first = Movement.objects.filter(warehouse=sales_import.warehouse_id).order_by("at").first()
    if first is not None:
        return first.at.astimezone(current_shop().zone).date()
    return (sales_import.known_to or timezone.localdate()) + timedelta(days=1)


def split_by(sales_import: SalesImport, opening: date) -> tuple[int, int]:
    """How many of the file's sales become history, and how many move stock."""
    day = opening.isoformat()
    counts = sales_import.summary.get("days", {})
    history = sum(count for when, count in counts.items() if when < day)
    return history, sum(counts.values()) - history


def overlapping(sales_import: SalesImport) -> SalesImport | None:
    """A posted file of the same warehouse that covers some of the same days."""
    first = sales_import.summary.get("first_day")
    if not first:
        return None
    posted = SalesImport.objects.filter(
        state=SalesImport.State.POSTED, warehouse=sales_import.warehouse_id, known_to__gte=first
    ).exclude(pk=sales_import.pk)
    last = str(sales_import.summary.get("last_day"))
    return next(
        (other for other in posted.defer("content") if str(other.summary.get("first_day")) <= last), None
    )


# ---- posting ---------------------------------------------------------------------------------


def begin_posting(sales_import: SalesImport, *, opening_date: date | None = None) -> None:
    """Settle how the file will be posted; the posting itself is `post_import`.

    opening_date: the answer to the question above; the warehouse's own date goes before it.

    Raises Conflict where the file is not ready, BadInput without an answer.
    """
    _expect_uploaded(sales_import)
    if sales_import.options.get("order") is None:
        raise BadInput(_("Say first whether days or months come first in this file's dates."))
    if not sales_import.summary["sales"]:
        raise Conflict(_("There is no sale in this file to post."))
    _refuse_beyond_product_limit(sales_import)
    warehouse = Warehouse.objects.select_for_update().get(pk=sales_import.warehouse_id)
    sales_import.sets_opening_date = warehouse.opening_date is None
    if warehouse.opening_date is None:
        if opening_date is None:
            raise BadInput(_("Say from which day stock is kept in this warehouse."))
        warehouse.opening_date = opening_date
        warehouse.save(update_fields=["opening_date"])
    sales_import.stock_from = warehouse.opening_date
    sales_import.state = SalesImport.State.POSTING
    sales_import.save(update_fields=["sets_opening_date", "stock_from", "state"])


def _refuse_beyond_product_limit(sales_import: SalesImport) -> None:
    limit = current_shop().product_limit
    if Product.objects.count() + sales_import.summary["new_products"] > limit:
        raise Conflict(
            _("With this file's new products the shop would have more than %(limit)d.") % {"limit": limit}
        )


def post_import(sales_import_id: int, *, scope: Scope, progress: Progress) -> dict[str, Any]:
    """Post what `begin_posting` has settled. May be stopped and called again at any point."""
    with scope(write=False):
        sales_import = SalesImport.objects.get(pk=sales_import_id)
        if sales_import.state != SalesImport.State.POSTING:
            return _result(sales_import)
        manner = _manner(sales_import)
    total = _parts(sales_import)
    progress(sales_import.parts_done, total, _("Reading the file."))
    found = preview(read_sales(_source(sales_import), manner), known=manner.known)
    with scope():
        products = _make_products(found)
    lines = read_sales(_source(sales_import), manner)
    sales = (line for line in lines if isinstance(line, Sale))
    done = sales_import.parts_done
    for _sale in islice(sales, done * PART_SALES):
        pass  # posted by an earlier attempt
    while part := list(islice(sales, PART_SALES)):
        with scope():
            _post_part(sales_import, done, part, products)
        done += 1
        progress(done, total, _("Posting sales."))
    with scope():
        _finish(sales_import_id, SalesImport.State.POSTING, SalesImport.State.POSTED)
        sales_import.state = SalesImport.State.POSTED
        return _result(sales_import)


def enqueue_posting(sales_import: SalesImport, *, actor: User | None = None) -> Job:
    """Let a worker post what `begin_posting` has settled, or go on where it was stopped."""
    return _enqueue(sales_import, "import_sales", actor)


def _enqueue(sales_import: SalesImport, kind: str, actor: User | None) -> Job:
    job = jobs.enqueue(
        kind=kind,
        key=str(sales_import.pk),
        arguments={"sales_import": sales_import.pk},
        requested_by=actor,
    )
    if job.can_retry:
        job = jobs.retry(job, actor=actor)
    sales_import.job = job
    sales_import.save(update_fields=["job"])
    return job


def _parts(sales_import: SalesImport) -> int:
    return -(-int(sales_import.summary["sales"]) // PART_SALES)


def _result(sales_import: SalesImport) -> dict[str, Any]:
    summary = sales_import.summary
    history, moved = split_by(sales_import, sales_import.stock_from or date.max)
    return {
        "state": sales_import.state,
        "rows": summary["rows"],
        "history": history,
        "posted": moved,
        "ignored": summary["ignored"],
        "bad": summary["bad"],
        "new_products": summary["new_products"],
        "known_to": summary["last_day"],
    }


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


def _post_part(sales_import: SalesImport, number: int, part: list[Sale], products: dict[str, int]) -> None:
    """One part, if it is the next; a part that another worker has posted is passed over."""
    locked = SalesImport.objects.select_for_update().defer("content").get(pk=sales_import.pk)
    if locked.state != SalesImport.State.POSTING or locked.parts_done != number:
        return
    opening = locked.stock_from
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
    _add_history(locked, history)
    by_day = {day: _lines(locked, sales, products) for day, sales in postings.items()}
    ledger.hold([line for lines in by_day.values() for line in lines])
    for day, lines in by_day.items():
        _post_day(locked, f"import:{locked.pk}:{number}:{day}", lines)
    locked.parts_done = number + 1
    locked.save(update_fields=["parts_done"])


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


def _post_day(sales_import: SalesImport, key: str, lines: list[ledger.Line]) -> None:
    posting = ledger.post(
        kind=Kind.SALE,
        key=key,
        lines=lines,
        at=max(line.at for line in lines if line.at),
        actor=sales_import.created_by,
        document=sales_import.file_name[:120],
        policy="sale_import",
    )
    ImportedPosting.objects.create(sales_import=sales_import, posting=posting)


# ---- undo ------------------------------------------------------------------------------------


def begin_undo(sales_import: SalesImport) -> None:
    """Let an import be undone as a whole: posted, or stopped half-way."""
    states = SalesImport.State
    undoable = SalesImport.objects.filter(pk=sales_import.pk, state__in=(states.POSTED, states.POSTING))
    changed = undoable.update(state=states.UNDOING)
    sales_import.refresh_from_db(fields=["state"])
    if not changed:
        raise _not_now(sales_import)


def enqueue_undo(sales_import: SalesImport, *, actor: User | None = None) -> Job:
    return _enqueue(sales_import, "undo_sales_import", actor)


def undo_import(
    sales_import_id: int, *, scope: Scope, progress: Progress, actor: User | None = None
) -> dict[str, Any]:
    """Reverse every posting and forget the history; the products stay. May be called again."""
    with scope(write=False):
        sales_import = SalesImport.objects.defer("content").get(pk=sales_import_id)
        total = sales_import.postings.count() + 1
    done = 0
    while part := _undo_part(sales_import, scope, actor, skip=done):
        done += part
        progress(done, total, _("Undoing sales."))
    with scope():
        if _finish(sales_import_id, SalesImport.State.UNDOING, SalesImport.State.UNDONE):
            HistorySale.objects.filter(sales_import=sales_import_id).delete()
            _forget_opening_date(sales_import)
    progress(total, total, _("Undone."))
    return {"state": SalesImport.State.UNDONE, "postings": done}


def _undo_part(sales_import: SalesImport, scope: Scope, actor: User | None, *, skip: int) -> int:
    """Reverse the next postings, newest first; one that is reversed already answers as before."""
    with scope():
        newest_first = sales_import.postings.select_related("posting").order_by("-id")
        links = list(newest_first[skip : skip + PART_POSTINGS])
        in_effect = [posting for link in links if (posting := _in_effect(link.posting))]
        ledger.hold_for_reversal(in_effect)
        for posting in in_effect:
            key = f"import:{sales_import.pk}:undo:{posting.pk}"
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


def _forget_opening_date(sales_import: SalesImport) -> None:
    """The next import asks again, unless stock has been kept here meanwhile."""
    if not sales_import.sets_opening_date:
        return
    warehouse_id = sales_import.warehouse_id
    live = (SalesImport.State.POSTED, SalesImport.State.POSTING)
    if SalesImport.objects.filter(warehouse=warehouse_id, state__in=live).exists():
        return
    if not Balance.objects.filter(warehouse=warehouse_id).exclude(on_hand=0).exists():
        Warehouse.objects.filter(pk=warehouse_id).update(opening_date=None)


# ---- states ----------------------------------------------------------------------------------


def _expect_uploaded(sales_import: SalesImport) -> None:
    """Raises Conflict unless nothing has begun, and holds the import until the transaction ends.

    Another request may have begun to post it since the caller read it.
    """
    row = SalesImport.objects.select_for_update().filter(pk=sales_import.pk)
    sales_import.state = row.values_list("state", flat=True).first() or sales_import.state
    if sales_import.state != SalesImport.State.UPLOADED:
        raise _not_now(sales_import)


def _not_now(sales_import: SalesImport) -> Conflict:
    state = sales_import.get_state_display()
    return Conflict(_("This import is in the state “%(state)s”; that cannot be done now.") % {"state": state})


def _finish(sales_import_id: int, before: SalesImport.State, after: SalesImport.State) -> bool:
    """Whether it was this call that ended the work."""
    return bool(SalesImport.objects.filter(pk=sales_import_id, state=before).update(state=after))
