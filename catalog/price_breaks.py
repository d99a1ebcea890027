"""A supplier's price breaks as people and files write them: `48:3.90; 96:3.75`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

from django.utils.translation import gettext as _

from common.errors import BadInput
from common.units import read_quantity, read_unit_price, write_quantity, write_unit_price

MOST_BREAKS = 20

# (quantity from which it holds, in thousandths; unit cost in ten-thousandths of a minor unit)
Break = tuple[int, int]


def read_breaks(text: str, currency: str, *, field: str = "breaks") -> list[Break]:
    """Raises BadInput naming the part that cannot be read; `check_breaks` looks at the whole."""
    found = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        quantity, colon, cost = part.partition(":")
        if not colon:
            fault = _("“%(part)s” is no price break; write the quantity and the cost, like 48:3.90")
            raise BadInput.at(field, fault % {"part": part[:40]})
        found.append((read_quantity(quantity, field=field), read_unit_price(cost, currency, field=field)))
    return found


def write_breaks(breaks: Iterable[Break], currency: str) -> str:
    return "; ".join(
        f"{write_quantity(quantity)}:{write_unit_price(cost, currency)}" for quantity, cost in breaks
    )


def check_breaks(breaks: Sequence[Break], unit_cost: int, *, field: str = "breaks") -> None:
    """Quantities above zero that rise, costs that fall and begin below `unit_cost`; else BadInput."""
    if len(breaks) > MOST_BREAKS:
        raise BadInput.at(field, _("has more than %(most)d price breaks") % {"most": MOST_BREAKS})
    for quantity, cost in breaks:
        if quantity <= 0 or cost < 0:
            raise BadInput.at(field, _("has a quantity that is not above zero, or a cost below zero"))
    for (quantity, cost), (next_quantity, next_cost) in pairwise([(0, unit_cost), *breaks]):
        if next_quantity <= quantity:
            fault = _("has the quantity %(next)s after %(one)s; quantities must rise")
            raise BadInput.at(
                field, fault % {"next": write_quantity(next_quantity), "one": write_quantity(quantity)}
            )
        if next_cost >= cost:
            fault = _(
                "does not get cheaper from %(quantity)s on; each break must cost less than the one before"
            )
            raise BadInput.at(field, fault % {"quantity": write_quantity(next_quantity)})
