"""What goods cost and what they sell for: price breaks, exchange rates, margins.

Unit costs and prices are in ten-thousandths of a minor unit. A supplier's terms are in its own
currency; products are in the shop's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import CurrencyRate, PriceBreak, Product, SupplierProduct
from common.errors import Conflict
from common.units import PERCENT_SCALE, RATE_SCALE, round_half_even
from tenancy.context import current_shop
from tenancy.models import Shop

# ---- what suppliers ask --------------------------------------------------------------------------


def terms_with_breaks(supplier_id: int, product_ids: Iterable[int]) -> dict[int, SupplierProduct]:
    """A supplier's terms for some products, with their price breaks. Two queries."""
    breaks = Prefetch("breaks", PriceBreak.objects.order_by("minimum_quantity"))
    terms = SupplierProduct.objects.filter(supplier=supplier_id, product__in=list(product_ids))
    return {term.product_id: term for term in terms.prefetch_related(breaks)}


def price_at(terms: SupplierProduct, quantity: int) -> int:
    """The unit cost of a line of `quantity` (thousandths): that of the highest price break it reaches."""
    price = terms.unit_cost
    for step in sorted(terms.breaks.all(), key=lambda step: step.minimum_quantity):
        if quantity >= step.minimum_quantity:
            price = step.unit_cost
    return price


# ---- exchange rates ------------------------------------------------------------------------------


# A rate is typed by hand; after a month somebody should look whether it still holds.
RATE_GROWS_OLD = timedelta(days=31)


class NoRate(Conflict):
    """The owner has typed no rate for a currency that an order needs."""

    code = "no_rate"

    def __init__(self, currency: str) -> None:
        self.currency = currency
        super().__init__(
            _("No exchange rate is known for %(currency)s: enter first what one costs in %(own)s.")
            % {"currency": currency, "own": current_shop().currency}
        )


@dataclass(frozen=True, slots=True)
class Rate:
    """What a unit of a currency costs in the shop's, and the day from which it holds."""

    rate: int  # see common.units.RATE_SCALE
    day: date

    def is_old(self, today: date) -> bool:
        return today - self.day > RATE_GROWS_OLD


def rates_by_currency(day: date | None = None) -> dict[str, Rate]:
    """The latest rate of each currency on or before a day, today if none is given. One query.

    The shop's own currency is among them, at 1.
    """
    day = day or timezone.localdate(timezone=current_shop().zone)
    rows = CurrencyRate.objects.filter(day__lte=day).order_by("currency", "day")
    known = {row.currency: Rate(row.rate, row.day) for row in rows}
    return known | {current_shop().currency: Rate(RATE_SCALE, day)}


def rate_for(currency: str, day: date) -> Rate:
    """Raises NoRate where none is known on or before `day`."""
    if rate := rates_by_currency(day).get(currency):
        return rate
    raise NoRate(currency)


# ---- what remains --------------------------------------------------------------------------------


def net_price(product: Product, shop: Shop) -> int | None:
    """The selling price without tax, in ten-thousandths of a minor unit; None where there is no price."""
    if product.price is None or not shop.prices_include_tax or product.sales_tax is None:
        return product.price
    return round_half_even(product.price * PERCENT_SCALE, PERCENT_SCALE + product.sales_tax.rate)


@dataclass(frozen=True, slots=True)
class Margin:
    """What remains of the net price above the cost; per stock unit, both without tax."""

    net_price: int
    cost: int

    @property
    def amount(self) -> int:
        return self.net_price - self.cost

    @property
    def percent(self) -> int | None:
        """Of the net price, in hundredths of a percent rounded to whole percents."""
        return 100 * round_half_even(100 * self.amount, self.net_price) if self.net_price else None


def margin_of(product: Product, shop: Shop) -> Margin | None:
    """None where the price or the cost is not known."""
    price = net_price(product, shop)
    return None if price is None or product.cost is None else Margin(price, product.cost)
