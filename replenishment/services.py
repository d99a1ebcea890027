"""From forecasts to proposed orders: gather, decide, write down.

The solver works outside any transaction. What it decided on is read again under the lock of the
open draft before anything is written, and decided again if an approval or a delivery came between:
goods that were just ordered are never ordered twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from django.utils import translation
from django.utils.translation import gettext as _

from catalog.models import Supplier, SupplierProduct, Warehouse
from common.templatetags.ui import day
from common.units import QUANTITY_SCALE
from forecasting.models import Forecast, ForecastRun
from forecasting.queries import runs_out_on as first_day_without
from forecasting.services import Progress
from purchasing.queries import on_order
from purchasing.services import ProposedLine, propose
from purchasing.services.drafts import find_draft
from replenishment import queries, words
from replenishment.models import Plan, PlanLine
from stock.places import Place
from stock.queries import committed
from tenancy.context import Scope, current_shop, in_current_shop

if TYPE_CHECKING:
    from replenishment.engine.types import Item, SupplierPlan, Terms

# Sales older than this say too little about what is left on the shelf to guess it from.
LONGEST_GAP_DAYS = 28


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the solver for one supplier and one warehouse."""

    items: tuple[Item, ...]
    terms: Terms
    gap_days: int
    never_counted: frozenset[int]
    runs_out_on: dict[int, date | None]  # by product, without any order
    is_open: bool  # stock is kept here


@dataclass(frozen=True, slots=True)
class _Pair:
    supplier: Supplier
    warehouse: Warehouse
    bought: tuple[SupplierProduct, ...]


def plan_orders(
    run: ForecastRun,
    *,
    business_date: date | None = None,
    scope: Scope = in_current_shop,
    progress: Progress | None = None,
) -> list[Plan]:
    """Decide for every active supplier and warehouse what to order after the day `business_date`.

    Each decision is written with its order's draft in a transaction of its own; planning the same
    run again replaces it.
    """
    with scope(write=False):
        pairs = _pairs(run)
    plans = []
    for number, pair in enumerate(pairs):
        if progress:
            progress(number, len(pairs))
        plans.append(_plan(run, pair, business_date or run.known_to, scope))
    with scope():
        Plan.objects.filter(run=run).exclude(pk__in=[plan.pk for plan in plans]).delete()
    if progress:
        progress(len(pairs), len(pairs))
    return plans


def _pairs(run: ForecastRun) -> list[_Pair]:
    places = Warehouse.objects.filter(
        is_active=True, pk__in=Forecast.objects.filter(run=run).values("warehouse")
    )
    warehouses = list(places.order_by("pk"))
    return [
        _Pair(bought[0].supplier, warehouse, tuple(bought))
        for bought in queries.preferred_terms().values()
        for warehouse in warehouses
    ]


def _plan(run: ForecastRun, pair: _Pair, business_date: date, scope: Scope) -> Plan:
    with scope(write=False):
        question = _ask(run, pair, business_date)
    answer = _decide(question)
    with scope():
        if question.is_open:
            find_draft(supplier=pair.supplier, warehouse=pair.warehouse)  # locks it
            if (now := _ask(run, pair, business_date)) != question:
                question, answer = now, _decide(now)
        return _write(run, pair, question, answer)


# ---- gathering -------------------------------------------------------------------------------


def _ask(run: ForecastRun, pair: _Pair, business_date: date) -> Question:
    from replenishment.engine.types import Item, Terms

    supplier, warehouse = pair.supplier, pair.warehouse
    forecasts = {
        forecast.product_id: forecast
        for forecast in Forecast.objects.filter(
            run=run, warehouse=warehouse, product_id__in=[terms.product_id for terms in pair.bought]
        )
    }
    kept = queries.on_hand(warehouse)
    put_aside = committed(forecasts)
    coming = on_order(warehouse)
    gap = max(0, (business_date - run.known_to).days)
    gap = gap if gap <= LONGEST_GAP_DAYS else 0
    days = (gap, supplier.lead_time_days, supplier.review_days)
    items = []
    runs_out_on = {}
    for terms in pair.bought:
        if (forecast := forecasts.get(terms.product_id)) is None:
            continue
        on_hand = kept.get(terms.product_id, 0)
        aside = put_aside.get(Place(warehouse.pk, terms.product_id), 0)
        runs_out_on[terms.product_id] = first_day_without(run.known_to, forecast.mean, on_hand - aside)
        items.append(
            Item(
                key=terms.product_id,
                since_known=forecast.expected(gap),
                until_arrival=forecast.expected(days[1], skip=gap),
                review=forecast.expected(days[2], skip=gap + days[1]),
                sigma=forecast.sigma * sum(days) ** 0.5,
                in_whole_units=not terms.product.has_decimals and terms.pack % QUANTITY_SCALE == 0,
                on_hand=on_hand,
                committed=aside,
                on_order=coming.get(terms.product_id, 0),
                unit_cost=terms.unit_cost,
                price=terms.product.price,
                pack=terms.pack,
                minimum_quantity=terms.minimum_quantity,
            )
        )
    return Question(
        items=tuple(items),
        terms=Terms(supplier.review_days, supplier.minimum_order_value, supplier.order_cost),
        gap_days=gap,
        never_counted=frozenset(item.key for item in items if item.key not in kept),
        runs_out_on=runs_out_on,
        is_open=bool(kept),
    )


def _decide(question: Question) -> SupplierPlan | None:
    from replenishment.engine.optimise import plan_supplier

    return plan_supplier(question.items, question.terms) if question.is_open else None


# ---- writing ---------------------------------------------------------------------------------


def _write(run: ForecastRun, pair: _Pair, question: Question, answer: SupplierPlan | None) -> Plan:
    with translation.override(current_shop().language):
        if answer is None:
            return _write_closed(run, pair)
        lines = _lines(pair, question, answer)
        order = propose(
            supplier=pair.supplier,
            warehouse=pair.warehouse,
            lines=[
                ProposedLine(line.product_id, line.quantity, line.unit_cost, line.reason)
                for line in lines
                if line.quantity
            ],
        )
        plan, _made = Plan.objects.update_or_create(
            run=run,
            supplier=pair.supplier,
            warehouse=pair.warehouse,
            defaults={
                "order": order,
                "status": answer.status,
                "note": _note(question, pair, answer),
                "objective": round(answer.objective, 2),
                "bound": None if answer.bound is None else round(answer.bound, 2),
            },
        )
        plan.lines.all().delete()
        for line in lines:
            line.plan = plan
        PlanLine.objects.bulk_create(lines)
        return plan


def _write_closed(run: ForecastRun, pair: _Pair) -> Plan:
    note = _(
        "%(warehouse)s has no opening stock yet. Import or count what is there, and the next night can"
        " propose orders."
    ) % {"warehouse": pair.warehouse.name}
    plan, _made = Plan.objects.update_or_create(
        run=run,
        supplier=pair.supplier,
        warehouse=pair.warehouse,
        defaults={
            "order": None,
            "status": Plan.Status.NO_OPENING,
            "note": note,
            "objective": None,
            "bound": None,
        },
    )
    plan.lines.all().delete()
    return plan


def _lines(pair: _Pair, question: Question, answer: SupplierPlan) -> list[PlanLine]:
    planned = {item.key: item for item in answer.items}
    lines = []
    for terms in pair.bought:
        item = planned.get(terms.product_id)
        if item is None:
            reason = words.not_forecast()
        else:
            about = words.Circumstances(
                supplier=pair.supplier.name,
                gap_days=question.gap_days,
                lead_days=pair.supplier.lead_time_days,
                review_days=pair.supplier.review_days,
                pack=terms.pack,
                minimum_quantity=terms.minimum_quantity,
                never_counted=terms.product_id in question.never_counted,
            )
            reason = words.reason(item.quantity, item.parts, about)
        lines.append(
            PlanLine(
                product_id=terms.product_id,
                quantity=item.quantity if item else 0,
                unit_cost=terms.unit_cost,
                runs_out_on=question.runs_out_on.get(terms.product_id),
                reason=reason,
            )
        )
    return lines


def _note(question: Question, pair: _Pair, answer: SupplierPlan) -> str:
    wants = any(part.code == "waits" for item in answer.items for part in item.parts)
    if wants and not answer.value:
        return _("%(supplier)s can wait: an order would cost more than it saves, for now.") % {
            "supplier": pair.supplier.name
        }
    return ""


def stale_note(known_to: date, business_date: date) -> str:
    """What should be said when sales are so old that the plan has to start from them; else nothing."""
    if (business_date - known_to).days <= LONGEST_GAP_DAYS:
        return ""
    return _("Sales are known to %(known_to)s only; the plan starts from there.") % {
        "known_to": day(known_to)
    }
