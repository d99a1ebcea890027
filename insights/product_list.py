"""The list of products: what is asked of it, a page of it, and what stands beside each product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Exists, F, OuterRef, QuerySet

from catalog.lookups import narrowed
from catalog.models import Category, Product, Supplier, SupplierProduct
from catalog.queries import find_products
from common.paging import cursor_at, read_cursor
from common.units import QUANTITY_SCALE
from forecasting.models import Forecast, ForecastRun
from forecasting.queries import latest_run, runs_out_on
from insights.low_stock import low_places
from stock.models import Balance, DemandMonth
from stock.queries import committed

ROWS_PER_PAGE = 50
SPARK_WEEKS = 8
# The heading says "more than" of longer lists: counting all would cost more than the page.
_MOST_LISTED = 10_000
_MOST_FOUND = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the list. state: of the product, blank is any. status: out, low or over."""

    search: str = ""
    state: str = Product.State.ACTIVE
    category: Category | None = None
    supplier: Supplier | None = None
    status: str = ""

    def products(self) -> QuerySet[Product]:
        found = find_products(self.search, active=None)
        if self.state:
            found = found.filter(state=self.state)
        if self.category:
            found = found.filter(category=self.category)
        if self.supplier:
            terms = SupplierProduct.objects.filter(supplier=self.supplier)
            found = found.filter(pk__in=terms.order_by().values("product"))
        if self.status == "out":
            return out_of_stock(found)
        if self.status == "low":
            return narrowed(found, _products(low_places()))
        if self.status == "over":
            return narrowed(found, _products(Balance.objects.filter(on_hand__gt=F("plenty"))))
        return found

    @property
    def most_counted(self) -> int:
        """Of what a search finds fewer are counted: each of them is looked for."""
        return _MOST_FOUND if self.search or self.status else _MOST_LISTED


def out_of_stock(products: QuerySet[Product]) -> QuerySet[Product]:
    """Those that were held and of which no warehouse has any."""
    there = Balance.objects.filter(product=OuterRef("pk"), on_hand__gt=0)
    return narrowed(products.filter(~Exists(there)), _products(Balance.objects.filter(on_hand__lte=0)))


def _products(rows: QuerySet) -> QuerySet:
    return rows.order_by().values_list("product_id", flat=True)


@dataclass(frozen=True, slots=True)
class ListPage:
    """Products in the order of SKUs, with the cursors of the pages before and after."""

    items: list[Product]
    earlier: str | None
    later: str | None


def page_of_products(
    products: QuerySet[Product], *, after: str = "", before: str = "", limit: int = ROWS_PER_PAGE
) -> ListPage:
    """A page by where another one ended, as quick at the end as at the beginning. BadInput for cursors of
    another list.
    """
    if before:
        last = read_cursor(before, str)[0]
        found = list(products.filter(sku_key__lt=last).order_by("-sku_key")[: limit + 1])
        items = found[:limit][::-1]
        return ListPage(items, _cursor(items[:1]) if len(found) > limit else None, _cursor(items[-1:]))
    if after:
        products = products.filter(sku_key__gt=read_cursor(after, str)[0])
    found = list(products.order_by("sku_key")[: limit + 1])
    items = found[:limit]
    return ListPage(
        items, _cursor(items[:1]) if after else None, _cursor(items[-1:]) if found[limit:] else None
    )


def _cursor(at: Sequence[Product]) -> str | None:
    return cursor_at(at[0].sku_key) if at else None


# ---- what stands beside a product ------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Row:
    """A product with its stock over all warehouses, thousandths.

    is_held: it was in stock at some time. cover: whole days until it runs out by the forecast, None
        beyond the forecast or without one. weeks: units sold in each of the last weeks, None where
        not every day is known.
    """

    product: Product
    is_held: bool
    on_hand: int
    available: int
    is_low: bool
    is_over: bool
    has_forecast: bool
    cover: int | None
    runs_out_on: date | None
    weeks: list[float | None]

    @property
    def status(self) -> str:
        """The word that the filter has for it; blank where nothing is to be done."""
        if self.is_held and self.on_hand <= 0:
            return "out"
        return "low" if self.is_low else "over" if self.is_over else ""


def rows_of(products: Sequence[Product], today: date) -> list[Row]:
    """In a fixed number of queries for a page of products."""
    ids = [product.pk for product in products]
    balances: dict[int, list[Balance]] = {}
    for balance in Balance.objects.filter(product__in=ids):
        balances.setdefault(balance.product_id, []).append(balance)
    aside: dict[int, int] = {}
    for place, quantity in committed(ids).items():
        aside[place.product_id] = aside.get(place.product_id, 0) + quantity
    low = set(low_places().filter(product__in=ids).values_list("product_id", flat=True))
    run = latest_run()
    means = _means(run, ids)
    weeks = _weeks_sold(ids, run.known_to if run else today)
    rows = []
    for product in products:
        held = balances.get(product.pk, [])
        on_hand = sum(balance.on_hand for balance in held)
        available = on_hand - aside.get(product.pk, 0)
        mean = means.get(product.pk)
        out = runs_out_on(run.known_to, mean, available) if run and mean else None
        rows.append(
            Row(
                product=product,
                is_held=bool(held),
                on_hand=on_hand,
                available=available,
                is_low=product.pk in low,
                is_over=any(row.plenty is not None and row.on_hand > row.plenty for row in held),
                has_forecast=mean is not None,
                cover=max((out - today).days, 0) if out else None,
                runs_out_on=max(out, today) if out else None,
                weeks=weeks.get(product.pk, []),
            )
        )
    return rows


def _means(run: ForecastRun | None, products: Sequence[int]) -> dict[int, list[float]]:
    """Stock units a day over all warehouses, of the products that are forecast."""
    if run is None:
        return {}
    found: dict[int, list[float]] = {}
    for forecast in Forecast.objects.filter(run=run, product__in=products).only(
        "product_id", "mean", "shop_id"
    ):
        known = found.get(forecast.product_id)
        mean = [float(units) for units in forecast.mean]
        found[forecast.product_id] = (
            mean if known is None else [sum(day) for day in zip(known, mean, strict=False)]
        )
    return found


def _weeks_sold(products: Sequence[int], last: date) -> dict[int, list[float | None]]:
    """Closed demand of the weeks that end on `last`, the oldest first; products without any left out."""
    days = SPARK_WEEKS * 7
    first = last - timedelta(days=days - 1)
    months = DemandMonth.objects.filter(
        product__in=products, month__gte=first.replace(day=1), month__lte=last
    ).values_list("product_id", "month", "days")
    found: dict[int, list[int | None]] = {}
    for product_id, month, sold in months:
        daily = found.setdefault(product_id, [None] * days)
        start = (month - first).days
        for number, quantity in enumerate(sold, start):
            if 0 <= number < days and quantity is not None:
                daily[number] = (daily[number] or 0) + quantity
    return {
        product_id: [_sum(daily[start : start + 7]) for start in range(0, days, 7)]
        for product_id, daily in found.items()
    }


def _sum(days: Sequence[int | None]) -> float | None:
    known = [day for day in days if day is not None]
    return sum(known) / QUANTITY_SCALE if len(known) == len(days) else None
