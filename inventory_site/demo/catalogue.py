"""The demo's products, suppliers and terms, invented around its real sales."""

from __future__ import annotations

import random
from datetime import date

from catalog.models import (
    Category,
    CurrencyRate,
    PriceBreak,
    Product,
    Supplier,
    SupplierProduct,
    TaxRate,
)
from common.units import QUANTITY_SCALE, RATE_SCALE, read_rate, round_half_even
from inventory_site.demo.invented import (
    BOOKS,
    EURO_RATE,
    RANGES,
    SUPPLIERS,
    SupplierTerms,
    range_of,
    title_case,
)
from inventory_site.demo.sales import POUND, Item

_SEED = 20101201
PENNY = 10_000  # or cent: price lists know no smaller parts


def catalogue(items: dict[str, Item], opening: date) -> dict[str, Product]:
    if not Product.objects.exists():
        _make(items, opening)
    return {product.sku: product for product in Product.objects.all()}


def _make(items: dict[str, Item], opening: date) -> None:
    chance = random.Random(_SEED)  # noqa: S311 - for variety, the same each time
    categories = {
        name: Category.objects.create(name=name) for name in dict.fromkeys(each.category for each in RANGES)
    }
    suppliers = {terms.name: (_supplier(terms), terms) for terms in SUPPLIERS}
    vat = TaxRate.objects.create(name="VAT", rate=20_00)
    none = TaxRate.objects.create(name="Zero rate", rate=0)
    euro = CurrencyRate.objects.create(currency="EUR", day=opening, rate=read_rate(EURO_RATE))
    made = []
    for item in items.values():
        name = title_case(item.names.most_common(1)[0][0])
        price = item.prices.most_common(1)[0][0]
        cost = round(price * chance.uniform(0.45, 0.60), -4)  # whole pennies
        belongs = range_of(name)
        rate = none if BOOKS.search(name) else vat
        product = Product(
            sku=item.sku,
            name=name,
            category=categories[belongs.category],
            price=price,
            cost=cost,
            sales_tax=rate,
            purchase_tax=rate,
        )
        made.append((product, belongs, _pack(price, chance)))
    Product.objects.bulk_create([product for product, _range, _units in made])
    terms = [
        _terms(product, suppliers[belongs.supplier][0], belongs.prefix, pack, euro)
        for product, belongs, pack in made
    ]
    SupplierProduct.objects.bulk_create(terms)
    PriceBreak.objects.bulk_create(
        PriceBreak(
            terms=each,
            minimum_quantity=packs * each.pack,
            unit_cost=round_half_even(each.unit_cost * percent, 100 * PENNY) * PENNY,
        )
        for each in terms
        for packs, percent in suppliers[each.supplier.name][1].breaks
    )


def _supplier(terms: SupplierTerms) -> Supplier:
    return Supplier.objects.create(
        name=terms.name,
        email=terms.email,
        contact_name=terms.contact,
        phone=terms.phone,
        address=terms.address,
        currency=terms.currency,
        lead_time_days=terms.lead_time_days,
        review_days=terms.review_days,
        order_days=list(terms.order_days),
        order_cut_off=terms.cut_off,
        minimum_order_value=terms.minimum * 100,
        freight=terms.freight * 100,
        free_freight_from=terms.free_freight_from and terms.free_freight_from * 100,
        order_cost=terms.order_cost * 100,
    )


def _terms(
    product: Product, supplier: Supplier, prefix: str, pack: int, euro: CurrencyRate
) -> SupplierProduct:
    cost = product.cost or 0
    if supplier.currency:
        cost = int(round(cost * RATE_SCALE / euro.rate, -4))  # whole cents
    return SupplierProduct(
        supplier=supplier,
        product=product,
        supplier_code=f"{prefix}-{product.sku}",
        unit_cost=cost,
        pack=pack * QUANTITY_SCALE,
        minimum_quantity=pack * QUANTITY_SCALE,
    )


def _pack(price: int, chance: random.Random) -> int:
    """Units in a pack: cheap goods come by the dozen, dear ones by the piece."""
    if price < 1 * POUND:
        return chance.choice((12, 24))
    if price < 3 * POUND:
        return chance.choice((6, 12))
    return chance.choice((2, 4, 6)) if price < 8 * POUND else chance.choice((1, 2))
