"""One order to one supplier for one warehouse: which products, how many packs, or none at all.

A mixed-integer linear programme: x_i packs of item i, z whether to order, t_i the expected cost of
item i, held up by tangents of its convex cost:

    minimise    sum t_i + order_cost z
    subject to  t_i >= f_i(k) + (f_i(k+1) - f_i(k)) (x_i - k)   for chosen k
                least_i y_i <= x_i <= most_i y_i,  y_i <= z
                sum cost_i x_i >= minimum_value z
                sum cost_i x_i <= budget

At whole numbers a line through two neighbours lies nowhere above a convex cost, so the tangents
bound it from below and touch it where they are drawn. Whatever the solver answers is checked again
in integers and priced again; a plan that does not hold gives way to a greedy one.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from replenishment.engine.costs import ItemCosts, costs_of
from replenishment.engine.reasons import parts_of
from replenishment.engine.types import Item, PlannedItem, SupplierPlan, Terms

_TIME_LIMIT = 10.0
_RELATIVE_GAP = 1e-6
# Up to this many packs every tangent is drawn; beyond, those near the best and some further out.
_ALL_TANGENTS = 40
_NEAR = 12
_FAR = 16

Packs = list[int]


def plan_supplier(items: Sequence[Item], terms: Terms) -> SupplierPlan:
    """The cheapest order in expectation, with its reasons. Raises ValueError for senseless input."""
    _refuse_nonsense(items, terms)
    costs = [costs_of(item, terms.review_days) for item in items]
    nothing: Packs = [0] * len(items)
    waiting = price(costs, nothing, terms)
    greedy = _greedy(costs, terms)
    chosen, status, bound = _solve(costs, terms)
    fault = "no answer" if chosen is None else "; ".join(faults(items, chosen, terms))
    if chosen is None or fault:
        chosen, status = greedy, "greedy"
    elif price(costs, greedy, terms) < price(costs, chosen, terms) * (1 - 1e-6) - 1e-6:
        chosen, status, fault = greedy, "greedy", "a greedy plan is cheaper"
    has_order = any(chosen)
    planned = []
    for one, packs in zip(costs, chosen, strict=True):
        quantity = packs * one.item.pack
        parts = parts_of(one, quantity, has_order=has_order)
        planned.append(PlannedItem(one.item.key, quantity, one.item.value(quantity), parts))
    return SupplierPlan(tuple(planned), status, price(costs, chosen, terms), bound, waiting, fault)


def price(costs: Sequence[ItemCosts], packs: Packs, terms: Terms) -> float:
    """Expected cost of a plan, minor units."""
    each = sum(float(one(np.array([count]))[0]) for one, count in zip(costs, packs, strict=True))
    return each + (terms.order_cost if any(packs) else 0)


def faults(items: Sequence[Item], packs: Packs, terms: Terms) -> list[str]:
    """What a plan breaks, in integers and without trusting any solver."""
    found = []
    for item, count in zip(items, packs, strict=True):
        if count < 0 or 0 < count < item.least_packs:
            found.append(f"{count} packs of {item.key}, at least {item.least_packs} are sold")
    total = sum(item.value(count * item.pack) for item, count in zip(items, packs, strict=True))
    if any(packs) and total < terms.minimum_value:
        found.append(f"{total} is less than the minimum {terms.minimum_value}")
    if terms.budget is not None and total > terms.budget:
        found.append(f"{total} is more than the budget {terms.budget}")
    return found


def _refuse_nonsense(items: Sequence[Item], terms: Terms) -> None:
    if terms.review_days < 1 or terms.minimum_value < 0 or terms.order_cost < 0:
        raise ValueError("terms need review_days >= 1 and no negative amount")
    for item in items:
        if item.pack < 1 or item.minimum_quantity < 0 or item.unit_cost < 0:
            raise ValueError(f"item {item.key} needs a pack >= 1 and no negative MOQ or cost")
        if not (np.isfinite(item.expected) and item.expected >= 0 and item.sigma >= 0):
            raise ValueError(f"item {item.key} needs an expected demand >= 0 with a spread >= 0")


# ---- the programme ---------------------------------------------------------------------------


def _solve(costs: Sequence[ItemCosts], terms: Terms) -> tuple[Packs | None, str, float | None]:
    """Packs, status and bound; no packs where the solver has none that are whole."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import coo_array

    n = len(costs)
    if not n:
        return [], "optimal", 0.0
    most = np.array([one.most_packs() for one in costs], dtype=float)
    # Columns: x (n), y (n), t (n), z.
    x, y, t, z = 0, n, 2 * n, 3 * n
    rows: list[tuple[dict[int, float], float, float]] = []
    for i, one in enumerate(costs):
        for slope, base in _tangents(one, int(most[i])):
            rows.append(({t + i: 1.0, x + i: -slope}, base, np.inf))
        rows.append(({x + i: 1.0, y + i: -most[i]}, -np.inf, 0.0))
        rows.append(({x + i: 1.0, y + i: -float(one.item.least_packs)}, 0.0, np.inf))
        rows.append(({y + i: 1.0, z: -1.0}, -np.inf, 0.0))
    pack_values = [one.item.pack * one.item.unit_cost / 10_000_000 for one in costs]
    spent = {x + i: value for i, value in enumerate(pack_values)}
    # Each line is rounded to whole minor units, which the programme does not see.
    slack = 0.5 * sum(value != round(value) for value in pack_values)
    if terms.minimum_value:
        rows.append((spent | {z: -(terms.minimum_value + slack)}, 0.0, np.inf))
    if terms.budget is not None:
        rows.append((spent, -np.inf, max(terms.budget - slack, 0.0)))
    entries = [(r, c, value) for r, (row, _low, _high) in enumerate(rows) for c, value in row.items()]
    r, c, values = zip(*entries, strict=True)
    answer = milp(
        c=np.concatenate([np.zeros(2 * n), np.ones(n), [terms.order_cost]]),
        constraints=LinearConstraint(
            coo_array((values, (r, c)), shape=(len(rows), 3 * n + 1)).tocsr(),
            [low for _row, low, _high in rows],
            [high for _row, _low, high in rows],
        ),
        integrality=np.concatenate([np.ones(2 * n), np.zeros(n), [1]]),
        bounds=Bounds(0, np.concatenate([most, np.ones(n), np.full(n, np.inf), [1.0]])),
        options={"time_limit": _TIME_LIMIT, "mip_rel_gap": _RELATIVE_GAP},
    )
    bound = None if answer.mip_dual_bound is None else float(answer.mip_dual_bound)
    if answer.x is None:
        return None, "greedy", bound
    packs = np.rint(answer.x[:n])
    if np.abs(answer.x[:n] - packs).max() > 1e-4:
        return None, "greedy", bound
    return [int(count) for count in packs], "optimal" if answer.status == 0 else "time_limit", bound


def _tangents(one: ItemCosts, most: int) -> list[tuple[float, float]]:
    """(slope, value at 0) of lines through the cost at k and k + 1 packs."""
    points = _points(most, one.best_packs_of_moq())
    here, next_ = one(points), one(points + 1)
    slopes = next_ - here
    return list(zip(slopes.tolist(), (here - slopes * points).tolist(), strict=True))


def _points(most: int, best: int) -> NDArray[np.int64]:
    if most <= _ALL_TANGENTS:
        return np.arange(max(most, 1))
    near = np.arange(max(0, best - _NEAR), min(most, best + _NEAR))
    far = np.linspace(0, most - 1, _FAR).astype(np.int64)
    return np.unique(np.concatenate([near, far]))


# ---- the plan that always exists -------------------------------------------------------------


def _greedy(costs: Sequence[ItemCosts], terms: Terms) -> Packs:
    """Every product's own best, filled up or cut pack by pack where that costs least per money."""
    nothing = [0] * len(costs)
    packs = [one.best_packs_of_moq() for one in costs]
    if any(packs):
        _cut_to_budget(costs, packs, terms)
        _fill_to_minimum(costs, packs, terms)
    items = [one.item for one in costs]
    if faults(items, packs, terms) or price(costs, packs, terms) >= price(costs, nothing, terms):
        return nothing
    return packs


def _value(costs: Sequence[ItemCosts], packs: Packs) -> int:
    return sum(one.item.value(count * one.item.pack) for one, count in zip(costs, packs, strict=True))


def _fill_to_minimum(costs: Sequence[ItemCosts], packs: Packs, terms: Terms) -> None:
    heap: list[tuple[float, int]] = []

    def offer(i: int) -> None:
        step = _step_up(costs[i], packs[i])
        gained = costs[i].item.value(step * costs[i].item.pack)
        if packs[i] + step <= costs[i].most_packs() and gained:
            before, after = costs[i](np.array([packs[i], packs[i] + step]))
            heapq.heappush(heap, (float(after - before) / gained, i))

    if (value := _value(costs, packs)) >= terms.minimum_value:
        return
    for i in range(len(costs)):
        offer(i)
    while heap and value < terms.minimum_value:
        _cost, i = heapq.heappop(heap)
        item = costs[i].item
        value -= item.value(packs[i] * item.pack)
        packs[i] += _step_up(costs[i], packs[i])
        value += item.value(packs[i] * item.pack)
        offer(i)


def _step_up(one: ItemCosts, packs: int) -> int:
    return 1 if packs else one.item.least_packs


def _cut_to_budget(costs: Sequence[ItemCosts], packs: Packs, terms: Terms) -> None:
    if terms.budget is None:
        return
    heap: list[tuple[float, int]] = []

    def offer(i: int) -> None:
        freed = costs[i].item.value(_step_down(costs[i], packs[i]) * costs[i].item.pack)
        if packs[i] and freed:
            before, after = costs[i](np.array([packs[i], packs[i] - _step_down(costs[i], packs[i])]))
            heapq.heappush(heap, (float(after - before) / freed, i))

    value = _value(costs, packs)
    for i in range(len(costs)):
        offer(i)
    while heap and value > terms.budget:
        _cost, i = heapq.heappop(heap)
        item = costs[i].item
        value -= item.value(packs[i] * item.pack)
        packs[i] -= _step_down(costs[i], packs[i])
        value += item.value(packs[i] * item.pack)
        offer(i)


def _step_down(one: ItemCosts, packs: int) -> int:
    return packs if packs <= one.item.least_packs else 1
