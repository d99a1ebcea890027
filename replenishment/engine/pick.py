"""One candidate for every item: the cheapest choice that suppliers and the budget allow.

With x_ik = 1 where item i takes candidate k, z_s whether supplier s is ordered from, a_s whether its
freight is free:

    minimise    sum c_ik x_ik + sum (K_s + F_s) z_s - F_s a_s
    subject to  sum_k x_ik = 1;   sum_{k>0} x_ik <= z_s;   a_s <= z_s
                sum v_ik x_ik >= minimum_s z_s;   sum v_ik x_ik >= free_from_s a_s
                sum v_ik x_ik + F_s z_s - F_s a_s  <= budget, over all suppliers

Without a budget it falls apart by supplier. With one, what is wanted without is tried first: if it can be
paid, it is optimal. Else one joint programme up to a size, and beyond it a price on money, found by
bisection, at which each supplier decides alone; its bound holds for the joint problem as well. Whatever
a solver answers is checked in integers and priced again, and gives way to a plan put together step
by step where it does not hold.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from replenishment.engine.check import faults, freight
from replenishment.engine.columns import Columns
from replenishment.engine.types import Key, Supplier

Floats = NDArray[np.float64]
Choice = list[int]

_GAP = 1e-5
# Nodes, not seconds: a busy machine must not change an answer.
_NODES = 20_000
_JOINT_NODES = 4_000
_JOINT_GAP = 1e-3
# Above so many candidates a joint programme takes too long; the price on money takes over.
_JOINT_COLUMNS = 12_000
_PRICES = 18


@dataclass(frozen=True, slots=True)
class Picked:
    """choice: the number of each item's candidate. bound: no other choice costs less."""

    choice: Choice
    objective: float
    bound: float
    status: str
    faults: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Problem:
    """`costs` are the columns' own, or with a price on money added."""

    columns: Sequence[Columns]
    costs: Sequence[Floats]
    suppliers: Mapping[Key, Supplier]
    budget: int | None
    price: float = 0.0  # of a minor unit that is spent

    def objective(self, choice: Choice) -> float:
        """Expected cost, reckoned from what would be ordered."""
        values: dict[Key, int] = defaultdict(int)
        ordering: set[Key] = set()
        total = 0.0
        for column, costs, picked in zip(self.columns, self.costs, choice, strict=True):
            total += float(costs[picked])
            values[column.item.supplier] += column.values[picked]
            if picked:
                ordering.add(column.item.supplier)
        for key in sorted(ordering, key=str):
            supplier = self.suppliers[key]
            total += supplier.order_cost + (1 + self.price) * freight(supplier, values[key])
        return total

    def faults(self, choice: Choice) -> list[str]:
        return faults(
            [column.item for column in self.columns],
            [column.quantities[picked] for column, picked in zip(self.columns, choice, strict=True)],
            self.suppliers,
            budget=self.budget,
            rooms=[column.room for column in self.columns],
        )

    def spent(self, choice: Choice) -> int:
        values: dict[Key, int] = defaultdict(int)
        for column, picked in zip(self.columns, choice, strict=True):
            if picked:
                values[column.item.supplier] += column.values[picked]
        return sum(value + freight(self.suppliers[key], value) for key, value in values.items())


def pick(columns: Sequence[Columns], suppliers: Mapping[Key, Supplier], budget: int | None = None) -> Picked:
    """The best choice for all items together; budget, minor units, over all suppliers."""
    problem = _Problem(columns, [column.costs for column in columns], suppliers, None)
    free = _by_supplier(problem)
    if budget is None:
        return free
    bounded = replace(problem, budget=budget)
    if not bounded.faults(free.choice):
        return free
    return _within_budget(bounded, free)


def frontier(
    columns: Sequence[Columns], suppliers: Mapping[Key, Supplier], prices: Sequence[float]
) -> list[Choice]:
    """The best choice at each price on money: what less and less of it would be spent on."""
    return [_by_supplier(_priced(columns, suppliers, price)).choice for price in prices]


# ---- without a shared limit ------------------------------------------------------------------


def _by_supplier(problem: _Problem) -> Picked:
    members: dict[Key, list[int]] = defaultdict(list)
    for number, column in enumerate(problem.columns):
        members[column.item.supplier].append(number)
    choice: Choice = [0] * len(problem.columns)
    bound, status = 0.0, "optimal"
    found: list[str] = []
    for key, numbers in members.items():
        part = _Problem(
            [problem.columns[number] for number in numbers],
            [problem.costs[number] for number in numbers],
            {key: problem.suppliers[key]},
            None,
            problem.price,
        )
        picked = _one_supplier(part)
        for number, chosen in zip(numbers, picked.choice, strict=True):
            choice[number] = chosen
        bound += picked.bound
        status = _worse(status, picked.status)
        found += picked.faults
    return Picked(choice, problem.objective(choice), bound, status, tuple(found))


def _one_supplier(problem: _Problem) -> Picked:
    (supplier,) = problem.suppliers.values()
    singly: Choice = [int(np.argmin(costs)) for costs in problem.costs]
    alone = sum(float(costs.min()) for costs in problem.costs)
    value = sum(column.values[picked] for column, picked in zip(problem.columns, singly, strict=True))
    if supplier.is_plain or not any(singly):
        # Fixed costs cannot make anything worth ordering that nobody would order without them.
        return Picked(singly, problem.objective(singly), alone, "optimal")
    if value >= supplier.minimum_value and freight(supplier, value) in {0, freight(supplier, 10**30)}:
        # No other order is charged less beside its goods: it is this one, or none.
        nothing: Choice = [0] * len(singly)
        best = min((nothing, singly), key=problem.objective)
        return Picked(best, problem.objective(best), problem.objective(best), "optimal")
    return _solved(problem, alone, gap=_GAP, nodes=_NODES)


def _solved(problem: _Problem, floor: float, *, gap: float, nodes: int) -> Picked:
    """The solver's answer where it holds and is not beaten by the plan put together step by step."""
    greedy = _greedy(problem)
    choice, bound, status = _milp(problem, gap=gap, nodes=nodes)
    bound = max(bound, floor)
    wrong = ["the solver gave no answer"] if choice is None else problem.faults(choice)
    plan, cost = greedy, problem.objective(greedy)
    if choice is not None and not wrong:
        if (solved := problem.objective(choice)) <= cost + 1e-9:
            plan, cost = choice, solved
        else:
            status = "limit" if cost > bound + gap * abs(cost) + 1e-6 else status
    else:
        status = "greedy"
    if bound > cost + 1e-6 * max(1.0, abs(cost)):
        # A bound above a plan that holds is no bound.
        wrong.append(f"the solver's bound {bound:.6g} lies above a plan of {cost:.6g}")
        bound = floor
        status = "greedy"
    return Picked(plan, cost, min(bound, cost), status, tuple(wrong))


def _milp(problem: _Problem, *, gap: float, nodes: int) -> tuple[Choice | None, float, str]:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    starts = np.cumsum([0, *(len(costs) for costs in problem.costs)])
    keys = list(problem.suppliers)
    size = int(starts[-1])
    order = {key: size + number for number, key in enumerate(keys)}
    free = {key: size + len(keys) + number for number, key in enumerate(keys)}
    cost = np.concatenate([*problem.costs, np.zeros(2 * len(keys))])
    for key in keys:
        supplier = problem.suppliers[key]
        cost[order[key]] = supplier.order_cost + (1 + problem.price) * supplier.freight
        cost[free[key]] = -(1 + problem.price) * supplier.freight
    rows: list[int] = []
    places: list[int] = []
    entries: list[float] = []
    low: list[float] = []
    high: list[float] = []

    def add(row: Mapping[int, float], least: float, most: float) -> None:
        rows.extend([len(low)] * len(row))
        places.extend(row.keys())
        entries.extend(row.values())
        low.append(least)
        high.append(most)

    spent: dict[Key, dict[int, float]] = {key: {} for key in keys}
    for number, column in enumerate(problem.columns):
        mine = range(int(starts[number]), int(starts[number + 1]))
        add(dict.fromkeys(mine, 1.0), 1.0, 1.0)
        if len(mine) > 1:
            add(dict.fromkeys(mine[1:], 1.0) | {order[column.item.supplier]: -1.0}, -np.inf, 0.0)
        paid = spent[column.item.supplier]
        paid.update({place: float(value) for place, value in zip(mine, column.values, strict=True) if value})
    everything: dict[int, float] = {}
    upper = np.ones(len(cost))
    for key in keys:
        supplier = problem.suppliers[key]
        if supplier.minimum_value:
            add(spent[key] | {order[key]: -float(supplier.minimum_value)}, 0.0, np.inf)
        if supplier.freight and supplier.free_freight_from is not None:
            add({free[key]: 1.0, order[key]: -1.0}, -np.inf, 0.0)
            add(spent[key] | {free[key]: -float(supplier.free_freight_from)}, 0.0, np.inf)
        else:
            upper[free[key]] = 0.0
        everything |= spent[key]
        everything |= {order[key]: float(supplier.freight), free[key]: -float(supplier.freight)}
    if problem.budget is not None:
        add(everything, -np.inf, float(problem.budget))
    answer = milp(
        c=cost,
        constraints=LinearConstraint(
            csr_array((entries, (rows, places)), shape=(len(low), len(cost))), low, high
        ),
        integrality=np.ones(len(cost)),
        bounds=Bounds(0, upper),
        options={"mip_rel_gap": gap, "node_limit": nodes},
    )
    bound = -np.inf if answer.mip_dual_bound is None else float(answer.mip_dual_bound)
    if answer.x is None:
        return None, bound, "greedy"
    choice = [
        int(np.argmax(answer.x[starts[number] : starts[number + 1]])) for number in range(len(problem.costs))
    ]
    return choice, bound, "optimal" if answer.status == 0 else "limit"


# ---- with a budget ---------------------------------------------------------------------------


def _within_budget(problem: _Problem, free: Picked) -> Picked:
    if sum(len(costs) for costs in problem.costs) <= _JOINT_COLUMNS:
        joint = _solved(problem, free.bound, gap=_JOINT_GAP, nodes=_JOINT_NODES)
        if joint.status == "optimal":
            return joint
        priced = _by_price(problem, free)
        best = min(joint, priced, key=lambda picked: picked.objective)
        return replace(best, bound=max(joint.bound, priced.bound))
    return _by_price(problem, free)


def _by_price(problem: _Problem, free: Picked) -> Picked:
    """Money gets a price, the same everywhere, until what is wanted can be paid."""
    assert problem.budget is not None
    columns, suppliers = problem.columns, problem.suppliers
    bound, best = free.bound, _greedy(problem)
    cost = problem.objective(best)
    low, high = 0.0, 0.05
    growing = True
    for _round in range(_PRICES):
        price = high if growing else (low + high) / 2
        picked = _by_supplier(_priced(columns, suppliers, price))
        bound = max(bound, picked.bound - price * problem.budget)
        if problem.faults(picked.choice):
            low, high = (price, price * 3) if growing else (price, high)
            continue
        growing, high = False, price
        filled = _spend_rest(problem, picked.choice)
        if (now := problem.objective(filled)) < cost:
            best, cost = filled, now
    return Picked(best, cost, min(bound, cost), "optimal" if cost - bound <= 1e-6 * abs(cost) else "limit")


def _priced(columns: Sequence[Columns], suppliers: Mapping[Key, Supplier], price: float) -> _Problem:
    costs = [column.costs + price * np.array(column.values, dtype=float) for column in columns]
    return _Problem(columns, costs, suppliers, None, price)


def _spend_rest(problem: _Problem, choice: Choice) -> Choice:
    """What money is left goes where it returns most."""
    choice = list(choice)
    assert problem.budget is not None
    left = problem.budget - problem.spent(choice)
    ordering = {
        column.item.supplier for column, picked in zip(problem.columns, choice, strict=True) if picked
    }
    gains: list[tuple[float, int, int]] = []
    for number, column in enumerate(problem.columns):
        if column.item.supplier not in ordering:
            continue
        for other in range(len(column.values)):
            more = column.values[other] - column.values[choice[number]]
            saved = float(problem.costs[number][choice[number]] - problem.costs[number][other])
            if saved > 0 and 0 < more <= left:
                gains.append((-saved / more, number, other))
    for _return, number, other in sorted(gains):
        column = problem.columns[number]
        more = column.values[other] - column.values[choice[number]]
        if 0 < more <= left and problem.costs[number][other] < problem.costs[number][choice[number]]:
            choice[number], left = other, left - more
    return choice


# ---- the plan that always exists -------------------------------------------------------------


def _greedy(problem: _Problem) -> Choice:
    """Each item's own best, filled up to the minimum or cut to the budget where that costs least."""
    choice: Choice = [int(np.argmin(costs)) for costs in problem.costs]
    nothing: Choice = [0] * len(choice)
    for key, supplier in problem.suppliers.items():
        mine = [number for number, column in enumerate(problem.columns) if column.item.supplier == key]
        for target in (supplier.minimum_value, supplier.free_freight_from or 0):
            filled = _filled(problem, choice, mine, target)
            if not _reaches(problem, choice, mine, supplier) or (
                problem.objective(filled) < problem.objective(choice)
            ):
                choice = filled
        left_out = [0 if number in set(mine) else picked for number, picked in enumerate(choice)]
        if not _reaches(problem, choice, mine, supplier) or (
            problem.objective(left_out) <= problem.objective(choice)
        ):
            choice = left_out
    if problem.budget is not None:
        choice = _cut(problem, choice)
    return nothing if problem.faults(choice) else choice


def _reaches(problem: _Problem, choice: Choice, mine: Sequence[int], supplier: Supplier) -> bool:
    value = sum(problem.columns[number].values[choice[number]] for number in mine)
    return not any(choice[number] for number in mine) or value >= supplier.minimum_value


def _filled(problem: _Problem, choice: Choice, mine: Sequence[int], target: int) -> Choice:
    """Steps up that cost least for their money, until an order reaches `target`."""
    choice = list(choice)
    value = sum(problem.columns[number].values[choice[number]] for number in mine)
    if not value or value >= target:
        return choice
    heap: list[tuple[float, int]] = []

    def offer(number: int) -> None:
        here = choice[number]
        column, costs = problem.columns[number], problem.costs[number]
        if here + 1 < len(costs) and (more := column.values[here + 1] - column.values[here]) > 0:
            heapq.heappush(heap, (float(costs[here + 1] - costs[here]) / more, number))

    for number in mine:
        offer(number)
    while heap and value < target:
        _cost, number = heapq.heappop(heap)
        column = problem.columns[number]
        choice[number] += 1
        value += column.values[choice[number]] - column.values[choice[number] - 1]
        offer(number)
    return choice


def _cut(problem: _Problem, choice: Choice) -> Choice:
    """Steps down that cost least for their money, until the budget holds; minimums are respected last."""
    assert problem.budget is not None
    choice = list(choice)
    heap: list[tuple[float, int]] = []

    def offer(number: int) -> None:
        here = choice[number]
        column, costs = problem.columns[number], problem.costs[number]
        if here and (less := column.values[here] - column.values[here - 1]) > 0:
            heapq.heappush(heap, (float(costs[here - 1] - costs[here]) / less, number))

    for number in range(len(choice)):
        offer(number)
    while heap and problem.spent(choice) > problem.budget:
        _cost, number = heapq.heappop(heap)
        choice[number] -= 1
        offer(number)
    for key, supplier in problem.suppliers.items():
        mine = [number for number, column in enumerate(problem.columns) if column.item.supplier == key]
        if not _reaches(problem, choice, mine, supplier):
            for number in mine:
                choice[number] = 0
    return choice


def _worse(one: str, other: str) -> str:
    rank = ("optimal", "limit", "greedy")
    return max(one, other, key=rank.index)


# ---- several shops' worth of suppliers -------------------------------------------------------


def pick_together(groups: Sequence[tuple[Sequence[Columns], Supplier]], budget: int) -> list[Picked]:
    """One choice per group within one budget. Each group is an order of its own, to one supplier."""
    columns: list[Columns] = []
    suppliers: dict[Key, Supplier] = {}
    for number, (priced, supplier) in enumerate(groups):
        suppliers[number] = supplier
        columns += [replace(one, item=replace(one.item, supplier=number)) for one in priced]
    picked = pick(columns, suppliers, budget)
    found = []
    begin = 0
    for priced, supplier in groups:
        choice = picked.choice[begin : begin + len(priced)]
        alone = _Problem(priced, [one.costs for one in priced], {supplier.key: supplier}, None)
        # The joint bound belongs to no single order: what is left of it is shared by objective.
        objective = alone.objective(choice)
        slack = (picked.objective - picked.bound) / len(groups)
        found.append(Picked(choice, objective, objective - slack, picked.status, picked.faults))
        begin += len(priced)
    return found
