from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog.models import Supplier
from common.errors import ParstockError
from common.forms import focus_first_error
from common.templatetags.ui import day
from common.units import read_quantity
from forecasting.models import ForecastRun
from forecasting.queries import latest_run
from replenishment import deciding, listing, queries
from replenishment.forms import BudgetForm, SnoozeForm
from replenishment.models import Plan, PlanLine, Snooze
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

# Height of the curve of the what-if, and where its ground lies.
_HEIGHT, _GROUND = 112, 92.0


@require_GET
@require(Permission.SHOP_VIEW)
def replenish(request: ShopRequest) -> HttpResponse:
    """The night's proposals by supplier, each quantity with its arithmetic; also what is not ordered."""
    return _show(request)


def _show(
    request: ShopRequest, *, wrong: dict[int, tuple[str, str]] | None = None, status: int = 200
) -> HttpResponse:
    """wrong: what was typed, and what is wrong about it, by plan line."""
    run = latest_run()
    context: dict[str, Any] = {"run": run}
    if run:
        found = listing.listing(
            run, listing.Filters.read(request.GET), request.GET.get("page", "1"), _today(request)
        )
        for row in (row for group in found.groups for row in group.rows):
            row.typed, row.error = (wrong or {}).get(row.line.pk, (None, ""))
        context |= {
            "listing": found,
            "groups": found.groups,
            "page": found.page,
            "filters": found.filters,
            "query": found.filters.query,
            "tabs": _tabs(found),
            "suppliers": Supplier.objects.filter(pk__in=Plan.objects.filter(run=run).values("supplier")),
            "several_places": Plan.objects.filter(run=run).values("warehouse").distinct().count() > 1,
            "opened": _number(request.GET.get("why")),
            "certificate": listing.certificate(run),
            "has_errors": bool(wrong),
        }
        if Permission.COSTS_VIEW in request.permissions:
            context |= _what_if(request, run, found)
    return render(request, "replenishment/replenish.html", context, status=status)


def _tabs(found: listing.Listing) -> list[tuple[str, str, int]]:
    names = {
        "order": _("To order"),
        "late": _("Runs out before it arrives"),
        "left": _("Not ordered"),
        "all": _("All"),
    }
    return [(show, names[show], found.counts[show]) for show in listing.SHOWS]


# ---- what less money would buy ---------------------------------------------------------------------


def _what_if(request: ShopRequest, run: ForecastRun, found: listing.Listing) -> dict[str, Any]:
    steps = listing.steps(run)
    if not steps or not steps[0].spent:
        return {}
    form = BudgetForm(request.GET if "budget" in request.GET else None)
    budget = form.cleaned_data["budget"] if form.is_bound and form.is_valid() else None
    best = min(step.cost for step in steps)
    context: dict[str, Any] = {
        "budget_form": form,
        "budget": budget,
        "night_budget": queries.policies().budget,
        "needs": steps[0].spent,
        "curve": _curve(steps, best, budget),
        "steps": [(step.spent, round(step.cost - best)) for step in steps],
    }
    if budget is not None and (step := listing.step_within(steps, budget)) is not None:
        quantities = listing.quantities_at(list(queries.plans_of(run)), step)
        for row in (row for group in found.groups for row in group.rows):
            row.at_budget = quantities.get((row.line.plan_id, row.line.product_id), 0)
        context |= {"with_budget": step, "more_cost": round(step.cost - steps[0].cost)}
    return context


def _curve(steps: list[listing.Step], best: float, budget: int | None) -> dict[str, Any]:
    """Points of a falling curve: what is lost, over what is spent."""
    widest = max(steps[0].spent * 1.1, budget or 0, 1)
    highest = max(step.cost - best for step in steps) or 1.0

    def point(step: listing.Step) -> tuple[float, float]:
        x = 1000 * step.spent / widest
        return x, _GROUND - (_GROUND - 12) * (step.cost - best) / highest

    points = [point(step) for step in reversed(steps)]
    line = "M" + " ".join(f"{x:.1f} {y:.1f}" for x, y in points)
    last_x, last_y = points[-1]
    return {
        "line": line,
        "area": f"{line} L{last_x:.1f} {_GROUND} {points[0][0]:.1f} {_GROUND}z",
        "plan_x": f"{last_x / 10:.1f}%",
        "plan_y": f"{last_y:.1f}",
        "budget_x": None if budget is None else f"{100 * budget / widest:.1f}%",
        "most": round(highest),
    }


# ---- one line --------------------------------------------------------------------------------------


@require_GET
@require(Permission.SHOP_VIEW)
def replenish_line(request: ShopRequest, pk: int) -> HttpResponse:
    """One product's row, with the reasons of its quantity unless they are to be closed."""
    line = _line(pk)
    today = _today(request)
    group = listing.group_of([line], today)
    context = {
        "group": group,
        "row": group.rows[0],
        "opened": None if "close" in request.GET else line.pk,
        "query": "",
    }
    if not request.headers.get("HX-Request"):
        return redirect(f"{reverse('replenish', args=[request.shop.slug])}?show=all&why={pk}#item-{pk}")
    return render(request, "replenishment/row.html", context)


@require_POST
@require(Permission.ORDERS_EDIT)
def replenish_quantities(request: ShopRequest, plan_id: int) -> HttpResponse:
    """Save a supplier's quantities as the person's own on the draft order: all of them or none."""
    plan = get_object_or_404(Plan.objects.select_related("supplier", "warehouse", "order"), pk=plan_id)
    lines = {line.pk: line for line in plan.lines.select_related("product")}
    today = _today(request)
    wrong: dict[int, tuple[str, str]] = {}
    changed = 0
    with transaction.atomic():
        for name, text in request.POST.items():
            line = lines.get(_number(name.removeprefix("quantity-")) or 0)
            if not name.startswith("quantity-") or line is None:
                continue
            line.plan = plan
            try:
                changed += _save_quantity(request, line, str(text), today)
            except ParstockError as refusal:
                wrong[line.pk] = (str(text)[:20], refusal.detail)
        transaction.set_rollback(bool(wrong))
    if wrong:
        return _show(request, wrong=wrong, status=422)
    if changed:
        messages.success(
            request,
            ngettext("%(count)d quantity was saved.", "%(count)d quantities were saved.", changed)
            % {"count": changed},
        )
    return _back(request, anchor=f"plan-{plan.pk}")


def _save_quantity(request: ShopRequest, line: PlanLine, text: str, today: date) -> bool:
    row = listing.row_of(line, today)
    quantity = read_quantity(text.strip() or "0")
    if quantity == row.quantity:
        return False
    deciding.set_quantity(line, quantity=quantity, actor=request.user)
    # The next line of this plan finds the draft that this one may have opened.
    line.plan.refresh_from_db(fields=["order"])
    return True


@require_http_methods(["GET", "POST"])
@require(Permission.ORDERS_EDIT)
def replenish_snooze(request: ShopRequest, pk: int) -> HttpResponse:
    line = _line(pk)
    today = _today(request)
    form = SnoozeForm(request.POST or None, today=today)
    if request.method == "POST":
        if form.is_valid():
            nap = deciding.snooze(line, until=form.cleaned_data["until"], today=today, actor=request.user)
            messages.success(
                request,
                _("%(product)s is snoozed until %(day)s.")
                % {"product": line.product.name, "day": day(nap.until)},
            )
            return _back(request)
        focus_first_error(form)
    nap = Snooze.objects.filter(warehouse=line.plan.warehouse_id, product=line.product_id).first()
    return render(request, "replenishment/snooze.html", {"form": form, "line": line, "nap": nap})


@require_POST
@require(Permission.ORDERS_EDIT)
def replenish_wake(request: ShopRequest, pk: int) -> HttpResponse:
    line = _line(pk)
    deciding.wake(line, actor=request.user)
    messages.success(
        request,
        _("%(product)s may be proposed again, from the next night on.") % {"product": line.product.name},
    )
    return _back(request)


def _line(pk: int) -> PlanLine:
    lines = PlanLine.objects.select_related("product", "plan__supplier", "plan__warehouse", "plan__order")
    return get_object_or_404(lines, pk=pk)


def _today(request: ShopRequest) -> date:
    return timezone.localdate(timezone=request.shop.zone)


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 18 else None


def _back(request: ShopRequest, *, anchor: str = "") -> HttpResponse:
    """To the list as it was, filters and page included."""
    given = {
        name: request.POST[name] for name in ("show", "supplier", "search", "page") if request.POST.get(name)
    }
    address = reverse("replenish", args=[request.shop.slug])
    address += f"?{urlencode(given)}" if given else ""
    return redirect(f"{address}#{anchor}" if anchor else address)
