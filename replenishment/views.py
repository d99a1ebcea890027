from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from forecasting.queries import latest_run
from replenishment import queries
from replenishment.models import Plan, PlanLine
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest


@dataclass(frozen=True, slots=True)
class Group:
    """A supplier's proposal for a warehouse as the page shows it. Amounts in minor units."""

    plan: Plan
    ordered: list[PlanLine]
    left: list[PlanLine]
    total: int
    minimum: int

    @property
    def reaches_minimum(self) -> bool:
        return self.total >= self.minimum

    @property
    def short_of_minimum(self) -> int:
        return max(0, self.minimum - self.total)

    @property
    def bar(self) -> str:
        return self._share(self.total)

    @property
    def tick(self) -> str:
        return self._share(self.minimum)

    def _share(self, amount: int) -> str:
        """Of the bar's width, which ends a little beyond the larger of the two. For SVG: a point, always."""
        return f"{100 * amount / (1.04 * max(self.total, self.minimum, 1)):.1f}%"


@require_GET
@require(Permission.SHOP_VIEW)
def replenish(request: ShopRequest) -> HttpResponse:
    """The night's proposals by supplier, each quantity with its arithmetic; also what is not ordered."""
    run = latest_run()
    context: dict[str, Any] = {"run": run}
    if run:
        groups = [_group(plan) for plan in queries.plans_of(run)]
        context |= {
            "groups": groups,
            "ordered_products": sum(len(group.ordered) for group in groups),
            "ordering": sum(bool(group.ordered) for group in groups),
            "several_places": len({group.plan.warehouse_id for group in groups}) > 1,
        }
    return render(request, "replenishment/replenish.html", context)


def _group(plan: Plan) -> Group:
    lines = sorted(plan.lines.all(), key=lambda line: line.product.sku)
    return Group(
        plan=plan,
        ordered=[line for line in lines if line.quantity],
        left=[line for line in lines if not line.quantity],
        total=sum(line.amount for line in lines),
        minimum=plan.supplier.minimum_order_value,
    )
