"""Closing a day: what customers wanted, apart from what is not known.

Sales from before stock was kept and sales of the ledger are added up by the shop's own days. A day
is unknown, never zero, where nobody can have recorded a sale: after the day to which sales are
known, and when the shelf was empty from opening to closing. Where the shelf was empty in the evening
only, what was sold is the least that was wanted: the day is censored. What customers brought back
does not lower what they wanted.

The shelf is judged from the warehouse's opening date on, and for a product only from the day its
stock is known: its opening stock, its first count, or the arrival that it began with. Before that
the ledger's balance is no stock, so it says nothing about stock-outs.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db.models import Exists, Max, Min, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from catalog.models import Warehouse
from common.dates import end_of_day
from common.units import QUANTITY_SCALE
from imports.models import FileImport
from stock.models import (
    DemandMonth,
    HistorySale,
    ImportedPosting,
    Kind,
    Movement,
    Observation,
    SalesImport,
)
from stock.places import Place
from tenancy.context import current_shop

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WRITE_BATCH = 2_000
_SOURCE_ENDS_AFTER = timedelta(days=31)


@dataclass(frozen=True, slots=True)
class ClosedDemand:
    """known_to: by warehouse, the last day whose sales are known; warehouses without sales are left out."""

    known_to: dict[int, date]
    products: int
    months_written: int


@dataclass(slots=True)
class _Series:
    """A product in a warehouse: thousandths by day number, as read from the database."""

    first: int
    sold: dict[int, int]
    moved: dict[int, int]
    arrived: set[int]
    # Of these, the days on which more came than customers brought back: that tells no stock.
    delivered: set[int]
    # The first day on which somebody said what there is: opening stock or a count.
    stated: int | None = None

    @property
    def kept_from(self) -> int | None:
        """The day from which the balance is what stood on the shelf; None: it never was."""
        begun = min(self.delivered, default=None)
        if begun is not None and begun > min(self.sold, default=begun + 1):
            begun = None  # sold before it arrived: there was stock that nobody had entered
        return min((day for day in (begun, self.stated) if day is not None), default=None)


class _Month(NamedTuple):
    """A month as it is stored: thousandths a day, and the days of the month that are censored."""

    days: list[int | None]
    censored: list[int]


def sales_known_to(upto: date) -> dict[int, date]:
    """By warehouse, the last day whose sales are all in; never later than `upto`.

    A file of sales says how far it reaches, and a sale posted by a till says that the till was
    working on that day. Where several sources report the sales of a warehouse, a day is known once
    all of them have reported it; one that has been silent for a month has ended.
    """
    zone = current_shop().zone
    found: dict[int, dict[str, date]] = {}

    def note(rows: Iterable[tuple[int, str, date | None]]) -> None:
        for warehouse_id, source, day in rows:
            if day is not None:
                sources = found.setdefault(warehouse_id, {})
                sources[source] = max(day, sources.get(source, day))

    note(
        SalesImport.objects.filter(file__state=FileImport.State.POSTED)
        .order_by()
        .values_list("warehouse_id", "source")
        .annotate(day=Max("known_to"))
    )
    history = _history().filter(day__lte=upto).order_by()
    note(history.values_list("warehouse_id", "sales_import__source").annotate(last=Max("day")))
    from_file = ImportedPosting.objects.filter(posting=OuterRef("posting"))
    typed = _sales(upto).filter(~Exists(from_file), posting__reverses=None, posting__reversals=None)
    latest = typed.order_by().values_list("warehouse_id").annotate(latest=Max("at"))
    note((warehouse_id, "", at.astimezone(zone).date()) for warehouse_id, at in latest)
    return {warehouse_id: min(_all_reported(sources), upto) for warehouse_id, sources in found.items()}


def _all_reported(sources: dict[str, date]) -> date:
    newest = max(sources.values())
    return min(day for day in sources.values() if day > newest - _SOURCE_ENDS_AFTER)


def close_demand(upto: date) -> ClosedDemand:
    """Write the demand of every day up to `upto`, again where a day has changed since.

    Closing twice writes nothing the second time.
    """
    import numpy as np

    known_to = sales_known_to(upto)
    opened = dict(Warehouse.objects.values_list("pk", "opening_date"))
    wanted: dict[tuple[int, int, date], _Month] = {}
    series = _read(upto)
    for place, one in series.items():
        if (last := known_to.get(place.warehouse_id)) is None or one.first > last.toordinal():
            continue
        days = np.arange(one.first, last.toordinal() + 1)
        demand = np.maximum(_spread(one.sold, days), 0)
        unknown, censored = _shelf(one, days, opened.get(place.warehouse_id))
        values = [None if hidden else int(quantity) for quantity, hidden in zip(demand, unknown, strict=True)]
        for month, packed in _months(date.fromordinal(one.first), values):
            wanted[(*place, month)] = _Month(packed, [])
        for number in days[censored].tolist():
            day = date.fromordinal(number)
            wanted[(*place, day.replace(day=1))].censored.append(day.day)
    return ClosedDemand(known_to, len(series), _store(wanted))


def demand_panel(
    warehouse_id: int, *, product_ids: Sequence[int] | None = None, since: date | None = None
) -> tuple[list[int], list[date], NDArray[np.float64]]:
    """Closed demand as a table: product ids (rows), days (columns) and stock units; NaN is unknown.

    NaN stands for whole days with an empty shelf and for days beyond what is known. A number is all
    that was wanted, except on the days that `censored_panel` marks: there it is the least. A method
    should not learn a low level from those; leave them out, or take them as a lower bound.

    since: leave out whole months before this day's.
    """
    return _panels(warehouse_id, product_ids, since)[:3]


def censored_panel(
    warehouse_id: int, *, product_ids: Sequence[int] | None = None, since: date | None = None
) -> NDArray[np.bool_]:
    """The same rows and columns as `demand_panel`: True where the shelf was empty in the evening.

    Such a day's demand is known, and at least that; design.md's `stock_end` 0.
    """
    return _panels(warehouse_id, product_ids, since)[3]


def _panels(
    warehouse_id: int, product_ids: Sequence[int] | None, since: date | None
) -> tuple[list[int], list[date], NDArray[np.float64], NDArray[np.bool_]]:
    import numpy as np

    rows = DemandMonth.objects.filter(warehouse_id=warehouse_id)
    if product_ids is not None:
        rows = rows.filter(product_id__in=product_ids)
    if since is not None:
        rows = rows.filter(month__gte=since.replace(day=1))
    packed = list(rows.order_by("product_id", "month").values_list("product_id", "month", "days", "censored"))
    if not packed:
        return [], [], np.empty((0, 0)), np.empty((0, 0), dtype=bool)
    first = min(month for _product, month, *_rest in packed)
    end = max(month + timedelta(days=len(days)) for _product, month, days, _censored in packed)
    products = sorted({product_id for product_id, *_rest in packed})
    place = {product_id: row for row, product_id in enumerate(products)}
    panel = np.full((len(products), (end - first).days), np.nan)
    at_least = np.zeros(panel.shape, dtype=bool)
    for product_id, month, days, censored in packed:
        start = (month - first).days
        panel[place[product_id], start : start + len(days)] = np.array(days, dtype=float)
        at_least[place[product_id], [start + day - 1 for day in censored]] = True
    return (
        products,
        [first + timedelta(days=n) for n in range(panel.shape[1])],
        panel / QUANTITY_SCALE,
        at_least,
    )


# ---- reading ---------------------------------------------------------------------------------


def _history() -> QuerySet[HistorySale]:
    # An import that is still being posted, or undone, is not known yet.
    return HistorySale.objects.filter(sales_import__file__state=FileImport.State.POSTED)


def _sales(upto: date) -> QuerySet[Movement]:
    return Movement.objects.filter(
        posting__kind=Kind.SALE, at__lt=end_of_day(upto, current_shop().zone), quantity__lt=0
    )


def _read(upto: date) -> dict[Place, _Series]:
    """Everything that was sold or moved, by place and day, in three statements."""
    zone = current_shop().zone
    series: dict[Place, _Series] = {}

    def at(place: Place, day: int) -> _Series:
        one = series.get(place)
        if one is None:
            one = series[place] = _Series(day, {}, {}, set(), set())
        one.first = min(one.first, day)
        return one

    history = _history().filter(day__lte=upto).order_by()
    for warehouse_id, product_id, day, quantity in history.values_list(
        "warehouse_id", "product_id", "day"
    ).annotate(total=Sum("quantity")):
        number = day.toordinal()
        one = at(Place(warehouse_id, product_id), number)
        one.sold[number] = one.sold.get(number, 0) + quantity
    moved = (
        Movement.objects.filter(at__lt=end_of_day(upto, zone))
        .exclude(quantity=0)
        .order_by()
        .annotate(day=TruncDate("at", tzinfo=zone))
        .values_list("warehouse_id", "product_id", "day", "posting__kind")
        .annotate(
            total=Sum("quantity"),
            # What was undone never arrived; what was undone and done again did.
            largest=Max("quantity", filter=Q(posting__reverses=None, posting__reversals=None)),
        )
    )
    for warehouse_id, product_id, day, kind, quantity, largest in moved:
        number = day.toordinal()
        one = at(Place(warehouse_id, product_id), number)
        one.moved[number] = one.moved.get(number, 0) + quantity
        if kind == Kind.SALE:
            # A reversed sale carries the moment of the sale, so the two cancel out here.
            one.sold[number] = one.sold.get(number, 0) - quantity
        if max(largest or 0, quantity) > 0:
            one.arrived.add(number)
            if kind != Kind.CUSTOMER_RETURN:
                one.delivered.add(number)
        if kind == Kind.OPENING and quantity > 0:
            one.stated = number if one.stated is None else min(one.stated, number)
    counted = (
        Observation.objects.filter(at__lt=end_of_day(upto, zone), posting__reversals=None)
        .order_by()
        .values_list("warehouse_id", "product_id")
        .annotate(first=Min("at"))
    )
    for warehouse_id, product_id, first in counted:
        number = first.astimezone(zone).date().toordinal()
        # A count that found nothing and moved nothing begins no demand.
        if found := series.get(Place(warehouse_id, product_id)):
            found.stated = number if found.stated is None else min(found.stated, number)
    return series


def _spread(by_day: dict[int, int], days: NDArray[np.int64]) -> NDArray[np.int64]:
    import numpy as np

    spread = np.zeros(len(days), dtype=np.int64)
    for number, quantity in by_day.items():
        if 0 <= number - days[0] < len(days):
            spread[number - days[0]] = quantity
    return spread


def _shelf(
    one: _Series, days: NDArray[np.int64], opened: date | None
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """The days on which nothing was there to sell at any moment, and those that ended with nothing.

    A shelf below zero ends with something that the ledger does not know of, so it is neither.
    """
    import numpy as np

    if opened is None or one.kept_from is None:
        return np.zeros(len(days), dtype=bool), np.zeros(len(days), dtype=bool)
    moved = _spread(one.moved, days)
    in_the_evening = np.cumsum(moved)
    in_the_morning = in_the_evening - moved
    arrived = np.isin(days, list(one.arrived))
    # A till that sells below zero sold something that was there.
    sold = _spread(one.sold, days) > 0
    judged = days >= max(opened.toordinal(), one.kept_from)
    empty = judged & (in_the_morning <= 0) & ~arrived & ~sold
    return empty, judged & ~empty & (in_the_evening == 0)


def _months(first: date, values: Sequence[int | None]) -> Iterable[tuple[date, list[int | None]]]:
    day, rest = first, list(values)
    while rest:
        length = calendar.monthrange(day.year, day.month)[1]
        before: list[int | None] = [None] * (day.day - 1)
        packed = (before + rest[: length - len(before)] + [None] * length)[:length]
        yield day.replace(day=1), packed
        rest = rest[length - len(before) :]
        day = day.replace(day=1) + timedelta(days=length)


# ---- writing ---------------------------------------------------------------------------------


def _store(wanted: dict[tuple[int, int, date], _Month]) -> int:
    kept: dict[Any, Any] = {}
    gone: list[int] = []
    stored = DemandMonth.objects.values_list("pk", "warehouse_id", "product_id", "month", "days", "censored")
    for pk, warehouse_id, product_id, month, *packed in stored.iterator():
        key = (warehouse_id, product_id, month)
        if key in wanted:
            kept[key] = tuple(packed)
        else:
            gone.append(pk)
    for start in range(0, len(gone), _WRITE_BATCH):
        DemandMonth.objects.filter(pk__in=gone[start : start + _WRITE_BATCH]).delete()
    changed = [
        DemandMonth(
            warehouse_id=key[0], product_id=key[1], month=key[2], days=month.days, censored=month.censored
        )
        for key, month in wanted.items()
        if kept.get(key) != month
    ]
    DemandMonth.objects.bulk_create(
        changed,
        batch_size=_WRITE_BATCH,
        update_conflicts=True,
        unique_fields=["shop", "warehouse", "product", "month"],
        update_fields=["days", "censored"],
    )
    return len(changed) + len(gone)
