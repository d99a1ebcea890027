"""Facts of all floors, gathered for the pages: one product, the list of products, the day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import F, Sum
from django.db.models.functions import TruncDate

from catalog.models import Product
from common.dates import start_of_day
from common.units import QUANTITY_SCALE
from forecasting.models import Forecast
from forecasting.queries import latest_run, runs_out_on
from purchasing.models import ON_ORDER, PurchaseOrder, PurchaseOrderLine
from purchasing.queries import open_on_order
from replenishment.models import PlanLine
from stock.models import DemandMonth, Kind, Movement
from tenancy.context import current_shop

WEEKS_SHOWN = 13
# The lower and upper ends of half, and of nine of ten, of all cases.
_LEVELS = (0.05, 0.25, 0.75, 0.95)


# ---- one product -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days of demand in stock units.

    sold: None where not all days are known; known: sold on the days that are. empty_days: on which
    the shelf was empty. sold_out_days: on which it was empty in the evening, so that more may have
    been wanted.
    """

    first: date
    sold: float | None
    known: float
    empty_days: int = 0
    sold_out_days: int = 0


@dataclass(frozen=True, slots=True)
class WeekAhead:
    """Seven days of forecast in stock units, with the ends of half and of nine of ten of all cases."""

    first: date
    mean: float
    low90: float
    low50: float
    high50: float
    high90: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """A product's forecast over all warehouses. Errors are of a week's sum, where all are tested."""

    known_to: date
    daily: list[float]
    weeks: list[WeekAhead]
    methods: list[str]
    error: float | None
    naive_error: float | None

    def runs_out_on(self, on_hand: int) -> date | None:
        """The first day that stock does not see the end of; None beyond the horizon."""
        return runs_out_on(self.known_to, self.daily, on_hand)


def outlook(product: Product) -> Outlook | None:
    run = latest_run()
    if run is None:
        return None
    forecasts = list(Forecast.objects.filter(run=run, product=product).select_related("run"))
    return _outlook(run.known_to, forecasts) if forecasts else None


def _outlook(known_to: date, forecasts: Sequence[Forecast]) -> Outlook:
    daily = [float(sum(days)) for days in zip(*(forecast.mean for forecast in forecasts), strict=False)]
    methods = sorted({str(forecast.get_method_display()) for forecast in forecasts})
    return Outlook(
        known_to,
        daily,
        [_week_ahead(known_to, forecasts, start) for start in range(0, len(daily) - 6, 7)],
        methods,
        _sum_if_all([forecast.error for forecast in forecasts]),
        _sum_if_all([forecast.naive_error for forecast in forecasts]),
    )


def _week_ahead(known_to: date, forecasts: Sequence[Forecast], start: int) -> WeekAhead:
    """Errors of warehouses are taken as independent: the squares of their distances add up."""
    mean = sum(forecast.expected(7, skip=start) for forecast in forecasts)
    distances = [0.0] * len(_LEVELS)
    for forecast in forecasts:
        own = forecast.expected(7, skip=start)
        for number, end in enumerate(forecast.sum_quantiles(7, _LEVELS, skip=start)):
            distances[number] += (end - own) ** 2
    signs = (-1, -1, 1, 1)
    ends = [max(mean + sign * square**0.5, 0) for sign, square in zip(signs, distances, strict=True)]
    return WeekAhead(known_to + timedelta(days=start + 1), mean, *ends)


def _sum_if_all(values: Iterable[float | None]) -> float | None:
    known = list(values)
    return sum(value for value in known if value is not None) if None not in known else None


def weeks_of_demand(product: Product, last: date) -> list[Week]:
    """The last weeks up to and with `last`, from closed demand, or from the ledger before a night ran."""
    first = last - timedelta(days=WEEKS_SHOWN * 7 - 1)
    by_day, censored = _closed_days(product, first, last)
    if not by_day:
        by_day = _ledger_days(product, first, last)
    begun = min((day for day, sold in by_day.items() if sold is not None), default=last)
    weeks = []
    for start in range(0, WEEKS_SHOWN * 7, 7):
        days = [first + timedelta(days=start + n) for n in range(7)]
        sold = [by_day.get(day) for day in days]
        known = sum(quantity for quantity in sold if quantity is not None) / QUANTITY_SCALE
        empty = sum(by_day.get(day) is None and begun < day <= last for day in days)
        weeks.append(
            Week(days[0], None if None in sold else known, known, empty, sum(day in censored for day in days))
        )
    return weeks


def _closed_days(product: Product, first: date, last: date) -> tuple[dict[date, int | None], set[date]]:
    """Thousandths a day over all warehouses, and the days that ended with an empty shelf in one.

    A day is unknown where no warehouse knows it.
    """
    months = DemandMonth.objects.filter(
        product=product, month__gte=first.replace(day=1), month__lte=last
    ).values_list("month", "days", "censored")
    found: dict[date, int | None] = {}
    sold_out: set[date] = set()
    for month, days, censored in months:
        sold_out |= {month + timedelta(days=number - 1) for number in censored}
        for number, sold in enumerate(days):
            day = month + timedelta(days=number)
            if first <= day <= last:
                before = found.get(day)
                found[day] = sold if before is None else before + (sold or 0)
    return found, sold_out


def missed(weeks: Sequence[Week]) -> float:
    """About how many units were not sold on days with an empty shelf, by the average of the other days."""
    known_days = sum(7 for week in weeks if week.sold is not None)
    daily = sum(week.sold for week in weeks if week.sold is not None) / known_days if known_days else 0
    return daily * sum(week.empty_days for week in weeks)


def _ledger_days(product: Product, first: date, last: date) -> dict[date, int | None]:
    zone = current_shop().zone
    rows = (
        Movement.objects.filter(
            product=product,
            posting__kind=Kind.SALE,
            at__gte=start_of_day(first, zone),
            at__lt=start_of_day(last + timedelta(days=1), zone),
        )
        .order_by()
        .annotate(day=TruncDate("at", tzinfo=zone))
        .values_list("day")
        .annotate(total=Sum("quantity"))
    )
    sold = {day: max(-int(total), 0) for day, total in rows}
    if not sold:
        return {}
    begun = min(sold)
    days = (last - begun).days + 1
    return {begun + timedelta(days=n): sold.get(begun + timedelta(days=n), 0) for n in range(days)}


def open_order_lines(product: Product) -> list[PurchaseOrderLine]:
    """Lines of drafts and of orders on their way, the newest first."""
    lines = PurchaseOrderLine.objects.filter(
        product=product, order__state__in=[PurchaseOrder.State.DRAFT, *ON_ORDER], quantity__gt=F("received")
    )
    return list(lines.select_related("order__supplier", "order__warehouse").order_by("-order_id"))


def plan_lines(product: Product) -> list[PlanLine]:
    """What the latest night decided about the product, by warehouse and supplier; none is a decision too."""
    run = latest_run()
    if run is None:
        return []
    lines = PlanLine.objects.filter(plan__run=run, product=product)
    return list(lines.select_related("plan__warehouse", "plan__supplier", "plan__order").order_by("plan_id"))


def on_order_of(product: Product) -> dict[int, int]:
    """Warehouse id -> thousandths of the product on their way to it."""
    lines = open_on_order().filter(product=product).order_by()
    return dict(lines.values_list("order__warehouse").annotate(coming=Sum("open")))


def variants(product: Product) -> list[Product]:
    """The other sizes and colours of the product's family that are still kept."""
    if product.family_id is None:
        return []
    family = Product.objects.filter(family=product.family_id).exclude(state=Product.State.ARCHIVED)
    return list(family.exclude(pk=product.pk).order_by("size", "colour", "sku_key")[:40])
