"""`manage.py plan_file`: files in, an order out, and sentences for what cannot be read."""

from __future__ import annotations

import csv
import gzip
import json
import math
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command

WEEKS = 60


def write(path, header, rows):
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "wt", newline="") as text:
        writer = csv.writer(text)
        writer.writerow(header)
        writer.writerows(rows)
    return path


@pytest.fixture
def files(tmp_path):
    """Forty series of Poisson weeks; ten of them from one supplier."""
    rng = np.random.default_rng(3)
    names = [f"s{number:02}" for number in range(40)]
    rates = np.exp(rng.normal(0.5, 0.8, len(names)))
    days = np.arange("2025-01-06", "2030-01-06", 7, dtype="datetime64[D]")[:WEEKS]
    rows = [(name, day, rng.poisson(rate)) for name, rate in zip(names, rates, strict=True) for day in days]
    history = write(tmp_path / "history.csv.gz", ["series", "date", "quantity"], rows)
    state = write(
        tmp_path / "state.csv",
        ["series", "on_hand", "on_order_1", "on_order_2"],
        [(name, number % 7, number % 3, 1) for number, name in enumerate(names)],
    )
    terms = write(
        tmp_path / "terms.csv",
        ["series", "lead_time", "holding_cost", "shortage_cost"],
        [(name, 2, 0.2, 1) for name in names],
    )
    return {"history": history, "state": state, "terms": terms, "output": tmp_path / "plan.csv", "freq": "W"}


def run(files, **options):
    out = StringIO()
    call_command("plan_file", **(files | options), stdout=out)
    with open(options.get("output", files["output"]), newline="") as text:
        rows = list(csv.DictReader(text))
    return json.loads(out.getvalue().splitlines()[-1]), rows


TERMS = [
    "series", "supplier", "lead_time", "lead_time_sd", "review", "unit_cost", "price", "pack", "moq",
    "min_order_value", "order_cost", "shelf_life", "capacity", "breaks", "freight", "free_freight_from",
]  # fmt: skip


def full_terms(path, **changes):
    rows = []
    for number in range(40):
        row = {
            "series": f"s{number:02}",
            "supplier": f"house {number % 4}",
            "lead_time": 2,
            "lead_time_sd": 0.5,
            "review": 1,
            "unit_cost": 2 + number % 5,
            "price": 5 + number % 5,
            "pack": (1, 6, 12)[number % 3],
            "moq": (0, 12)[number % 2],
            "min_order_value": 60,
            "order_cost": 4,
            "shelf_life": 8 if number == 5 else "",
            "capacity": 40 if number == 6 else "",
            "breaks": f"24:{(2 + number % 5) * 0.95:.2f}" if number % 4 == 0 else "",
            "freight": 5,
            "free_freight_from": 150,
        } | changes
        rows.append([row[name] for name in TERMS])
    return write(path, TERMS, rows)


def test_every_series_has_a_quantity_and_a_reason_that_adds_up(files):
    facts, rows = run(files)
    assert [row["series"] for row in rows] == [f"s{number:02}" for number in range(40)]
    assert facts["series"] == 40
    assert facts["bound"] <= facts["objective"]
    assert facts["gap"] >= 0
    assert facts["warnings"] == []
    assert {"seconds", "cpu_seconds", "peak_rss_mb"} <= facts.keys()
    for row in rows:
        parts, total = row["reason"].rsplit(" = ", 1)
        summands = [float(part.rsplit(" ", 1)[1]) for part in parts.split(", ")]
        assert math.isclose(sum(summands), float(total))
        assert float(total) == float(row["quantity"])
    assert any(float(row["quantity"]) for row in rows)


def test_equal_input_gives_equal_bytes_with_a_cache_and_without(files, tmp_path):
    run(files)
    first = files["output"].read_bytes()
    for name in ("a", "b"):
        run(files, output=tmp_path / f"{name}.csv", cache=tmp_path / "cache")
        assert (tmp_path / f"{name}.csv").read_bytes() == first
    assert list((tmp_path / "cache").iterdir())


def test_orders_are_whole_packs_above_moq_minimum_and_below_the_budget(files, tmp_path):
    terms = full_terms(tmp_path / "full.csv")
    _facts, rows = run(files, terms=terms)
    free = spent(rows)
    assert free > 0
    for budget in (0.0, free / 3):
        _facts, rows = run(files, terms=terms, budget=str(budget))
        assert spent(rows) <= budget + 1e-6
        for number, row in enumerate(rows):
            quantity = float(row["quantity"])
            assert quantity % (1, 6, 12)[number % 3] == 0
            assert quantity == 0 or quantity >= (0, 12)[number % 2]
        for house in range(4):
            value = spent(rows[house::4], first=house, step=4)
            assert value == 0 or value >= 60


def spent(rows, first=0, step=1):
    total = 0.0
    for place, row in enumerate(rows):
        number = first + place * step
        quantity = float(row["quantity"])
        cost = 2 + number % 5
        if number % 4 == 0 and quantity >= 24:
            cost = round(cost * 0.95, 2)
        total += quantity * cost
    return total


def test_holding_and_shortage_are_derived_from_cost_and_price(files, tmp_path):
    rows = [(f"s{number:02}", 1, 4, 10) for number in range(40)]
    terms = write(tmp_path / "t.csv", ["series", "lead_time", "unit_cost", "price"], rows)
    _facts, derived = run(files, terms=terms)
    rows = [(f"s{number:02}", 1, 4 * 0.25 / (365 / 7), 6 + 1.2) for number in range(40)]
    terms = write(tmp_path / "t.csv", ["series", "lead_time", "holding_cost", "shortage_cost"], rows)
    _facts, said = run(files, terms=terms)
    assert [row["quantity"] for row in derived] == [row["quantity"] for row in said]


def test_days_out_of_stock_are_unknown_and_not_zero(files, tmp_path):
    rng = np.random.default_rng(1)
    days = np.arange("2025-01-06", "2030-01-06", 7, dtype="datetime64[D]")[:WEEKS]
    rows = []
    for number in range(40):
        for place, day in enumerate(days):
            out = place % 2 == 1 and number < 20
            rows.append((f"s{number:02}", day, 0 if out else rng.poisson(6), 0 if out else 1))
    history = write(tmp_path / "h.csv", ["series", "date", "quantity", "in_stock"], rows)
    state = write(tmp_path / "s.csv", ["series", "on_hand"], [(f"s{number:02}", 0) for number in range(40)])
    _facts, found = run(files, history=history, state=state)
    quantities = [float(row["quantity"]) for row in found]
    assert sum(quantities[:20]) == pytest.approx(sum(quantities[20:]), rel=0.15)


def test_a_series_without_state_or_terms_is_not_ordered_and_said(files, tmp_path):
    state = write(tmp_path / "s.csv", ["series", "on_hand"], [(f"s{number:02}", 0) for number in range(39)])
    facts, rows = run(files, state=state)
    assert rows[39]["quantity"] == "0"
    assert any("s39" in warning for warning in facts["warnings"])


REFUSED = [
    ({"unit_cost": ""}, "row 2, column holding_cost"),
    ({"price": ""}, "row 2, column shortage_cost"),
    ({"pack": 0}, "row 2, column pack"),
    ({"review": 0}, "row 2, column review"),
    ({"lead_time": -1}, "row 2, column lead_time"),
    ({"lead_time": "soon"}, "row 2, column lead_time"),
    ({"breaks": "24-3"}, "row 2, column breaks"),
]


@pytest.mark.parametrize(("changes", "place"), REFUSED)
def test_terms_that_cannot_be_read_end_with_2_and_name_the_cell(files, tmp_path, changes, place):
    terms = full_terms(tmp_path / "full.csv", **changes)
    with pytest.raises(CommandError, match=f"full.csv, {place}") as refused:
        run(files, terms=terms)
    assert refused.value.returncode == 2
    assert not files["output"].exists()


def test_what_belongs_to_the_supplier_is_equal_on_its_rows(files, tmp_path):
    rows = [(f"s{number:02}", "one", 0.2, 1, 5 if number else 4) for number in range(40)]
    terms = write(
        tmp_path / "t.csv", ["series", "supplier", "holding_cost", "shortage_cost", "order_cost"], rows
    )
    with pytest.raises(CommandError, match=r"t\.csv, row 3, column order_cost"):
        run(files, terms=terms)


def test_a_budget_needs_costs_and_a_number(files):
    with pytest.raises(CommandError, match=r"terms\.csv, row 2, column unit_cost"):
        run(files, budget="100")
    for budget in ("lots", "-1", "nan"):
        with pytest.raises(CommandError, match="is no budget"):
            run(files, budget=budget)


def test_a_series_unknown_in_terms_ends_with_2(files, tmp_path):
    terms = write(tmp_path / "t.csv", ["series", "holding_cost", "shortage_cost"], [("other", 1, 1)])
    with pytest.raises(CommandError, match=r"t\.csv, row 2, column series") as refused:
        run(files, terms=terms)
    assert refused.value.returncode == 2
