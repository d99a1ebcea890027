"""How a quantity came about, as summands that add up to it exactly."""

from __future__ import annotations

from replenishment.engine.costs import ItemCosts
from replenishment.engine.types import QUANTITY_SCALE, Part


def parts_of(costs: ItemCosts, quantity: int, *, has_order: bool) -> tuple[Part, ...]:
    """The sum behind `quantity` thousandths; has_order: whether the supplier is ordered from at all."""
    item = costs.item
    needed = _needed(costs)
    short = sum(part.quantity for part in needed)
    alone = costs.best_packs() * item.pack
    with_moq = costs.best_packs_of_moq() * item.pack
    if short <= 0:
        rounding = Part("enough", alone - short)
    else:
        rounding = Part("pack" if alone else "not_worth_a_pack", alone - short)
    moq = Part("moq" if with_moq else "moq_too_large", with_moq - alone)
    joint = Part(_joint_code(quantity, with_moq, has_order), quantity - with_moq)
    return needed + tuple(part for part in (rounding, moq, joint) if part.quantity)


def _needed(costs: ItemCosts) -> tuple[Part, ...]:
    item = costs.item
    expected = (item.since_known, item.until_arrival, item.review)
    # Rounded as running sums, so that the parts of the expectation do not drift from its whole.
    running = [_rounded(sum(expected[: n + 1]), item.in_whole_units) for n in range(3)]
    level = _rounded(costs.level, item.in_whole_units)
    parts = (
        Part("since_known", running[0]),
        Part("until_arrival", running[1] - running[0]),
        Part("review", running[2] - running[1]),
        Part("safety", level - running[2]),
        Part("committed", item.committed),
        Part("on_hand", -item.on_hand),
        Part("on_order", -item.on_order),
    )
    always = {"until_arrival", "review", "safety", "on_hand", "on_order"}
    return tuple(part for part in parts if part.quantity or part.code in always)


def _rounded(units: float, in_whole_units: bool) -> int:
    return round(units) * QUANTITY_SCALE if in_whole_units else round(units * QUANTITY_SCALE)


def _joint_code(quantity: int, alone: int, has_order: bool) -> str:
    if not has_order:
        return "waits"
    return "top_up" if quantity > alone else "cut"
