"""The January of a real shop, as it was recorded."""

from __future__ import annotations

import gzip
import os
from datetime import date
from functools import partial
from pathlib import Path

import pytest

from stock.models import Balance, HistorySale, Movement
from stock.services import sales_import
from tenancy.context import shop_scope
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
    made = sales_import.upload(warehouse=warehouse, file_name="january.csv", chunks=[january])
    summary = made.summary
    assert made.options["order"] == "MDY"
    assert (summary["first_day"], summary["last_day"]) == ("2011-01-04", "2011-01-31")
    assert summary["rows"] == 35_147
    assert summary["bad"] == 0
    assert summary["sales"] + sum(summary["ignored"].values()) == summary["rows"]
    assert summary["ignored"]["cancellation"] > 500
    assert summary["twins"] > 10
    sales_import.begin_posting(made, opening_date=date(2011, 1, 24))
    scope = partial(shop_scope, shop)
    sales_import.post_import(made.pk, scope=scope, progress=lambda *_step: None)
    sold = -sum(Movement.objects.values_list("quantity", flat=True))
    history = sum(HistorySale.objects.values_list("quantity", flat=True))
    assert sold + history == summary["units"]
    assert sold == -sum(Balance.objects.values_list("on_hand", flat=True))
    made.refresh_from_db()
    sales_import.begin_undo(made)
    sales_import.undo_import(made.pk, scope=scope, progress=lambda *_step: None)
    assert not HistorySale.objects.exists()
    assert not Balance.objects.exclude(on_hand=0).exists()
