"""Every quantity that might be ordered of an item tonight, with what it is expected to cost.

A column is a candidate quantity, priced by simulation on the item's sample paths: stock runs down, what
is on order comes in, tonight's quantity arrives, until an order of a later review can take over at
period e(r) = lead + r review. Its cost is

    min over r of  holding + shortage up to e(r)  - g r  + overstock  (+ waste)  - saved by a break

g is the item's long-run cost of one review at its best cycle, so "- g r" credits a large order with
the reviews it makes unnecessary. Stock above the usual level at e(r) has to wait: e units above the
level U last e / m periods, cost holding (U e + e^2 / 2) / m meanwhile and put the next cycle off, which
earns g e / (m review). Without that term a price break is a money pump: the stock it buys seems free.

A break saves against what the goods would cost later. Where buying its quantity every time is cheaper in
the long run than never, they would cost the break's price later too, so that a unit beyond it saves
nothing and one below it costs more; else they would cost the base price.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from replenishment.engine.demand import lead_draws, sample_paths
from replenishment.engine.types import PRICE_SCALE, QUANTITY_SCALE, Item, Key, Supplier

Floats = NDArray[np.float64]

# Items simulated at once: enough to be quick, few enough to stay in tens of megabytes.
_CHUNK = 64
# A large order is looked ahead for so many reviews at most.
_MOST_REVIEWS = 26
# How far the simulation goes beyond the lead time, periods.
_LONGEST = 112
# Candidates on both sides of the best guess, and coarse ones beyond.
_NEAR, _FAR = 6, 8
_LEAST_RATE = 1e-4
# The least chance of being served that is planned for, and the highest: sixty-four paths know no more.
_LOWEST, _HIGHEST = 0.05, 0.995


@dataclass(frozen=True, slots=True)
class Columns:
    """One item's candidates, the first of which is 0; quantities rise.

    quantities: thousandths. costs: expected, minor units, with what a break saves taken off. plain:
    the same without breaks. values: minor units to be paid.
    level: quantity, thousandths, that would be ordered if units could be had singly, before packs;
    negative where more than enough is there.
    since, until, cover, missed: demand expected in the gap, from then to the arrival, from there to
    the next one, and lost before the arrival; stock units.
    room: the most that may be ordered; None without a limit.
    """

    item: Item
    quantities: tuple[int, ...]
    costs: Floats
    plain: Floats
    values: tuple[int, ...]
    level: float
    since: float
    until: float
    cover: float
    missed: float
    room: int | None

    def best(self, *, plain: bool = False) -> int:
        """The number of the cheapest candidate; the smallest of equals."""
        return int(np.argmin(self.plain if plain else self.costs))


def columns(
    items: Sequence[Item],
    suppliers: Mapping[Key, Supplier],
    *,
    draws: int = 64,
    periods_in_year: float = 365.0,
) -> list[Columns]:
    """The priced candidates of each item, in the order of `items`."""
    shares = _order_cost_shares(items, suppliers)
    groups: dict[tuple[int, int, float, int, int], list[int]] = defaultdict(list)
    for number, item in enumerate(items):
        cycles = _longest_cycle(item, shares[number])
        groups[item.gap, item.lead, item.lead_sd, item.review, cycles].append(number)
    found: dict[int, Columns] = {}
    for (gap, lead, sd, review, cycles), members in groups.items():
        for start in range(0, len(members), _CHUNK):
            chunk = members[start : start + _CHUNK]
            simulation = _Simulation(
                [items[number] for number in chunk],
                shares[chunk],
                gap=gap,
                leads=lead_draws(lead, sd, draws) + gap,
                lead=lead + gap,
                review=review,
                cycles=cycles,
                periods_in_year=periods_in_year,
            )
            found.update(zip(chunk, simulation.columns(), strict=True))
    return [found[number] for number in range(len(items))]


def _order_cost_shares(items: Sequence[Item], suppliers: Mapping[Key, Supplier]) -> Floats:
    """What of its supplier's order cost each item bears, by the weight of its stock."""
    weights = np.array([item.holding * _rate(item) for item in items])
    total: dict[Key, float] = defaultdict(float)
    for item, weight in zip(items, weights, strict=True):
        total[item.supplier] += weight
    fixed = []
    for item in items:
        supplier = suppliers[item.supplier]
        fixed.append(supplier.order_cost + (supplier.freight if supplier.free_freight_from is None else 0))
    shares = [
        weight / total[item.supplier] if total[item.supplier] > 0 else 0.0
        for item, weight in zip(items, weights, strict=True)
    ]
    return np.array(shares) * np.array(fixed, dtype=float)


def _rate(item: Item) -> float:
    """Stock units a period, in the long run."""
    return max(float(np.mean(item.mean)), _LEAST_RATE) if item.mean else _LEAST_RATE


def _longest_cycle(item: Item, share: float) -> int:
    """How many reviews one order may be meant to last, from the economic order quantity."""
    if share <= 0 or item.holding <= 0:
        return 1
    reviews = (2 * share / (item.holding * _rate(item))) ** 0.5 / item.review
    most = min(_MOST_REVIEWS, max(1, _LONGEST // item.review))
    # Few different numbers, so that items share a simulation.
    for cycles in (1, 2, 4, 7, 13, 26):
        if cycles >= min(1.5 * reviews + 1, most):
            return min(cycles, most)
    return most


class _Simulation:
    """Items with one lead time and review, simulated together. Arrays are (items, draws, candidates)."""

    def __init__(
        self,
        items: list[Item],
        shares: Floats,
        *,
        gap: int,
        leads: NDArray[np.int64],
        lead: int,
        review: int,
        cycles: int,
        periods_in_year: float,
    ) -> None:
        self.items, self.shares, self.year = items, shares, periods_in_year
        self.gap, self.leads, self.lead, self.review, self.cycles = gap, leads, lead, review, cycles
        self.draws = len(leads)
        self.periods = max(lead + review * cycles, int(leads.max()) + 1)
        self.mean = np.array([_extended(item, self.periods) for item in items])
        self.rate = np.array([max(_rate(item), _LEAST_RATE) for item in items])
        self.demand = sample_paths(
            self.mean,
            [item.dispersion for item in items],
            [item.level_error for item in items],
            self.draws,
            whole=[item.in_whole_units for item in items],
        )
        self.sums = np.cumsum(self.demand, axis=2)
        self.start = np.array([(item.on_hand - item.committed) / QUANTITY_SCALE for item in items])
        self.arriving = np.zeros((len(items), self.periods))
        for row, item in enumerate(items):
            for when, quantity in item.arrivals:
                period = min(max(0, when) + gap, self.periods)
                # What comes after all that is looked at still is no reason to order: it counts at the end.
                self.arriving[row, min(period, self.periods - 1)] += quantity / QUANTITY_SCALE
        self.holding = np.array([item.holding for item in items])
        self.shortage = np.array([item.shortage for item in items])
        self.waits = np.array([item.backorder for item in items])
        self.per_review, self.usual, self.cycle = self._long_run()

    def columns(self) -> Iterator[Columns]:
        at_arrival, missed = self._before_arrival()
        need = self._need(at_arrival)
        levels = _quantile(need, self._ratio(1))
        rooms = [_room(item, at_arrival[row]) for row, item in enumerate(self.items)]
        candidates = [
            self._candidates(row, float(levels[row]), at_arrival[row], rooms[row])
            for row in range(len(self.items))
        ]
        width = max(len(one) for one in candidates)
        quantities = np.zeros((len(self.items), width))
        for row, packs in enumerate(candidates):
            quantities[row, : len(packs)] = packs
        for row, item in enumerate(self.items):
            quantities[row] *= item.pack / QUANTITY_SCALE
        cost = self._price(quantities) + self._waste(quantities, at_arrival)
        expected = self.mean.cumsum(axis=1)
        sums = np.concatenate([np.zeros((len(self.items), 1)), expected], axis=1)
        for row, item in enumerate(self.items):
            count = len(candidates[row])
            ordered = tuple(int(packs) * item.pack for packs in candidates[row])
            values = tuple(item.value(quantity) for quantity in ordered)
            later = self._later_cost(row)
            saved = np.array([quantity * (later - item.unit_cost_at(quantity)) for quantity in ordered]) / (
                QUANTITY_SCALE * PRICE_SCALE
            )
            yield Columns(
                item=item,
                quantities=ordered,
                costs=cost[row, :count] - saved,
                plain=cost[row, :count],
                values=values,
                level=float(levels[row]) * QUANTITY_SCALE,
                since=float(sums[row, self.gap]),
                until=float(sums[row, self.lead] - sums[row, self.gap]),
                cover=float(sums[row, self.lead + self.review] - sums[row, self.lead]),
                missed=float(missed[row]),
                room=rooms[row],
            )

    # ---- the long run ------------------------------------------------------------------------

    def _ratio(self, reviews: int) -> Floats:
        """The newsvendor's ratio where stock is held for a cycle of so many reviews."""
        held = self.holding * reviews * self.review
        total = self.shortage + held
        ratio = np.divide(self.shortage, total, out=np.full_like(total, 0.5), where=total > 0)
        return np.clip(ratio, _LOWEST, _HIGHEST)

    def _long_run(self) -> tuple[Floats, Floats, Floats]:
        """Cost of one review at the best cycle, the usual stock after an arrival then, and that cycle."""
        best = np.full(len(self.items), np.inf)
        usual = np.zeros(len(self.items))
        cycle = np.ones(len(self.items), dtype=int)
        before = self.sums[:, :, self.lead - 1].mean(axis=1) if self.lead else 0.0
        for reviews in range(1, self.cycles + 1):
            end = self.lead + reviews * self.review
            if end > self.periods:
                break
            level = _quantile(self.sums[:, :, end - 1], self._ratio(reviews))
            left = level[:, None, None] - self.sums[:, :, self.lead : end]
            held = np.maximum(left, 0.0).mean(axis=1).sum(axis=1)
            short = np.maximum(-left[:, :, -1], 0.0).mean(axis=1)
            cost = (self.shares + self.holding * held + self.shortage * short) / reviews
            better = cost < best
            best = np.where(better, cost, best)
            usual = np.where(better, np.maximum(level - before, 0.0), usual)
            cycle = np.where(better, reviews, cycle)
        return best, usual, cycle

    def _later_cost(self, row: int) -> int:
        """The unit cost at which the item is bought in the long run, see the top of the module."""
        item, rate, holding = self.items[row], self.rate[row], self.holding[row]
        cycle = float(self.cycle[row] * self.review)
        share = self.shares[row]
        best = share / cycle + holding * rate * cycle / 2
        cost = item.unit_cost
        for one in item.breaks:
            lasts = max(one.quantity / QUANTITY_SCALE / rate, cycle)
            saved = (item.unit_cost - one.unit_cost) / PRICE_SCALE * rate
            every_time = share / lasts + holding * rate * lasts / 2 - saved
            if every_time < best and lasts <= self.year:
                best, cost = every_time, one.unit_cost
        return cost

    # ---- one order ---------------------------------------------------------------------------

    def _before_arrival(self) -> tuple[Floats, Floats]:
        """Stock that finds the order, by path, and how much demand is not served before it, on average."""
        stock = np.repeat(self.start[:, None], self.draws, axis=1)
        found = stock.copy()
        missed = np.zeros(len(self.items))
        for period in range(int(self.leads.max()) + 1):
            stock = stock + self.arriving[:, period, None]
            due = self.leads == period
            found[:, due] = stock[:, due]
            stock = stock - self.demand[:, :, period]
            lost = np.where(self.waits[:, None], 0.0, np.maximum(-stock, 0.0))
            missed += (lost * (self.leads > period)).mean(axis=1)
            stock = stock + lost
        return found, missed

    def _need(self, at_arrival: Floats) -> Floats:
        """What an order should bring to last until the next one's arrival, by path; negative: enough."""
        end = self.lead + self.review - 1
        before = np.take_along_axis(self.sums, np.maximum(self.leads - 1, 0)[None, :, None], axis=2)[:, :, 0]
        before = np.where(self.leads > 0, before, 0.0)
        still_to_come = np.stack(
            [self.arriving[:, lead + 1 : end + 1].sum(axis=1) for lead in self.leads], axis=1
        )
        return np.maximum(self.sums[:, :, end] - before, 0.0) - at_arrival - still_to_come

    def _candidates(self, row: int, level: float, at_arrival: Floats, room: int | None) -> list[int]:
        """Packs worth pricing: all near the best guesses, some up to the most that could make sense."""
        item = self.items[row]
        pack = item.pack / QUANTITY_SCALE
        if self.mean[row].sum() <= 0 and item.committed <= item.on_hand:
            return [0]
        rate = self.rate[row]
        there = float(at_arrival.mean())
        spread = float(self.sums[row, :, self.lead + self.review - 1].std()) / pack
        single = max(level, 0.0) / pack
        end = min(self.lead + int(self.cycle[row]) * self.review, self.periods)
        long = (
            float(np.quantile(self.sums[row, :, end - 1], 0.9)) - self.start[row] - self.arriving[row].sum()
        )
        far = max(single, long / pack, 0.0)
        step = max(1, round(spread / _NEAR))
        wanted = {round(single) + step * number for number in range(-_NEAR, _NEAR + 1)}
        wanted |= {round(far) + step * number for number in range(-2, 3)}
        year = self.year * rate
        top = max(far + 4 * spread, 1.5 * far, single + 60 * rate * self.year / 365 / pack, 4)
        wanted |= {round(number) for number in np.linspace(0, top, _FAR + 1)}
        wanted |= {-(-one.quantity // item.pack) for one in item.breaks}
        # Nothing is bought for more than a year ahead, or than its shelf life.
        ahead = (
            year if item.shelf_life is None else min(year, rate * item.shelf_life * 1.5 + 3 * spread * pack)
        )
        most = max(int((ahead - max(there, 0.0)) / pack), 0)
        least = item.least_packs
        allowed = {least if 0 < packs < least else packs for packs in wanted if 0 < packs <= max(most, least)}
        if room is not None:
            allowed = {
                packs
                for packs in allowed | {room // item.pack}
                if packs * item.pack <= room and packs >= least
            }
        return [0, *sorted(allowed)]

    def _price(self, quantities: Floats) -> Floats:
        """Expected cost of every candidate."""
        ends = {self.lead + reviews * self.review - 1: reviews for reviews in range(1, self.cycles + 1)}
        holding, shortage = self.holding[:, None], self.shortage[:, None]
        held = np.zeros_like(quantities)
        short = np.zeros_like(quantities)
        best = np.full(quantities.shape, np.inf)
        stock = np.repeat(self.start[:, None, None], self.draws, axis=1)
        first = int(self.leads.min())
        waits = self.waits[:, None, None]
        for period in range(self.periods):
            if period == first:  # until now all candidates are one
                stock = np.repeat(stock, quantities.shape[1], axis=2)
            if self.arriving[:, period].any():
                stock = stock + self.arriving[:, period, None, None]
            due = self.leads == period
            if due.any():
                stock[:, due] += quantities[:, None, :]
            stock = stock - self.demand[:, :, period, None]
            missing = np.minimum(stock, 0.0)
            if period >= self.gap:
                held += np.maximum(stock, 0.0).mean(axis=1)
                short -= missing.mean(axis=1)
            stock = np.where(waits, stock, stock - missing)
            if (reviews := ends.get(period)) is not None:
                cost = holding * held + shortage * short - self.per_review[:, None] * (reviews - 1)
                best = np.minimum(best, cost + self._overstock(stock))
        return best

    def _overstock(self, stock: Floats) -> Floats:
        """What stock beyond the usual level still costs after the simulation ends."""
        above = np.maximum(stock - self.usual[:, None, None], 0.0)
        once, twice = above.mean(axis=1), (above**2).mean(axis=1)
        rate, holding = self.rate[:, None], self.holding[:, None]
        waiting = holding * (self.usual[:, None] * once + twice / 2) / rate
        return waiting - self.per_review[:, None] * once / (rate * self.review)

    def _waste(self, quantities: Floats, at_arrival: Floats) -> Floats:
        """What is thrown away because its life ends on the shelf, at cost."""
        waste = np.zeros_like(quantities)
        for row, item in enumerate(self.items):
            if item.shelf_life is None:
                continue
            end = self.lead + item.shelf_life
            inside = self.sums[row, :, min(end, self.periods) - 1]
            before = self.sums[row, :, self.lead - 1] if self.lead else 0.0
            beyond = max(0, end - self.periods) * self.rate[row]
            sold = inside - before + beyond
            left = np.maximum(at_arrival[row][:, None] + quantities[row] - sold[:, None], 0.0)
            # No more can spoil than is ordered now: what is there already is spoilt anyway.
            spoilt = np.minimum(left, quantities[row]).mean(axis=0)
            waste[row] = spoilt * item.unit_cost / PRICE_SCALE
        return waste


def _extended(item: Item, periods: int) -> Floats:
    """The means of so many periods; beyond the forecast like its last seven."""
    known = np.maximum(np.array(item.mean[:periods], dtype=float), 0.0)
    if len(known) == periods:
        return known
    tail = known[-7:] if len(known) else np.zeros(1)
    if len(known) < 14:  # too little to say what belongs to a week
        tail = np.array([tail.mean()])
    return np.concatenate([known, np.resize(tail, periods - len(known))])


def _room(item: Item, at_arrival: Floats) -> int | None:
    """The most that fits, thousandths, unless the days before sell unusually little."""
    if item.capacity is None:
        return None
    there = float(np.quantile(at_arrival, 0.95))
    return max(0, int(item.capacity - there * QUANTITY_SCALE))


def _quantile(values: Floats, chance: Floats) -> Floats:
    """The smallest value of each row that is enough with its chance; values: (items, draws)."""
    ordered = np.sort(values, axis=1)
    draws = values.shape[1]
    place = np.clip(np.ceil(chance * draws - 1e-9).astype(int) - 1, 0, draws - 1)
    return np.take_along_axis(ordered, place[:, None], axis=1)[:, 0]
