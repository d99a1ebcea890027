"""Reading the ledger: what is on hand, what was, what is put aside, and how it came about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from django.db.models import BigIntegerField, Exists, OuterRef, Prefetch, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from catalog.lookups import search_products
from catalog.models import Product, Warehouse
from common.paging import Page, page_of, read_cursor
from common.search_key import search_key
from stock.models import Balance, Commitment, Movement, Posting
from stock.places import Place

# ---- put aside -------------------------------------------------------------------------------


def open_commitments(at: datetime | None = None) -> QuerySet[Commitment]:
    """Quantities put aside and neither released nor run out."""
    return Commitment.objects.filter(released_at__isnull=True, until__gt=at or timezone.now())


def commitments(*, sku: str = "", cursor: str = "", limit: int = 100) -> Page[Commitment]:
    """What is put aside now, the first to run out first."""
    rows = open_commitments().select_related("product", "warehouse").order_by("until", "pk")
    if sku:
        rows = rows.filter(product__sku_key=search_key(sku))
    if cursor:
        until, pk = read_cursor(cursor, datetime, int)
        rows = rows.filter(until__gte=until).exclude(until=until, pk__lte=pk)
    return page_of(rows[: limit + 1], limit, lambda commitment: [commitment.until, commitment.pk])


def committed(product_ids: Iterable[int]) -> dict[Place, int]:
    """What is put aside of some products, by place; places without are left out. One query."""
    rows = (
        open_commitments()
        .filter(product__in=list(product_ids))
        .order_by()
        .values_list("warehouse_id", "product_id")
        .annotate(total=Sum("quantity"))
    )
    return {Place(warehouse_id, product_id): int(total) for warehouse_id, product_id, total in rows}


# ---- on hand ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class StockLine:
    """A product in a warehouse now. Quantities in thousandths, value in minor units."""

    product: Product
    warehouse: Warehouse
    on_hand: int
    committed: int
    value: int
    unit_cost: int | None

    @property
    def available(self) -> int:
        return self.on_hand - self.committed


def balances(
    *,
    sku: str = "",
    search: str = "",
    warehouse: Warehouse | None = None,
    cursor: str = "",
    limit: int = 100,
) -> Page[StockLine]:
    """Balances in the order of SKUs, up to `limit` products a page with all of their warehouses.

    sku: this product only, in any case. search: the beginning of a SKU or name, or a barcode.
    Three queries a page, whatever its place in the list.
    """
    products = search_products(search) if search else Product.objects.all()
    if sku:
        products = products.filter(sku_key=search_key(sku))
    if cursor:
        products = products.filter(sku_key__gt=read_cursor(cursor, str)[0])
    kept = Balance.objects.filter(product=OuterRef("pk"))
    if warehouse:
        kept = kept.filter(warehouse=warehouse)
    found = products.filter(Exists(kept)).order_by("sku_key")[: limit + 1]
    page = page_of(found, limit, lambda product: [product.sku_key])
    return Page(_stock_lines(page.items, warehouse), page.next)


def stock_of(product: Product) -> list[StockLine]:
    """A product in every warehouse that ever had it. Two queries."""
    return _stock_lines([product])


def _stock_lines(products: list[Product], warehouse: Warehouse | None = None) -> list[StockLine]:
    by_id = {product.pk: product for product in products}
    rows = Balance.objects.filter(product__in=list(by_id)).select_related("warehouse")
    if warehouse:
        rows = rows.filter(warehouse=warehouse)
    put_aside = committed(by_id)
    lines = [
        StockLine(
            product=by_id[row.product_id],
            warehouse=row.warehouse,
            on_hand=row.on_hand,
            committed=put_aside.get(Place(row.warehouse_id, row.product_id), 0),
            value=row.value,
            unit_cost=row.unit_cost,
        )
        for row in rows
    ]
    return sorted(lines, key=lambda line: (line.product.sku_key, line.warehouse.code))


# ---- at another moment -----------------------------------------------------------------------


class AsOf(NamedTuple):
    """Thousandths of the stock unit, and their worth in minor units."""

    on_hand: int
    value: int


def stock_at(
    at: datetime,
    *,
    known: datetime | None = None,
    products: Iterable[int] | None = None,
    warehouse: Warehouse | None = None,
) -> dict[Place, AsOf]:
    """Stock as of `at`, by place: what was true then, or with `known` what the books said by then.

    A sale of the 1st that was recorded on the 5th is part of the stock of the 2nd, and is not part
    of it as known on the 3rd. Places that nothing had moved in are left out. One query.
    """
    moved = Movement.objects.filter(at__lte=at)
    if known is not None:
        moved = moved.filter(recorded_at__lte=known)
    if products is not None:
        moved = moved.filter(product__in=list(products))
    if warehouse is not None:
        moved = moved.filter(warehouse=warehouse)
    rows = (
        moved.order_by()
        .values_list("warehouse_id", "product_id")
        .annotate(on_hand=Sum("quantity"), worth=Sum("value"))
    )
    return {Place(*row[:2]): AsOf(int(row[2]), int(row[3])) for row in rows}


def as_of(found: Page[StockLine], at: datetime, known: datetime | None = None) -> Page[StockLine]:
    """The same lines with the stock of another moment. One query more."""
    then = stock_at(at, known=known, products={line.product.pk for line in found.items})

    def at_that_moment(line: StockLine) -> StockLine:
        stock = then.get(Place(line.warehouse.pk, line.product.pk), AsOf(0, 0))
        return replace(line, on_hand=stock.on_hand, value=stock.value)

    return found.map(at_that_moment)


# ---- how it came about -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """A movement, with what was on hand after it."""

    movement: Movement
    on_hand: int


def history(
    product: Product,
    *,
    warehouse: Warehouse | None = None,
    with_values: bool = True,
    cursor: str = "",
    limit: int = 50,
) -> Page[HistoryLine]:
    """The movements of a product, in the order in which things happened, newest first.

    on hand runs over all warehouses, or over the one asked for. It is counted back from the
    balance in the same query, so entries that were dated back between two pages do no harm.
    with_values: False leaves out the lines that move a value and no goods.
    """
    moved = Movement.objects.filter(product=product)
    kept = Balance.objects.filter(product=product)
    if warehouse:
        moved, kept = moved.filter(warehouse=warehouse), kept.filter(warehouse=warehouse)
    rows, newer = moved, moved.none()
    if cursor:
        at, pk = read_cursor(cursor, datetime, int)
        rows = moved.filter(at__lte=at).exclude(at=at, pk__gte=pk)
        newer = moved.filter(at__gte=at).exclude(at=at, pk__lt=pk)
    if not with_values:
        rows = rows.exclude(quantity=0)
    rows = (
        rows.annotate(balance=_total(kept, "on_hand"), since=_total(newer, "quantity"))
        # Not joined: a planner without fresh statistics would join all of the product's movements
        # and then throw away what is not on the page.
        .prefetch_related(
            Prefetch("posting", _documents()),
            *("warehouse", "location", "lot"),
        )
        .order_by("-at", "-pk")[: limit + 1]
    )
    page = page_of(rows, limit, lambda movement: [movement.at, movement.pk])
    lines = []
    on_hand = page.items[0].balance - page.items[0].since if page.items else 0
    for movement in page.items:
        lines.append(HistoryLine(movement, on_hand))
        on_hand -= movement.quantity
    return Page(lines, page.next)


def _total(rows: QuerySet, field: str) -> Coalesce:
    """The sum of `field` over `rows` of one product, as a part of another query."""
    total = rows.order_by().values("product").annotate(total=Sum(field)).values("total")
    return Coalesce(Subquery(total, output_field=BigIntegerField()), Value(0))


def _documents() -> QuerySet[Posting]:
    """Without their stored answers, which are as long as the documents."""
    return Posting.objects.select_related("actor", "token").defer("answer")


def postings(*, kind: str = "", cursor: str = "", limit: int = 50) -> Page[Posting]:
    """Documents, the last recorded first."""
    rows = _documents().order_by("-recorded_at", "-pk")
    if kind:
        rows = rows.filter(kind=kind)
    if cursor:
        recorded_at, pk = read_cursor(cursor, datetime, int)
        rows = rows.filter(recorded_at__lte=recorded_at).exclude(recorded_at=recorded_at, pk__gte=pk)
    return page_of(rows[: limit + 1], limit, lambda posting: [posting.recorded_at, posting.pk])
