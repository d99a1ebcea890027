"""What an order comes to: freight, tax, and its value in the shop's own currency.

All amounts of an order are in its currency. Tax is reckoned on the sum of each rate's lines, with
the freight shared out over them in proportion to their net value, and rounded once per rate.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from catalog.models import Product, Supplier
from catalog.prices import Rate
from common.units import PERCENT_SCALE, converted, round_half_even
from purchasing.models import PurchaseOrder, PurchaseOrderLine
from tenancy.context import current_shop


def freight_for(supplier: Supplier, net: int) -> int:
    """The supplier's freight for goods worth `net`; nothing from its threshold on, and for nothing."""
    threshold = supplier.free_freight_from
    is_free = net == 0 or (threshold is not None and net >= threshold)
    return 0 if is_free else supplier.freight


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
