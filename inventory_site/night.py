"""The night: close demand, forecast, plan, propose, approve what the owner allows, check.

Each step is a service of its own that can be repeated: killed anywhere and run again, a night ends
with the same demand, forecasts and drafts, once.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import partial
from typing import Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from catalog.models import Warehouse
from common.templatetags.ui import day
from forecasting.models import ForecastRun
from forecasting.services import run_forecast
from insights.services import write_levels
from jobs.context import JobContext
from purchasing.models import PurchaseOrder
from purchasing.services.limits import approve_within_limits
from replenishment.models import Plan, PlanLine
from replenishment.services import plan_orders, stale_note
from stock.services.demand import close_demand
from stock.services.reconcile import reconcile
from tenancy.context import Scope, shop_scope
from tenancy.models import Shop

# What a step's share of the progress bar is, out of 100.
_CLOSED, _FORECAST, _PLANNED = 10, 80, 95


@dataclass(slots=True)
class _Report:
    """Progress for the job's page, seconds for the command."""

    context: JobContext | None
    seconds: dict[str, float] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    @contextmanager
    def step(self, name: str, begins: int, message: str) -> Iterator[None]:
        if self.context:
            self.context.progress(begins, 100, message)
        started = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - started, 3)

    def between(self, begins: int, ends: int, message: str) -> Callable[[int, int], None]:
        def progress(done: int, total: int) -> None:
            if self.context and total:
                share = begins + (ends - begins) * done // total
                self.context.progress(share, 100, message % {"done": done, "total": total})

        return progress

    def warn(self, text: str) -> None:
        self.warnings.append(text)
        self.log(text)

    def log(self, text: str) -> None:
        if self.context:
            self.context.log(text)


def latest_business_date(shop: Shop) -> date:
    """Yesterday by the shop's clock: the last day that is over."""
    return timezone.now().astimezone(shop.zone).date() - timedelta(days=1)


def run_night(shop: Shop, business_date: date, context: JobContext | None = None) -> dict[str, Any]:
    """Everything that follows from the sales of the days up to `business_date`, or to yesterday.

    A day that is not over yet is never closed. Call it outside a transaction: it opens the shop's
    scope for each step, through the job's context where there is one. Returns counts, seconds by
    step and warnings, as JSON.
    """
    business_date = min(business_date, latest_business_date(shop))
    scope: Scope = context.scope if context else partial(shop_scope, shop)
    report = _Report(context)
    cpu = time.process_time()
    with translation.override(shop.language):
        counts, known_to = _steps(shop, scope, business_date, report)
    return {
        "shop": shop.slug,
        "date": business_date.isoformat(),
        "known_to": known_to and known_to.isoformat(),
        **counts,
        "seconds": report.seconds,
        "cpu_seconds": round(time.process_time() - cpu, 3),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        "warnings": report.warnings,
    }


def _steps(
    shop: Shop, scope: Scope, business_date: date, report: _Report
) -> tuple[dict[str, int], date | None]:
    with report.step("close", 0, _("Closing demand")), scope():
        closed = close_demand(business_date)
    with scope(write=False):
        _warn_of_unknown_days(closed.known_to, business_date, report)
    counts = {"products": 0, "forecasts": 0, "naive_kept": 0, "plans": 0, "order_lines": 0, "orders": 0}
    counts |= {"approved": 0, "held": 0}
    known_to = max(closed.known_to.values(), default=None)
    if known_to is None:
        report.warn(_("No sales are known yet: import sales, or post them, and the next night can forecast."))
    else:
        counts |= _forecast_and_plan(scope, known_to, business_date, report)
    with report.step("reconcile", _PLANNED, _("Comparing balances with movements")):
        counts["differences"] = _reconcile(shop, report)
    return counts, known_to


def _forecast_and_plan(scope: Scope, known_to: date, business_date: date, report: _Report) -> dict[str, int]:
    with report.step("forecast", _CLOSED, _("Forecasting")):
        message = _("Forecasting: %(done)d of %(total)d products")
        run = run_forecast(known_to, scope=scope, progress=report.between(_CLOSED, _FORECAST, message))
    with report.step("plan", _FORECAST, _("Planning orders")):
        message = _("Planning: %(done)d of %(total)d suppliers")
        plans = plan_orders(
            run,
            business_date=business_date,
            scope=scope,
            progress=report.between(_FORECAST, _PLANNED, message),
        )
    write_levels(run, scope)
    for note in dict.fromkeys([stale_note(known_to, business_date), *(plan.note for plan in plans)]):
        if note:
            report.warn(note)
    with report.step("approve", _PLANNED, _("Approving what the limits allow")):
        decided = _approve(scope, plans, report)
    with scope(write=False):
        return _counts(run, plans) | decided


def _approve(scope: Scope, plans: list[Plan], report: _Report) -> dict[str, int]:
    """Approve the night's drafts as far as the owner's limits go, and log why the others wait."""
    with scope(write=False):
        drafts = list(PurchaseOrder.objects.filter(pk__in=[plan.order_id for plan in plans]))
    decisions = approve_within_limits(drafts, scope=scope)
    for decision in decisions:
        said = decision.reason or _("approved inside the limits")
        report.log(f"{decision.order.number}: {said}")
    approved = sum(decision.approved for decision in decisions)
    return {"approved": approved, "held": len(decisions) - approved}


def _counts(run: ForecastRun, plans: list[Plan]) -> dict[str, int]:
    return {
        "products": run.errors["products"],
        "forecasts": run.forecasts.count(),
        "naive_kept": run.errors["naive_kept"],
        "plans": len(plans),
        "order_lines": PlanLine.objects.filter(plan__run=run, quantity__gt=0).count(),
        "orders": sum(plan.order_id is not None for plan in plans),
    }


def _warn_of_unknown_days(known_to: dict[int, date], business_date: date, report: _Report) -> None:
    for warehouse in Warehouse.objects.filter(pk__in=known_to):
        if (last := known_to[warehouse.pk]) < business_date:
            report.warn(
                _("Sales in %(warehouse)s are known to %(day)s; later days are unknown, not zero.")
                % {"warehouse": warehouse.name, "day": day(last)}
            )


def _reconcile(shop: Shop, report: _Report) -> int:
    """How many balances differ from the sum of their movements; each is named in the warnings."""
    differences = reconcile(shop)
    for difference in differences:
        report.warn(str(difference))
    return len(differences)
