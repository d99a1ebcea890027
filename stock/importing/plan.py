"""What a judged file does to the books: demand of days, and documents of the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import islice
from typing import NamedTuple

from stock.importing.judging import TAKEN, Judged, Outcome

# Rows that are recorded in one transaction.
PART_ROWS = 5_000


class DayDemand(NamedTuple):
    """Demand that moves no stock: sales from before stock was kept, and cancelled ones with a minus."""

    warehouse: int
    key: str
    day: date
    quantity: int  # thousandths


class Moved(NamedTuple):
    """What one product does at one moment; lines of one receipt for one product are one movement."""

    key: str
    at: datetime
    quantity: int  # thousandths, > 0


@dataclass(slots=True)
class Document:
    """The sales of a warehouse's day, or what came back on it.

    number: a long day is several documents.
    first, last: its receipts, as the file names them, in the order of time.
    """

    warehouse: int
    day: date
    outgoing: bool
    number: int = 0
    first: str = ""
    last: str = ""
    lines: list[Moved] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """products: search keys of all that was sold, also where every sale of it was cancelled."""

    products: set[str]
    demand: list[DayDemand]
    documents: list[Document]

    def parts(self) -> list[list[DayDemand] | list[Document]]:
        """What is recorded together, always the same for the same file and answers."""
        found: list[list[DayDemand] | list[Document]] = []
        demand = iter(self.demand)
        while some := list(islice(demand, PART_ROWS)):
            found.append(some)
        found += _together(self.documents)
        return found


def _together(documents: list[Document]) -> Iterator[list[Document]]:
    part: list[Document] = []
    rows = 0
    for document in documents:
        if part and rows + len(document.lines) > PART_ROWS:
            yield part
            part, rows = [], 0
        part.append(document)
        rows += len(document.lines)
    if part:
        yield part


def plan(judged: Judged, opening: Mapping[int, date]) -> Plan:
    """opening: by warehouse, the day from which its stock is kept.

    A sale before that day is demand and moves nothing; from it on it moves stock, and the ledger tells
    the demand. What comes back on a day on which stock is kept goes back to stock, whenever it was
    sold. A cancellation lowers the demand of the day of its sale in either case.
    """
    demand: dict[tuple[int, str, date], int] = {}
    days: dict[tuple[int, date, bool], list[int]] = {}
    products: set[str] = set()
    for place, (line, outcome) in enumerate(zip(judged.lines, judged.outcomes, strict=True)):
        if outcome not in TAKEN:
            continue
        kept = line.day >= opening[line.warehouse]
        if kept or outcome is not Outcome.RETURN:
            products.add(line.key)
        if outcome is Outcome.SALE and not kept:
            sold = (line.warehouse, line.key, line.day)
            demand[sold] = demand.get(sold, 0) + line.quantity
        elif outcome is Outcome.CANCELLATION:
            sold = (line.warehouse, line.key, judged.day_of_sale[line.row])
            demand[sold] = demand.get(sold, 0) + line.quantity
        if kept:
            days.setdefault((line.warehouse, line.day, line.quantity > 0), []).append(place)
    rows = [DayDemand(*sold, quantity) for sold, quantity in demand.items() if quantity]
    rows.sort(key=lambda row: (row.day, row.warehouse, row.key))
    documents: list[Document] = []
    # What goes out before what comes back.
    for day in sorted(days, key=lambda day: (day[1], day[0], not day[2])):
        documents += _documents(judged, day, days[day])
    return Plan(products, rows, documents)


def _documents(judged: Judged, day: tuple[int, date, bool], places: list[int]) -> Iterator[Document]:
    lines = sorted((judged.lines[place] for place in places), key=lambda line: (line.at, line.row))
    for number, start in enumerate(range(0, len(lines), PART_ROWS)):
        some = lines[start : start + PART_ROWS]
        document = Document(*day, number, some[0].invoice, some[-1].invoice)
        sums: dict[tuple[str, datetime], int] = {}
        for line in some:
            moment = (line.key, line.at)
            sums[moment] = sums.get(moment, 0) + abs(line.quantity)
        document.lines = [Moved(*moment, quantity) for moment, quantity in sums.items()]
        yield document
