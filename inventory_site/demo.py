"""The demo: a shop with real sales, invented suppliers and stock that never contradicts the sales.

Each step looks for what it made before, so that a demo that was interrupted is completed by the
next call, and a complete one is left as it is. Dates hang on the day the shop was made.
"""

from __future__ import annotations

import csv
import gzip
import io
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from catalog.models import Category, Product, Supplier, SupplierProduct, Warehouse
from common.dates import moment
from common.units import QUANTITY_SCALE
from inventory_site.demo_catalogue import RANGES, SUPPLIERS, range_of, title_case
from stock.models import Kind, SalesImport
from stock.services import ledger, sales_import
from tenancy.context import shop_scope
from tenancy.demo import DEMO_LOGINS, DEMO_PASSWORD
from tenancy.models import Membership, Shop, User
from tenancy.permissions import Role
from tenancy.services import add_user, create_shop

SALES_FILE = Path(__file__).parent / "demo_data" / "online_retail_cut.csv.gz"
MARKER = "demo"  # a file in VAR_DIR: this installation shows the demo's log-ins

NEIGHBOUR_OWNER = "owner@fern-fold.example"
# Stock of the demo is kept for this many days up to its last sale.
STOCK_DAYS = 28
# Deliveries came in the morning of these days after the opening.
DELIVERIES = (8, 18)
_SEED = 20101201
_PRICE = 1_000_000  # ten-thousandths of a penny in a pound


@dataclass(slots=True)
class Item:
    """A product of the file, as its sales show it."""

    sku: str
    names: Counter[str] = field(default_factory=Counter)
    prices: Counter[int] = field(default_factory=Counter)
    sold: Counter[date] = field(default_factory=Counter)  # whole units by day, already moved

    def sold_before(self, day: date) -> int:
        return sum(units for when, units in self.sold.items() if when < day)


@dataclass(frozen=True, slots=True)
class Supply:
    """Whole units on the opening morning and with each delivery."""

    opening: int
    deliveries: tuple[int, ...]


def build() -> list[tuple[str, str, str]]:
    """Make what is missing of the demo; the log-ins as (role, e-mail, password)."""
    shop = _shop("Marlow Lane Gifts", "marlow-lane", DEMO_LOGINS[0].email, "Ines Marlow")
    _people(shop)
    _stocked_shop(shop)
    neighbour = _shop("Fern & Fold Paper", "fern-fold", NEIGHBOUR_OWNER, "Tom Fern")
    with shop_scope(neighbour):
        _small_stock()
    (settings.VAR_DIR / MARKER).touch()
    logins = [(login.role.value, login.email, login.password) for login in DEMO_LOGINS]
    return [*logins, (Role.OWNER.value, NEIGHBOUR_OWNER, DEMO_PASSWORD)]


# ---- people and shops ------------------------------------------------------------------------


def _shop(name: str, slug: str, owner_email: str, owner_name: str) -> Shop:
    owner = _user(owner_email, owner_name)
    found = Shop.objects.filter(slug=slug).first()
    return found or create_shop(
        name=name, slug=slug, owner=owner, currency="GBP", time_zone="Europe/London", reply_to=owner_email
    )


def _people(shop: Shop) -> None:
    names = {Role.MANAGER: "Priya Shah", Role.CLERK: "Ben Oakes", Role.VIEWER: "Ada Quill"}
    for login in DEMO_LOGINS[1:]:
        user = _user(login.email, names[login.role])
        Membership.objects.get_or_create(shop=shop, user=user, defaults={"role": login.role})


def _user(email: str, name: str) -> User:
    return User.objects.filter(email=email).first() or add_user(email, DEMO_PASSWORD, name=name)


# ---- the shop with real sales ----------------------------------------------------------------


def _stocked_shop(shop: Shop) -> None:
    made_on = shop.created_at.astimezone(shop.zone).date()
    rows = _moved_rows(made_on)
    items = _items(rows)
    last = max(day for item in items.values() for day in item.sold)
    opening = last - timedelta(days=STOCK_DAYS - 1)
    with shop_scope(shop):
        warehouse = _warehouse(opening)
        products = _catalogue(items)
        _stock(items, products, warehouse, opening)
    _import(shop, warehouse, rows)
    _night(shop)


def _moved_rows(made_on: date) -> list[list[str]]:
    """The file's rows, header first, moved by whole weeks so that they end last week."""
    with gzip.open(SALES_FILE, "rt", newline="") as text:
        header, *rows = csv.reader(text)
    at = header.index("InvoiceDate")
    moments = [datetime.strptime(row[at], "%m/%d/%Y %H:%M").replace(tzinfo=UTC) for row in rows]
    weeks = (made_on - timedelta(days=1) - max(moments).date()).days // 7
    for row, when in zip(rows, moments, strict=True):
        row[at] = (when + timedelta(weeks=weeks)).strftime("%Y-%m-%d %H:%M")
    return [header, *rows]


def _items(rows: list[list[str]]) -> dict[str, Item]:
    header, *lines = rows
    place = {name: number for number, name in enumerate(header)}
    items: dict[str, Item] = {}
    for line in lines:
        units, price = int(line[place["Quantity"]]), round(float(line[place["UnitPrice"]]) * _PRICE)
        if units <= 0 or price <= 0:
            continue
        sku = line[place["StockCode"]].upper()
        item = items.setdefault(sku, Item(sku))
        item.names[line[place["Description"]]] += 1
        item.prices[price] += 1
        item.sold[date.fromisoformat(line[place["InvoiceDate"]][:10])] += units
    return dict(sorted(items.items()))


def _warehouse(opening: date) -> Warehouse:
    return Warehouse.objects.update_or_create(
        code="MAIN",
        defaults={
            "name": "High Street",
            "address": "Marlow Lane Gifts\n14 High Street\nMarlow SL7 1AA",
            "opening_date": opening,
        },
    )[0]


def _catalogue(items: dict[str, Item]) -> dict[str, Product]:
    if not Product.objects.exists():
        _make_catalogue(items)
    return {product.sku: product for product in Product.objects.all()}


def _make_catalogue(items: dict[str, Item]) -> None:
    chance = random.Random(_SEED)  # noqa: S311 - for variety, the same each time
    categories = {
        name: Category.objects.create(name=name) for name in dict.fromkeys(each.category for each in RANGES)
    }
    suppliers = {
        terms.name: Supplier.objects.create(
            name=terms.name,
            email=terms.email,
            address=terms.address,
            lead_time_days=terms.lead_time_days,
            review_days=terms.review_days,
            minimum_order_value=terms.minimum * 100,
            order_cost=terms.order_cost * 100,
        )
        for terms in SUPPLIERS
    }
    made = []
    for item in items.values():
        name = title_case(item.names.most_common(1)[0][0])
        price = item.prices.most_common(1)[0][0]
        cost = round(price * chance.uniform(0.45, 0.60), -4)  # whole pennies
        belongs = range_of(name)
        product = Product(
            sku=item.sku, name=name, category=categories[belongs.category], price=price, cost=cost
        )
        made.append((product, belongs, _pack(price, chance)))
    Product.objects.bulk_create([product for product, _range, _units in made])
    SupplierProduct.objects.bulk_create(
        SupplierProduct(
            supplier=suppliers[belongs.supplier],
            product=product,
            supplier_code=f"{belongs.prefix}-{product.sku}",
            unit_cost=product.cost or 0,
            pack=pack * QUANTITY_SCALE,
            minimum_quantity=pack * QUANTITY_SCALE,
        )
        for product, belongs, pack in made
    )


def _pack(price: int, chance: random.Random) -> int:
    """Units in a pack: cheap goods come by the dozen, dear ones by the piece."""
    if price < 1 * _PRICE:
        return chance.choice((12, 24))
    if price < 3 * _PRICE:
        return chance.choice((6, 12))
    return chance.choice((2, 4, 6)) if price < 8 * _PRICE else chance.choice((1, 2))


def _stock(items: dict[str, Item], products: dict[str, Product], warehouse: Warehouse, opening: date) -> None:
    """Opening stock and past deliveries; posting them again changes nothing."""
    supplies = _supplies(items, opening)
    zone = warehouse.shop.zone
    arrivals = [(Kind.OPENING, "demo:opening", "Stock-taking", opening, 0)]
    for number, days in enumerate(DELIVERIES, 1):
        arrivals.append(
            (
                Kind.RECEIPT,
                f"demo:delivery:{number}",
                f"Delivery {number}",
                opening + timedelta(days=days),
                number,
            )
        )
    for kind, key, document, day, number in arrivals:
        units = {
            sku: supply.deliveries[number - 1] if number else supply.opening
            for sku, supply in supplies.items()
        }
        lines = [
            ledger.Line(products[sku].pk, warehouse.pk, count * QUANTITY_SCALE, unit_cost=products[sku].cost)
            for sku, count in units.items()
            if count
        ]
        ledger.post(kind=kind, key=key, lines=lines, at=moment(day, time(7, 30), zone), document=document)


def _supplies(items: dict[str, Item], opening: date) -> dict[str, Supply]:
    """Enough for every sale from the opening on, and what is left over today: little of some.

    Goods that arrive on a day can be sold on it, so what is there before each delivery covers the
    sales up to the evening before.
    """
    chance = random.Random(_SEED)  # noqa: S311
    packs = dict(SupplierProduct.objects.values_list("product__sku", "pack"))
    supplies = {}
    for sku, item in items.items():
        pack = packs[sku] // QUANTITY_SCALE
        earlier = item.sold_before(opening)
        before = [item.sold_before(opening + timedelta(days=days)) - earlier for days in DELIVERIES]
        sold = sum(item.sold.values()) - earlier
        weekly = max(1.0, (sum(item.sold.values()) - item.sold_before(opening - timedelta(weeks=8))) / 12)
        # A third is about to run out, the others last for some weeks more.
        weeks = chance.uniform(0.2, 1.2) if chance.random() < 0.35 else chance.uniform(4, 12)
        total = sold + round(weekly * weeks)
        second = int((total - before[1]) * 0.8) // pack * pack
        first = int((total - second - before[0]) * 0.7) // pack * pack
        supplies[sku] = Supply(total - first - second, (first, second))
    return supplies


def _import(shop: Shop, warehouse: Warehouse, rows: list[list[str]]) -> None:
    """Bring the sales through the import that people use."""
    scope = partial(shop_scope, shop)
    with scope():
        try:
            made = sales_import.upload(
                warehouse=warehouse, file_name="marlow-lane-sales.csv", chunks=_as_csv(rows)
            )
        except sales_import.KnownFile as known:
            made = known.sales_import
        if made.state == SalesImport.State.UPLOADED:
            sales_import.begin_posting(made)
    sales_import.post_import(made.pk, scope=scope, progress=lambda _done, _total, _text: None)


def _as_csv(rows: list[list[str]]) -> Iterator[bytes]:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    yield text.getvalue().encode()


def _night(shop: Shop) -> None:
    """One finished night; later ones are the worker's."""
    # Brings the statistics libraries along, which nothing else here needs.
    from forecasting.models import ForecastRun
    from inventory_site.night import latest_business_date, run_night

    with shop_scope(shop, write=False):
        if ForecastRun.objects.filter(finished_at__isnull=False).exists():
            return
    run_night(shop, latest_business_date(shop))


# ---- the neighbour ---------------------------------------------------------------------------


def _small_stock() -> None:
    """A second shop, so that one can see that the first is not seen from it."""
    if Product.objects.exists():
        return
    warehouse, _made = Warehouse.objects.update_or_create(
        code="MAIN",
        defaults={
            "name": "Studio",
            "opening_date": timezone.localdate(),
            "address": "Fern & Fold Paper\nLewes",
        },
    )
    paper = [
        ("FF-01", "Washi Paper, Indigo Waves", "4.20", 60),
        ("FF-02", "Washi Paper, Red Cranes", "4.20", 48),
        ("FF-03", "Linen Notebook A5", "11.50", 25),
        ("FF-04", "Linen Notebook A6", "8.00", 30),
        ("FF-05", "Brush Pen, Black", "3.60", 80),
        ("FF-06", "Bone Folder", "6.90", 12),
    ]
    lines = []
    for sku, name, price, units in paper:
        amount = round(float(price) * _PRICE)
        product = Product.objects.create(sku=sku, name=name, price=amount, cost=amount // 2)
        lines.append(ledger.Line(product.pk, warehouse.pk, units * QUANTITY_SCALE, unit_cost=product.cost))
    ledger.post(kind=Kind.OPENING, key="demo:opening", lines=lines, document="Stock-taking")
