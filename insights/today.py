"""What Today shows: what needs somebody, in the order of money, and what the stock is worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Min, Q, QuerySet, Sum
from django.utils import timezone

from catalog.models import Product, Supplier, Warehouse
from catalog.prices import Rate, margin_of, rates_by_currency
from common.dates import start_of_day
from common.units import QUANTITY_SCALE, line_amount
from forecasting.models import Forecast, ForecastRun
from forecasting.queries import latest_run
from imports.models import FileImport
from insights.product_list import out_of_stock
from insights.running_out import RunningOut, about_to_run_out
from jobs.models import Job
from purchasing import queries as orders
from purchasing.models import PurchaseOrder
from purchasing.money import in_own_currency, value_of
from replenishment.models import Plan
from stock.models import Balance, DemandMonth, Kind, Movement, Posting, SalesImport
from stock.places import Place
from stock.services.lines import CLOCK_TOLERANCE
from tenancy.context import current_shop

# As many of each are shown; the place behind the heading has them all.
_SHOWN = 8
_FEW = 5


@dataclass(frozen=True, slots=True)
class Draft:
    """An order that waits for approval. value: minor units of the shop's currency, None without a rate.

    saves: what ordering now is expected to save against waiting, by the plan behind it.
    """

    order: PurchaseOrder
    lines: int
    value: int | None
    saves: int | None


@dataclass(frozen=True, slots=True)
class Risk:
    """A product that runs out before goods come. at_stake: the margin expected to be lost, minor units."""

    found: RunningOut
    at_stake: int


def day_facts(now: datetime | None = None) -> dict[str, Any]:
    """All that Today shows, in a fixed number of queries."""
    now = now or timezone.now()
    run = latest_run()
    today = timezone.localdate(now, timezone=current_shop().zone)
    rates = rates_by_currency()
    drafts = open_drafts(rates)
    risks = risks_of(run, today) if run else []
    is_new = not Posting.objects.exists()
    answers = list(orders.changed_by_supplier()[:_FEW])
    return {
        "today": today,
        "figures": stock_figures(),
        "sold": sales_of_last_days(7, today),
        "missed": missed_sales(run) if run else None,
        "on_order_value": on_order_value(rates),
        "drafts": drafts,
        "drafts_value": sum(draft.value or 0 for draft in drafts),
        "saves": sum(draft.saves or 0 for draft in drafts),
        "late": list(orders.late(now)[:_FEW]),
        "answers": answers,
        "unanswered": list(orders.unanswered(now)[:_FEW]),
        "expected": list(orders.expected_goods()[:_FEW]),
        "mails": orders.mail_trouble()[:_FEW],
        "running_out": risks,
        "run": run,
        "days_unknown": (today - run.known_to).days - 1 if run else 0,
        "night": last_night(run) if run else None,
        "running": list(
            Job.objects.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING]).order_by("created_at")[:_FEW]
        ),
        "parked": list(Job.objects.filter(state=Job.State.PARKED)[:_FEW]),
        "imports": list(FileImport.objects.filter(state=FileImport.State.READY).defer("content")[:_FEW]),
        "is_new": is_new,
        "has_sales": is_new and SalesImport.objects.exists(),
        "first_steps": first_steps() if is_new else None,
    }


def first_steps() -> dict[str, bool]:
    """What a new shop has done of what the first night needs."""
    return {
        "products": Product.objects.exists(),
        "warehouse": Warehouse.objects.exists(),
        "sales": SalesImport.objects.exists(),
        "suppliers": Supplier.objects.exists(),
    }


# ---- figures ---------------------------------------------------------------------------------


def stock_figures() -> dict[str, Any]:
    """What the stock is worth, and what is empty: balances are gone through twice at most.

    value: minor units. out_count: active products of which nothing is left in any warehouse. out: of
    these a few, those that would be ordered first. below_zero: the balances that are the farthest below.
    """
    found = Balance.objects.aggregate(value=Sum("value"), lowest=Min("on_hand"))
    lowest = 1 if found["lowest"] is None else found["lowest"]
    gone = out_of_stock(Product.objects.filter(state=Product.State.ACTIVE)) if lowest <= 0 else None
    return {
        "value": int(found["value"] or 0),
        "out_count": 0 if gone is None else gone.count(),
        "out": [] if gone is None else _wanted_most(gone, _SHOWN),
        "below_zero": below_zero(_FEW) if lowest < 0 else [],
    }


def _wanted_most(products: QuerySet[Product], limit: int) -> list[Product]:
    """Those with a forecast or a plan level first."""
    found = products.annotate(on_hand=Sum("balances__on_hand"), wanted=Sum("balances__reorder_point"))
    return list(found.order_by("-wanted", "on_hand", "sku_key")[:limit])


def below_zero(limit: int) -> list[Balance]:
    """Balances that say less than nothing is there, the deepest first: a count settles them."""
    rows = Balance.objects.filter(on_hand__lt=0).select_related("product", "warehouse")
    return list(rows.order_by("on_hand", "pk")[:limit])


def sales_of_last_days(days: int, today: date) -> int:
    """Thousandths sold over the last whole days and today; undone sales do not count."""
    since = start_of_day(today - timedelta(days=days - 1), current_shop().zone)
    # Nothing is dated later than it is recorded, and documents are found by when that was.
    recorded = Posting.objects.filter(kind=Kind.SALE, recorded_at__gte=since - CLOCK_TOLERANCE)
    sold = Movement.objects.filter(posting__in=recorded.order_by().values("pk"), at__gte=since)
    total = sold.aggregate(total=Sum("quantity"))
    return -int(total["total"] or 0)


def missed_sales(run: ForecastRun) -> dict[str, int]:
    """Of the last seven known days: about what margin was lost on days with an empty shelf.

    A day without stock would have sold what the forecast now expects of a day. Minor units, and
    how many products it concerns.
    """
    first = run.known_to - timedelta(days=6)
    since = start_of_day(first, current_shop().zone)
    months = DemandMonth.objects.filter(month__gte=first.replace(day=1), month__lte=run.known_to)
    empty: dict[Place, int] = {}
    for warehouse_id, product_id, month, days in months.filter(_lately_out(since)).values_list(
        "warehouse_id", "product_id", "month", "days"
    ):
        for number, sold in enumerate(days):
            if sold is None and first <= month + timedelta(days=number) <= run.known_to:
                place = Place(warehouse_id, product_id)
                empty[place] = empty.get(place, 0) + 1
    if not empty:
        return {"margin": 0, "products": 0}
    products = {place.product_id for place in empty}
    lost = 0
    for forecast in Forecast.objects.filter(run=run, product__in=products).select_related(
        "product__sales_tax"
    ):
        place = Place(forecast.warehouse_id, forecast.product_id)
        if place in empty:
            units = forecast.expected(7) / 7 * empty[place]
            lost += _margin(forecast.product, units)
    return {"margin": lost, "products": len(products)}


def _lately_out(since: datetime) -> Q:
    """Products that are out somewhere now, or that goods came for since: others were never out.

    Narrows to few products, as the demand of all of them would be a long read.
    """
    out_now = Balance.objects.filter(on_hand__lte=0).order_by().values("product")
    arrivals = Posting.objects.filter(recorded_at__gte=since, kind__in=[Kind.RECEIPT, Kind.TRANSFER])
    came = Movement.objects.filter(posting__in=arrivals.order_by().values("pk"), quantity__gt=0).order_by()
    return Q(product__in=out_now) | Q(product__in=came.values("product"))


def on_order_value(rates: dict[str, Rate]) -> int:
    """What is on its way, in minor units of the shop's currency; orders without a rate are left out."""
    by_order: dict[int, int] = {}
    lines = orders.open_on_order().order_by().values_list("order_id", "open", "unit_cost")  # type: ignore[misc]
    for order_id, coming, unit_cost in lines:
        by_order[order_id] = by_order.get(order_id, 0) + line_amount(coming, unit_cost)
    of = PurchaseOrder.objects.filter(pk__in=by_order).select_related("supplier", "shop").order_by()
    return sum(in_own_currency(order, by_order[order.pk], rates) or 0 for order in of)


# ---- what needs somebody ---------------------------------------------------------------------


def open_drafts(rates: dict[str, Rate]) -> list[Draft]:
    """Orders that wait for approval: those that save most first, then the dearest."""
    found = list(orders.open_drafts()[:20])
    plans = Plan.objects.filter(order__in=found).order_by("created_at", "pk")
    saves = {
        plan.order_id: round(plan.waiting - plan.objective)
        for plan in plans
        if plan.waiting is not None and plan.objective is not None
    }
    drafts = [
        Draft(
            order,
            sum(1 for line in order.lines.all() if line.quantity),
            value_of(order, rates),
            max(saves[order.pk], 0) if order.pk in saves else None,
        )
        for order in found
    ]
    return sorted(drafts, key=lambda draft: (-(draft.saves or 0), -(draft.value or 0)))


def risks_of(run: ForecastRun, today: date) -> list[Risk]:
    """What runs out before goods can come, the largest expected loss first."""
    found = about_to_run_out(run, today, _SHOWN * 2)
    lines = [row.line for row in found]
    means = {
        Place(forecast.warehouse_id, forecast.product_id): forecast
        for forecast in Forecast.objects.filter(
            run=run, product__in={line.product_id for line in lines}
        ).select_related("run")
    }
    risks = [Risk(row, _at_stake(row, means, run, today)) for row in found]
    return sorted(risks, key=lambda risk: (-risk.at_stake, risk.found.day))[:_SHOWN]


def _at_stake(row: RunningOut, means: dict[Place, Forecast], run: ForecastRun, today: date) -> int:
    """The margin of what is expected to sell between running out and the next delivery."""
    plan = row.line.plan
    forecast = means.get(Place(plan.warehouse_id, row.line.product_id))
    if forecast is None:
        return 0
    due = row.coming.order.expected_on if row.coming else None
    arrives = due or today + timedelta(days=plan.supplier.lead_time_days)
    days = (arrives - row.day).days
    skip = max((row.day - run.known_to).days - 1, 0)
    return _margin(row.line.product, forecast.expected(days, skip=skip)) if days > 0 else 0


def _margin(product: Product, units: float) -> int:
    """What `units` of a product leave over their cost, without tax; 0 where price or cost is not known."""
    margin = margin_of(product, current_shop())
    return line_amount(round(units * QUANTITY_SCALE), margin.amount) if margin and margin.amount > 0 else 0


def last_night(run: ForecastRun) -> dict[str, Any]:
    """What the night that made `run` left behind, and its job, where one ran it."""
    return {
        "orders": Plan.objects.filter(run=run).exclude(order=None).count(),
        "job": Job.objects.filter(kind="night").exclude(finished_at=None).order_by("-finished_at").first(),
    }
