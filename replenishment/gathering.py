"""What the solver is asked about one supplier and one warehouse: the shop's tables as plain data.

Everything is in the shop's currency here, at the rate of the day; only the draft order speaks the
supplier's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time, timedelta
from typing import TYPE_CHECKING

from catalog.calendar import days_of_cover
from catalog.models import Product, Supplier, SupplierProduct, Warehouse
from catalog.prices import Rate
from common import dates
from common.units import PRICE_SCALE, QUANTITY_SCALE, converted, round_half_even
from forecasting.models import Forecast, ForecastRun
from forecasting.queries import runs_out_on as first_day_without
from purchasing.lead_times import learned
from replenishment import queries
from replenishment.queries import Policies
from stock.places import Place
from stock.queries import committed
from tenancy.context import current_shop

if TYPE_CHECKING:
    from replenishment.engine.types import Item
    from replenishment.engine.types import Supplier as Terms

# Sales older than this say too little about what is left on the shelf to guess it from.
LONGEST_GAP_DAYS = 28
# Stock enough for 99 of 100 cover periods is the most that is planned for: further out lies a tail that
# no backtest of a few origins can know.
_HIGHEST_RATIO = 0.99
# How far the plan looks ahead, days beyond the arrival and the order after it.
_LOOK_AHEAD = 120
_PERCENT = 100_00
# Two sums say how far days and how far the level are unsure: until the next order, and so much longer.
_LONG = 4
_LEVELS = tuple((number + 0.5) / 32 for number in range(32))


@dataclass(frozen=True, slots=True)
class Pair:
    supplier: Supplier
    warehouse: Warehouse
    bought: tuple[SupplierProduct, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the solver for one supplier and one warehouse.

    never_counted: taken as 0 on hand. left_out: product id -> why it is not asked about, a code of
    `words.left_out`. runs_out_on: by product, without any order. is_open: stock is kept here.
    rate: what a unit of the supplier's currency costs in the shop's; None: nobody knows.
    """

    items: tuple[Item, ...]
    terms: Terms
    planned_on: date
    gap_days: int
    lead_days: int
    review_days: int
    lead_sd: float
    rate: Rate | None
    is_open: bool
    never_counted: frozenset[int] = frozenset()
    left_out: dict[int, tuple[str, str]] = field(default_factory=dict)
    runs_out_on: dict[int, date | None] = field(default_factory=dict)
    positions: dict[int, int] = field(default_factory=dict)

    @property
    def can_be_planned(self) -> bool:
        return self.is_open and self.rate is not None


def ask(
    run: ForecastRun,
    pair: Pair,
    business_date: date,
    policies: Policies,
    rates: dict[str, Rate],
) -> Question:
    """A fixed number of queries, whatever the number of products."""
    from replenishment.engine.types import Supplier as Terms

    shop, supplier, warehouse = current_shop(), pair.supplier, pair.warehouse
    rate = rates.get(supplier.currency or shop.currency)
    gap = max(0, (business_date - run.known_to).days)
    gap = gap if gap <= LONGEST_GAP_DAYS else 0
    planned_on = run.known_to + timedelta(days=gap + 1)
    lead, review = _cover(supplier, planned_on)
    lead, lead_sd = _learned(supplier, lead)
    kept = queries.on_hand(warehouse)
    gathered = _Gathered(pair, run, gap, planned_on, kept)
    left_out = gathered.left_out()
    items = []
    if rate is not None:
        prices = _Prices(rate, supplier.currency or shop.currency, shop.currency, shop.prices_include_tax)
        breaks = queries.breaks_of(pair.bought)
        for terms in pair.bought:
            if terms.product_id not in left_out:
                items.append(
                    gathered.item(terms, prices, breaks.get(terms.pk, []), policies, (lead, lead_sd), review)
                )
    return Question(
        items=tuple(items),
        terms=Terms(0) if rate is None else _conditions(supplier, prices, len(items)),
        planned_on=planned_on,
        gap_days=gap,
        lead_days=lead,
        review_days=review,
        lead_sd=lead_sd,
        rate=rate,
        is_open=bool(kept),
        never_counted=frozenset(
            terms.product_id for terms in pair.bought if terms.product_id not in {*kept, *left_out}
        ),
        left_out=left_out,
        runs_out_on=gathered.runs_out_on(),
        positions=gathered.positions(),
    )


def _cover(supplier: Supplier, planned_on: date) -> tuple[int, int]:
    """Days until an order placed that day arrives, and from then until the next one does."""
    lead, review = days_of_cover(supplier, dates.moment(planned_on, time(0), current_shop().zone))
    return lead, max(review, 1)


def _learned(supplier: Supplier, lead: int) -> tuple[int, float]:
    """The lead time with what deliveries were late on average, and its standard deviation."""
    found = learned(supplier)
    late = round(found.mean - supplier.lead_time_days)
    return max(0, lead + late), round(found.sd, 2)


@dataclass(frozen=True, slots=True)
class _Prices:
    rate: Rate
    currency: str
    own: str
    include_tax: bool

    def of(self, figure: int) -> int:
        return converted(figure, self.rate.rate, currency=self.currency, into=self.own)

    def net_price(self, product: Product) -> int | None:
        if product.price is None:
            return None
        tax = product.sales_tax
        if not self.include_tax or tax is None:
            return product.price
        return round_half_even(product.price * _PERCENT, _PERCENT + tax.rate)


def _conditions(supplier: Supplier, prices: _Prices, lines: int) -> Terms:
    from replenishment.engine.types import Supplier as Terms

    # What is rounded on the way to the shop's currency must not miss the minimum in the supplier's.
    slack = lines if prices.currency != prices.own else 0
    free = supplier.free_freight_from
    return Terms(
        key=supplier.pk,
        minimum_value=prices.of(supplier.minimum_order_value)
        + (slack if supplier.minimum_order_value else 0),
        order_cost=supplier.order_cost,
        freight=prices.of(supplier.freight),
        free_freight_from=None if free is None else prices.of(free) + slack,
    )


class _Gathered:
    """The rows of one supplier and one warehouse."""

    def __init__(
        self, pair: Pair, run: ForecastRun, gap: int, planned_on: date, kept: dict[int, int]
    ) -> None:
        self.pair, self.run, self.gap, self.planned_on, self.kept = pair, run, gap, planned_on, kept
        wanted = [terms.product_id for terms in pair.bought]
        self.forecasts = {
            forecast.product_id: forecast
            for forecast in Forecast.objects.select_related("run").filter(
                run=run, warehouse=pair.warehouse, product_id__in=wanted
            )
        }
        self.aside = committed(wanted)
        self.coming = queries.arrivals(pair.warehouse)
        self.sleeping = queries.snoozed(pair.warehouse, planned_on)

    def left_out(self) -> dict[int, tuple[str, str]]:
        found = {}
        for terms in self.pair.bought:
            product = terms.product
            if product.replaced_by:
                found[product.pk] = ("replaced", product.replaced_by.name)
            elif product.state == Product.State.DISCONTINUED:
                found[product.pk] = ("discontinued", "")
            elif product.pk in self.sleeping:
                found[product.pk] = ("snoozed", self.sleeping[product.pk].isoformat())
            elif product.pk not in self.forecasts:
                found[product.pk] = ("not_forecast", "")
        return found

    def available(self, product_id: int) -> int:
        aside = self.aside.get(Place(self.pair.warehouse.pk, product_id), 0)
        return self.kept.get(product_id, 0) - aside

    def positions(self) -> dict[int, int]:
        return {
            terms.product_id: self.available(terms.product_id)
            + sum(quantity for _day, quantity in self.coming.get(terms.product_id, []))
            for terms in self.pair.bought
        }

    def runs_out_on(self) -> dict[int, date | None]:
        return {
            product_id: first_day_without(self.run.known_to, forecast.mean, self.available(product_id))
            for product_id, forecast in self.forecasts.items()
        }

    def item(
        self,
        terms: SupplierProduct,
        prices: _Prices,
        breaks: list[queries.PriceBreak],
        policies: Policies,
        lead: tuple[int, float],
        review: int,
    ) -> Item:
        from replenishment.engine.types import Break, Item

        product, forecast = terms.product, self.forecasts[terms.product_id]
        until = self.gap + lead[0] + review
        dispersion, level_error = _spread(forecast, until)
        unit_cost = prices.of(terms.unit_cost)
        holding, shortage = _costs(product, unit_cost, prices, policies, review)
        return Item(
            key=terms.product_id,
            supplier=self.pair.supplier.pk,
            mean=_means(forecast, until + _LOOK_AHEAD),
            dispersion=dispersion,
            level_error=level_error,
            gap=self.gap,
            lead=lead[0],
            lead_sd=lead[1],
            review=review,
            in_whole_units=not product.has_decimals and terms.pack % QUANTITY_SCALE == 0,
            on_hand=self.kept.get(terms.product_id, 0),
            committed=self.aside.get(Place(self.pair.warehouse.pk, terms.product_id), 0),
            arrivals=self._arrivals(terms.product_id),
            unit_cost=unit_cost,
            holding=holding,
            shortage=shortage,
            pack=terms.pack,
            minimum_quantity=terms.minimum_quantity,
            breaks=tuple(Break(one.minimum_quantity, prices.of(one.unit_cost)) for one in breaks),
            shelf_life=product.shelf_life_days,
        )

    def _arrivals(self, product_id: int) -> tuple[tuple[int, int], ...]:
        """Days from now; what is late may come any day, so the next one is as good a guess as any."""
        found = []
        for day, quantity in self.coming.get(product_id, []):
            days = (day - self.planned_on).days if day else 1
            found.append((max(days, 1), quantity))
        return tuple(found)


def _means(forecast: Forecast, days: int) -> tuple[float, ...]:
    return tuple(max(0.0, float(mean)) for mean in forecast.mean[:days])


def _spread(forecast: Forecast, days: int) -> tuple[float, float]:
    """(dispersion of a day, error of the level) to plan for.

    They are those that give the forecast's own quantiles of sums, of which the share is kept that has
    proved itself: the rest are spikes that no stock is kept for, see engine.calibrate.
    """
    from replenishment.engine.calibrate import GENERAL
    from replenishment.engine.demand import spread_of_sums

    found = []
    for length in (days, _LONG * days):
        points = forecast.sum_quantiles(length, _LEVELS)
        middle = sum(points) / len(points)
        found += [forecast.expected(length), sum((point - middle) ** 2 for point in points) / len(points)]
    dispersion, level_error = spread_of_sums(*found)
    share, _dial = GENERAL
    return 1 + share * (dispersion - 1), share**0.5 * level_error


def _costs(
    product: Product, unit_cost: int, prices: _Prices, policies: Policies, review: int
) -> tuple[float, float]:
    """(holding a day, shortage) of one stock unit in minor units, the latter as the plan counts it."""
    from replenishment.engine.calibrate import GENERAL

    cost = unit_cost / PRICE_SCALE
    rates = policies.rates(product)
    price = prices.net_price(product)
    margin = 0.0 if price is None else max(0.0, price / PRICE_SCALE - cost)
    # Goods without cost and price still should not run out.
    shortage = margin + rates.goodwill / _PERCENT * cost or 1.0
    shortage *= GENERAL[1]
    holding = rates.holding / _PERCENT / 365 * cost
    return max(holding, shortage * (1 - _HIGHEST_RATIO) / _HIGHEST_RATIO / review), shortage
