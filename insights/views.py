from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from catalog.models import Product
from common.charts import HATCH, Chart, spark
from common.csv_answers import csv_answer
from common.errors import BadInput
from common.templatetags.ui import day as write_day
from common.templatetags.ui import units
from common.units import write_quantity, write_unit_price
from insights import queries
from insights.forms import ProductFilter
from insights.product_list import MOST_COUNTED, Asked, Row, page_of_products, rows_of
from insights.queries import HALF, NINE_OF_TEN, Outlook, Week
from stock.models import Posting
from stock.page_queries import imports_of
from stock.queries import history, stock_of
from tenancy.access import require
from tenancy.context import shop_scope
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

HISTORY_PER_PAGE = 25
_FILE_BATCH = 500


@require_GET
@require(Permission.SHOP_VIEW)
def today(request: ShopRequest) -> HttpResponse:
    return render(request, "insights/today.html", queries.day_facts())


@require_GET
@require(Permission.SHOP_VIEW)
def menu(request: ShopRequest) -> HttpResponse:
    """All places of the shop, for screens without the sidebar."""
    return render(request, "insights/menu.html")


@require_GET
@require(Permission.SHOP_VIEW)
def products(request: ShopRequest) -> HttpResponse:
    form = ProductFilter(request.GET)
    asked = form.asked()
    found = asked.products()
    try:
        page = page_of_products(
            found, after=request.GET.get("after", ""), before=request.GET.get("before", "")
        )
    except BadInput:  # a link of another list or time
        return redirect("products", request.shop.slug)
    rows = rows_of(page.items, timezone.localdate())
    context = {
        "form": form,
        "asked": asked,
        "page": page,
        "rows": [(row, _spark(row)) for row in rows],
        "has_cover": any(row.has_forecast for row in rows),
        "has_weeks": any(row.weeks for row in rows),
        "total": found.order_by()[: MOST_COUNTED + 1].count(),
        "most_counted": MOST_COUNTED,
        "query": _filter_query(request),
    }
    return render(request, "insights/products.html", context)


def _spark(row: Row) -> Any:
    if not row.weeks:
        return ""
    numbers = ", ".join("?" if week is None else units(week) for week in row.weeks)
    return spark(
        row.weeks,
        _("Sold in the last %(weeks)d weeks: %(numbers)s") % {"weeks": len(row.weeks), "numbers": numbers},
    )


def _filter_query(request: ShopRequest) -> str:
    """What is asked, to be kept by links to other pages of the list."""
    names = ("search", "status", "category", "supplier", "state")
    asked = {name: value for name in names if (value := request.GET.get(name, ""))}
    return urlencode(asked) + "&" if asked else ""


@require_GET
@require(Permission.SHOP_VIEW)
def products_file(request: ShopRequest) -> Any:
    """The list as it is filtered, all pages, for a spreadsheet."""
    asked = ProductFilter(request.GET).asked()
    return csv_answer(f"products-{request.shop.slug}.csv", _product_rows(request, asked))


def _product_rows(request: ShopRequest, asked: Asked) -> Iterator[list[Any]]:
    with_costs = Permission.COSTS_VIEW in request.permissions
    shop = request.shop
    yield [
        *(
            "sku",
            "name",
            "category",
            "state",
            "on_hand",
            "available",
            "status",
            "days_of_cover",
            "runs_out_on",
        ),
        *("price", *(["cost"] if with_costs else [])),
    ]
    after: str | None = ""
    while after is not None:
        with shop_scope(shop, write=False):
            page = page_of_products(asked.products(), after=after, limit=_FILE_BATCH)
            rows = rows_of(page.items, timezone.localdate(timezone=shop.zone))
            for row in rows:
                product = row.product
                prices = (product.price, product.cost) if with_costs else (product.price,)
                yield [
                    *(product.sku, product.name, product.category or "", product.state),
                    *(write_quantity(row.on_hand), write_quantity(row.available)),
                    *(row.status, row.cover, row.runs_out_on),
                    *("" if price is None else write_unit_price(price, shop.currency) for price in prices),
                ]
        after = page.later


@require_GET
@require(Permission.SHOP_VIEW)
def product(request: ShopRequest, product_id: int) -> HttpResponse:
    """Everything about one product: where it is, how it sells, where it comes from, what happened."""
    found = get_object_or_404(Product.objects.select_related("category"), pk=product_id)
    stock = stock_of(found)
    on_hand = sum(line.on_hand for line in stock)
    outlook = queries.outlook(found)
    last_day = outlook.known_to if outlook else timezone.localdate()
    weeks = queries.weeks_of_demand(found, last_day)
    moved = history(found, with_values=False, cursor=request.GET.get("from", ""), limit=HISTORY_PER_PAGE)
    undone = Posting.objects.filter(reverses__in=[line.movement.posting_id for line in moved.items])
    imported = imports_of(line.movement.posting_id for line in moved.items)
    for line in moved.items:
        line.movement.posting.sales_import = imported.get(line.movement.posting_id)  # type: ignore[attr-defined]
    context = {
        "product": found,
        "stock": stock,
        "on_hand": on_hand,
        "available": sum(line.available for line in stock),
        "committed": sum(line.committed for line in stock),
        "value": sum(line.value for line in stock),
        "outlook": outlook,
        "runs_out_on": outlook.runs_out_on(on_hand) if outlook else None,
        "weeks": weeks,
        "chart": demand_chart(weeks, outlook) if _has_something(weeks, outlook) else "",
        "hatch": HATCH if any(week.sold is None for week in weeks) else "",
        "ahead": [_ahead_row(week) for week in outlook.weeks] if outlook else [],
        "history": moved,
        "undone": set(undone.values_list("reverses_id", flat=True)),
        "terms": found.terms.select_related("supplier"),
        "plan_lines": queries.plan_lines(found),
        "order_lines": queries.open_order_lines(found),
        "margin": None if found.price is None or found.cost is None else found.price - found.cost,
    }
    return render(request, "insights/product.html", context)


def _has_something(weeks: list[Week], outlook: Outlook | None) -> bool:
    return outlook is not None or any(week.known for week in weeks)


def _ahead_row(week: queries.WeekAhead) -> dict[str, Any]:
    return {
        "first": week.first,
        "low90": week.low(NINE_OF_TEN),
        "low50": week.low(HALF),
        "mean": week.mean,
        "high50": week.high(HALF),
        "high90": week.high(NINE_OF_TEN),
    }


def demand_chart(weeks: list[Week], outlook: Outlook | None) -> Any:
    """Sales a week, then the forecast with its bands, on one axis."""
    ahead = outlook.weeks if outlook else []
    highest = max([week.known for week in weeks] + [week.high(NINE_OF_TEN) for week in ahead] + [1])
    if ahead:
        label = _("Sales of the last %(weeks)d weeks and the forecast of the next: %(numbers)s") % {
            "weeks": len(weeks),
            "numbers": ", ".join(units(week.mean) for week in ahead),
        }
    else:
        label = _("Sales of the last %(weeks)d weeks: %(numbers)s") % {
            "weeks": len(weeks),
            "numbers": ", ".join("?" if week.sold is None else units(week.sold) for week in weeks),
        }
    chart = Chart(places=len(weeks) + len(ahead), highest=highest, height=240, label=label)
    chart.axes(_("sold a week"))
    for place, week in enumerate(weeks):
        if week.sold is None:
            chart.unknown(place)
    if ahead:
        # The forecast leaves from the last week that is known.
        last = weeks[-1].sold
        joins = last is not None
        start = len(weeks) - 1 if joins else len(weeks)
        for errors, style in ((HALF, "b50"), (NINE_OF_TEN, "b90")):
            low = ([last] if last is not None else []) + [week.low(errors) for week in ahead]
            high = ([last] if last is not None else []) + [week.high(errors) for week in ahead]
            chart.band(low, high, style, start=start)
        chart.line([*([last] if joins else []), *(week.mean for week in ahead)], "fore", start=start)
        chart.today(len(weeks), _("Now"))
    chart.line([week.sold for week in weeks], "past")
    every = 4
    for place in range(0, len(weeks) + len(ahead), every):
        first = weeks[0].first + timedelta(days=7 * place)
        chart.name_place(place, write_day(first).partition(" ")[2] or write_day(first))
    return chart.render()
