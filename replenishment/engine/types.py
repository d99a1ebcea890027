"""What goes into a decision and what comes out."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

QUANTITY_SCALE = 1_000
PRICE_SCALE = 10_000


@dataclass(frozen=True, slots=True)
class Item:
    """A product as tonight finds it, for one supplier and one warehouse.

    since_known, until_arrival, review: expected demand in stock units, from the last day with known
        sales to now, from now until an order placed now arrives, and from then until the next one
        can arrive.
    sigma: standard error of the sum of the three, in stock units.
    in_whole_units: sold by the piece.
    on_hand, committed, on_order, pack, minimum_quantity: thousandths of the stock unit.
    unit_cost, price: ten-thousandths of a minor unit for one stock unit; price may be unknown.
    """

    key: int
    since_known: float
    until_arrival: float
    review: float
    sigma: float
    in_whole_units: bool
    on_hand: int
    committed: int
    on_order: int
    unit_cost: int
    price: int | None
    pack: int
    minimum_quantity: int

    @property
    def expected(self) -> float:
        return self.since_known + self.until_arrival + self.review

    @property
    def position(self) -> int:
        """The inventory position, thousandths: what is there or coming, and nobody's yet."""
        return self.on_hand - self.committed + self.on_order

    @property
    def least_packs(self) -> int:
        """The fewest packs that can be ordered at all."""
        return max(1, -(-self.minimum_quantity // self.pack))

    def value(self, quantity: int) -> int:
        """Minor units for `quantity` thousandths, rounded once, half to even."""
        return round(Fraction(quantity * self.unit_cost, QUANTITY_SCALE * PRICE_SCALE))


@dataclass(frozen=True, slots=True)
class Terms:
    """A supplier's conditions for a whole order. Amounts in minor units; budget None: no limit."""

    review_days: int
    minimum_value: int = 0
    order_cost: int = 0
    budget: int | None = None


@dataclass(frozen=True, slots=True)
class Part:
    """One summand of a quantity, thousandths; `code` says what for."""

    code: str
    quantity: int


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """parts add up to `quantity` exactly, also where it is 0."""

    key: int
    quantity: int
    value: int
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class SupplierPlan:
    """status: `optimal`, `time_limit` (feasible, gap open) or `greedy` (the solver's answer was refused).

    objective: expected cost of the plan in minor units, reckoned again from its quantities.
    bound: below it no plan can get; None without a solver's word.
    waiting: expected cost of ordering nothing.
    """

    items: tuple[PlannedItem, ...]
    status: str
    objective: float
    bound: float | None
    waiting: float
    fault: str = ""

    @property
    def value(self) -> int:
        return sum(item.value for item in self.items)
