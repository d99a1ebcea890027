"""The January of a real shop, as it was recorded."""

from __future__ import annotations

import gzip
import os
from datetime import date
from pathlib import Path

import pytest

from stock.models import Balance, HistorySale, Movement
from tests import importing
from tests.factories import make_warehouse

FILE = "online_retail_2010_12_to_2011_08.csv.gz"


@pytest.fixture(scope="module")
def january():
    folder = os.environ.get("PARSTOCK_DATA")
    if not folder or not (Path(folder) / FILE).exists():
        pytest.skip(f"PARSTOCK_DATA names no folder with {FILE}")
    with gzip.open(Path(folder) / FILE, "rb") as lines:
        header = next(lines)
        return header + b"".join(line for line in lines if b",1/" in line and b"/2011 " in line)


def test_a_real_january_is_read_posted_and_undone(shop, january):
    warehouse = make_warehouse(code="MAIN")
    made = importing.bring("sales", january, "january.csv", choices={"warehouse": warehouse}, at_once=True)
    summary = made.summary
    assert made.options["order"] == "MDY"
    assert (summary["first_day"], summary["last_day"]) == ("2011-01-04", "2011-01-31")
    assert summary["rows"] == 35_147
    assert summary["bad"] == 0
    came_back = summary["cancellations"] + summary["returns"]
    assert summary["sales"] + came_back + sum(summary["ignored"].values()) == summary["rows"]
    assert came_back > 500
    assert summary["twins"] > 10
    importing.post(shop, made, {"opening_date": date(2011, 1, 24)})
    moved = sum(Movement.objects.values_list("quantity", flat=True))
    assert moved == sum(Balance.objects.values_list("on_hand", flat=True))
    made.refresh_from_db()
    importing.undo(shop, made)
    assert not HistorySale.objects.exists()
    assert not Balance.objects.exclude(on_hand=0).exists()
