"""Closing a day: what customers wanted, apart from what is not known.

Sales from before stock was kept and sales of the ledger are added up by the shop's own days. A day
is unknown, never zero, where nobody can have recorded a sale: after the day to which sales are
known, and when the shelf was empty from opening to closing. What customers brought back does not
lower what they wanted.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Max, QuerySet, Sum
from django.db.models.functions import TruncDate

from catalog.models import Warehouse
from common.dates import end_of_day
from common.units import QUANTITY_SCALE
from stock.models import DemandMonth, HistorySale, Kind, Movement, SalesImport
from stock.places import Place
from tenancy.context import current_shop

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_WRITE_BATCH = 2_000


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


def sales_known_to(upto: date) -> dict[int, date]:
    """By warehouse, the last day whose sales are all in; never later than `upto`.

    A file of sales says how far it reaches, and a sale posted by a till says that the till was
    working on that day.
    """
    zone = current_shop().zone
    found: dict[int, date] = {}

    def note(rows: Iterable[tuple[int, date | None]]) -> None:
        for warehouse_id, day in rows:
            if day is not None:
                found[warehouse_id] = max(day, found.get(warehouse_id, day))

    note(
        SalesImport.objects.filter(state=SalesImport.State.POSTED)
        .order_by()
        .values_list("warehouse_id")
        .annotate(day=Max("known_to"))
    )
    note(_history().filter(day__lte=upto).order_by().values_list("warehouse_id").annotate(last=Max("day")))
    sales = _sales(upto).filter(posting__reverses=None, posting__reversals=None)
    latest = sales.order_by().values_list("warehouse_id").annotate(latest=Max("at"))
    note((warehouse_id, at.astimezone(zone).date()) for warehouse_id, at in latest)
    return {warehouse_id: min(day, upto) for warehouse_id, day in found.items()}


def close_demand(upto: date) -> ClosedDemand:
    """Write the demand of every day up to `upto`, again where a day has changed since.

    Closing twice writes nothing the second time.
    """
    import numpy as np

    known_to = sales_known_to(upto)
    opened = dict(Warehouse.objects.values_list("pk", "opening_date"))
    wanted: dict[tuple[int, int, date], list[int | None]] = {}
    series = _read(upto)
    for place, one in series.items():
        if (last := known_to.get(place.warehouse_id)) is None or one.first > last.toordinal():
            continue
        days = np.arange(one.first, last.toordinal() + 1)
        demand = np.maximum(_spread(one.sold, days), 0)
        unknown = _empty_shelf(one, days, opened.get(place.warehouse_id))
        values = [None if hidden else int(quantity) for quantity, hidden in zip(demand, unknown, strict=True)]
        for month, packed in _months(date.fromordinal(one.first), values):
            wanted[(*place, month)] = packed
    return ClosedDemand(known_to, len(series), _store(wanted))


def demand_panel(
    warehouse_id: int, *, product_ids: Sequence[int] | None = None, since: date | None = None
) -> tuple[list[int], list[date], NDArray[np.float64]]:
    """Closed demand as a table: product ids (rows), days (columns) and stock units; NaN is unknown.

    since: leave out whole months before this day's.
    """
    import numpy as np

    rows = DemandMonth.objects.filter(warehouse_id=warehouse_id)
    if product_ids is not None:
        rows = rows.filter(product_id__in=product_ids)
    if since is not None:
        rows = rows.filter(month__gte=since.replace(day=1))
    packed = list(rows.order_by("product_id", "month").values_list("product_id", "month", "days"))
    if not packed:
        return [], [], np.empty((0, 0))
    first = min(month for _product, month, _days in packed)
    end = max(month + timedelta(days=len(days)) for _product, month, days in packed)
    products = sorted({product_id for product_id, _month, _days in packed})
    place = {product_id: row for row, product_id in enumerate(products)}
    panel = np.full((len(products), (end - first).days), np.nan)
    for product_id, month, days in packed:
        start = (month - first).days
        panel[place[product_id], start : start + len(days)] = np.array(days, dtype=float)
    return (
        products,
        [first + timedelta(days=n) for n in range(panel.shape[1])],
        panel / QUANTITY_SCALE,
    )


# ---- reading ---------------------------------------------------------------------------------


def _history() -> QuerySet[HistorySale]:
    # An import that is still being posted, or undone, is not known yet.
    return HistorySale.objects.filter(sales_import__state=SalesImport.State.POSTED)


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
            one = series[place] = _Series(day, {}, {}, set())
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
        .annotate(total=Sum("quantity"), largest=Max("quantity"))
    )
    for warehouse_id, product_id, day, kind, quantity, largest in moved:
        number = day.toordinal()
        one = at(Place(warehouse_id, product_id), number)
        one.moved[number] = one.moved.get(number, 0) + quantity
        if kind == Kind.SALE:
            # A reversed sale carries the moment of the sale, so the two cancel out here.
            one.sold[number] = one.sold.get(number, 0) - quantity
        if largest > 0:
            one.arrived.add(number)
    return series


def _spread(by_day: dict[int, int], days: NDArray[np.int64]) -> NDArray[np.int64]:
    import numpy as np

    spread = np.zeros(len(days), dtype=np.int64)
    for number, quantity in by_day.items():
        if 0 <= number - days[0] < len(days):
            spread[number - days[0]] = quantity
    return spread


def _empty_shelf(one: _Series, days: NDArray[np.int64], opened: date | None) -> NDArray[np.bool_]:
    """The days on which nothing was there to sell: at no moment, from when stock was kept on."""
    import numpy as np

    if opened is None:
        return np.zeros(len(days), dtype=bool)
    moved = _spread(one.moved, days)
    in_the_morning = np.cumsum(moved) - moved
    arrived = np.isin(days, list(one.arrived))
    # A till that sells below zero sold something that was there.
    sold = _spread(one.sold, days) > 0
    return (days >= opened.toordinal()) & (in_the_morning <= 0) & ~arrived & ~sold


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


def _store(wanted: dict[tuple[int, int, date], list[int | None]]) -> int:
    kept: dict[Any, Any] = {}
    gone: list[int] = []
    stored = DemandMonth.objects.values_list("pk", "warehouse_id", "product_id", "month", "days")
    for pk, warehouse_id, product_id, month, days in stored.iterator():
        key = (warehouse_id, product_id, month)
        if key in wanted:
            kept[key] = days
        else:
            gone.append(pk)
    for start in range(0, len(gone), _WRITE_BATCH):
        DemandMonth.objects.filter(pk__in=gone[start : start + _WRITE_BATCH]).delete()
    changed = [
        DemandMonth(warehouse_id=key[0], product_id=key[1], month=key[2], days=days)
        for key, days in wanted.items()
        if kept.get(key) != days
    ]
    DemandMonth.objects.bulk_create(
        changed,
        batch_size=_WRITE_BATCH,
        update_conflicts=True,
        unique_fields=["shop", "warehouse", "product", "month"],
        update_fields=["days"],
    )
    return len(changed) + len(gone)
