"""What the night leaves behind for the pages, so that they need not work it out for each reader."""

from __future__ import annotations

from typing import NamedTuple

from forecasting.models import ForecastRun
from replenishment.models import PlanLine
from stock.places import Place
from stock.services.levels import Level, set_levels
from tenancy.context import Scope

# Stock beyond so many times what the plan would fill up to is plenty.
_PLENTY = 2
# The parts of a plan line that stand for what is expected and what is kept for safety.
_UNTIL_ARRIVAL = ("since_known", "until_arrival", "missed", "safety")
_UP_TO = (*_UNTIL_ARRIVAL, "review")


class PlannedLevel(NamedTuple):
    """Thousandths: order at or below the first, and fill up to the second."""

    reorder_point: int
    up_to: int


def write_levels(run: ForecastRun, scope: Scope) -> int:
    """Give every planned place its reorder point, from the sums of the run's plan.

    Kept beside the balance because a list of what is low compares the two for every product, and
    the balance moves with each sale. Returns how many changed.
    """
    with scope(write=False):
        lines = list(
            PlanLine.objects.filter(plan__run=run).values_list("plan__warehouse_id", "product_id", "reason")
        )
    levels = {}
    for warehouse_id, product_id, reason in lines:
        if planned := level_of(reason):
            level = Level(planned.reorder_point, planned.up_to * _PLENTY)
            levels[Place(warehouse_id, product_id)] = level
    return set_levels(levels, scope)


def level_of(reason: dict) -> PlannedLevel | None:
    """The levels that a plan line's sum amounts to; None where it has none."""
    parts = {part["code"]: part["quantity"] for part in reason.get("parts", []) if "code" in part}
    if "until_arrival" not in parts:
        return None
    reorder_point, up_to = (sum(parts.get(code, 0) for code in codes) for codes in (_UNTIL_ARRIVAL, _UP_TO))
    return PlannedLevel(max(reorder_point, 0), max(up_to, 0))
