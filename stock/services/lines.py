"""What the lines of a document say, and what each kind of document makes of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import Location
from common.dates import closing_of
from common.errors import BadInput
from common.units import MAX_QUANTITY, MAX_UNIT_PRICE, line_amount
from stock.models import Kind, Lot
from stock.places import Bin, Place
from tenancy.context import current_shop

# How far a clock on a phone or a till may run ahead of ours.
CLOCK_TOLERANCE = timedelta(minutes=10)
# Files of sales have the same limit. A year like 26 or 206 is a slip of the hand, and the ledger
# never forgets it: the shop's demand would begin there, and the year 1 has moments without a UTC.
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)

_INCOMING = {Kind.OPENING, Kind.CUSTOMER_RETURN, Kind.RECEIPT}


@dataclass(frozen=True, slots=True)
class Line:
    """What one line of a document asks for, in the document's own words.

    quantity: thousandths of the stock unit; > 0, for a correction either sign, for a count what
        was counted (>= 0).
    location_id, lot_id: where the goods are taken from or put, for products kept by place or lot;
        a count without either is of the whole warehouse.
    to_warehouse_id, to_location_id: where a transfer goes; it may stay in its warehouse and change
        the location only.
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
    to_location_id: int | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """One movement-to-be.

    value: None is at the present cost.
    follows: it is worth what the effect before it took away.
    inside: it is half of a move within one warehouse, which changes no value.
    keeps: the count that it keeps true; such effects are documents of their own.
    """

    bin: Bin
    quantity: int
    at: datetime
    value: int | None = None
    follows: bool = False
    inside: bool = False
    keeps: int | None = None


@dataclass(frozen=True, slots=True)
class Observed:
    """A counted line beside what the ledger says for its moment."""

    line: Line
    expected: int
    at: datetime


def bin_of(line: Line) -> Bin:
    return Bin(line.warehouse_id, line.product_id, line.location_id, line.lot_id)


def places_of(lines: Iterable[Line]) -> set[Place]:
    places = {Place(line.warehouse_id, line.product_id) for line in lines}
    return places | {Place(line.to_warehouse_id, line.product_id) for line in lines if line.to_warehouse_id}


def effects_of(kind: Kind, line: Line, at: datetime) -> list[Effect]:
    """What a line of any kind but a count moves; of a transfer, what leaves and what arrives."""
    value = None if line.unit_cost is None else line_amount(line.quantity, line.unit_cost)
    if kind in _INCOMING or (kind == Kind.CORRECTION and line.quantity > 0):
        return [Effect(bin_of(line), line.quantity, at, value)]
    if line.to_warehouse_id is None:
        return [Effect(bin_of(line), -abs(line.quantity), at)]
    inside = line.to_warehouse_id == line.warehouse_id
    arrives = Bin(line.to_warehouse_id, line.product_id, line.to_location_id, line.lot_id)
    return [
        Effect(bin_of(line), -line.quantity, at, inside=inside),
        Effect(arrives, line.quantity, at, follows=True, inside=inside),
    ]


def difference(seen: Observed) -> Effect:
    return Effect(bin_of(seen.line), seen.line.quantity - seen.expected, seen.at)


def closing(now: datetime) -> datetime:
    """When the shop's present day is over: a count after closing has this moment, though it is to come."""
    zone = current_shop().zone
    return closing_of(now.astimezone(zone).date(), zone)


def not_ahead(at: datetime, now: datetime) -> datetime:
    return at if at == closing(now) else min(at, now)


# ---- refusals --------------------------------------------------------------------------------


def refuse_nonsense(kind: Kind, lines: Sequence[Line], at: datetime | None) -> None:
    """Raises BadInput, which names the first line and field that cannot be meant."""
    if not lines:
        raise BadInput(_("A posting needs at least one line."), {"lines": [_("is empty")]})
    latest = timezone.now() + CLOCK_TOLERANCE
    if kind == Kind.COUNT:
        latest = max(latest, closing(timezone.now()))
    for number, line in enumerate(lines):
        moment = line.at or at
        if moment is not None and moment > latest:
            raise bad_line(number, "at", _("lies in the future"))
        if moment is not None and moment < EARLIEST:
            raise bad_line(number, "at", _("lies before 1990"))
        _refuse_quantity(kind, number, line)
        _refuse_destination(kind, number, line)
        if line.unit_cost is not None:
            _refuse_cost(kind, number, line, line.unit_cost)
    if kind == Kind.COUNT:
        _refuse_counted_twice(lines)
    if any(line.location_id or line.to_location_id or line.lot_id for line in lines):
        _refuse_misplaced(lines)


def bad_line(number: int, field: str, fault: str) -> BadInput:
    detail = _("Line %(number)d: %(field)s %(fault)s.") % {
        "number": number + 1,
        "field": field,
        "fault": fault,
    }
    return BadInput(detail, {f"lines[{number}].{field}": [fault]})


def _refuse_quantity(kind: Kind, number: int, line: Line) -> None:
    if abs(line.quantity) > MAX_QUANTITY:
        raise bad_line(number, "quantity", _("is too large"))
    if kind == Kind.CORRECTION:
        if line.quantity == 0:
            raise bad_line(number, "quantity", _("must not be zero: a correction changes something"))
    elif kind == Kind.COUNT:
        if line.quantity < 0:
            raise bad_line(number, "quantity", _("must not be below zero"))
    elif line.quantity <= 0:
        raise bad_line(number, "quantity", _("must be more than zero"))


def _refuse_destination(kind: Kind, number: int, line: Line) -> None:
    if (kind == Kind.TRANSFER) != (line.to_warehouse_id is not None):
        raise bad_line(number, "to_warehouse", _("belongs to a transfer, and to nothing else"))
    if line.to_location_id is not None and kind != Kind.TRANSFER:
        raise bad_line(number, "to_location", _("belongs to a transfer, and to nothing else"))
    if line.to_warehouse_id == line.warehouse_id and line.to_location_id == line.location_id:
        raise bad_line(number, "to_warehouse", _("is where the goods are already"))


def _refuse_cost(kind: Kind, number: int, line: Line, unit_cost: int) -> None:
    if not 0 <= unit_cost <= MAX_UNIT_PRICE:
        raise bad_line(number, "unit_cost", _("must be a price of zero or more"))
    if kind not in _INCOMING and not (kind == Kind.CORRECTION and line.quantity > 0):
        raise bad_line(number, "unit_cost", _("belongs to goods that arrive"))


def _refuse_counted_twice(lines: Sequence[Line]) -> None:
    seen: set[Bin] = set()
    as_whole = {bin_of(line).place for line in lines if not bin_of(line).is_named}
    for number, line in enumerate(lines):
        bin_ = bin_of(line)
        if bin_ in seen:
            raise bad_line(number, "sku", _("is counted twice; send one line with the sum"))
        if bin_.is_named and bin_.place in as_whole:
            raise bad_line(number, "sku", _("is counted as a whole and in part; send one or the other"))
        seen.add(bin_)


def _refuse_misplaced(lines: Sequence[Line]) -> None:
    """A location of another warehouse, a lot of another product: the keys alone would allow them."""
    locations = {line.location_id for line in lines} | {line.to_location_id for line in lines}
    stands_in = dict(Location.objects.filter(pk__in=locations - {None}).values_list("pk", "warehouse_id"))
    lots = {line.lot_id for line in lines} - {None}
    is_of = dict(Lot.objects.filter(pk__in=lots).values_list("pk", "product_id"))
    for number, line in enumerate(lines):
        if line.location_id and stands_in.get(line.location_id) != line.warehouse_id:
            raise bad_line(number, "location", _("is not in this warehouse"))
        if line.to_location_id and stands_in.get(line.to_location_id) != line.to_warehouse_id:
            raise bad_line(number, "to_location", _("is not in this warehouse"))
        if line.lot_id and is_of.get(line.lot_id) != line.product_id:
            raise bad_line(number, "lot", _("is not a lot of this product"))
