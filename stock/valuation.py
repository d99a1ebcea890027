"""What goods are worth as they come and go: a moving average in the order of recording.

Pure integers: quantities in thousandths of the stock unit, values in minor units, unit costs in
ten-thousandths of a minor unit. A movement's value is settled when it is recorded and never
changes; a later receipt moves the average from then on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.units import line_amount, round_half_even, unit_price_of


@dataclass(frozen=True, slots=True)
class Stock:
    """A product in a warehouse.

    unit_cost: the last known cost, what goods come and go at while nothing is on hand; None where
        none was ever known, which counts as nothing.
    """

    on_hand: int = 0
    value: int = 0
    unit_cost: int | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """One line of the ledger. `quantity` 0 corrects the value only."""

    quantity: int
    value: int


def take_out(stock: Stock, quantity: int) -> tuple[Stock, list[Change]]:
    """`quantity` > 0 leaves: at the average while there is stock, at the last known cost below zero.

    The last unit takes what is left of the value with it, so that nothing is worth nothing.
    """
    covered = max(0, min(quantity, stock.on_hand))
    value = _share(stock, covered) + line_amount(quantity - covered, stock.unit_cost or 0)
    return _settle(stock, [Change(-quantity, -value)])


def put_in(stock: Stock, quantity: int, value: int | None = None) -> tuple[Stock, list[Change]]:
    """`quantity` > 0 arrives, worth `value`, or at the present cost where the caller names none.

    Where this ends a deficit, the units that had left at an old cost are settled at the new one by
    a value line, so that what remains on hand is worth what was paid for it.
    """
    worth = _at_present_cost(stock, quantity) if value is None else value
    remains = stock.on_hand + quantity
    changes = [Change(quantity, worth)]
    if stock.on_hand < 0 < remains:
        rest = round_half_even(worth * remains, quantity)
        changes.append(Change(0, rest - stock.value - worth))
    settled, changes = _settle(stock, changes)
    if value is None:
        return settled, changes
    if settled.on_hand > 0:
        return _at_average(settled), changes
    return replace(settled, unit_cost=unit_price_of(value, quantity)), changes


def reverse(stock: Stock, changes: list[Change]) -> tuple[Stock, list[Change]]:
    """Take `changes` back at the very values they had."""
    settled, mirrored = _settle(stock, [Change(-change.quantity, -change.value) for change in changes])
    arrival = any(change.quantity > 0 for change in changes)
    # An arrival that is undone no longer says what goods cost.
    return (_at_average(settled) if arrival and settled.on_hand > 0 else settled), mirrored


def _at_present_cost(stock: Stock, quantity: int) -> int:
    if stock.on_hand > 0:
        return round_half_even(stock.value * quantity, stock.on_hand)
    return line_amount(quantity, stock.unit_cost or 0)


def _at_average(stock: Stock) -> Stock:
    return replace(stock, unit_cost=unit_price_of(stock.value, stock.on_hand))


def _share(stock: Stock, quantity: int) -> int:
    """What `quantity`, at most all that is on hand, is worth."""
    if quantity == 0:
        return 0
    return round_half_even(stock.value * quantity, stock.on_hand)


def _settle(stock: Stock, changes: list[Change]) -> tuple[Stock, list[Change]]:
    """Add the changes up, with a value line where quantity and value would disagree."""
    on_hand = stock.on_hand + sum(change.quantity for change in changes)
    value = stock.value + sum(change.value for change in changes)
    if on_hand == 0:
        worth = 0
    elif value * on_hand < 0:  # goods of negative worth, or a deficit that is worth something
        worth = line_amount(on_hand, stock.unit_cost or 0)
    else:
        worth = value
    lines = [*changes, Change(0, worth - value)]
    kept = [line for line in lines if line.quantity or line.value]
    return Stock(on_hand, worth, stock.unit_cost), kept
