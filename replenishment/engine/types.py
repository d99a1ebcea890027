"""What goes into a decision and what comes out."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from fractions import Fraction

QUANTITY_SCALE = 1_000
PRICE_SCALE = 10_000

Key = Hashable


@dataclass(frozen=True, slots=True)
class Break:
    """From `quantity` (thousandths) on, every unit of the line costs `unit_cost`."""

    quantity: int
    unit_cost: int


@dataclass(frozen=True, slots=True)
class Item:
    """A product as tonight finds it, at one supplier and for one warehouse.

    mean: expected demand of each period after the last one whose sales are known, stock units. The
        last of them goes on beyond the end.
    dispersion: variance over mean of one period's demand, at least 1.
    level_error: relative standard error of the level that all periods share.
    gap: periods of `mean` that are over already but whose sales are not known yet.
    lead, lead_sd: periods from now until an order is available, and their standard deviation: at
        lead 2 it serves the third period from now.
    review: periods until the next order can arrive after this one.
    arrivals: what is on order, as (periods from now, thousandths); 0 arrives with the next period.
    unit_cost: base cost, without breaks. holding: minor units per unit left at the end of a period.
        shortage: minor units per unit not served, once where the sale is lost, each period where
        `backorder` lets the customer wait.
    room: most thousandths that may be on hand after an arrival. shelf_life: periods after arrival.
    """

    key: Key
    supplier: Key
    mean: tuple[float, ...]
    dispersion: float = 1.0
    level_error: float = 0.0
    gap: int = 0
    lead: int = 0
    lead_sd: float = 0.0
    review: int = 1
    in_whole_units: bool = True
    on_hand: int = 0
    committed: int = 0
    arrivals: tuple[tuple[int, int], ...] = ()
    unit_cost: int = 0
    holding: float = 0.0
    shortage: float = 0.0
    backorder: bool = False
    pack: int = QUANTITY_SCALE
    minimum_quantity: int = 0
    breaks: tuple[Break, ...] = ()
    capacity: int | None = None
    shelf_life: int | None = None

    @property
    def on_order(self) -> int:
        return sum(quantity for _when, quantity in self.arrivals)

    @property
    def position(self) -> int:
        """The inventory position, thousandths: what is there or coming, and nobody's yet."""
        return self.on_hand - self.committed + self.on_order

    @property
    def least_packs(self) -> int:
        """The fewest packs that can be ordered at all."""
        return max(1, -(-self.minimum_quantity // self.pack))

    def unit_cost_at(self, quantity: int) -> int:
        """The unit cost when `quantity` thousandths are ordered."""
        reached = [one for one in self.breaks if quantity >= one.quantity]
        return max(reached, key=lambda one: one.quantity).unit_cost if reached else self.unit_cost

    def value(self, quantity: int) -> int:
        """Minor units for `quantity` thousandths, rounded once, half to even."""
        return round(Fraction(quantity * self.unit_cost_at(quantity), QUANTITY_SCALE * PRICE_SCALE))


@dataclass(frozen=True, slots=True)
class Supplier:
    """Conditions for a whole order; amounts in minor units. Freight falls away from a value on."""

    key: Key
    minimum_value: int = 0
    order_cost: int = 0
    freight: int = 0
    free_freight_from: int | None = None

    @property
    def is_plain(self) -> bool:
        """Whether its products can be decided on one by one."""
        return not (self.minimum_value or self.order_cost or self.freight)


@dataclass(frozen=True, slots=True)
class Part:
    """One summand of a quantity, thousandths; `code` says what for."""

    code: str
    quantity: int


@dataclass(frozen=True, slots=True)
class PlannedItem:
    """What is decided of one product.

    parts: add up to `quantity` exactly, also where it is 0.
    unit_cost: at this quantity. expected_cost: holding and shortage until the next order takes over.
    runner_up, runner_up_costs: the second best quantity and what it would cost more, minor units;
        None where there was no choice.
    """

    key: Key
    quantity: int
    value: int
    unit_cost: int
    parts: tuple[Part, ...]
    expected_cost: float
    runner_up: int | None = None
    runner_up_costs: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """status: `optimal`, `limit` (feasible, gap open) or `greedy` (the solver's answer was refused).

    objective: expected cost in minor units, reckoned again from the quantities. What the following
        cycles cost anyway is left out of it, so that only differences between plans have a meaning.
    bound: below it no choice among the priced quantities can get. waiting: cost of ordering nothing.
    faults: why an answer of the solver was not used, in words for a log.
    """

    items: tuple[PlannedItem, ...] = ()
    status: str = "optimal"
    objective: float = 0.0
    bound: float = 0.0
    waiting: float = 0.0
    faults: tuple[str, ...] = field(default=())

    @property
    def value(self) -> int:
        return sum(item.value for item in self.items)

    @property
    def gap(self) -> float:
        """How far the plan may be from the best one, as a share of what ordering saves."""
        saved = self.waiting - self.bound
        return max(0.0, self.objective - self.bound) / saved if saved > 1e-9 else 0.0
