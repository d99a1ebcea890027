"""The SQL of the ledger: one statement each, whatever the number of lines.

Written by hand because the ORM has no joined update, and a statement per line would make a day's
sales a thousand round trips. Every statement names the shop.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db import connection

from common.prepared import prepared_cursor
from common.rowset import rowset
from stock import valuation
from stock.models import Posting
from stock.places import Bin, Place
from stock.services.lines import Effect, Observed, bin_of
from tenancy.context import require_shop_id

_PLACE = {"warehouse_id": "bigint", "product_id": "bigint"}
_BIN = dict.fromkeys(Bin._fields, "bigint")
_SAME_BIN = (
    "{0}.warehouse_id = d.warehouse_id AND {0}.product_id = d.product_id"
    " AND COALESCE({0}.location_id, 0) = COALESCE(d.location_id, 0)"
    " AND COALESCE({0}.lot_id, 0) = COALESCE(d.lot_id, 0)"
)


@dataclass(slots=True)
class Held:
    """A locked balance: as found, and as the posting leaves it."""

    id: int
    sku: str
    found: valuation.Stock
    stock: valuation.Stock
    had_bins: bool
    has_bins: bool
    had_count: datetime | None
    counted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Written:
    """A movement as it is recorded."""

    effect: Effect
    change: valuation.Change


@dataclass(frozen=True, slots=True)
class Counted:
    """What a count in force has seen: where and when."""

    bin: Bin
    at: datetime
    posting_id: int


# ---- balances --------------------------------------------------------------------------------


def lock(places: set[Place]) -> dict[Place, Held]:
    """Lock the balances of `places` until the transaction ends, making those that do not exist.

    Nobody waits in a circle: rows are made in one order and locked in one order, and none is
    locked before all exist.
    """
    held = _select_for_update(places)
    if len(held) < len(places):
        _make_balances(places)
        held = _select_for_update(places)
    if missing := places - held.keys():
        raise ValueError(f"no such product in this shop: {sorted(missing)[:5]}")
    return held


def _select_for_update(places: set[Place]) -> dict[Place, Held]:
    """All of `places`, locked; on PostgreSQL none, and nothing locked, where one does not exist."""
    source, params = rowset(_PLACE, sorted(places))
    join = "ON b.warehouse_id = d.warehouse_id AND b.product_id = d.product_id AND b.shop_id = %s"
    complete, lock_rows, more = "", "", []
    if connection.vendor == "postgresql":
        complete = f" WHERE (SELECT COUNT(*) FROM {source} JOIN stock_balance b {join}) = %s"
        more = [*params, require_shop_id(), len(places)]
        lock_rows = " FOR UPDATE OF b"
    with prepared_cursor() as cursor:
        cursor.execute(
            "SELECT b.warehouse_id, b.product_id, b.id, p.sku, b.on_hand, b.value,"
            " COALESCE(b.unit_cost, p.cost), b.has_bins, b.counted_at"
            f" FROM {source} JOIN stock_balance b {join}"
            " JOIN catalog_product p ON p.shop_id = b.shop_id AND p.id = b.product_id"
            f"{complete} ORDER BY b.warehouse_id, b.product_id{lock_rows}",
            [*params, require_shop_id(), *more],
        )
        held = {}
        for warehouse_id, product_id, id_, sku, on_hand, value, unit_cost, bins, counted in cursor.fetchall():
            stock = valuation.Stock(on_hand, value, unit_cost)
            counted_at = None if counted is None else _as_moment(counted)
            held[Place(warehouse_id, product_id)] = Held(
                id_, sku, stock, stock, bool(bins), bool(bins), counted_at, counted_at
            )
        return held


def _make_balances(places: set[Place]) -> None:
    source, params = rowset(_PLACE, sorted(places))
    with prepared_cursor() as cursor:
        cursor.execute(
            "INSERT INTO stock_balance (shop_id, warehouse_id, product_id, on_hand, value, has_bins)"
            " SELECT p.shop_id, d.warehouse_id, d.product_id, 0, 0, false"
            f" FROM {source} JOIN catalog_product p ON p.shop_id = %s AND p.id = d.product_id"
            " ORDER BY d.warehouse_id, d.product_id ON CONFLICT DO NOTHING",
            [*params, require_shop_id()],
        )


def move_balances(held: Iterable[Held], *, refuse_below_zero: bool) -> None:
    moved = [
        (
            balance.id,
            balance.stock.on_hand - balance.found.on_hand,
            balance.stock.value - balance.found.value,
            balance.stock.unit_cost,
            int(balance.has_bins),
            balance.counted_at,
        )
        for balance in held
        if balance.stock != balance.found
        or balance.has_bins != balance.had_bins
        or balance.counted_at != balance.had_count
    ]
    if not moved:
        return
    columns = dict.fromkeys(("id", "quantity", "value", "unit_cost", "has_bins"), "bigint")
    columns["counted_at"] = "timestamptz"
    source, params = rowset(columns, moved)
    with prepared_cursor() as cursor:
        # The rows are locked and were checked; the condition is the database's own word on it.
        cursor.execute(
            "UPDATE stock_balance SET on_hand = stock_balance.on_hand + d.quantity,"
            " value = stock_balance.value + d.value, unit_cost = d.unit_cost, has_bins = d.has_bins = 1,"
            " counted_at = d.counted_at"
            f" FROM {source} WHERE stock_balance.id = d.id AND stock_balance.shop_id = %s"
            " AND (NOT %s OR d.quantity >= 0 OR stock_balance.on_hand + d.quantity >= 0)",
            [*params, require_shop_id(), refuse_below_zero],
        )
        if cursor.rowcount != len(moved):
            raise RuntimeError("a locked balance changed under the lock")


# ---- bins ------------------------------------------------------------------------------------


def bin_balances(bins: Iterable[Bin]) -> dict[Bin, int]:
    """On hand of `bins`, of which the balances are locked; a bin without a row has nothing."""
    wanted = sorted(set(bins), key=_in_order)
    if not wanted:
        return {}
    source, params = rowset(_BIN, wanted)
    with prepared_cursor() as cursor:
        cursor.execute(
            "SELECT d.warehouse_id, d.product_id, d.location_id, d.lot_id, b.on_hand"
            f" FROM {source} JOIN stock_binbalance b ON b.shop_id = %s AND {_SAME_BIN.format('b')}",
            [*params, require_shop_id()],
        )
        return {Bin(*row[:4]): row[4] for row in cursor.fetchall()}


def move_bins(changes: dict[Bin, int]) -> None:
    if not changes:
        return
    columns = _BIN | {"quantity": "bigint"}
    bins = sorted(changes, key=_in_order)
    source, params = rowset(columns, [(*bin_, changes[bin_]) for bin_ in bins])
    shop_id = require_shop_id()
    with prepared_cursor() as cursor:
        cursor.execute(
            "INSERT INTO stock_binbalance"
            " (shop_id, warehouse_id, product_id, location_id, lot_id, on_hand)"
            " SELECT %s, d.warehouse_id, d.product_id, d.location_id, d.lot_id, 0"
            f" FROM {source} WHERE true ON CONFLICT DO NOTHING",
            [shop_id, *params],
        )
        cursor.execute(
            "UPDATE stock_binbalance SET on_hand = stock_binbalance.on_hand + d.quantity"
            f" FROM {source} WHERE stock_binbalance.shop_id = %s"
            f" AND {_SAME_BIN.format('stock_binbalance')}",
            [*params, shop_id],
        )


def _in_order(bin_: Bin) -> tuple[int, ...]:
    return (bin_.warehouse_id, bin_.product_id, bin_.location_id or 0, bin_.lot_id or 0)


# ---- the document and its lines --------------------------------------------------------------


def insert_posting(posting: Posting) -> bool:
    """Whether the key was free. Sets `posting.id`."""
    columns = [field for field in Posting._meta.concrete_fields if not field.primary_key]
    values = [field.get_db_prep_save(getattr(posting, field.attname), connection) for field in columns]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in columns)
    marks = ", ".join(["%s"] * len(columns))
    with prepared_cursor() as cursor:
        cursor.execute(
            f"INSERT INTO stock_posting ({names}) VALUES ({marks}) ON CONFLICT DO NOTHING RETURNING id",
            values,
        )
        row = cursor.fetchone()
    if row is None:
        return False
    posting.pk = row[0]
    posting._state.adding = False
    posting._state.db = connection.alias
    return True


def insert_movements(posting: Posting, written: Sequence[Written]) -> None:
    columns = _BIN | {"quantity": "bigint", "value": "bigint", "at": "timestamptz"}
    rows = [(*line.effect.bin, line.change.quantity, line.change.value, line.effect.at) for line in written]
    _insert_lines("stock_movement", columns, rows, posting, "recorded_at")


def insert_observations(posting: Posting, observed: Sequence[Observed]) -> None:
    columns = _BIN | {"counted": "bigint", "expected": "bigint", "at": "timestamptz"}
    rows = [(*bin_of(seen.line), seen.line.quantity, seen.expected, seen.at) for seen in observed]
    _insert_lines("stock_observation", columns, rows, posting)


def _insert_lines(
    table: str, columns: dict[str, str], rows: list[Any], posting: Posting, stamped: str = ""
) -> None:
    if not rows:
        return
    source, params = rowset(columns, rows)
    names = ", ".join(["shop_id", "posting_id", *columns, *([stamped] if stamped else [])])
    values = ", ".join(["%s", "%s", *(f"d.{name}" for name in columns), *(["%s"] if stamped else [])])
    stamp = [connection.ops.adapt_datetimefield_value(posting.recorded_at)] if stamped else []
    with prepared_cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {source}",
            [posting.shop_id, posting.pk, *stamp, *params],
        )


def moved_since(moments: dict[Bin, datetime]) -> dict[Bin, int]:
    """Sums of the movements later than each bin's moment; a bin without place or lot means all."""
    source, params = rowset(_BIN | {"since": "timestamptz"}, [(*bin_, at) for bin_, at in moments.items()])
    with prepared_cursor() as cursor:
        cursor.execute(
            "SELECT d.warehouse_id, d.product_id, d.location_id, d.lot_id, SUM(m.quantity)"
            f" FROM {source} JOIN stock_movement m"
            " ON m.warehouse_id = d.warehouse_id AND m.product_id = d.product_id AND m.at > d.since"
            " AND ((d.location_id IS NULL AND d.lot_id IS NULL) OR"
            " (COALESCE(m.location_id, 0) = COALESCE(d.location_id, 0)"
            " AND COALESCE(m.lot_id, 0) = COALESCE(d.lot_id, 0)))"
            " WHERE m.shop_id = %s GROUP BY 1, 2, 3, 4",
            [*params, require_shop_id()],
        )
        return {Bin(*row[:4]): int(row[4]) for row in cursor.fetchall()}


def counts_since(moments: dict[Place, datetime]) -> list[Counted]:
    """Counts in force of each place at its moment or later, the earliest first.

    Of several of one moment the one recorded last comes first: it outdoes the others.
    """
    source, params = rowset(
        _PLACE | {"since": "timestamptz"}, [(*place, at) for place, at in moments.items()]
    )
    with prepared_cursor() as cursor:
        cursor.execute(
            "SELECT o.warehouse_id, o.product_id, o.location_id, o.lot_id, o.at, o.posting_id"
            f" FROM {source} JOIN stock_observation o"
            " ON o.warehouse_id = d.warehouse_id AND o.product_id = d.product_id AND o.at >= d.since"
            " WHERE o.shop_id = %s AND NOT EXISTS (SELECT 1 FROM stock_posting r"
            " WHERE r.shop_id = o.shop_id AND r.reverses_id = o.posting_id)"
            " ORDER BY o.at, o.posting_id DESC",
            [*params, require_shop_id()],
        )
        return [Counted(Bin(*row[:4]), _as_moment(row[4]), row[5]) for row in cursor.fetchall()]


def _as_moment(value: datetime | str) -> datetime:
    """SQLite keeps moments in UTC without saying so."""
    at = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)
