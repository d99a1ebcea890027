"""What becomes of each line of a sales file, and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from common.importing.faults import RowFault
from stock.importing import returns
from stock.importing.codes import Code, NoProduct, find_no_products, survey
from stock.importing.reading import Line

# Faulty rows beyond this number are counted, and not kept.
FAULTS_KEPT = 20_000


class Outcome(StrEnum):
    SALE = "sale"
    # Goods that came back: what takes an earlier sale back, and what does not.
    CANCELLATION = "cancellation"
    RETURN = "return"
    # Left out.
    NO_PRODUCT = "no_product"
    CORRECTION = "correction"
    FREE = "free"
    NAMELESS = "nameless"
    NEGATIVE_PRICE = "negative_price"
    NOTHING = "nothing"
    REPEATED = "repeated"
    KNOWN = "known"


TAKEN = (Outcome.SALE, Outcome.CANCELLATION, Outcome.RETURN)


class Overlap(StrEnum):
    """What to do with lines of days that another file has brought."""

    SAME = "same"  # leave out the lines that are there already
    DAYS = "days"  # leave out all lines of those days
    TAKE = "take"


@dataclass(frozen=True, slots=True)
class Choices:
    """What somebody decided about a file.

    said: whether a code is a product, by its search key, where somebody said so.
    """

    take_repeats: bool = True
    overlap: Overlap = Overlap.SAME
    said: Mapping[str, bool] = field(default_factory=dict)


@dataclass(slots=True)
class Earlier:
    """What other files have brought for the days of this one: how often each line, and which days."""

    lines: Counter[int] = field(default_factory=Counter)
    days: set[tuple[int, date]] = field(default_factory=set)


@dataclass(slots=True)
class Judged:
    """lines, outcomes: beside each other, in the file's order.

    day_of_sale: of each cancelling line, by its row, the day whose demand it lowers.
    known_cancelled: lines that cancel a sale which another file has brought, with the day of that sale.
    repeats, same, on_known_days: lines that stand in the file twice, that another file has brought,
        and that lie on days which another file covers; counted whether they are taken or not.
    """

    lines: list[Line]
    outcomes: list[Outcome]
    faults: list[RowFault]
    bad: int
    codes: dict[str, Code]
    no_products: dict[str, NoProduct]
    day_of_sale: dict[int, date] = field(default_factory=dict)
    known_cancelled: list[tuple[Line, date]] = field(default_factory=list)
    repeats: int = 0
    same: int = 0
    on_known_days: int = 0

    def unmatched(self) -> list[Line]:
        """Lines on cancelling receipts whose sale is not in this file."""
        return [
            line
            for line, outcome in zip(self.lines, self.outcomes, strict=True)
            if outcome is Outcome.RETURN and returns.is_cancelling(line.invoice)
        ]

    def cancel(self, day_of_sale: Mapping[int, date]) -> None:
        """Take returns for cancellations, whose sales were found elsewhere. By row."""
        for place, line in enumerate(self.lines):
            if line.row in day_of_sale and self.outcomes[place] is Outcome.RETURN:
                self.outcomes[place] = Outcome.CANCELLATION
                self.day_of_sale[line.row] = day_of_sale[line.row]


def signature(line: Line) -> int:
    """Equal for the same sale in two exports, whatever other columns they have. For one process only."""
    return hash((line.warehouse, line.key, line.quantity, line.at))


def judge(
    rows: Iterable[Line | RowFault],
    choices: Choices,
    *,
    known: Collection[str],
    earlier: Earlier | None = None,
    no_products: Mapping[str, str] | None = None,
) -> Judged:
    """known: search keys of the shop's products. no_products: where that was settled before."""
    lines: list[Line] = []
    faults: list[RowFault] = []
    bad = 0
    for row in rows:
        if isinstance(row, Line):
            lines.append(row)
        else:
            bad += 1
            if len(faults) < FAULTS_KEPT:
                faults.append(row)
    codes = survey(lines)
    found = (
        find_no_products(codes, known=known, said=choices.said)
        if no_products is None
        else {key: NoProduct(why) for key, why in no_products.items() if key in codes}
    )
    judged = Judged(lines, [], faults, bad, codes, found)
    priced = any(code.sums for code in codes.values())
    judged.outcomes = [_by_itself(line, judged.no_products, priced=priced) for line in lines]
    _find_repeats(judged, choices)
    if earlier is not None:
        _find_known(judged, choices, earlier)
    _find_cancelled(judged)
    return judged


def _by_itself(line: Line, no_products: Mapping[str, NoProduct], *, priced: bool) -> Outcome:
    """RETURN stands for anything that came back, until its sale is looked for."""
    if line.key in no_products:
        return Outcome.NO_PRODUCT
    quantity, price = line.quantity, line.price
    if quantity > 0 and (price is None or price > 0):
        return Outcome.SALE
    if quantity == 0:
        return Outcome.NOTHING
    if price is not None and price < 0:
        return Outcome.NEGATIVE_PRICE
    if quantity > 0:
        return Outcome.FREE if line.name else Outcome.NAMELESS
    if line.customer or returns.is_cancelling(line.invoice):
        return Outcome.RETURN
    if (priced and not price) or _NOTE.search(line.name):
        return Outcome.CORRECTION if line.name else Outcome.NAMELESS
    return Outcome.RETURN


# What people write beside goods that they take off their books.
_NOTE = re.compile(
    r"\?|damage|thrown|throw away|broke|faulty|wet|rust|mould|mold|lost|missing|stolen|theft|expired|spoil"
    r"|adjust|counted|stock ?take|write.?off|shrink|beschädig|kaputt|bruch|schwund|verdorben|abgelaufen"
    r"|cass[ée]|abîmé|périmé|perdu|vol[ée]s?\b|dañad|roto|caducad|merma|robad|rotto|scadut|danneggiat"
    r"|损坏|报损|破损|过期|盘亏|丢失|被盗",
    re.IGNORECASE,
)


def _find_repeats(judged: Judged, choices: Choices) -> None:
    seen: set[int] = set()
    for place, line in enumerate(judged.lines):
        if judged.outcomes[place] not in TAKEN:
            continue
        mark = hash(line[1:])
        if mark not in seen:
            seen.add(mark)
            continue
        judged.repeats += 1
        if not choices.take_repeats:
            judged.outcomes[place] = Outcome.REPEATED


def _find_known(judged: Judged, choices: Choices, earlier: Earlier) -> None:
    left = Counter(earlier.lines)
    for place, line in enumerate(judged.lines):
        if judged.outcomes[place] not in TAKEN or (line.warehouse, line.day) not in earlier.days:
            continue
        judged.on_known_days += 1
        mark = signature(line)
        same = left[mark] > 0
        if same:
            left[mark] -= 1
            judged.same += 1
        if choices.overlap is Overlap.DAYS or (same and choices.overlap is Overlap.SAME):
            judged.outcomes[place] = Outcome.KNOWN


def _find_cancelled(judged: Judged) -> None:
    """Lines that another file brought take part, so that no sale is cancelled twice."""
    there = {Outcome.SALE, Outcome.RETURN, Outcome.KNOWN}
    outcome_of = {
        line.row: what for line, what in zip(judged.lines, judged.outcomes, strict=True) if what in there
    }
    both = [line for line in judged.lines if line.row in outcome_of]
    backs = [line for line in both if line.quantity < 0]
    found = returns.match((line for line in both if line.quantity > 0), backs)
    judged.cancel({row: sale.day for row, sale in found.items()})
    judged.known_cancelled = [
        (back, found[back.row].day)
        for back in backs
        if back.row in found and outcome_of[found[back.row].row] is Outcome.KNOWN
    ]
