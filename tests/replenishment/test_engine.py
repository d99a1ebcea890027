"""Deciding orders, against textbooks and against trying everything."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from replenishment.engine import pick as picking
from replenishment.engine.check import faults, freight
from replenishment.engine.columns import columns
from replenishment.engine.demand import lead_draws, sample_paths, spread_of_sums
from replenishment.engine.pick import frontier, pick
from replenishment.engine.plan import plan_of, plan_orders
from replenishment.engine.rules import economic_order_quantity, newsvendor_level
from replenishment.engine.types import Break, Item, Supplier

PENNY = 10_000  # ten-thousandths of a minor unit
PLAIN = {"S": Supplier("S")}


def make_item(key="mug", **fields):
    """Ten a week, a week to arrive and a week to the next order; bought at 4.00, sold at 8.00."""
    return Item(
        **{
            "key": key,
            "supplier": "S",
            "mean": (10 / 7,) * 60,
            "dispersion": 1.5,
            "lead": 7,
            "review": 7,
            "unit_cost": 400 * PENNY,
            "holding": 400 * 0.25 / 365,
            "shortage": 520.0,
        }
        | fields
    )


def quantity_of(item, suppliers=PLAIN, **options):
    (planned,) = plan_orders([item], suppliers, **options).items
    return planned.quantity


# ---- the textbook ------------------------------------------------------------------------------


def test_the_economic_order_quantity_of_the_textbook():
    """Snyder & Shen, example 3.1: fixed cost 8, demand 1300, holding 0.225: 304.0468."""
    assert economic_order_quantity(1300, 8, 0.225) == pytest.approx(304.0467800264368, abs=1e-6)


def test_the_newsvendor_of_the_textbook():
    """Snyder & Shen, example 4.3: mean 50, sd 8, holding 0.18, shortage 0.70: 56.60396."""
    assert newsvendor_level(50, 8, 0.18, 0.70) == pytest.approx(56.60395592743389, abs=1e-6)


def test_stockpyl_says_the_same():
    stockpyl_eoq = pytest.importorskip("stockpyl.eoq")
    stockpyl_newsvendor = pytest.importorskip("stockpyl.newsvendor")
    for fixed, holding, demand in ((8, 0.225, 1300), (250, 3.1, 4_000), (0.5, 0.01, 12)):
        quantity, _cost = stockpyl_eoq.economic_order_quantity(fixed, holding, demand)
        assert economic_order_quantity(demand, fixed, holding) == pytest.approx(quantity, abs=1e-6)
    for holding, shortage, mean, sd in ((0.18, 0.70, 50, 8), (1, 19, 400, 60)):
        level, _cost = stockpyl_newsvendor.newsvendor_normal(holding, shortage, mean, sd)
        assert newsvendor_level(mean, sd, holding, shortage) == pytest.approx(level, abs=1e-6)


@pytest.mark.parametrize("ratio", [0.6, 0.85, 0.95])
@pytest.mark.parametrize("mean", [0.4, 3.0, 18.0])
def test_one_period_is_ordered_for_up_to_the_newsvendor_quantile(mean, ratio):
    item = make_item(
        mean=(mean,), dispersion=1.0, lead=0, review=1, holding=1.0, shortage=ratio / (1 - ratio)
    )
    assert quantity_of(item, draws=512) == pytest.approx(
        stats.poisson(mean).ppf(ratio) * 1_000, abs=1_001 * (mean > 10)
    )


def test_a_lost_sale_before_the_arrival_is_not_made_good_and_a_waiting_customer_is():
    lost = make_item(lead=14, mean=(2.0,) * 60, dispersion=1.0)
    waiting = replace(lost, backorder=True)
    assert 24_000 <= quantity_of(waiting) - quantity_of(lost) <= 40_000


# ---- demand ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("mean", "dispersion"), [(0.3, 1.0), (2.0, 1.8), (60.0, 3.0)])
def test_paths_have_the_mean_and_the_spread_they_were_asked_for(mean, dispersion):
    paths = sample_paths(np.full((1, 4), mean), [dispersion], [0.0], 512)[0]
    assert paths.mean() == pytest.approx(mean, rel=0.02)
    assert paths.var(axis=0).mean() == pytest.approx(mean * dispersion, rel=0.12)


def test_an_unsure_level_widens_sums_more_than_single_periods():
    sure, unsure = (sample_paths(np.full((1, 28), 2.0), [1.0], [error], 256)[0] for error in (0.0, 0.4))
    assert unsure[:, 0].var() < 2.0 * sure[:, 0].var()
    assert unsure.sum(axis=1).var() > 3.0 * sure.sum(axis=1).var()


def test_the_spread_is_found_again_from_two_sums():
    found = spread_of_sums(14.0, 1.6 * 14 + 0.09 * 14**2, 56.0, 1.6 * 56 + 0.09 * 56**2)
    assert found == pytest.approx((1.6, 0.3))


def test_nobodys_paths_depend_on_the_neighbours():
    means = np.array([[1.0, 2.0, 3.0], [0.2, 30.0, 0.0], [9.0, 9.0, 9.0]])
    together = sample_paths(means, [1.2, 2.0, 1.0], [0.0, 0.3, 0.0], 64)
    alone = sample_paths(means[1:2], [2.0], [0.3], 64)
    assert np.array_equal(together[1:2], alone)


def test_lead_times_are_whole_periods_around_their_mean():
    drawn = lead_draws(6, 2.0, 256)
    assert drawn.mean() == pytest.approx(6, abs=0.1)
    assert drawn.std() == pytest.approx(2, abs=0.2)
    assert drawn.min() >= 0


# ---- one item ----------------------------------------------------------------------------------


def test_a_small_price_break_never_buys_more_than_a_year():
    """The money pump: leaving out what extra stock costs later, a 5 % break bought nine times as much."""
    for least in (30, 100, 300, 600, 2_000):
        item = make_item(breaks=(Break(least * 1_000, 380 * PENNY),))
        assert quantity_of(item) <= 365 / 7 * 10 * 1_000


def test_a_break_is_taken_where_it_pays_for_the_stock_it_brings():
    without = quantity_of(make_item())
    assert without < 60_000
    assert quantity_of(make_item(breaks=(Break(60_000, 372 * PENNY),))) == 60_000


def test_what_spoils_is_not_bought_for_longer_than_it_lives():
    suppliers = {"S": Supplier("S", order_cost=20_000)}
    keeps = quantity_of(make_item(), suppliers)
    spoils = quantity_of(make_item(shelf_life=7), suppliers)
    assert spoils <= 20_000 < keeps


def test_no_more_arrives_than_there_is_room_for():
    assert quantity_of(make_item(lead=0, capacity=7_000, pack=2_000)) == 6_000
    assert quantity_of(make_item(lead=0, capacity=7_000, pack=8_000)) == 0


def test_an_unsure_lead_time_asks_for_more():
    assert quantity_of(make_item(lead_sd=4.0)) > quantity_of(make_item())


def test_a_dear_order_is_a_large_one():
    sizes = [quantity_of(make_item(), {"S": Supplier("S", order_cost=cost)}) for cost in (0, 2_000, 20_000)]
    assert sizes == sorted(sizes)
    assert sizes[2] > 1.5 * sizes[0]


def test_what_is_on_order_is_ordered_less():
    there = make_item(on_hand=16_000)
    coming = replace(there, arrivals=((3, 10_000),))
    assert quantity_of(there) - quantity_of(coming) == pytest.approx(10_000, abs=1_000)


def test_what_nobody_buys_is_not_ordered():
    assert quantity_of(make_item(mean=(0.0,) * 60)) == 0


def test_a_dearer_shortage_never_orders_less():
    sizes = [quantity_of(make_item(shortage=shortage)) for shortage in (50.0, 200.0, 520.0, 5_000.0)]
    assert sizes == sorted(sizes)


def test_doubling_the_currency_changes_no_quantity():
    item = make_item()
    double = replace(item, unit_cost=2 * item.unit_cost, holding=2 * item.holding, shortage=2 * item.shortage)
    assert quantity_of(double) == quantity_of(item)


# ---- whole orders, against trying everything -----------------------------------------------------


def cheapest_by_trying(priced, suppliers, budget=None):
    best = np.inf
    for choice in product(*(range(len(one.costs)) for one in priced)):
        quantities = [one.quantities[number] for one, number in zip(priced, choice, strict=True)]
        items = [one.item for one in priced]
        if faults(items, quantities, suppliers, budget=budget):
            continue
        cost = sum(one.costs[number] for one, number in zip(priced, choice, strict=True))
        for key, supplier in suppliers.items():
            value = sum(
                one.values[number]
                for one, number in zip(priced, choice, strict=True)
                if one.item.supplier == key
            )
            if any(number for one, number in zip(priced, choice, strict=True) if one.item.supplier == key):
                cost += supplier.order_cost + freight(supplier, value)
        best = min(best, cost)
    return best


few_items = st.lists(
    st.builds(
        make_item,
        mean=st.floats(0.02, 2).map(lambda rate: (rate,) * 60),
        dispersion=st.floats(1, 3),
        on_hand=st.integers(-2, 20).map(lambda units: units * 1_000),
        arrivals=st.sampled_from([(), ((2, 6_000),)]),
        unit_cost=st.integers(50, 900).map(lambda pence: pence * PENNY),
        shortage=st.floats(20, 2_000),
        pack=st.sampled_from([6_000, 12_000]),
        minimum_quantity=st.sampled_from([0, 20_000]),
        breaks=st.sampled_from([(), (Break(24_000, 45 * PENNY),)]),
        committed=st.sampled_from([0, 3_000]),
        supplier=st.sampled_from(["S", "T"]),
        backorder=st.booleans(),
    ),
    min_size=1,
    max_size=3,
).map(lambda items: [replace(item, key=number) for number, item in enumerate(items)])

houses = st.fixed_dictionaries(
    {
        key: st.builds(
            Supplier,
            key=st.just(key),
            minimum_value=st.sampled_from([0, 3_000, 20_000]),
            order_cost=st.sampled_from([0, 500, 5_000]),
            freight=st.sampled_from([0, 1_500]),
            free_freight_from=st.sampled_from([None, 8_000, 30_000]),
        )
        for key in ("S", "T")
    }
)


@settings(max_examples=40, deadline=None)
@given(items=few_items, suppliers=houses, budget=st.sampled_from([None, 0, 4_000, 30_000]))
def test_the_plan_is_the_cheapest_of_all_that_are_allowed_and_its_parts_add_up(items, suppliers, budget):
    priced = columns(items, suppliers, draws=16)
    picked = pick(priced, suppliers, budget)
    plan = plan_of(priced, picked, suppliers, budget)
    best = cheapest_by_trying(priced, suppliers, budget)
    assert plan.objective == pytest.approx(best, rel=1e-3, abs=0.01)
    assert plan.bound <= plan.objective + 1e-6
    quantities = [planned.quantity for planned in plan.items]
    assert faults(items, quantities, suppliers, budget=budget) == []
    for planned in plan.items:
        assert sum(part.quantity for part in planned.parts) == planned.quantity


@settings(max_examples=30, deadline=None)
@given(
    items=few_items,
    suppliers=houses,
    whole=st.booleans(),
    gap=st.sampled_from([0, 3]),
    shelf_life=st.sampled_from([None, 5]),
    capacity=st.sampled_from([None, 15_000]),
    lead_sd=st.sampled_from([0.0, 2.0]),
)
def test_whatever_stands_against_it_the_parts_add_up_and_the_order_can_be_placed(
    items, suppliers, whole, gap, shelf_life, capacity, lead_sd
):
    changed = [
        replace(
            item, in_whole_units=whole, gap=gap, shelf_life=shelf_life, capacity=capacity, lead_sd=lead_sd
        )
        for item in items
    ]
    plan = plan_orders(changed, suppliers, draws=16)
    assert faults(changed, [planned.quantity for planned in plan.items], suppliers) == []
    for planned in plan.items:
        assert sum(part.quantity for part in planned.parts) == planned.quantity
        assert planned.runner_up is None or planned.runner_up != planned.quantity


def shop_of(count, seed=4):
    rng = np.random.default_rng(seed)
    suppliers = {
        key: Supplier(key, minimum_value=20_000, order_cost=2_500, freight=1_500, free_freight_from=60_000)
        for key in range(count // 20)
    }
    items = [
        make_item(
            key,
            supplier=key % len(suppliers),
            mean=(float(rate),) * 60,
            pack=int(rng.choice([1, 6, 12])) * 1_000,
            on_hand=int(rate * rng.uniform(0, 20)) * 1_000,
        )
        for key, rate in enumerate(np.exp(rng.normal(-1, 1.2, count)))
    ]
    return items, suppliers


def test_the_bound_lies_below_the_plan_and_close_to_it():
    items, suppliers = shop_of(60)
    plan = plan_orders(items, suppliers)
    assert plan.status == "optimal"
    assert plan.bound <= plan.objective
    assert plan.gap < 1e-3


def test_more_money_never_costs_more():
    items, suppliers = shop_of(40)
    priced = columns(items, suppliers)
    free = plan_of(priced, pick(priced, suppliers), suppliers)
    costs = [
        pick(priced, suppliers, int(free.value * share)).objective for share in (0.0, 0.2, 0.5, 0.8, 1.2)
    ]
    assert costs == sorted(costs, reverse=True)
    assert costs[-1] == pytest.approx(free.objective)


def test_a_joint_programme_too_large_gives_way_to_a_price_on_money(monkeypatch):
    items, suppliers = shop_of(100)
    priced = columns(items, suppliers)
    budget = int(plan_of(priced, pick(priced, suppliers), suppliers).value * 0.6)
    joint = pick(priced, suppliers, budget)
    monkeypatch.setattr(picking, "_JOINT_COLUMNS", 0)
    by_price = pick(priced, suppliers, budget)
    quantities = [one.quantities[number] for one, number in zip(priced, by_price.choice, strict=True)]
    assert faults(items, quantities, suppliers, budget=budget) == []
    assert by_price.bound <= joint.objective + 1e-6
    waiting = sum(one.costs[0] for one in priced)
    assert (by_price.objective - joint.objective) / (waiting - joint.objective) < 0.03


def test_a_dearer_unit_of_money_buys_less():
    items, suppliers = shop_of(40)
    priced = columns(items, suppliers)
    steps = frontier(priced, suppliers, (0.0, 0.05, 0.5, 5.0, 1_000.0))
    spent = [sum(one.values[number] for one, number in zip(priced, step, strict=True)) for step in steps]
    assert spent == sorted(spent, reverse=True)
    assert spent[-1] == 0


def test_the_order_of_the_items_changes_nothing():
    items, suppliers = shop_of(40)
    one = {planned.key: planned.quantity for planned in plan_orders(items, suppliers).items}
    other = {planned.key: planned.quantity for planned in plan_orders(items[::-1], suppliers).items}
    assert one == other


def test_the_same_question_has_the_same_answer():
    items, suppliers = shop_of(40)
    assert plan_orders(items, suppliers, budget=100_000) == plan_orders(items, suppliers, budget=100_000)


# ---- a solver that fails or lies -----------------------------------------------------------------


def one_hard_order():
    items, _suppliers = shop_of(20)
    items = [replace(item, supplier="S") for item in items]
    return items, {"S": Supplier("S", minimum_value=2_000_000, order_cost=500)}


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((None, -np.inf, "greedy"), "no answer"),
        (([1] * 20, -np.inf, "optimal"), "less than the minimum"),
        (([0] * 20, 1e12, "optimal"), "bound"),
    ],
)
def test_a_solver_that_fails_or_lies_gives_way_to_a_plan_that_holds(monkeypatch, answer, says):
    items, suppliers = one_hard_order()
    monkeypatch.setattr(picking, "_milp", lambda problem, **options: answer)
    plan = plan_orders(items, suppliers)
    assert plan.status == "greedy"
    assert any(says in fault for fault in plan.faults)
    assert faults(items, [planned.quantity for planned in plan.items], suppliers) == []
    assert plan.objective <= plan.waiting + 1e-6
    assert plan.bound <= plan.objective


def test_the_checker_names_everything_that_is_broken():
    items = [make_item("a", pack=6_000, minimum_quantity=12_000), make_item("b", pack=1_000)]
    suppliers = {"S": Supplier("S", minimum_value=1_000_000)}
    found = faults(items, [6_500, 3_000], suppliers, budget=1_000, rooms=[None, 2_000])
    assert [sentence.split(" ", 1)[0] for sentence in found] == ["6500", "6500", "3000", "3800", "3800"]


@pytest.mark.parametrize(
    "fields",
    [
        {"pack": 0},
        {"minimum_quantity": -1},
        {"unit_cost": -1},
        {"lead": -1},
        {"review": 0},
        {"mean": (-1.0,)},
        {"mean": (float("nan"),)},
        {"supplier": "nobody"},
    ],
)
def test_senseless_input_is_refused(fields):
    with pytest.raises(ValueError, match=r"item mug"):
        plan_orders([make_item(**fields)], PLAIN)


def test_nothing_to_plan_is_an_empty_plan():
    plan = plan_orders([], {})
    assert (plan.items, plan.objective, plan.gap) == ((), 0.0, 0.0)
