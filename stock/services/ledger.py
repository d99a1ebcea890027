"""The one way into the ledger: a posting, its movements and the balances, in one transaction.

A fixed number of statements whatever the number of lines: lock the balances (in one order
everywhere, so that nobody waits in a circle), write the document, move the balances, write the
lines. All refusals come before the first write.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Product
from common.errors import BadInput, Conflict, InsufficientStock, KeyReused
from common.rowset import rowset
from common.units import MAX_QUANTITY, line_amount, write_quantity
from stock import valuation
from stock.models import Kind, Posting
from tenancy.context import current_shop, require_shop_id
from tenancy.models import ApiToken, User

# How far a clock on a phone or a till may run ahead of ours.
CLOCK_TOLERANCE = timedelta(minutes=10)

_INCOMING = {Kind.OPENING, Kind.CUSTOMER_RETURN, Kind.RECEIPT}
_OUTGOING = {Kind.SALE, Kind.SUPPLIER_RETURN, Kind.WRITE_OFF}


@dataclass(frozen=True, slots=True)
class Line:
    """What one line of a document asks for, in the document's own words.

    quantity: thousandths of the stock unit; > 0, for a correction either sign, for a count what
        was counted (>= 0).
    unit_cost: ten-thousandths of a minor unit, where goods arrive at a known cost.
    at: where it differs from the document's, as in a day's sales from a file.
    """

    product_id: int
    warehouse_id: int
    quantity: int
    to_warehouse_id: int | None = None
    location_id: int | None = None
    lot_id: int | None = None
    unit_cost: int | None = None
    at: datetime | None = None


class Place(NamedTuple):
    """What a balance is kept for; sorts into the order of locking."""

    warehouse_id: int
    product_id: int


class Bin(NamedTuple):
    warehouse_id: int
    product_id: int
    location_id: int | None
    lot_id: int | None


@dataclass(frozen=True, slots=True)
class Effect:
    """One movement-to-be. `value` None: at the present cost. `follows`: worth what the effect before took."""

    place: Place
    quantity: int
    at: datetime
    location_id: int | None = None
    lot_id: int | None = None
    value: int | None = None
    follows: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    line: Line
    expected: int
    at: datetime


def post(
    *,
    kind: Kind,
    key: str,
    lines: Sequence[Line],
    at: datetime | None = None,
    actor: User | None = None,
    token: ApiToken | None = None,
    reason: str = "",
    document: str = "",
    policy: str = "",
) -> Posting:
    """Record a document once per `key`; the same document under the same key answers as before.

    policy: the kind of posting whose rule on negative stock holds, where it is not `kind` itself.

    Raises InsufficientStock where the shop refuses to go below zero, KeyReused where the key
    belongs to another document, BadInput for lines that make no sense. Then nothing is posted.
    """
    _refuse_nonsense(kind, lines, at, reason)
    digest = _digest(kind, lines, at, reason, document)
    now = timezone.now()
    with _transaction():
        held = _lock(_places(lines))
        observed: list[Observed] = []
        if kind == Kind.COUNT:
            observed = _observe(lines, held, at or now)
            effects = [_difference(seen) for seen in observed if seen.line.quantity != seen.expected]
        else:
            effects = [effect for line in lines for effect in _effects(kind, line, line.at or at or now)]
        return _record(
            kind=kind,
            key=key,
            digest=digest,
            at=at or now,
            effects=effects,
            held=held,
            refuse_below_zero=kind != Kind.COUNT and _refuses(policy or kind),
            observed=observed,
            asked=[Place(line.warehouse_id, line.product_id) for line in lines],
            actor=actor,
            token=token,
            reason=reason,
            document=document,
        )


def reverse(
    posting: Posting,
    *,
    key: str,
    actor: User | None = None,
    token: ApiToken | None = None,
    reason: str = "",
) -> Posting:
    """Undo a document by its mirror image; a mirror can itself be mirrored, each document once.

    Raises Conflict if it is undone already, and InsufficientStock where goods that would have to
    leave again are gone and the shop refuses to go below zero.
    """
    digest = hashlib.sha256(f"reverse {posting.pk} {reason}".encode()).hexdigest()
    with _transaction():
        mirrored = list(posting.movements.order_by("id"))
        held = _lock({Place(line.warehouse_id, line.product_id) for line in mirrored})
        effects = [
            Effect(
                Place(line.warehouse_id, line.product_id),
                -line.quantity,
                line.at,
                line.location_id,
                line.lot_id,
                -line.value,
            )
            for line in mirrored
        ]
        return _record(
            kind=Kind(posting.kind),
            key=key,
            digest=digest,
            at=posting.at,
            effects=effects,
            held=held,
            refuse_below_zero=_refuses(posting.kind),
            observed=[],
            asked=list(dict.fromkeys(effect.place for effect in effects)),
            actor=actor,
            token=token,
            reason=reason,
            document=posting.document,
            reverses=posting,
        )


# ---- what the lines mean ---------------------------------------------------------------------


def _refuse_nonsense(kind: Kind, lines: Sequence[Line], at: datetime | None, reason: str) -> None:
    if not lines:
        raise BadInput(_("A posting needs at least one line."), {"lines": [_("is empty")]})
    if kind == Kind.WRITE_OFF and not reason:
        raise BadInput(_("Say why the goods are written off."), {"reason": [_("is empty")]})
    latest = timezone.now() + CLOCK_TOLERANCE
    for number, line in enumerate(lines):
        moment = line.at or at
        if moment is not None and moment > latest:
            raise _bad_line(number, "at", _("lies in the future"))
        if abs(line.quantity) > MAX_QUANTITY:
            raise _bad_line(number, "quantity", _("is too large"))
        if kind == Kind.CORRECTION:
            if line.quantity == 0:
                raise _bad_line(number, "quantity", _("a correction changes something"))
        elif line.quantity < 0 or (line.quantity == 0 and kind != Kind.COUNT):
            raise _bad_line(number, "quantity", _("must be more than zero"))
        if (kind == Kind.TRANSFER) != (line.to_warehouse_id is not None):
            raise _bad_line(number, "to_warehouse", _("belongs to a transfer, and to nothing else"))
        if line.to_warehouse_id == line.warehouse_id:
            raise _bad_line(number, "to_warehouse", _("is where the goods are already"))
    if kind == Kind.COUNT:
        _refuse_counted_twice(lines)


def _refuse_counted_twice(lines: Sequence[Line]) -> None:
    seen: set[Bin] = set()
    for number, line in enumerate(lines):
        bin_ = _bin(line)
        if bin_ in seen:
            raise _bad_line(number, "sku", _("is counted twice; send one line with the sum"))
        seen.add(bin_)


def _bad_line(number: int, field: str, fault: str) -> BadInput:
    detail = _("Line %(number)d: %(field)s %(fault)s.") % {
        "number": number + 1,
        "field": field,
        "fault": fault,
    }
    return BadInput(detail, {f"lines[{number}].{field}": [fault]})


def _effects(kind: Kind, line: Line, at: datetime) -> list[Effect]:
    place = Place(line.warehouse_id, line.product_id)
    value = None if line.unit_cost is None else line_amount(abs(line.quantity), line.unit_cost)
    if kind in _INCOMING or (kind == Kind.CORRECTION and line.quantity > 0):
        return [Effect(place, line.quantity, at, line.location_id, line.lot_id, value)]
    taken = Effect(place, -abs(line.quantity), at, line.location_id, line.lot_id)
    if kind != Kind.TRANSFER:
        return [taken]
    arrives = Place(line.to_warehouse_id or 0, line.product_id)
    return [taken, Effect(arrives, line.quantity, at, None, line.lot_id, follows=True)]


def _observe(lines: Sequence[Line], held: dict[Place, Held], at: datetime) -> list[Observed]:
    """What the ledger says for the moment of each count: the balance less what happened since."""
    bins = {_bin(line): line.at or at for line in lines}
    since = _moved_since(bins)
    in_bins = _bin_balances([bin_ for bin_ in bins if bin_.location_id or bin_.lot_id])
    observed = []
    for line in lines:
        bin_ = _bin(line)
        whole = line.location_id is None and line.lot_id is None
        now = held[Place(*bin_[:2])].stock.on_hand if whole else in_bins.get(bin_, 0)
        observed.append(Observed(line, now - since.get(bin_, 0), bins[bin_]))
    return observed


def _difference(seen: Observed) -> Effect:
    line = seen.line
    place = Place(line.warehouse_id, line.product_id)
    return Effect(place, line.quantity - seen.expected, seen.at, line.location_id, line.lot_id)


def _bin(line: Line) -> Bin:
    return Bin(line.warehouse_id, line.product_id, line.location_id, line.lot_id)


def _places(lines: Iterable[Line]) -> set[Place]:
    places = {Place(line.warehouse_id, line.product_id) for line in lines}
    return places | {Place(line.to_warehouse_id, line.product_id) for line in lines if line.to_warehouse_id}


def _refuses(policy: str) -> bool:
    return str(policy) not in current_shop().accepts_negative


# ---- recording -------------------------------------------------------------------------------


@dataclass(slots=True)
class Held:
    """A locked balance: as found, and as the posting leaves it."""

    id: int
    found: valuation.Stock
    stock: valuation.Stock


@dataclass(frozen=True, slots=True)
class Written:
    effect: Effect
    change: valuation.Change


def _record(
    *,
    kind: Kind,
    key: str,
    digest: str,
    at: datetime,
    effects: list[Effect],
    held: dict[Place, Held],
    refuse_below_zero: bool,
    observed: list[Observed],
    asked: list[Place],
    actor: User | None,
    token: ApiToken | None,
    reason: str,
    document: str,
    reverses: Posting | None = None,
) -> Posting:
    written = _undo(effects, held) if reverses else _apply(effects, held)
    if refuse_below_zero and (short := _short(held)):
        # The same request may have been accepted before, and taken what is missing now.
        if repeated := _repeat(key, digest):
            return repeated
        raise _insufficient(short)
    posting = Posting(
        kind=kind,
        key=key,
        digest=digest,
        at=at,
        recorded_at=timezone.now(),
        actor=actor,
        token=token,
        reason=reason,
        document=document,
        reverses=reverses,
        answer={"lines": _answer(asked, held)},
    )
    if not _insert_posting(posting):
        if repeated := _repeat(key, digest):
            return repeated
        raise Conflict(_("This has been undone already."))
    _move_balances(held, refuse_below_zero)
    _move_bins(effects)
    _insert_movements(posting, written)
    if observed:
        _insert_observations(posting, observed)
    return posting


def _apply(effects: list[Effect], held: dict[Place, Held]) -> list[Written]:
    written: list[Written] = []
    taken = 0
    for effect in effects:
        balance = held[effect.place]
        if effect.quantity < 0:
            balance.stock, changes = valuation.take_out(balance.stock, -effect.quantity)
            taken = -changes[0].value
        else:
            value = taken if effect.follows else effect.value
            balance.stock, changes = valuation.put_in(balance.stock, effect.quantity, value)
        written += [Written(effect, change) for change in changes]
    return written


def _undo(effects: list[Effect], held: dict[Place, Held]) -> list[Written]:
    """Mirrored effects carry their values; each balance is settled once, by all of its lines."""
    written: list[Written] = []
    by_place: dict[Place, list[Effect]] = {}
    for effect in effects:
        by_place.setdefault(effect.place, []).append(effect)
    for place, group in by_place.items():
        balance = held[place]
        original = [valuation.Change(-effect.quantity, -(effect.value or 0)) for effect in group]
        balance.stock, changes = valuation.reverse(balance.stock, original)
        # One change per mirrored line; a settling value line, if any, goes with the last.
        written += [
            Written(group[min(number, len(group) - 1)], change) for number, change in enumerate(changes)
        ]
    return written


def _short(held: dict[Place, Held]) -> list[tuple[Place, Held]]:
    return [
        (place, balance)
        for place, balance in held.items()
        if balance.stock.on_hand < 0 and balance.stock.on_hand < balance.found.on_hand
    ]


def _insufficient(short: list[tuple[Place, Held]]) -> InsufficientStock:
    """A refusal that names every product that is short."""
    skus = _skus(place.product_id for place, _held in short)
    faults = {
        skus[place.product_id]: [
            _("%(wanted)s requested, %(on_hand)s on hand")
            % {
                "wanted": write_quantity(balance.found.on_hand - balance.stock.on_hand),
                "on_hand": write_quantity(balance.found.on_hand),
            }
        ]
        for place, balance in short
    }
    sku, (fault,) = next(iter(faults.items()))
    return InsufficientStock(f"{sku}: {fault}", faults)


def _repeat(key: str, digest: str) -> Posting | None:
    known = Posting.objects.filter(key=key).first()
    if known is not None and known.digest != digest:
        raise KeyReused(_("This idempotency key belongs to another posting."))
    return known


def _answer(asked: list[Place], held: dict[Place, Held]) -> list[dict[str, str]]:
    skus = _skus(place.product_id for place in asked)
    return [
        {"sku": skus[place.product_id], "on_hand": write_quantity(held[place].stock.on_hand)}
        for place in asked
    ]


def _skus(product_ids: Iterable[int]) -> dict[int, str]:
    return dict(Product.objects.filter(pk__in=set(product_ids)).values_list("pk", "sku"))


def _digest(kind: Kind, lines: Sequence[Line], at: datetime | None, reason: str, document: str) -> str:
    body = [str(kind), at, reason, document, [list(asdict(line).values()) for line in lines]]
    return hashlib.sha256(json.dumps(body, default=str).encode()).hexdigest()


# ---- statements ------------------------------------------------------------------------------


def _transaction() -> AbstractContextManager[Any]:
    """The caller's transaction where there is one.

    A savepoint would cost two more round trips, and as refusals come before the first write there
    is nothing to roll back to.
    """
    return nullcontext() if connection.in_atomic_block else transaction.atomic()


def _lock(places: set[Place]) -> dict[Place, Held]:
    """Lock the balances of `places` until the transaction ends, making those that do not exist."""
    held = _select_balances(places)
    if missing := sorted(places - held.keys()):
        source, params = rowset({"warehouse_id": "bigint", "product_id": "bigint"}, missing)
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO stock_balance (shop_id, warehouse_id, product_id, on_hand, value, unit_cost)"
                " SELECT %s, d.warehouse_id, d.product_id, 0, 0, p.cost"
                f" FROM {source} JOIN catalog_product p ON p.shop_id = %s AND p.id = d.product_id"
                " ORDER BY d.warehouse_id, d.product_id ON CONFLICT DO NOTHING",
                [require_shop_id(), *params, require_shop_id()],
            )
        held = _select_balances(places)
    return held


def _select_balances(places: set[Place]) -> dict[Place, Held]:
    source, params = rowset({"warehouse_id": "bigint", "product_id": "bigint"}, sorted(places))
    lock = " FOR UPDATE OF b" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.id, b.warehouse_id, b.product_id, b.on_hand, b.value, b.unit_cost"
            f" FROM stock_balance b JOIN {source}"
            " ON b.warehouse_id = d.warehouse_id AND b.product_id = d.product_id"
            f" WHERE b.shop_id = %s ORDER BY b.warehouse_id, b.product_id{lock}",
            [*params, require_shop_id()],
        )
        held = {}
        for id_, warehouse_id, product_id, on_hand, value, unit_cost in cursor.fetchall():
            stock = valuation.Stock(on_hand, value, unit_cost or 0)
            held[Place(warehouse_id, product_id)] = Held(id_, stock, stock)
        return held


def _insert_posting(posting: Posting) -> bool:
    """Whether the key was free. Sets `posting.id`."""
    columns = [field for field in Posting._meta.concrete_fields if not field.primary_key]
    values = [field.get_db_prep_save(getattr(posting, field.attname), connection) for field in columns]
    names = ", ".join(connection.ops.quote_name(str(field.column)) for field in columns)
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
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


def _move_balances(held: dict[Place, Held], refuse_below_zero: bool) -> None:
    moved = [
        (
            balance.id,
            balance.stock.on_hand - balance.found.on_hand,
            balance.stock.value - balance.found.value,
            balance.stock.unit_cost,
        )
        for balance in held.values()
        if balance.stock != balance.found
    ]
    if not moved:
        return
    source, params = rowset(
        {"id": "bigint", "quantity": "bigint", "value": "bigint", "unit_cost": "bigint"}, moved
    )
    with connection.cursor() as cursor:
        # The rows are locked and were checked; the condition is the database's own word on it.
        cursor.execute(
            "UPDATE stock_balance SET on_hand = stock_balance.on_hand + d.quantity,"
            " value = stock_balance.value + d.value, unit_cost = d.unit_cost"
            f" FROM {source} WHERE stock_balance.id = d.id AND stock_balance.shop_id = %s"
            " AND (NOT %s OR d.quantity >= 0 OR stock_balance.on_hand + d.quantity >= 0)",
            [*params, require_shop_id(), refuse_below_zero],
        )
        if cursor.rowcount != len(moved):
            raise RuntimeError("a locked balance changed under the lock")


def _move_bins(effects: list[Effect]) -> None:
    """Keep the balances by location and lot, for the lines that name one."""
    sums: dict[Bin, int] = {}
    for effect in effects:
        if effect.location_id or effect.lot_id:
            bin_ = Bin(*effect.place, effect.location_id, effect.lot_id)
            sums[bin_] = sums.get(bin_, 0) + effect.quantity
    if not sums:
        return
    bins = sorted(sums, key=lambda bin_: (bin_[:2], bin_.location_id or 0, bin_.lot_id or 0))
    columns = dict.fromkeys(Bin._fields, "bigint") | {"quantity": "bigint"}
    source, params = rowset(columns, [(*bin_, sums[bin_]) for bin_ in bins])
    shop_id = require_shop_id()
    with connection.cursor() as cursor:
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
            " AND stock_binbalance.warehouse_id = d.warehouse_id"
            " AND stock_binbalance.product_id = d.product_id"
            " AND COALESCE(stock_binbalance.location_id, 0) = COALESCE(d.location_id, 0)"
            " AND COALESCE(stock_binbalance.lot_id, 0) = COALESCE(d.lot_id, 0)",
            [*params, shop_id],
        )


def _insert_movements(posting: Posting, written: list[Written]) -> None:
    if not written:
        return
    columns = dict.fromkeys(
        ("warehouse_id", "product_id", "location_id", "lot_id", "quantity", "value"), "bigint"
    ) | {"at": "timestamptz"}
    rows = [
        (
            *line.effect.place,
            line.effect.location_id,
            line.effect.lot_id,
            line.change.quantity,
            line.change.value,
            line.effect.at,
        )
        for line in written
    ]
    _insert_lines("stock_movement", columns, rows, posting, "recorded_at")


def _insert_observations(posting: Posting, observed: list[Observed]) -> None:
    columns = dict.fromkeys(
        ("warehouse_id", "product_id", "location_id", "lot_id", "counted", "expected"), "bigint"
    ) | {"at": "timestamptz"}
    rows = [(*_bin(seen.line), seen.line.quantity, seen.expected, seen.at) for seen in observed]
    _insert_lines("stock_observation", columns, rows, posting)


def _insert_lines(
    table: str, columns: dict[str, str], rows: list[Any], posting: Posting, stamped: str = ""
) -> None:
    source, params = rowset(columns, rows)
    names = ", ".join(["shop_id", "posting_id", *columns, *([stamped] if stamped else [])])
    values = ", ".join(["%s", "%s", *(f"d.{name}" for name in columns), *(["%s"] if stamped else [])])
    stamp = [connection.ops.adapt_datetimefield_value(posting.recorded_at)] if stamped else []
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {values} FROM {source}",
            [posting.shop_id, posting.pk, *stamp, *params],
        )


def _moved_since(bins: dict[Bin, datetime]) -> dict[Bin, int]:
    """Sums of the movements later than each bin's moment; a bin without place or lot means all."""
    columns = dict.fromkeys(Bin._fields, "bigint") | {"since": "timestamptz"}
    source, params = rowset(columns, [(*bin_, at) for bin_, at in bins.items()])
    with connection.cursor() as cursor:
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


def _bin_balances(bins: list[Bin]) -> dict[Bin, int]:
    if not bins:
        return {}
    source, params = rowset(dict.fromkeys(Bin._fields, "bigint"), bins)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT b.warehouse_id, b.product_id, b.location_id, b.lot_id, b.on_hand"
            f" FROM stock_binbalance b JOIN {source}"
            " ON b.warehouse_id = d.warehouse_id AND b.product_id = d.product_id"
            " AND COALESCE(b.location_id, 0) = COALESCE(d.location_id, 0)"
            " AND COALESCE(b.lot_id, 0) = COALESCE(d.lot_id, 0) WHERE b.shop_id = %s",
            [*params, require_shop_id()],
        )
        return {Bin(*row[:4]): row[4] for row in cursor.fetchall()}
