"""The demo: a shop with real sales, invented suppliers and stock that never contradicts the sales.

Each step looks for what it made before, so that a demo that was interrupted is completed by the
next call, and a complete one is left as it is. Dates hang on the day the shop was made.
"""

from __future__ import annotations

from datetime import date, timedelta

from django.conf import settings
from django.contrib.auth.models import Permission
from django.utils import timezone

from catalog.models import Product, Warehouse
from common.units import QUANTITY_SCALE
from imports import services as imports
from inventory_site.demo.catalogue import catalogue
from inventory_site.demo.invented import SHOP_PAPERS
from inventory_site.demo.sales import POUND, as_csv, items_of, moved_rows
from inventory_site.demo.stock import STOCK_DAYS, stock_up
from stock.models import Kind
from stock.services import ledger
from tenancy.context import shop_scope
from tenancy.demo import DEMO_LOGINS, DEMO_PASSWORD
from tenancy.models import Membership, Shop, User
from tenancy.permissions import Role
from tenancy.services import add_user, create_shop

MARKER = "demo"  # a file in VAR_DIR: this installation shows the demo's log-ins

NEIGHBOUR_OWNER = "owner@fern-fold.example"


def build() -> list[tuple[str, str, str]]:
    """Make what is missing of the demo; the log-ins as (role, e-mail, password)."""
    shop = _shop("Marlow Lane Gifts", "marlow-lane", DEMO_LOGINS[0].email, "Ines Marlow")
    _let_open_shops(DEMO_LOGINS[0].email)
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
        name=name,
        slug=slug,
        owner=owner,
        currency="GBP",
        time_zone="Europe/London",
        reply_to=owner_email,
        contact_name=owner_name,
        **SHOP_PAPERS.get(slug, {}),
    )


def _let_open_shops(email: str) -> None:
    """Who looks at the demonstration wants to try a shop with files of their own."""
    may_add = Permission.objects.get(content_type__app_label="tenancy", codename="add_shop")
    _user(email, "").user_permissions.add(may_add)


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
    rows = moved_rows(made_on)
    items = items_of(rows)
    last = max(day for item in items.values() for day in item.sold)
    opening = last - timedelta(days=STOCK_DAYS - 1)
    with shop_scope(shop):
        warehouse = _warehouse(opening)
        products = catalogue(items, opening)
        stock_up(items, products, warehouse, opening)
    _import(shop, warehouse, rows)
    _night(shop)


def _warehouse(opening: date) -> Warehouse:
    return Warehouse.objects.update_or_create(
        code="MAIN",
        defaults={
            "name": "High Street",
            "address": "Marlow Lane Gifts\n14 High Street\nMarlow SL7 1AA",
            "opening_date": opening,
        },
    )[0]


def _import(shop: Shop, warehouse: Warehouse, rows: list[list[str]]) -> None:
    """Bring the sales through the import that people use."""
    with shop_scope(shop):
        try:
            made = imports.upload(
                kind="sales",
                file_name="marlow-lane-sales.csv",
                chunks=as_csv(rows),
                choices={"warehouse": warehouse},
                at_once=True,
            )
        except imports.KnownFile as known:
            made = known.file_import
        if made.state == imports.State.READY:
            imports.begin_posting(made)
        imports.post(made.pk, imports.AtOnce())


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
        amount = round(float(price) * POUND)
        product = Product.objects.create(sku=sku, name=name, price=amount, cost=amount // 2)
        lines.append(ledger.Line(product.pk, warehouse.pk, units * QUANTITY_SCALE, unit_cost=product.cost))
    ledger.post(kind=Kind.OPENING, key="demo:opening", lines=lines, document="Stock-taking")
