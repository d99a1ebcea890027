"""How a quantity came about, as summands that add up to it exactly.

The sum goes through the decisions one after the other: what single units would have been enough, then
packs, MOQ, the life of the goods and the room for them, a larger cycle, a price break, and at last
what the order as a whole asked for. Each summand is the difference that its decision made.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from replenishment.engine.columns import Columns
from replenishment.engine.types import QUANTITY_SCALE, Part, PlannedItem

# Summands that are told even when they are 0.
ALWAYS = frozenset({"until_arrival", "review", "safety", "on_hand", "on_order"})


@dataclass(frozen=True, slots=True)
class Together:
    """What the order of an item's supplier came to.

    unfilled: what each product's own best quantities would be worth, minor units; minimum, free_from:
    the supplier's thresholds; is_cut: a budget stood against it.
    """

    orders: bool
    unfilled: int
    minimum: int
    free_from: int | None
    is_cut: bool


def explained(columns: Columns, picked: int, together: Together) -> PlannedItem:
    """Candidate number `picked` of an item, with its reasons."""
    quantity = columns.quantities[picked]
    runner_up = _runner_up(columns, picked)
    return PlannedItem(
        key=columns.item.key,
        quantity=quantity,
        value=columns.values[picked],
        unit_cost=columns.item.unit_cost_at(quantity),
        parts=tuple(_parts(columns, quantity, together)),
        expected_cost=float(columns.costs[picked]),
        runner_up=None if runner_up is None else columns.quantities[runner_up],
        runner_up_costs=(
            0.0 if runner_up is None else float(columns.costs[runner_up] - columns.costs[picked])
        ),
    )


def _parts(columns: Columns, quantity: int, together: Together) -> list[Part]:
    parts = _needed(columns)
    short = sum(part.quantity for part in parts)
    alone = columns.quantities[columns.best()]
    parts += _own(columns, short, alone)
    parts.append(Part(_joint_code(columns, quantity, alone, together), quantity - alone))
    return [part for part in parts if part.quantity or part.code in ALWAYS]


def _needed(columns: Columns) -> list[Part]:
    """From expected sales to what is short if units could be had singly; negative: enough is there."""
    item = columns.item
    # Rounded as running sums, so that the parts of the expectation do not drift from its whole.
    expected = (columns.since, columns.until, columns.cover)
    running = [_rounded(sum(expected[: number + 1]), item.in_whole_units) for number in range(3)]
    missed = -_rounded(columns.missed, item.in_whole_units)
    level = _rounded(columns.level / QUANTITY_SCALE, item.in_whole_units, up=True)
    there = item.committed - item.on_hand - item.on_order
    return [
        Part("since_known", running[0]),
        Part("until_arrival", running[1] - running[0]),
        Part("review", running[2] - running[1]),
        Part("missed", missed),
        Part("safety", level - running[2] - missed - there),
        Part("committed", item.committed),
        Part("on_hand", -item.on_hand),
        Part("on_order", -item.on_order),
    ]


def _own(columns: Columns, short: int, alone: int) -> list[Part]:
    """From single units to the item's own best quantity."""
    item = columns.item
    least = item.least_packs * item.pack
    if short <= 0:
        parts = [Part("enough", -short)]
        reached = 0
    elif not alone:
        code = "not_worth_a_pack" if least <= item.pack else "moq_too_large"
        if columns.room is not None and columns.room < least:
            code = "capacity"
        return [Part(code, -short)]
    else:
        packs = -(-short // item.pack) * item.pack
        if alone < packs and packs - alone <= item.pack:
            packs -= item.pack
        parts = [Part("pack", packs - short)]
        reached = packs
        if reached < least <= alone:
            parts.append(Part("moq", least - reached))
            reached = least
    if alone < reached:
        return [*parts, Part(_limit(columns, reached), alone - reached)]
    usual = columns.quantities[columns.best(plain=True)]
    between = min(max(usual, reached), alone)
    parts.append(Part("longer_cover" if reached else "fuller_shelf", between - reached))
    parts.append(Part("price_break", alone - between))
    return parts


def _limit(columns: Columns, wanted: int) -> str:
    if columns.room is not None and wanted > columns.room:
        return "capacity"
    return "shelf_life" if columns.item.shelf_life is not None else "less"


def _joint_code(columns: Columns, quantity: int, alone: int, together: Together) -> str:
    if quantity < alone:
        if together.is_cut:
            return "budget"
        return "cut" if together.orders else "waits"
    if together.unfilled < together.minimum:
        return "top_up"
    if together.free_from is not None and together.unfilled < together.free_from:
        return "free_freight"
    return "cut"


def _runner_up(columns: Columns, picked: int) -> int | None:
    if len(columns.costs) < 2:
        return None
    others = columns.costs.copy()
    others[picked] = np.inf
    return int(np.argmin(others))


def _rounded(units: float, in_whole_units: bool, *, up: bool = False) -> int:
    if not in_whole_units:
        return round(units * QUANTITY_SCALE)
    # A hair above a whole number is that number.
    return (int(np.ceil(units - 1e-6)) if up else round(units)) * QUANTITY_SCALE
