"""Several processes at one ledger. Each race runs in a database of its own, on either engine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[2]

_SET_UP = "import django; django.setup()"


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Of processes that share a migrated database: a file, or one more on the PostgreSQL server."""
    folder = tmp_path_factory.mktemp("races")
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "inventory_site.settings",
        "PARSTOCK_VAR": str(folder),
        "SECRET_KEY": "a key for tests that opens nothing else anywhere",
        "DATABASE_URL": f"sqlite:///{folder / 'races.sqlite3'}",
    }
    if "postgresql" not in settings.DATABASES["default"]["ENGINE"]:
        _migrate(environment)
        yield environment
        return
    import psycopg

    server, _, main = os.environ["DATABASE_URL"].rpartition("/")
    name = f"races_{os.getpid()}"
    with psycopg.connect(f"{server}/{main}", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            environment["DATABASE_URL"] = f"{server}/{name}"
            _migrate(environment)
            yield environment
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _migrate(environment: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=ROOT, env=environment, check=True
    )


def run(race: str, environment: dict[str, str]) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", f"{_SET_UP}; from tests.stock import racing; racing.main({race!r})"],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


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
