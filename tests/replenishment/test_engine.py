"""One order to one supplier, against textbooks and against trying everything."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats

from replenishment.engine.costs import HIGHEST_RATIO, costs_of
from replenishment.engine.distribution import CoverDemand
from replenishment.engine.optimise import faults, plan_supplier, price
from replenishment.engine.types import Item, Terms

PENNY = 10_000  # ten-thousandths of a minor unit


def make_item(key=1, **fields):
    """Ten a week expected, a week to arrive and a week to the next order; bought at 4.00, sold at 8.00."""
    return Item(
        **{
            "key": key,
            "since_known": 0.0,
            "until_arrival": 10.0,
            "review": 10.0,
            "sigma": 5.0,
            "in_whole_units": True,
            "on_hand": 0,
            "committed": 0,
            "on_order": 0,
            "unit_cost": 400 * PENNY,
            "price": 800 * PENNY,
            "pack": 1_000,
            "minimum_quantity": 0,
        }
        | fields
    )


def by_code(planned):
    return {part.code: part.quantity for part in planned.parts}


# ---- the textbook ------------------------------------------------------------------------------


def test_newsvendor_quantile_of_the_textbook():
    """Snyder & Shen, example 4.3: mean 50, sd 8, holding 0.18, shortage 0.70: stock 56.6."""
    demand = CoverDemand(50, 8, in_whole_units=False)
    assert demand.quantile(0.70 / 0.88) == pytest.approx(56.604, abs=0.001)
    short = float(demand.expected_shortage(np.array([56.604]))[0])
    assert 0.18 * (56.604 - 50 + short) + 0.70 * short == pytest.approx(1.9976, abs=0.001)


@pytest.mark.parametrize(("mean", "sigma"), [(3, 3**0.5), (3, 3.0), (80, 20.0)])
def test_expected_shortage_of_counts_is_the_sum_over_the_distribution(mean, sigma):
    demand = CoverDemand(mean, sigma, in_whole_units=True)
    chances = (
        stats.poisson(mean)
        if sigma**2 <= mean * 1.001
        else stats.nbinom(mean**2 / (sigma**2 - mean), mean / sigma**2)
    )
    outcomes = np.arange(2_000)
    for level in (-2, 0, 1, mean, 2 * mean):
        expected = (np.maximum(outcomes - level, 0) * chances.pmf(outcomes)).sum()
        assert demand.expected_shortage(np.array([float(level)]))[0] == pytest.approx(expected, abs=1e-6)


@settings(max_examples=30, deadline=None)
@given(
    mean=st.floats(0.2, 60),
    spread=st.floats(0.5, 3),
    price_=st.integers(401, 3000),
    on_hand=st.integers(-5, 30),
    review=st.sampled_from([1, 7, 60, 180]),
)
def test_a_lone_product_is_ordered_up_to_its_newsvendor_quantile(mean, spread, price_, on_hand, review):
    sigma = spread * mean**0.5
    item = make_item(
        until_arrival=mean / 2, review=mean / 2, sigma=sigma, price=price_ * PENNY, on_hand=on_hand * 1_000
    )
    shortage, holding = price_ - 400 + 120, 0.25 / 365 * 400 * review
    ratio = min(shortage / (shortage + holding), HIGHEST_RATIO)
    level = CoverDemand(mean, sigma, in_whole_units=True).quantile(ratio)
    (planned,) = plan_supplier([item], Terms(review_days=review)).items
    assert planned.quantity == max(0, int(level) - on_hand) * 1_000


# ---- against trying everything -----------------------------------------------------------------


def cheapest_by_trying(items, terms):
    costs = [costs_of(item, terms.review_days) for item in items]
    choices = product(*(range(one.most_packs() + 1) for one in costs))
    allowed = [list(choice) for choice in choices if not faults(items, list(choice), terms)]
    return min(price(costs, packs, terms) for packs in allowed)


few_items = st.lists(
    st.builds(
        make_item,
        until_arrival=st.floats(0.1, 3),
        review=st.floats(0.1, 3),
        sigma=st.floats(0.5, 4),
        on_hand=st.integers(-2, 8).map(lambda units: units * 1_000),
        on_order=st.sampled_from([0, 3_000]),
        unit_cost=st.integers(50, 900).map(lambda pence: pence * PENNY),
        price=st.one_of(st.none(), st.integers(100, 2_000).map(lambda pence: pence * PENNY)),
        pack=st.sampled_from([6_000, 12_000]),
        minimum_quantity=st.sampled_from([0, 20_000]),
    ),
    min_size=1,
    max_size=2,
).map(lambda items: [replace(item, key=number) for number, item in enumerate(items)])


@settings(max_examples=40, deadline=None)
@given(
    items=few_items,
    minimum=st.sampled_from([0, 3_000, 20_000]),
    order_cost=st.sampled_from([0, 500, 5_000]),
    budget=st.sampled_from([None, 4_000, 30_000]),
)
def test_the_plan_is_the_cheapest_of_all_that_are_allowed_and_its_parts_add_up(
    items, minimum, order_cost, budget
):
    terms = Terms(7, minimum_value=minimum, order_cost=order_cost, budget=budget)
    plan = plan_supplier(items, terms)
    best = cheapest_by_trying(items, terms)
    assert plan.objective <= best * (1 + 1e-4) + 0.01
    assert plan.objective >= best - 0.01
    packs = [planned.quantity // item.pack for planned, item in zip(plan.items, items, strict=True)]
    assert faults(items, packs, terms) == []
    for planned, item in zip(plan.items, items, strict=True):
        assert planned.quantity % item.pack == 0
        assert sum(part.quantity for part in planned.parts) == planned.quantity


def test_the_bound_lies_below_the_plan_and_close_to_it():
    rng = np.random.default_rng(4)
    items = [
        make_item(key, until_arrival=float(rate), review=float(rate), sigma=2 * float(rate) ** 0.5)
        for key, rate in enumerate(rng.uniform(0.5, 40, 30))
    ]
    plan = plan_supplier(items, Terms(7, minimum_value=600_000, order_cost=1_500))
    assert plan.status == "optimal"
    assert plan.value >= 600_000
    assert plan.bound <= plan.objective * (1 + 1e-6)
    assert plan.objective <= plan.bound * 1.01


# ---- what stands in the reasons ----------------------------------------------------------------


def test_an_order_line_is_demand_and_safety_less_position_rounded_to_packs():
    item = make_item(on_hand=4_000, on_order=2_000, committed=1_000, pack=12_000)
    (planned,) = plan_supplier([item], Terms(7)).items
    parts = by_code(planned)
    assert parts["until_arrival"] == parts["review"] == 10_000
    assert (parts["on_hand"], parts["on_order"], parts["committed"]) == (-4_000, -2_000, 1_000)
    assert parts["safety"] > 0
    assert "pack" in parts
    assert sum(parts.values()) == planned.quantity > 0


def test_enough_on_hand_is_said_and_nothing_ordered():
    (planned,) = plan_supplier([make_item(on_hand=90_000)], Terms(7)).items
    assert planned.quantity == 0
    assert by_code(planned)["enough"] > 0


def test_a_minimum_is_topped_up_where_that_is_cheaper_than_running_out():
    items = [make_item(1), make_item(2, on_hand=40_000)]
    alone = plan_supplier(items, Terms(7))
    plan = plan_supplier(items, Terms(7, minimum_value=alone.value + 10_000))
    assert plan.value >= alone.value + 10_000
    assert sum(by_code(item).get("top_up", 0) for item in plan.items) > 0


def test_an_order_that_does_not_pay_waits_and_says_so():
    item = make_item(on_hand=26_000, sigma=4.0)
    assert plan_supplier([item], Terms(7)).value > 0
    plan = plan_supplier([item], Terms(7, order_cost=100_000))
    assert plan.value == 0
    assert "waits" in by_code(plan.items[0])
    assert plan.objective == plan.waiting


def test_a_moq_raises_a_small_order_or_keeps_it_from_being_placed():
    (raised,) = plan_supplier([make_item(minimum_quantity=50_000)], Terms(7)).items
    assert raised.quantity == 50_000
    assert by_code(raised)["moq"] > 0
    slow = make_item(until_arrival=0.01, review=0.01, sigma=0.2, minimum_quantity=500_000)
    (left,) = plan_supplier([slow], Terms(7)).items
    assert left.quantity == 0


def test_a_budget_is_kept():
    items = [make_item(1), make_item(2, price=2_000 * PENNY)]
    plan = plan_supplier(items, Terms(7, budget=9_000))
    assert 0 < plan.value <= 9_000


def test_weighed_goods_are_planned_in_parts_of_a_unit():
    item = make_item(in_whole_units=False, until_arrival=1.234, review=1.1, sigma=0.4, pack=100)
    (planned,) = plan_supplier([item], Terms(7)).items
    assert by_code(planned)["until_arrival"] == 1_234
    assert planned.quantity % 100 == 0


def test_free_goods_and_unknown_prices_are_planned_too():
    plan = plan_supplier([make_item(1, unit_cost=0, price=None), make_item(2, price=None)], Terms(7))
    assert all(0 < item.quantity < 100_000 for item in plan.items)


# ---- a solver that is wrong --------------------------------------------------------------------


class Answer:
    def __init__(self, x):
        self.x, self.status, self.mip_dual_bound = x, 0, 0.0


@pytest.mark.parametrize(
    ("claim", "fault"),
    [
        (lambda size: None, "no answer"),
        (lambda size: np.zeros(size) + 0.4, "no answer"),
        (lambda size: np.append([3.0], np.zeros(size - 1)), "minimum"),
        (lambda size: np.zeros(size), "greedy plan is cheaper"),
    ],
)
def test_a_wrong_answer_of_the_solver_gives_way_to_a_greedy_plan(monkeypatch, claim, fault):
    monkeypatch.setattr(optimize, "milp", lambda c, **rest: Answer(claim(len(c))))
    items = [make_item(1), make_item(2, minimum_quantity=5_000)]
    terms = Terms(7, minimum_value=8_000)
    plan = plan_supplier(items, terms)
    assert plan.status == "greedy"
    assert fault in plan.fault
    assert plan.value >= 8_000
    assert faults(items, [item.quantity // 1_000 for item in plan.items], terms) == []


def test_the_greedy_plan_keeps_minimum_and_budget(monkeypatch):
    monkeypatch.setattr(optimize, "milp", lambda c, **rest: Answer(None))
    items = [make_item(key, on_hand=key * 3_000) for key in range(6)]
    free = plan_supplier(items, Terms(7)).value
    assert plan_supplier(items, Terms(7, minimum_value=free + 20_000)).value >= free + 20_000
    assert 0 < plan_supplier(items, Terms(7, budget=free // 2)).value <= free // 2


@pytest.mark.parametrize("fields", [{"pack": 0}, {"unit_cost": -1}, {"review": float("nan")}])
def test_senseless_items_are_refused(fields):
    with pytest.raises(ValueError, match="item 1"):
        plan_supplier([make_item(**fields)], Terms(7))
