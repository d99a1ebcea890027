"""Goods that came back: which lines cancel an earlier sale, and which are returns.

A cancelled sale was none: customers did not want those goods on that day. A return was wanted when
it was sold. The rule, for a line with a negative quantity:

1. On a *cancelling receipt*, numbered like C536379, CN-17 or STORNO 4, it cancels the nearest earlier
   sale of the same product and quantity; failing that, the nearest earlier sale of at least that
   quantity. Where the line names a customer, only sales to that customer count.
2. On the receipt of the sale itself, as tills write a slip of the hand, it cancels that sale.
3. Elsewhere it cancels a sale of exactly that quantity to the same customer, if it names one.
4. Anything else is a return.

"Earlier" is at the same moment or before it, in the same warehouse. Of a sale no more is cancelled
than was sold.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from operator import attrgetter

from stock.importing.reading import Line

_CANCELLING = re.compile(r"(C|CN|CR|CRN|CANCEL\w*|STORNO|VOID|GS|AV|REF(UND)?)[-_/#. ]*\d.*", re.IGNORECASE)


# Warehouse, product and customer; "" is anybody.
_Buyer = tuple[int, str, str]


@dataclass(slots=True)
class _Sale:
    line: Line
    left: int  # thousandths that are not cancelled


@dataclass(slots=True)
class _Sales:
    """Sales of one product in one warehouse in the order in which they happened."""

    moments: list[datetime] = field(default_factory=list)
    sales: list[_Sale] = field(default_factory=list)

    def add(self, sale: _Sale) -> None:
        self.moments.append(sale.line.at)
        self.sales.append(sale)

    def until(self, at: datetime) -> Iterator[_Sale]:
        """The nearest first."""
        for place in range(bisect_right(self.moments, at) - 1, -1, -1):
            yield self.sales[place]


def is_cancelling(invoice: str) -> bool:
    return _CANCELLING.fullmatch(invoice) is not None


def match(sales: Iterable[Line], backs: Sequence[Line]) -> dict[int, Line]:
    """By row of each line of `backs` that cancels a sale, that sale.

    sales: lines with quantities above zero; backs: with quantities below.
    """
    found: dict[int, Line] = {}
    earlier = _by_buyer(sales, backs)
    for back in sorted(backs, key=_in_time):
        sale = _cancelled(back, earlier[_buyer(back)])
        if sale is not None:
            sale.left += back.quantity
            found[back.row] = sale.line
    return found


def _by_buyer(sales: Iterable[Line], backs: Sequence[Line]) -> dict[_Buyer, _Sales]:
    """The sales that each line of `backs` could be about; one sale may be in two places."""
    found: dict[_Buyer, _Sales] = {_buyer(back): _Sales() for back in backs}
    about = []
    for line in sales:
        whose = found.get((line.warehouse, line.key, line.customer)) if line.customer else None
        anybodys = found.get((line.warehouse, line.key, ""))
        if whose is not None or anybodys is not None:
            about.append((line, whose, anybodys))
    about.sort(key=lambda one: _in_time(one[0]))
    for line, whose, anybodys in about:
        sale = _Sale(line, line.quantity)
        for place in (whose, anybodys):
            if place is not None:
                place.add(sale)
    return found


def _buyer(back: Line) -> _Buyer:
    return back.warehouse, back.key, back.customer


_in_time = attrgetter("at", "row")


def _cancelled(back: Line, earlier: _Sales) -> _Sale | None:
    quantity = -back.quantity
    cancelling = is_cancelling(back.invoice)
    large_enough = None
    for sale in earlier.until(back.at):
        if sale.left < quantity:
            continue
        same_receipt = bool(back.invoice) and sale.line.invoice == back.invoice
        if sale.line.quantity == quantity and (cancelling or back.customer or same_receipt):
            return sale
        if large_enough is None and (cancelling or same_receipt):
            large_enough = sale
    return large_enough
