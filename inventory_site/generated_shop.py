"""A shop with generated data, for measuring: many products, stock of each, and past movements.

Equal arguments give equal shops, apart from the token. Products are inserted in bulk; stock and
movements go through the ledger, so that what is measured is what the application itself makes.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from django.db import transaction
from django.utils import timezone

from catalog.models import Category, Product, Supplier, SupplierProduct, Warehouse
from common.errors import Conflict
from common.units import QUANTITY_SCALE
from stock.models import Kind
from stock.services import ledger
from tenancy.context import shop_scope
from tenancy.models import Membership, Shop, User
from tenancy.permissions import Role
from tenancy.services import add_user, create_shop
from tenancy.services.tokens import create_token

WAREHOUSES = (("MAIN", "Main"), ("BACK", "Back room"))
PASSWORD = "twelve quiet herons"  # noqa: S105 - of a shop that holds nothing real
OPENING_UNITS = 1_000
# Movements lie within so many days before now.
PAST_DAYS = 365

_BATCH = 5_000
_CATEGORIES = 20
_SUPPLIERS = 10
_COLOURS = (
    "Amber Ash Birch Blue Brass Bright Cedar Clay Copper Coral Cream Dusk Elm Fern Fog Gold Green Grey"
    " Hazel Indigo Iron Ivory Jade Lemon Linen Maple Mint Moss Navy Oak Olive Pearl Pine Plum Red Rose"
    " Rust Sage Sand Silver Slate Snow Stone Teal Thyme Tin Umber Violet Walnut White"
)
_THINGS = (
    "Apron Basket Bowl Box Candle Card Chest Cup Dish Frame Hook Jar Jug Lamp Mat Mug Plate Tin Tray Vase"
)


@dataclass(frozen=True, slots=True)
class Made:
    shop: Shop
    secret: str
    warehouses: list[str]
    products: int


@transaction.atomic
def make_shop(*, slug: str, products: int, movements: int, seed: int) -> Made:
    """All or nothing. Raises Conflict where the address is taken, BadInput where it is none."""
    if Shop.objects.filter(slug=slug).exists():
        raise Conflict(f"There is a shop “{slug}” already; choose another --slug.")
    shop = create_shop(
        name=slug.replace("-", " ").title(),
        slug=slug,
        currency="GBP",
        time_zone="Europe/London",
        product_limit=max(200_000, products),
    )
    email = f"owner@{slug}.example"
    owner = User.objects.filter(email=email).first() or add_user(email, PASSWORD, name="Owner")
    member = Membership.objects.create(shop=shop, user=owner, role=Role.OWNER)
    chance = random.Random(seed)  # noqa: S311 - the same each time is the point
    now = timezone.now().replace(microsecond=0)
    begins = now - timedelta(days=PAST_DAYS)
    with shop_scope(shop):
        _token, secret = create_token(name="Measuring", role=Role.MANAGER, expires_at=None, actor=member)
        opening = begins.astimezone(shop.zone).date()
        places = [
            Warehouse.objects.update_or_create(code=code, defaults={"name": name, "opening_date": opening})[0]
            for code, name in WAREHOUSES
        ]
        ids = _make_products(products, chance)
        _open_stock(ids, places[0], begins, chance)
        _move(ids, places[0], movements, begins, chance)
    return Made(shop, secret, [place.code for place in places], len(ids))


def _make_products(count: int, chance: random.Random) -> list[int]:
    categories = [Category.objects.create(name=f"Category {n:02}") for n in range(1, _CATEGORIES + 1)]
    suppliers = [
        Supplier.objects.create(
            name=f"Supplier {n:02}",
            email=f"orders{n}@supplier.example",
            lead_time_days=3 + n,
            minimum_order_value=10_000,
            order_cost=1_000,
        )
        for n in range(1, _SUPPLIERS + 1)
    ]
    ids: list[int] = []
    for start in range(0, count, _BATCH):
        batch = [
            _product(number, categories[number % _CATEGORIES], chance)
            for number in range(start + 1, min(start + _BATCH, count) + 1)
        ]
        Product.objects.bulk_create(batch)
        SupplierProduct.objects.bulk_create(
            SupplierProduct(
                supplier=suppliers[product.pk % _SUPPLIERS],
                product=product,
                unit_cost=product.cost or 0,
                pack=chance.choice((1, 6, 12)) * QUANTITY_SCALE,
            )
            for product in batch
        )
        ids += [product.pk for product in batch]
    return ids


def _product(number: int, category: Category, chance: random.Random) -> Product:
    price = chance.randrange(100, 5_000) * 10_000  # whole pennies
    colours, things = _COLOURS.split(), _THINGS.split()
    name = f"{chance.choice(colours)} {chance.choice(colours)} {chance.choice(things)} {number}"
    return Product(
        sku=f"SKU-{number:06}", name=name, category=category, price=price, cost=price // 2 // 10_000 * 10_000
    )


def _open_stock(ids: list[int], warehouse: Warehouse, at: datetime, chance: random.Random) -> None:
    for start in range(0, len(ids), _BATCH):
        lines = [
            ledger.Line(
                product_id,
                warehouse.pk,
                OPENING_UNITS * QUANTITY_SCALE,
                unit_cost=chance.randrange(50, 2_500) * 10_000,
            )
            for product_id in ids[start : start + _BATCH]
        ]
        ledger.post(kind=Kind.OPENING, key=f"made:opening:{start}", lines=lines, at=at)


def _move(ids: list[int], warehouse: Warehouse, count: int, begins: datetime, chance: random.Random) -> None:
    """Sales and receipts in turn, so that stock neither runs out nor grows without end.

    Few products have most of the movements, as in a real shop.
    """
    pairs = _movements(ids, warehouse, count, begins, chance)
    number = 0
    while batch := list(islice(pairs, _BATCH)):
        for kind in (Kind.RECEIPT, Kind.SALE):
            lines = [line for of, line in batch if of == kind]
            if lines:
                latest = max(line.at for line in lines if line.at is not None)
                ledger.post(
                    kind=kind, key=f"made:{kind}:{number}", lines=lines, at=latest, policy="sale_import"
                )
        number += 1


def _movements(
    ids: list[int], warehouse: Warehouse, count: int, begins: datetime, chance: random.Random
) -> Iterator[tuple[Kind, ledger.Line]]:
    step = timedelta(days=PAST_DAYS) / max(count, 1)
    for number in range(count):
        product_id = ids[int(len(ids) * chance.random() ** 3)]
        kind = Kind.RECEIPT if number % 5 == 0 else Kind.SALE
        units = 8 if kind == Kind.RECEIPT else chance.randrange(1, 4)
        yield kind, ledger.Line(product_id, warehouse.pk, units * QUANTITY_SCALE, at=begins + step * number)
