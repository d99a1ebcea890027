"""What an order costs: unit prices with their breaks, freight, tax, and the shop's own currency.

All amounts of an order are in its currency. Tax is reckoned on the sum of each rate's lines, with
the freight shared out over them in proportion to their net value, and rounded once per rate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch
from django.utils import timezone
from django.utils.translation import gettext as _

from catalog.models import CurrencyRate, PriceBreak, Product, Supplier, SupplierProduct
from common.errors import Conflict
from common.units import RATE_SCALE, converted, round_half_even
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from tenancy.context import current_shop

PERCENT_SCALE = 100_00  # hundredths of a percent


# ---- prices --------------------------------------------------------------------------------------


def terms_with_breaks(supplier_id: int, product_ids: Iterable[int]) -> dict[int, SupplierProduct]:
    """A supplier's terms for some products, with their price breaks. Two queries."""
    breaks = Prefetch("breaks", PriceBreak.objects.order_by("minimum_quantity"))
    terms = SupplierProduct.objects.filter(supplier=supplier_id, product__in=list(product_ids))
    return {term.product_id: term for term in terms.prefetch_related(breaks)}


def price_at(terms: SupplierProduct, quantity: int) -> int:
    """The unit cost of a line of `quantity`: that of the highest price break it reaches."""
    price = terms.unit_cost
    for step in sorted(terms.breaks.all(), key=lambda step: step.minimum_quantity):
        if quantity >= step.minimum_quantity:
            price = step.unit_cost
    return price


def freight_for(supplier: Supplier, net: int) -> int:
    """The supplier's freight for goods worth `net`; nothing from its threshold on, and for nothing."""
    threshold = supplier.free_freight_from
    is_free = net == 0 or (threshold is not None and net >= threshold)
    return 0 if is_free else supplier.freight


# ---- totals --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tax:
    rate: int  # hundredths of a percent, > 0
    amount: int


@dataclass(frozen=True, slots=True)
class Totals:
    """Minor units of one currency."""

    net: int
    freight: int
    taxes: tuple[Tax, ...]

    @property
    def tax(self) -> int:
        return sum(tax.amount for tax in self.taxes)

    @property
    def total(self) -> int:
        return self.net + self.freight + self.tax


def add_up(amounts: Iterable[tuple[int, int]], freight: int) -> Totals:
    """Totals of lines given as (net amount, tax rate)."""
    by_rate: dict[int, int] = defaultdict(int)
    for amount, rate in amounts:
        by_rate[rate] += amount
    net = sum(by_rate.values())
    taxes = []
    for rate, base in sorted(by_rate.items()):
        if rate:
            # The base with its share of the freight, base * (net + freight) / net, unrounded.
            carried, divisor = (base * (net + freight), net) if net else (base, 1)
            taxes.append(Tax(rate, round_half_even(carried * rate, divisor * PERCENT_SCALE)))
    return Totals(net, freight, tuple(taxes))


def totals_of(order: PurchaseOrder, lines: Iterable[PurchaseOrderLine] | None = None) -> Totals:
    """What the order comes to. A draft follows the catalogue's taxes and the supplier's freight."""
    lines = list(order.lines.all() if lines is None else lines)
    net = sum(line.amount for line in lines)
    freight = freight_for(order.supplier, net) if order.is_draft else order.freight
    return add_up(((line.amount, tax_of(order, line)) for line in lines), freight)


def tax_of(order: PurchaseOrder, line: PurchaseOrderLine) -> int:
    return tax_now(line.product) if order.is_draft else line.tax_rate


def tax_now(product: Product) -> int:
    """The tax at which the product is bought now, hundredths of a percent."""
    return product.purchase_tax.rate if product.purchase_tax else 0


# ---- the shop's currency -------------------------------------------------------------------------


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
    rate: int  # see common.units.RATE_SCALE
    day: date


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


def in_own_currency(order: PurchaseOrder, amount: int, rates: dict[str, Rate]) -> int | None:
    """An amount of the order in the shop's currency, at the order's rate; a draft's at today's.

    None where a draft's currency has no rate yet.
    """
    if order.approved_at is not None:
        rate = order.rate
    elif known := rates.get(order.currency):
        rate = known.rate
    else:
        return None
    return converted(amount, rate, currency=order.currency, into=current_shop().currency)


def value_of(order: PurchaseOrder, rates: dict[str, Rate]) -> int | None:
    """What the order is worth in the shop's currency: goods and freight, without tax."""
    totals = totals_of(order)
    return in_own_currency(order, totals.net + totals.freight, rates)


def ledger_unit_cost(order: PurchaseOrder, line: PurchaseOrderLine) -> int:
    """What one stock unit of the line enters the ledger at: net, without freight, at the order's rate.

    Ten-thousandths of a minor unit of the shop's currency.
    """
    return converted(line.unit_cost, order.rate, currency=order.currency, into=current_shop().currency)
