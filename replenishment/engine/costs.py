"""What a quantity of one product is expected to cost: too little, too much, or much too much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from replenishment.engine.distribution import CoverDemand
from replenishment.engine.types import PRICE_SCALE, QUANTITY_SCALE, Item

HOLDING_PER_YEAR = 0.25
# On top of the margin, a missing unit costs this share of its cost in goodwill.
GOODWILL = 0.30
# Stock enough for 98 of 100 cover periods is the most that is planned for. By holding and shortage
# alone a weekly order would go to 99.6, far into a tail that no backtest of six origins can know.
HIGHEST_RATIO = 0.98
# How far ahead a top-up may buy, days.
_TOP_UP_DAYS = 120
# A product that sells less than once in two years is not bought to fill an order.
_LEAST_RATE = 1 / 730


@dataclass(frozen=True, slots=True)
class ItemCosts:
    """Expected cost by packs ordered: convex, so that tangents describe it.

    holding: minor units per stock unit left at the end of the cover period, for one review.
    shortage: minor units per stock unit wanted and not there.
    level: the order-up-to level in stock units, the newsvendor's quantile.
    rate: expected demand a day.
    """

    item: Item
    demand: CoverDemand
    holding: float
    shortage: float
    level: float
    rate: float
    review_days: int

    def __call__(self, packs: ArrayLike) -> NDArray[np.float64]:
        """Minor units, for each number of packs.

        shortage E[(D-P)+] + holding E[(P-D)+] at position P after the order; stock beyond the
        order-up-to level waits its turn on the shelf: e units for e / 2 rate days on average. What
        the stock that is there already has to wait no order changes, so that is left out.
        """
        item = self.item
        position = (item.position + np.asarray(packs, dtype=float) * item.pack) / QUANTITY_SCALE
        short = self.demand.expected_shortage(position)
        left = position - self.demand.mean + short
        waiting = np.maximum(position - self.level, 0.0) ** 2
        already = max(item.position / QUANTITY_SCALE - self.level, 0.0) ** 2
        daily = self.holding / self.review_days
        return self.shortage * short + self.holding * left + daily * (waiting - already) / (2 * self.rate)

    def best_packs(self) -> int:
        """The cheapest number of packs if packs were all that mattered."""
        wanted = (self.level * QUANTITY_SCALE - self.item.position) / self.item.pack
        below = max(0, int(np.floor(wanted)))
        cost = self(np.array([below, below + 1]))
        return below if cost[0] <= cost[1] else below + 1

    def best_packs_of_moq(self) -> int:
        """The same where the supplier sells none or at least the MOQ."""
        best, least = self.best_packs(), self.item.least_packs
        if not 0 < best < least:
            return best
        nothing, minimum = self(np.array([0, least]))
        return least if minimum < nothing else 0

    def most_packs(self) -> int:
        """As far as a top-up may go."""
        enough = self.best_packs_of_moq()
        if self.rate <= _LEAST_RATE:
            return enough
        far = self.level + self.rate * _TOP_UP_DAYS - self.item.position / QUANTITY_SCALE
        packs = int(far * QUANTITY_SCALE // self.item.pack)
        return max(enough, packs if packs >= self.item.least_packs else 0)


def costs_of(item: Item, review_days: int) -> ItemCosts:
    cost = item.unit_cost / PRICE_SCALE
    margin = 0.0 if item.price is None else max(0.0, item.price / PRICE_SCALE - cost)
    # Goods without cost and price still should not run out.
    shortage = margin + GOODWILL * cost or 1.0
    holding = HOLDING_PER_YEAR / 365 * cost * review_days
    holding = max(holding, shortage * (1 - HIGHEST_RATIO) / HIGHEST_RATIO)
    demand = CoverDemand(item.expected, item.sigma, item.in_whole_units)
    return ItemCosts(
        item=item,
        demand=demand,
        holding=holding,
        shortage=shortage,
        level=demand.quantile(shortage / (shortage + holding)),
        rate=max(item.review / review_days, _LEAST_RATE),
        review_days=review_days,
    )
