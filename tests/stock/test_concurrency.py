"""Several processes at one ledger. Each race runs in a database of its own, on either engine."""

from __future__ import annotations

import json
from collections import Counter
from itertools import chain
from typing import Any

from tests.installation import report_of


def run(race: str, environment: dict[str, str]) -> Any:
    racing = f"import django; django.setup(); from tests.stock import racing; racing.main({race!r})"
    return report_of(environment, "-c", racing)


def outcomes(race: dict[str, Any]) -> Counter[str]:
    """How often each outcome was reported; a process that broke down reports its error's letters."""
    broken = [report for report in race["reports"] if isinstance(report, str)]
    assert not broken
    return Counter(chain.from_iterable(race["reports"]))


def test_eight_tills_sell_the_last_units_of_one_product_exactly_once(environment):
    race = run("hot_row", environment)
    assert outcomes(race) == {"accepted": 500, "refused": 40}
    assert race["on_hand"] == 0
    assert race["movements"] == 501
    assert race["differences"] == []


def test_transfers_that_cross_do_not_wait_in_a_circle(environment):
    race = run("crossing_transfers", environment)
    assert outcomes(race) == {"accepted": 200}
    assert race["on_hand"] == 12_000_000
    assert race["differences"] == []


def test_first_receipts_of_the_same_products_do_not_wait_in_a_circle(environment):
    race = run("first_receipts", environment)
    assert outcomes(race) == {"accepted": 120}
    assert race["on_hand"] == 120 * 8_000
    assert race["differences"] == []


def test_files_of_several_days_and_receipts_do_not_wait_in_a_circle(environment):
    race = run("files_beside_receipts", environment)
    assert outcomes(race) == {"taken back": 12, "accepted": 240}
    assert race["on_hand"] == 2 * 240_000
    assert race["differences"] == []


def test_one_key_sent_by_eight_processes_is_posted_once_and_answers_all_alike(environment):
    race = run("one_key", environment)
    assert len({json.dumps(report) for report in race["reports"]}) == 1
    assert race["reports"][0][1]["lines"][0]["on_hand"] == "0"
    assert (race["postings"], race["on_hand"]) == (2, 0)


def test_a_process_killed_inside_a_posting_leaves_nothing_and_after_it_everything(environment):
    race = run("killed", environment)
    assert (race["inside"]["postings"], race["inside"]["movements"]) == (0, 0)
    assert race["again"] == "accepted"
    assert (race["after"]["postings"], race["after"]["on_hand"]) == (2, 2_000)
    broken_off = race["at_any_moment"]
    assert broken_off["postings"] == broken_off["movements"] == broken_off["on_hand"] // 1_000 > 2
    assert all(race[moment]["differences"] == [] for moment in ("inside", "after", "at_any_moment"))
