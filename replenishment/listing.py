"""The replenish page's rows: what the night decided, beside what stands on the drafts by now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Page
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from catalog.models import SupplierProduct
from catalog.prices import price_at, rates_by_currency, terms_with_breaks
from common.numbered_pages import numbered_page
from common.search_key import search_key
from common.units import converted, line_amount, write_quantity
from forecasting.models import ForecastRun
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from purchasing.money import Totals, totals_of
from replenishment import queries
from replenishment.models import Plan, PlanLine, Snooze
from tenancy.context import current_shop

PER_PAGE = 50
# What the tabs show; the first is the usual one.
SHOWS = ("order", "late", "left", "all")


@dataclass(frozen=True, slots=True)
class Filters:
    show: str = "order"
    supplier: int | None = None
    search: str = ""

    @classmethod
    def read(cls, given: Any) -> Filters:
        show = given.get("show", "")
        supplier = given.get("supplier", "")
        return cls(
            show=show if show in SHOWS else SHOWS[0],
            supplier=int(supplier)
            if supplier.isascii() and supplier.isdigit() and len(supplier) < 18
            else None,
            search=given.get("search", "").strip()[:100],
        )

    @property
    def query(self) -> str:
        """As the beginning of a query string."""
        given = {
            "show": self.show if self.show != SHOWS[0] else "",
            "supplier": self.supplier or "",
            "search": self.search,
        }
        text = urlencode({name: value for name, value in given.items() if value})
        return f"{text}&" if text else ""


@dataclass(slots=True)
class Row:
    """A product of a plan. quantity: what is ordered now; None where its order cannot be changed any more."""

    line: PlanLine
    draft: PurchaseOrderLine | None
    terms: SupplierProduct | None
    snoozed_until: date | None
    today: date
    at_budget: int = 0
    typed: str | None = None
    error: str = ""

    @property
    def quantity(self) -> int:
        return self.draft.quantity if self.draft else self.line.quantity

    @property
    def text(self) -> str:
        """What stands in its field: what was typed, else the quantity now."""
        return write_quantity(self.quantity) if self.typed is None else self.typed

    @property
    def is_edited(self) -> bool:
        return self.draft is not None and self.draft.is_edited

    @property
    def differs(self) -> bool:
        """Whether a person wants something else than the night."""
        return (
            self.is_edited and self.draft is not None and self.draft.quantity != (self.draft.suggested or 0)
        )

    @property
    def packs(self) -> int | None:
        return self.terms.packs_in(self.quantity) if self.terms and self.quantity else None

    @property
    def unit_cost(self) -> int:
        """In the order's currency, at this quantity."""
        if self.draft:
            return self.draft.unit_cost
        return price_at(self.terms, self.quantity) if self.terms else self.line.unit_cost

    @property
    def amount(self) -> int:
        return line_amount(self.quantity, self.unit_cost)

    @property
    def days_left(self) -> int | None:
        """Days until it runs out; 0 where it has."""
        day = self.line.runs_out_on
        return None if day is None else max((day - self.today).days, 0)

    @property
    def days_without(self) -> int:
        """Days with an empty shelf if it is ordered today."""
        day, arrives = self.line.runs_out_on, self.line.plan.arrives_on
        return max((arrives - max(day, self.today)).days, 0) if day and arrives else 0


@dataclass(slots=True)
class Group:
    """A plan with its rows of this page. Amounts are in the order's currency."""

    plan: Plan
    rows: list[Row]
    totals: Totals
    currency: str
    is_editable: bool

    @property
    def ordered(self) -> bool:
        return bool(self.totals.net)

    @property
    def minimum(self) -> int:
        return self.plan.supplier.minimum_order_value

    @property
    def free_from(self) -> int | None:
        supplier = self.plan.supplier
        return supplier.free_freight_from if supplier.freight else None

    @property
    def short_of_minimum(self) -> int:
        return max(0, self.minimum - self.totals.net)

    @property
    def short_of_free(self) -> int:
        return max(0, (self.free_from or 0) - self.totals.net)

    @property
    def bar(self) -> str:
        return self._share(self.totals.net)

    @property
    def tick(self) -> str:
        return self._share(self.minimum)

    @property
    def free_tick(self) -> str:
        return self._share(self.free_from or 0)

    def _share(self, amount: int) -> str:
        """Of the bar's width, which ends a little beyond the largest. For SVG: a point, always."""
        widest = max(self.totals.net, self.minimum, self.free_from or 0, 1)
        return f"{100 * amount / (1.04 * widest):.1f}%"


@dataclass(slots=True)
class Listing:
    """A page of rows by group, and what all proposals come to."""

    groups: list[Group]
    page: Page[PlanLine]
    filters: Filters
    counts: dict[str, int]
    orders: int = 0
    products: int = 0
    edited: int = 0
    # In the shop's currency, with freight and without tax; None where a rate is missing.
    value: int | None = 0
    notes: list[Plan] = field(default_factory=list)


def listing(run: ForecastRun, filters: Filters, number: str | None, today: date) -> Listing:
    """A fixed number of queries for a page of lines."""
    plans = {plan.pk: plan for plan in queries.plans_of(run)}
    lines = _filtered(run, filters)
    page = numbered_page(lines, PER_PAGE, number)
    shown = list(page.object_list)
    for line in shown:
        line.plan = plans[line.plan_id]
    drafts = _draft_lines(plans.values())
    groups = _groups(shown, drafts, today)
    orders = [plan.order for plan in plans.values() if plan.order and plan.order.is_draft]
    found = Listing(groups, page, filters, _counts(run))
    found.notes = [plan for plan in plans.values() if plan.note]
    found.orders = sum(bool(drafts.get(order.pk)) for order in orders)
    every = [line for order in orders for line in drafts.get(order.pk, {}).values()]
    found.products = sum(bool(line.quantity) for line in every)
    found.edited = sum(line.is_edited for line in every)
    found.value = _value(orders, drafts)
    return found


def row_of(line: PlanLine, today: date) -> Row:
    """One row, read anew."""
    drafts = _draft_lines([line.plan])
    (group,) = _groups([line], drafts, today)
    return group.rows[0]


def group_of(lines: Sequence[PlanLine], today: date) -> Group:
    """One plan's lines as a group, read anew."""
    (group,) = _groups(list(lines), _draft_lines([lines[0].plan]), today)
    return group


def _filtered(run: ForecastRun, filters: Filters) -> QuerySet[PlanLine]:
    lines = PlanLine.objects.filter(plan__run=run).select_related("product")
    lines = _shown(lines, filters.show)
    if filters.supplier is not None:
        lines = lines.filter(plan__supplier=filters.supplier)
    for word in search_key(filters.search).split():
        lines = lines.filter(Q(product__sku_key__contains=word) | Q(product__name_key__contains=word))
    return lines.order_by(
        "plan__supplier__name", "plan__warehouse__code", "plan_id", "product__sku_key", "pk"
    )


def _shown(lines: QuerySet[PlanLine], show: str) -> QuerySet[PlanLine]:
    by_hand = PurchaseOrderLine.objects.filter(
        order=OuterRef("plan__order"), product=OuterRef("product"), order__state=PurchaseOrder.State.DRAFT
    ).exclude(edited_at=None)
    if show == "order":
        return lines.filter(Q(quantity__gt=0) | Exists(by_hand))
    if show == "late":
        return lines.filter(runs_out_on__lt=F("plan__arrives_on"))
    if show == "left":
        return lines.filter(quantity=0)
    return lines


def _counts(run: ForecastRun) -> dict[str, int]:
    lines = PlanLine.objects.filter(plan__run=run)
    return {show: _shown(lines, show).count() for show in SHOWS}


def _draft_lines(plans: Any) -> dict[int, dict[int, PurchaseOrderLine]]:
    """Order id -> product id -> line, of the drafts. One query."""
    orders = {plan.order_id: plan.order for plan in plans if plan.order and plan.order.is_draft}
    found: dict[int, dict[int, PurchaseOrderLine]] = {pk: {} for pk in orders}
    rows = PurchaseOrderLine.objects.filter(order__in=list(orders)).select_related("product__purchase_tax")
    for line in rows:
        line.order = orders[line.order_id]
        found[line.order_id][line.product_id] = line
    return found


def _groups(
    lines: list[PlanLine], drafts: dict[int, dict[int, PurchaseOrderLine]], today: date
) -> list[Group]:
    shop = current_shop()
    by_plan: dict[int, list[PlanLine]] = {}
    for line in lines:
        by_plan.setdefault(line.plan_id, []).append(line)
    sleeping = {
        (snooze.warehouse_id, snooze.product_id): snooze.until
        for snooze in Snooze.objects.filter(product__in=[line.product_id for line in lines], until__gt=today)
    }
    groups = []
    for own in by_plan.values():
        plan = own[0].plan
        plan.shop = shop
        order = plan.order
        editable = order is None or order.is_draft
        draft = drafts.get(plan.order_id, {}) if plan.order_id and editable else {}
        terms = terms_with_breaks(plan.supplier_id, [line.product_id for line in own])
        rows = [
            Row(
                line=line,
                draft=draft.get(line.product_id),
                terms=terms.get(line.product_id),
                snoozed_until=sleeping.get((plan.warehouse_id, line.product_id)),
                today=today,
            )
            for line in own
        ]
        if order is not None:
            order.supplier = plan.supplier
            totals = totals_of(order, draft.values() if editable else None)
        else:
            totals = Totals(0, 0, ())
        currency = order.currency if order else plan.supplier.currency or shop.currency
        groups.append(Group(plan, rows, totals, currency, editable))
    return groups


def _value(orders: Sequence[PurchaseOrder], drafts: dict[int, dict[int, PurchaseOrderLine]]) -> int | None:
    own = current_shop().currency
    rates = rates_by_currency()
    total = 0
    for order in orders:
        totals = totals_of(order, drafts[order.pk].values())
        if order.currency not in rates:
            return None
        total += converted(
            totals.net + totals.freight, rates[order.currency].rate, currency=order.currency, into=own
        )
    return total


# ---- what less money would buy ---------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """All proposals if each unit of money had to save so much: amounts in minor units."""

    spent: int
    cost: float
    number: int


def steps(run: ForecastRun) -> list[Step]:
    """From the free choice down to ordering nothing; empty where nothing was planned."""
    rows = list(Plan.objects.filter(run=run).values_list("frontier", flat=True))
    rows = [row for row in rows if row]
    if not rows:
        return []
    length = min(len(row) for row in rows)
    return [
        Step(
            spent=sum(row[number]["spent"] for row in rows),
            cost=sum(row[number]["cost"] for row in rows),
            number=number,
        )
        for number in range(length)
    ]


def step_within(found: Sequence[Step], budget: int) -> Step | None:
    """The most that a budget buys; the last step, ordering nothing, fits into any."""
    return next((step for step in found if step.spent <= budget), None)


def quantities_at(plans: Sequence[Plan], step: Step) -> dict[tuple[int, int], int]:
    """(plan, product) -> thousandths at a step."""
    return {
        (plan.pk, int(product)): quantity
        for plan in plans
        if plan.frontier
        for product, quantity in plan.frontier[step.number]["lines"].items()
    }


@dataclass(frozen=True, slots=True)
class Certificate:
    """How far the plans may be from the best ones; amounts in minor units, share of what ordering saves."""

    amount: float
    percent: float
    is_complete: bool


def certificate(run: ForecastRun) -> Certificate | None:
    rows = list(
        Plan.objects.filter(run=run)
        .exclude(objective=None)
        .values_list("objective", "bound", "waiting", "status")
    )
    if not rows:
        return None
    off = sum(max(objective - bound, 0.0) for objective, bound, _waiting, _status in rows)
    saved = sum(max(waiting - bound, 0.0) for _objective, bound, waiting, _status in rows)
    return Certificate(
        amount=off,
        percent=100 * off / saved if saved > 0 else 0.0,
        is_complete=all(status == Plan.Status.OPTIMAL for *_rest, status in rows),
    )
