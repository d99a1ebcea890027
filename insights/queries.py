"""Facts of all floors, gathered for the pages: one product, the list of products, the day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Count, F, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from catalog.models import Product
from common.dates import start_of_day
from common.units import QUANTITY_SCALE
from forecasting.models import Forecast, ForecastRun
from forecasting.queries import latest_run, runs_out_on
from imports.models import FileImport
from insights.running_out import about_to_run_out
from jobs.models import Job
from purchasing.models import ON_ORDER, PurchaseOrder, PurchaseOrderLine
from purchasing.queries import expected_goods, failed_mails, late_orders, open_drafts
from replenishment.models import Plan, PlanLine
from stock.models import Balance, DemandMonth, Kind, Movement, Posting, SalesImport
from tenancy.context import current_shop

WEEKS_SHOWN = 13
# How many standard errors hold half, and nine of ten, of all cases.
HALF, NINE_OF_TEN = 0.674, 1.645


# ---- one product -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Week:
    """Seven days of demand in stock units. `sold` None: not all of its days are known."""

    first: date
    sold: float | None
    known: float  # sold on the days that are known


@dataclass(frozen=True, slots=True)
class WeekAhead:
    """Seven days of forecast in stock units."""

    first: date
    mean: float
    sigma: float

    def low(self, errors: float) -> float:
        return max(self.mean - errors * self.sigma, 0)

    def high(self, errors: float) -> float:
        return self.mean + errors * self.sigma


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
    forecasts = list(Forecast.objects.filter(run=run, product=product)) if run else []
    if run is None or not forecasts:
        return None
    return _outlook(run.known_to, forecasts)


def _outlook(known_to: date, forecasts: Sequence[Forecast]) -> Outlook:
    daily = [sum(days) for days in zip(*(forecast.mean for forecast in forecasts), strict=True)]
    # Errors of days and of warehouses are taken as independent: their squares add up.
    sigma = sum(forecast.sigma**2 for forecast in forecasts) ** 0.5 * 7**0.5
    weeks = [
        WeekAhead(known_to + timedelta(days=start + 1), sum(daily[start : start + 7]), sigma)
        for start in range(0, len(daily) - 6, 7)
    ]
    methods = sorted({str(forecast.get_method_display()) for forecast in forecasts})
    return Outlook(
        known_to,
        daily,
        weeks,
        methods,
        _sum_if_all([forecast.error for forecast in forecasts]),
        _sum_if_all([forecast.naive_error for forecast in forecasts]),
    )


def _sum_if_all(values: Iterable[float | None]) -> float | None:
    known = list(values)
    return sum(value for value in known if value is not None) if None not in known else None


def weeks_of_demand(product: Product, last: date) -> list[Week]:
    """The last weeks up to and with `last`, from closed demand, or from the ledger before a night ran."""
    first = last - timedelta(days=WEEKS_SHOWN * 7 - 1)
    by_day = _closed_days(product, first, last) or _ledger_days(product, first, last)
    weeks = []
    for start in range(0, WEEKS_SHOWN * 7, 7):
        days = [by_day.get(first + timedelta(days=start + n)) for n in range(7)]
        known = sum(day for day in days if day is not None) / QUANTITY_SCALE
        weeks.append(Week(first + timedelta(days=start), None if None in days else known, known))
    return weeks


def _closed_days(product: Product, first: date, last: date) -> dict[date, int | None]:
    """Thousandths a day over all warehouses; a day is unknown where no warehouse knows it."""
    months = DemandMonth.objects.filter(
        product=product, month__gte=first.replace(day=1), month__lte=last
    ).values_list("month", "days")
    found: dict[date, int | None] = {}
    for month, days in months:
        for number, sold in enumerate(days):
            day = month + timedelta(days=number)
            if first <= day <= last:
                before = found.get(day)
                found[day] = sold if before is None else before + (sold or 0)
    return found


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


# ---- the list of products --------------------------------------------------------------------


def days_of_cover(products: Sequence[Product]) -> dict[int, int | None]:
    """By product with a forecast: whole days until stock runs out by it; None beyond the horizon.

    Products carry `on_hand`. Two queries for a page of them.
    """
    run = latest_run()
    if run is None:
        return {}
    by_product: dict[int, list[Forecast]] = {}
    for forecast in Forecast.objects.filter(run=run, product__in=[product.pk for product in products]):
        by_product.setdefault(forecast.product_id, []).append(forecast)
    cover: dict[int, int | None] = {}
    for product in products:
        if found := by_product.get(product.pk):
            out = _outlook(run.known_to, found).runs_out_on(product.on_hand)  # type: ignore[attr-defined]
            cover[product.pk] = (out - run.known_to).days - 1 if out else None
    return cover


# ---- today -----------------------------------------------------------------------------------


def stock_figures() -> dict[str, int]:
    """Value in minor units, products with stock, and those that are out or below zero. One query."""
    by_product = (
        Balance.objects.filter(product__state=Product.State.ACTIVE)
        .order_by()
        .values("product")
        .annotate(held=Sum("on_hand"), worth=Sum("value"))
    )
    figures = by_product.aggregate(
        value=Sum("worth"),
        with_stock=Count("product", filter=Q(held__gt=0)),
        out=Count("product", filter=Q(held__lte=0)),
    )
    return {name: int(value or 0) for name, value in figures.items()}


def products_out(limit: int) -> list[Product]:
    """Active products with nothing or less on hand over all warehouses, the deepest below zero first."""
    found = (
        Product.objects.filter(state=Product.State.ACTIVE, balances__isnull=False)
        .annotate(on_hand=Sum("balances__on_hand"))
        .filter(on_hand__lte=0)
        .order_by("on_hand", "sku_key")
    )
    return list(found[:limit])


def sales_of_last_days(days: int) -> int:
    """Thousandths sold over the last whole days and today; undone sales do not count."""
    zone = current_shop().zone
    since = start_of_day(timezone.localdate(timezone=zone) - timedelta(days=days - 1), zone)
    total = Movement.objects.filter(posting__kind=Kind.SALE, at__gte=since).aggregate(total=Sum("quantity"))
    return -int(total["total"] or 0)


def last_night(run: ForecastRun) -> dict[str, Any]:
    """What the night that made `run` left behind, and its job, where one ran it."""
    return {
        "orders": Plan.objects.filter(run=run).exclude(order=None).count(),
        "job": Job.objects.filter(kind="night").exclude(finished_at=None).order_by("-finished_at").first(),
    }


def day_facts() -> dict[str, Any]:
    """All that Today shows, in a fixed number of queries."""
    run = latest_run()
    is_new = not Posting.objects.exists()
    drafts = list(open_drafts()[:20])
    for order in drafts:
        lines = [line for line in order.lines.all() if line.quantity]
        order.ordered_lines = len(lines)  # type: ignore[attr-defined]
        order.worth = sum(line.amount for line in lines)  # type: ignore[attr-defined]
    today = timezone.localdate(timezone=current_shop().zone)
    return {
        "today": today,
        "figures": stock_figures(),
        "sold": sales_of_last_days(7),
        "drafts": drafts,
        "late": list(late_orders(today)[:5]),
        "expected": expected_goods()[:5],  # read only for those who do not approve
        "running_out": about_to_run_out(run, today, 8) if run else [],
        "out": products_out(8),
        "run": run,
        "night": last_night(run) if run else None,
        "running": list(
            Job.objects.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING]).order_by("created_at")[:5]
        ),
        "parked": list(Job.objects.filter(state=Job.State.PARKED)[:5]),
        "imports": list(FileImport.objects.filter(state=FileImport.State.READY).defer("content")[:5]),
        "failed_mails": list(failed_mails()[:5]),
        "is_new": is_new,
        "has_sales": is_new and SalesImport.objects.exists(),
    }
