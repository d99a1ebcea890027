"""The demo's real sales, moved to end last week."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

FILE = Path(__file__).parent / "data" / "online_retail_cut.csv.gz"
POUND = 1_000_000  # in ten-thousandths of a penny


@dataclass(slots=True)
class Item:
    """A product of the file, as its sales show it."""

    sku: str
    names: Counter[str] = field(default_factory=Counter)
    prices: Counter[int] = field(default_factory=Counter)
    sold: Counter[date] = field(default_factory=Counter)  # whole units by day, already moved

    def sold_before(self, day: date) -> int:
        return sum(units for when, units in self.sold.items() if when < day)


def moved_rows(made_on: date) -> list[list[str]]:
    """The file's rows, header first, moved by whole weeks so that they end last week."""
    with gzip.open(FILE, "rt", newline="") as text:
        header, *rows = csv.reader(text)
    at = header.index("InvoiceDate")
    moments = [datetime.strptime(row[at], "%m/%d/%Y %H:%M").replace(tzinfo=UTC) for row in rows]
    weeks = (made_on - timedelta(days=1) - max(moments).date()).days // 7
    for row, when in zip(rows, moments, strict=True):
        row[at] = (when + timedelta(weeks=weeks)).strftime("%Y-%m-%d %H:%M")
    return [header, *rows]


def items_of(rows: list[list[str]]) -> dict[str, Item]:
    header, *lines = rows
    place = {name: number for number, name in enumerate(header)}
    items: dict[str, Item] = {}
    for line in lines:
        units, price = int(line[place["Quantity"]]), round(float(line[place["UnitPrice"]]) * POUND)
        if units <= 0 or price <= 0:
            continue
        sku = line[place["StockCode"]].upper()
        item = items.setdefault(sku, Item(sku))
        item.names[line[place["Description"]]] += 1
        item.prices[price] += 1
        item.sold[date.fromisoformat(line[place["InvoiceDate"]][:10])] += units
    return dict(sorted(items.items()))


def as_csv(rows: list[list[str]]) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    yield text.getvalue().encode()
