"""From forecasts to proposed orders: gather, decide, write down.

The solver works outside any transaction. What it decided on is read again under the lock of the
open draft before anything is written, and decided again if an approval or a delivery came between:
goods that were just ordered are never ordered twice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.utils import translation
from django.utils.translation import gettext as _

from catalog.models import Warehouse
from catalog.prices import price_at, rates_by_currency
from common.templatetags.ui import day
from forecasting.models import Forecast, ForecastRun
from forecasting.services import Progress
from purchasing.services import ProposedLine, propose
from purchasing.services.drafts import find_draft
from replenishment import queries, words
from replenishment.gathering import LONGEST_GAP_DAYS, Pair, Question, ask
from replenishment.models import Plan, PlanLine
from tenancy.context import Scope, current_shop, in_current_shop

if TYPE_CHECKING:
    from replenishment.engine.columns import Columns
    from replenishment.engine.pick import Choice
    from replenishment.engine.types import Plan as Decision
    from replenishment.engine.types import PlannedItem

# Sample paths that each candidate quantity is priced on.
_DRAWS = 64
# What a unit of money must save before it is spent, one step of the what-if after the other.
_PRICES = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.14, 0.2, 0.3, 0.45, 0.7, 1.0, 1.5, 2.5, 5.0)


@dataclass(frozen=True, slots=True)
class Answer:
    """priced: the candidates of each item; steps: the best choice at each price on money."""

    priced: list[Columns]
    decision: Decision
    steps: list[Choice]
    budget: int | None = None


def plan_orders(
    run: ForecastRun,
    *,
    business_date: date | None = None,
    scope: Scope = in_current_shop,
    progress: Progress | None = None,
) -> list[Plan]:
    """Decide for every active supplier and warehouse what to order after the day `business_date`.

    The owner's budget holds for all of them together. Each decision is written with its order's draft
    in a transaction of its own; planning the same run again replaces it.
    """
    on = business_date or run.known_to
    with scope(write=False):
        pairs = _pairs(run)
        policies, rates = queries.policies(), rates_by_currency(on + timedelta(days=1))
    asked: list[tuple[Pair, Question, Answer | None]] = []
    for number, pair in enumerate(pairs):
        if progress:
            progress(number, len(pairs))
        with scope(write=False):
            question = ask(run, pair, on, policies, rates)
        asked.append((pair, question, _decide(question)))
    if policies.budget is not None:
        asked = _share(asked, policies.budget)
    plans = []
    for pair, question, answer in asked:
        with scope():
            if question.can_be_planned:
                find_draft(supplier=pair.supplier, warehouse=pair.warehouse)  # locks it
                if (now := ask(run, pair, on, policies, rates)) != question:
                    question, answer = now, _decide_again(now, answer)
            plans.append(_write(run, pair, question, answer))
    with scope():
        Plan.objects.filter(run=run).exclude(pk__in=[plan.pk for plan in plans]).delete()
    if progress:
        progress(len(pairs), len(pairs))
    return plans


def _pairs(run: ForecastRun) -> list[Pair]:
    places = Warehouse.objects.filter(
        is_active=True, pk__in=Forecast.objects.filter(run=run).values("warehouse")
    )
    warehouses = list(places.order_by("pk"))
    return [
        Pair(bought[0].supplier, warehouse, tuple(bought))
        for bought in queries.preferred_terms().values()
        for warehouse in warehouses
    ]


# ---- deciding --------------------------------------------------------------------------------


def _decide(question: Question) -> Answer | None:
    """The best order without regard to other suppliers; None where none can be planned."""
    if not question.can_be_planned:
        return None
    from replenishment.engine.columns import columns
    from replenishment.engine.pick import frontier, pick
    from replenishment.engine.plan import plan_of, refuse_nonsense

    suppliers = {question.terms.key: question.terms}
    refuse_nonsense(question.items, suppliers)
    priced = columns(question.items, suppliers, draws=_DRAWS)
    decision = plan_of(priced, pick(priced, suppliers), suppliers)
    return Answer(priced, decision, frontier(priced, suppliers, _PRICES))


def _decide_again(question: Question, before: Answer | None) -> Answer | None:
    """After something changed meanwhile: with what the supplier's share of the budget was."""
    answer = _decide(question)
    if answer is None or before is None or before.budget is None:
        return answer
    from replenishment.engine.pick import pick
    from replenishment.engine.plan import plan_of

    suppliers = {question.terms.key: question.terms}
    picked = pick(answer.priced, suppliers, before.budget)
    decision = plan_of(answer.priced, picked, suppliers, before.budget)
    return replace(answer, decision=decision, budget=before.budget)


def _share(
    asked: list[tuple[Pair, Question, Answer | None]], budget: int
) -> list[tuple[Pair, Question, Answer | None]]:
    """The same decisions within one budget: what money does most good everywhere."""
    from replenishment.engine.check import freight
    from replenishment.engine.pick import pick_together
    from replenishment.engine.plan import plan_of

    groups = [(answer.priced, question.terms) for _pair, question, answer in asked if answer is not None]
    together = iter(pick_together(groups, budget))
    shared: list[tuple[Pair, Question, Answer | None]] = []
    for pair, question, answer in asked:
        if answer is not None:
            picked = next(together)
            suppliers = {question.terms.key: question.terms}
            is_cut = picked.choice != [one.best() for one in answer.priced]
            decision = plan_of(answer.priced, picked, suppliers, 0 if is_cut else None)
            spent = decision.value + (freight(question.terms, decision.value) if decision.value else 0)
            answer = replace(answer, decision=decision, budget=spent)
        shared.append((pair, question, answer))
    return shared


# ---- writing ---------------------------------------------------------------------------------


def _write(run: ForecastRun, pair: Pair, question: Question, answer: Answer | None) -> Plan:
    with translation.override(current_shop().language):
        if answer is None:
            return _write_nothing(run, pair, question)
        lines = _lines(pair, question, answer.decision)
        terms = {one.product_id: one for one in pair.bought}
        order = propose(
            supplier=pair.supplier,
            warehouse=pair.warehouse,
            lines=[
                ProposedLine(
                    line.product_id,
                    line.quantity,
                    price_at(terms[line.product_id], line.quantity),
                    line.reason,
                )
                for line in lines
                if line.quantity
            ],
        )
        plan, _made = Plan.objects.update_or_create(
            run=run,
            supplier=pair.supplier,
            warehouse=pair.warehouse,
            defaults=_dates(question)
            | {
                "order": order,
                "status": answer.decision.status,
                "note": _note(pair, answer.decision),
                "objective": round(answer.decision.objective, 2),
                "bound": round(answer.decision.bound, 2),
                "waiting": round(answer.decision.waiting, 2),
                "is_cut": answer.budget is not None
                and any(part.code == "budget" for item in answer.decision.items for part in item.parts),
                "frontier": _frontier(question, answer),
            },
        )
        _replace_lines(run, plan, lines)
        return plan


def _write_nothing(run: ForecastRun, pair: Pair, question: Question) -> Plan:
    if question.is_open:
        status = Plan.Status.NO_RATE
        note = _(
            "No exchange rate is known for %(currency)s, so nothing from %(supplier)s can be priced. Type"
            " one in the settings, and the next night can propose orders."
        ) % {"currency": pair.supplier.currency, "supplier": pair.supplier.name}
    else:
        status = Plan.Status.NO_OPENING
        note = _(
            "%(warehouse)s has no opening stock yet. Import or count what is there, and the next night can"
            " propose orders."
        ) % {"warehouse": pair.warehouse.name}
    plan, _made = Plan.objects.update_or_create(
        run=run,
        supplier=pair.supplier,
        warehouse=pair.warehouse,
        defaults=_dates(question)
        | {
            "order": None,
            "status": status,
            "note": note,
            "objective": None,
            "bound": None,
            "waiting": None,
            "is_cut": False,
            "frontier": [],
        },
    )
    plan.lines.all().delete()
    return plan


def _dates(question: Question) -> dict[str, object]:
    arrives = question.planned_on + timedelta(days=question.lead_days)
    return {
        "planned_on": question.planned_on,
        "arrives_on": arrives,
        "lasts_until": arrives + timedelta(days=question.review_days),
        "lead_sd": question.lead_sd,
    }


def _lines(pair: Pair, question: Question, decision: Decision) -> list[PlanLine]:
    planned = {item.key: item for item in decision.items}
    lines = []
    for terms in pair.bought:
        item: PlannedItem | None = planned.get(terms.product_id)
        runs_out_on = question.runs_out_on.get(terms.product_id)
        order_by = runs_out_on and runs_out_on - timedelta(days=question.lead_days)
        line = PlanLine(
            product_id=terms.product_id,
            quantity=0,
            unit_cost=terms.unit_cost,
            position=question.positions[terms.product_id],
            runs_out_on=runs_out_on,
            order_by=order_by and max(order_by, question.planned_on),
        )
        if item is None:
            line.reason = words.left_out(*question.left_out[terms.product_id])
        else:
            about = words.Circumstances(
                supplier=pair.supplier.name,
                gap_days=question.gap_days,
                lead_days=question.lead_days,
                review_days=question.review_days,
                pack=terms.pack,
                minimum_quantity=terms.minimum_quantity,
                never_counted=terms.product_id in question.never_counted,
            )
            line.quantity, line.unit_cost = item.quantity, item.unit_cost
            line.reason = words.reason(item.quantity, item.parts, about)
            line.runner_up = item.runner_up
            line.runner_up_costs = None if item.runner_up is None else round(item.runner_up_costs)
        lines.append(line)
    return lines


def _replace_lines(run: ForecastRun, plan: Plan, lines: list[PlanLine]) -> None:
    before = queries.lines_before(run, plan)
    plan.lines.all().delete()
    for line in lines:
        line.plan = plan
        if earlier := before.get(line.product_id):
            line.change = words.change(earlier.quantity, earlier.reason, line.quantity, line.reason)
    PlanLine.objects.bulk_create(lines)


def _frontier(question: Question, answer: Answer) -> list[dict[str, object]]:
    """What would be ordered if each unit of money had to save more; the last step orders nothing."""
    from replenishment.engine.check import freight

    nothing = [0] * len(answer.priced)
    found: list[dict[str, object]] = []
    for choice in [*answer.steps, nothing]:
        value = sum(one.values[number] for one, number in zip(answer.priced, choice, strict=True))
        fixed = freight(question.terms, value) if any(choice) else 0
        cost = sum(float(one.costs[number]) for one, number in zip(answer.priced, choice, strict=True))
        cost += fixed + (question.terms.order_cost if any(choice) else 0)
        found.append(
            {
                "spent": value + fixed,
                "cost": round(cost, 1),
                "lines": {
                    str(one.item.key): one.quantities[number]
                    for one, number in zip(answer.priced, choice, strict=True)
                    if number
                },
            }
        )
    return found


def _note(pair: Pair, decision: Decision) -> str:
    wants = any(part.code == "waits" for item in decision.items for part in item.parts)
    if wants and not decision.value:
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
