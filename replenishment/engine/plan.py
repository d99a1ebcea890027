"""From items and their suppliers to what is ordered: price, pick, check, explain."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np

from replenishment.engine.check import freight
from replenishment.engine.columns import Columns, columns
from replenishment.engine.pick import Picked, pick
from replenishment.engine.reasons import Together, explained
from replenishment.engine.types import Item, Key, Plan, Supplier


def plan_orders(
    items: Sequence[Item],
    suppliers: Mapping[Key, Supplier],
    *,
    budget: int | None = None,
    draws: int = 64,
    periods_in_year: float = 365.0,
) -> Plan:
    """The cheapest orders in expectation, with their reasons.

    budget: the most to spend on goods and freight, minor units. draws: sample paths per item.
    Raises ValueError for senseless input.
    """
    refuse_nonsense(items, suppliers, budget)
    priced = columns(items, suppliers, draws=draws, periods_in_year=periods_in_year)
    return plan_of(priced, pick(priced, suppliers, budget), suppliers, budget)


def plan_of(
    priced: Sequence[Columns],
    picked: Picked,
    suppliers: Mapping[Key, Supplier],
    budget: int | None = None,
) -> Plan:
    """A choice among priced candidates as a plan, each line explained."""
    together = _together(priced, picked.choice, suppliers, budget)
    return Plan(
        items=tuple(
            explained(one, number, together[one.item.supplier])
            for one, number in zip(priced, picked.choice, strict=True)
        ),
        status=picked.status,
        objective=picked.objective,
        bound=picked.bound,
        waiting=float(sum(one.costs[0] for one in priced)),
        faults=picked.faults,
    )


def _together(
    priced: Sequence[Columns], choice: Sequence[int], suppliers: Mapping[Key, Supplier], budget: int | None
) -> dict[Key, Together]:
    alone: dict[Key, int] = defaultdict(int)
    ordering: set[Key] = set()
    for one, picked in zip(priced, choice, strict=True):
        alone[one.item.supplier] += one.values[one.best()]
        if picked:
            ordering.add(one.item.supplier)
    asked = sum(value + freight(suppliers[key], value) for key, value in alone.items() if value)
    return {
        key: Together(
            orders=key in ordering,
            unfilled=alone[key],
            minimum=suppliers[key].minimum_value,
            free_from=suppliers[key].free_freight_from,
            is_cut=budget is not None and asked > budget,
        )
        for key in alone
    }


def refuse_nonsense(
    items: Sequence[Item], suppliers: Mapping[Key, Supplier], budget: int | None = None
) -> None:
    if budget is not None and budget < 0:
        raise ValueError("a budget cannot be below 0")
    for supplier in suppliers.values():
        if min(supplier.minimum_value, supplier.order_cost, supplier.freight) < 0:
            raise ValueError(f"supplier {supplier.key} has a negative amount")
    for item in items:
        if item.supplier not in suppliers:
            raise ValueError(f"item {item.key} has no supplier")
        if item.pack < 1 or item.minimum_quantity < 0 or item.unit_cost < 0:
            raise ValueError(f"item {item.key} needs a pack >= 1 and no negative MOQ or cost")
        if item.lead < 0 or item.gap < 0 or item.review < 1 or item.lead_sd < 0:
            raise ValueError(f"item {item.key} needs a lead time >= 0 and a review >= 1")
        figures = [*item.mean, item.dispersion, item.level_error, item.holding, item.shortage]
        if not np.isfinite(figures).all() or min(figures) < 0:
            raise ValueError(f"item {item.key} needs finite forecasts and costs >= 0")
