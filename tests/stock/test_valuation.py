"""Worked examples of what goods are worth; the arithmetic is written out in docs/ledger.md.

Quantities in thousandths, values in cents, unit costs in ten-thousandths of a cent.
"""

from __future__ import annotations

import pytest

from stock.valuation import Change, Stock, put_in, reverse, take_out

POUND = 1_000_000  # a unit cost of 1.00


def units(number: float) -> int:
    return round(number * 1_000)


@pytest.mark.parametrize(
    ("before", "quantity", "value", "after", "lines"),
    [
        # The first goods bring their cost.
        (Stock(), 10, 1_000, Stock(units(10), 1_000, POUND), [(10, 1_000)]),
        # A dearer receipt moves the average: 10 at 1.00 and 10 at 2.00 are 20 at 1.50.
        (
            Stock(units(10), 1_000, POUND),
            10,
            2_000,
            Stock(units(20), 3_000, 1_500_000),
            [(10, 2_000)],
        ),
        # Free goods make the others cheaper.
        (Stock(units(1), 100, POUND), 1, 0, Stock(units(2), 100, POUND // 2), [(1, 0)]),
        # Without a cost they come at the average of what is there ...
        (Stock(units(3), 1_000, 3_333_333), 1, None, Stock(units(4), 1_333, 3_333_333), [(1, 333)]),
        # ... or at the last known cost, where nothing is ...
        (Stock(0, 0, 2 * POUND), 3, None, Stock(units(3), 600, 2 * POUND), [(3, 600)]),
        # ... or at nothing, where none was ever known.
        (Stock(), 3, None, Stock(units(3), 0, None), [(3, 0)]),
        # 3 were missing at 10.00; 10 come at 12.00: the 7 that remain are worth 84.00, and the 6.00
        # that the 3 turned out to cost more is a line of its own.
        (
            Stock(units(-3), -3_000, 10 * POUND),
            10,
            12_000,
            Stock(units(7), 8_400, 12 * POUND),
            [(10, 12_000), (0, -600)],
        ),
        # The same where they turned out cheaper.
        (
            Stock(units(-3), -3_000, 10 * POUND),
            10,
            8_000,
            Stock(units(7), 5_600, 8 * POUND),
            [(10, 8_000), (0, 600)],
        ),
        # A receipt that just fills the gap leaves nothing, worth nothing.
        (
            Stock(units(-3), -3_000, 10 * POUND),
            3,
            3_600,
            Stock(0, 0, 12 * POUND),
            [(3, 3_600), (0, -600)],
        ),
        # One that fills it in part leaves a smaller gap, still worth less than nothing.
        (
            Stock(units(-3), -3_000, 10 * POUND),
            2,
            2_400,
            Stock(units(-1), -600, 12 * POUND),
            [(2, 2_400)],
        ),
        # A dear one would make the gap worth something: what is still missing counts at the old cost.
        (
            Stock(units(-3), -3_000, 10 * POUND),
            2,
            4_000,
            Stock(units(-1), -1_000, 20 * POUND),
            [(2, 4_000), (0, -2_000)],
        ),
    ],
)
def test_goods_arrive(before, quantity, value, after, lines):
    assert put_in(before, units(quantity), value) == (
        after,
        [Change(units(moved), worth) for moved, worth in lines],
    )


@pytest.mark.parametrize(
    ("before", "quantity", "after", "lines"),
    [
        # At the average.
        (Stock(units(20), 3_000, 1_500_000), 5, Stock(units(15), 2_250, 1_500_000), [(-5, -750)]),
        # Rounded half to even: 1.005 is 1.00, 1.015 is 1.02.
        (Stock(units(2), 201, 1_005_000), 1, Stock(units(1), 101, 1_005_000), [(-1, -100)]),
        (Stock(units(2), 203, 1_015_000), 1, Stock(units(1), 101, 1_015_000), [(-1, -102)]),
        # The last unit takes what rounding left.
        (Stock(units(1), 334, 3_333_333), 1, Stock(0, 0, 3_333_333), [(-1, -334)]),
        # Beyond what is there, at the last known cost: 2 of the 5 at 9.99, the others at 10.00.
        (Stock(units(2), 1_998, 10 * POUND), 5, Stock(units(-3), -3_000, 10 * POUND), [(-5, -4_998)]),
        # From nothing.
        (Stock(0, 0, 10 * POUND), 1, Stock(units(-1), -1_000, 10 * POUND), [(-1, -1_000)]),
        (Stock(), 1, Stock(units(-1), 0, None), [(-1, 0)]),
        # Parts of a unit.
        (Stock(units(1.5), 300, 2 * POUND), 0.25, Stock(units(1.25), 250, 2 * POUND), [(-0.25, -50)]),
    ],
)
def test_goods_leave(before, quantity, after, lines):
    assert take_out(before, units(quantity)) == (
        after,
        [Change(units(moved), worth) for moved, worth in lines],
    )


def test_taking_a_sale_back_right_away_restores_quantity_and_value():
    before = Stock(units(3), 1_000, 3_333_333)
    sold, changes = take_out(before, units(1))
    assert reverse(sold, changes) == (before, [Change(units(1), 333)])


def test_taking_back_a_receipt_that_ended_a_gap_restores_the_gap():
    before = Stock(units(-3), -3_000, 10 * POUND)
    received, changes = put_in(before, units(10), 12_000)
    restored, mirrored = reverse(received, changes)
    assert (restored.on_hand, restored.value) == (units(-3), -3_000)
    assert mirrored == [Change(units(-10), -12_000), Change(0, 600)]


def test_taking_a_wrong_receipt_back_forgets_its_cost():
    before = Stock(units(10), 1_000, POUND)
    received, changes = put_in(before, units(10), 99_000)
    assert received.unit_cost == 50 * POUND
    assert reverse(received, changes)[0] == before


def test_taking_a_receipt_back_after_half_was_sold_settles_what_cannot_be():
    # 10 at 1.00, then 10 at 3.00: 20 at 2.00. 15 leave for 30.00; 5 remain, worth 10.00. Taking the
    # dear receipt back (10 for 30.00) leaves a gap of 5 worth 20.00 less than nothing.
    cheap, _first = put_in(Stock(), units(10), 1_000)
    both, dear = put_in(cheap, units(10), 3_000)
    rest, _sold = take_out(both, units(15))
    assert reverse(rest, dear) == (Stock(units(-5), -2_000, 2 * POUND), [Change(units(-10), -3_000)])
    # Had it been the cheap one, the gap would have been worth nothing: 5 missing, 0 left over.
    assert reverse(rest, [Change(units(10), 1_000)])[0].value == 0
    # Goods of less than no worth count at the last known cost instead.
    assert reverse(Stock(units(12), 1_000, POUND), [Change(units(10), 3_000)]) == (
        Stock(units(2), 200, POUND),
        [Change(units(-10), -3_000), Change(0, 2_200)],
    )
