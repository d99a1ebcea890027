"""What a sales file would change, counted in one pass: what a person sees before posting."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from common.importing.faults import RowFault
from common.units import QUANTITY_SCALE, line_amount
from stock.importing.sales import Ignored, Sale

FAULTS_KEPT = 100
# Lines of a reason, and new products, that are shown; the file of what is left out has them all.
SAMPLES_KEPT = 5
NEW_SHOWN = 20


@dataclass(slots=True)
class NewProduct:
    """A code that the shop has no product for. The file may name and price it in several ways."""

    sku: str
    names: Counter[str] = field(default_factory=Counter)
    prices: Counter[int] = field(default_factory=Counter)
    in_parts: bool = False

    @property
    def usual_name(self) -> str:
        return self.names.most_common(1)[0][0] if self.names else ""

    @property
    def usual_price(self) -> int | None:
        return self.prices.most_common(1)[0][0] if self.prices else None


@dataclass(slots=True)
class Preview:
    rows: int = 0
    sales: int = 0
    bad: int = 0
    repeats: int = 0
    units: int = 0  # thousandths
    worth: int = 0  # minor units
    products: int = 0
    twins: int = 0
    twin_samples: list[str] = field(default_factory=list)
    days: Counter[date] = field(default_factory=Counter)
    ignored: Counter[str] = field(default_factory=Counter)
    samples: dict[str, list[Ignored]] = field(default_factory=dict)
    faults: list[RowFault] = field(default_factory=list)
    new: dict[str, NewProduct] = field(default_factory=dict)
    first_day: date | None = None
    last_day: date | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "sales": self.sales,
            "bad": self.bad,
            "repeats": self.repeats,
            "units": self.units,
            "worth": self.worth,
            "products": self.products,
            "twins": self.twins,
            "twin_samples": self.twin_samples,
            "new_products": len(self.new),
            "new_samples": [
                [product.sku, product.usual_name, product.usual_price]
                for product in sorted(self.new.values(), key=lambda product: product.sku)[:NEW_SHOWN]
            ],
            "ignored": dict(sorted(self.ignored.items())),
            "samples": {
                reason: [[line.row, line.sku, line.name, line.quantity] for line in lines]
                for reason, lines in self.samples.items()
            },
            "faults": [asdict(fault) for fault in self.faults],
            "days": {day.isoformat(): count for day, count in sorted(self.days.items())},
            "first_day": self.first_day and self.first_day.isoformat(),
            "last_day": self.last_day and self.last_day.isoformat(),
        }


def preview(lines: Iterable[Sale | Ignored | RowFault], *, known: Collection[str]) -> Preview:
    """known: search keys of the shop's products."""
    found = Preview()
    spellings: dict[str, set[str]] = {}
    seen: set[int] = set()
    seen_days: set[date | None] = set()
    for line in lines:
        found.rows += 1
        if isinstance(line, Sale):
            _count_sale(found, line, known)
            spellings.setdefault(line.key, set()).add(line.sku)
            seen.add(hash(line[1:]))
            seen_days.add(line.day)
        elif isinstance(line, Ignored):
            found.ignored[line.reason] += 1
            samples = found.samples.setdefault(line.reason, [])
            if len(samples) < SAMPLES_KEPT:
                samples.append(line)
            seen_days.add(line.day)
        else:
            found.bad += 1
            if len(found.faults) < FAULTS_KEPT:
                found.faults.append(line)
    twins = sorted(" = ".join(sorted(written)) for written in spellings.values() if len(written) > 1)
    found.products = len(spellings)
    found.twins, found.twin_samples = len(twins), twins[:SAMPLES_KEPT]
    found.repeats = found.sales - len(seen)
    days = sorted(day for day in seen_days if day is not None)
    if days:
        found.first_day, found.last_day = days[0], days[-1]
    return found


def _count_sale(found: Preview, sale: Sale, known: Collection[str]) -> None:
    found.sales += 1
    found.units += sale.quantity
    found.days[sale.day] += 1
    if sale.price is not None:
        found.worth += line_amount(sale.quantity, sale.price)
    if sale.key in known:
        return
    product = found.new.get(sale.key)
    if product is None:
        product = found.new[sale.key] = NewProduct(sale.sku)
    if sale.name:
        product.names[sale.name] += 1
    if sale.price is not None:
        product.prices[sale.price] += 1
    product.in_parts = product.in_parts or bool(sale.quantity % QUANTITY_SCALE)
