from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from catalog.models import Product
from catalog.prices import margin_of
from common.charts import HATCH, Chart, spark
from common.csv_answers import csv_answer
from common.templatetags.ui import day as write_day
from common.templatetags.ui import units
from common.units import write_amount, write_quantity, write_unit_price
from insights import queries
from insights.forms import ProductFilter
from insights.product_list import Asked, Row, page_of_products, rows_of
from insights.queries import Outlook, Week
from insights.services import level_of
from insights.today import day_facts
from replenishment.models import PlanLine
from stock.models import Posting
from stock.page_queries import imports_of
from stock.queries import StockLine, history, stock_of
from tenancy.access import require
from tenancy.context import shop_scope
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

HISTORY_PER_PAGE = 25
_FILE_BATCH = 500


@require_GET
@require(Permission.SHOP_VIEW)
def today(request: ShopRequest) -> HttpResponse:
    return render(request, "insights/today.html", day_facts())


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
    page = page_of_products(found, after=request.GET.get("after", ""), before=request.GET.get("before", ""))
    rows = rows_of(page.items, timezone.localdate())
    context = {
        "form": form,
        "asked": asked,
        "page": page,
        "rows": [(row, _spark(row)) for row in rows],
        "has_cover": any(row.has_forecast for row in rows),
        "has_weeks": any(row.weeks for row in rows),
        "total": found.order_by()[: asked.most_counted + 1].count(),
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
    found = get_object_or_404(
        Product.objects.select_related("category", "family", "replaced_by", "sells_like"), pk=product_id
    )
    coming = queries.on_order_of(found)
    stock = [_StockRow(line, coming.pop(line.warehouse.pk, 0)) for line in stock_of(found)]
    on_hand = sum(row.line.on_hand for row in stock)
    available = sum(row.line.available for row in stock)
    on_order = sum(row.on_order for row in stock) + sum(coming.values())
    outlook = queries.outlook(found)
    today = timezone.localdate()
    weeks = queries.weeks_of_demand(found, outlook.known_to if outlook else today)
    moved = history(found, with_values=False, cursor=request.GET.get("from", ""), limit=HISTORY_PER_PAGE)
    undone = Posting.objects.filter(reverses__in=[line.movement.posting_id for line in moved.items])
    imported = imports_of(line.movement.posting_id for line in moved.items)
    for line in moved.items:
        line.movement.posting.sales_import = imported.get(line.movement.posting_id)  # type: ignore[attr-defined]
    runs_out_on = outlook.runs_out_on(available) if outlook and stock else None
    plan_lines = queries.plan_lines(found)
    context = {
        "product": found,
        "stock": stock,
        "on_hand": on_hand,
        "available": available,
        "committed": on_hand - available,
        "on_order": on_order,
        "position": available + on_order,
        "value": sum(row.line.value for row in stock),
        "outlook": outlook,
        "runs_out_on": runs_out_on,
        "cover": max((runs_out_on - today).days, 0) if runs_out_on else None,
        "weeks": weeks,
        "missed": queries.missed(weeks),
        "chart": demand_chart(weeks, outlook) if _has_something(weeks, outlook) else "",
        "hatch": HATCH if any(week.empty_days for week in weeks) else "",
        "ahead": outlook.weeks if outlook else [],
        "history": moved,
        "undone": set(undone.values_list("reverses_id", flat=True)),
        "terms": found.terms.select_related("supplier").prefetch_related("breaks"),
        "plan_lines": plan_lines,
        "levels": [row for line in plan_lines if (row := _levels_of(line))],
        "order_lines": queries.open_order_lines(found),
        "margin": margin_of(found, request.shop),
        "variants": queries.variants(found),
        "has_picture": found.pictures.exists(),
    }
    return render(request, "insights/product.html", context)


@dataclass(frozen=True, slots=True)
class _StockRow:
    """A product in a warehouse, with what is on its way there."""

    line: StockLine
    on_order: int

    @property
    def position(self) -> int:
        return self.line.available + self.on_order


def _levels_of(line: PlanLine) -> dict[str, Any] | None:
    """What the plan's sum says about when and how far to fill up."""
    level = level_of(line.reason)
    if level is None:
        return None
    safety = sum(part["quantity"] for part in line.reason["parts"] if part["code"] == "safety")
    return {"line": line, "reorder_point": level.reorder_point, "up_to": level.up_to, "safety": safety}


@require_GET
@require(Permission.SHOP_VIEW)
def product_history_file(request: ShopRequest, product_id: int) -> Any:
    """All movements of a product, the newest first, for a spreadsheet."""
    found = get_object_or_404(Product, pk=product_id)
    return csv_answer(f"history-{found.pk}.csv", _history_rows(request, found))


def _history_rows(request: ShopRequest, product: Product) -> Iterator[list[Any]]:
    with_values = Permission.COSTS_VIEW in request.permissions
    yield [
        *("at", "recorded_at", "kind", "document", "reason", "by", "warehouse", "change", "on_hand_after"),
        *(["value"] if with_values else []),
    ]
    cursor: str | None = ""
    while cursor is not None:
        with shop_scope(request.shop, write=False):
            page = history(product, with_values=with_values, cursor=cursor, limit=_FILE_BATCH)
            for line in page.items:
                move, posting = line.movement, line.movement.posting
                yield [
                    *(move.at.isoformat(), move.recorded_at.isoformat(), posting.kind),
                    *(posting.document, posting.reason, posting.actor or posting.token or ""),
                    *(move.warehouse.code, write_quantity(move.quantity), write_quantity(line.on_hand)),
                    *([write_amount(move.value, request.shop.currency)] if with_values else []),
                ]
        cursor = page.next


def _has_something(weeks: list[Week], outlook: Outlook | None) -> bool:
    return outlook is not None or any(week.known for week in weeks)


def demand_chart(weeks: list[Week], outlook: Outlook | None) -> Any:
    """Sales a week, then the forecast with its bands, on one axis."""
    ahead = outlook.weeks if outlook else []
    highest = max([week.known for week in weeks] + [week.high90 for week in ahead] + [1])
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
    chart = Chart(places=len(weeks) + len(ahead), highest=highest, height=256, label=label)
    chart.axes(_("sold a week"))
    empty = [place for place, week in enumerate(weeks) if week.empty_days]
    for place in empty:
        chart.unknown(place)
    if ahead:
        # The forecast leaves from the last week that is known.
        last = weeks[-1].sold
        first = [last] if last is not None else []
        start = len(weeks) - len(first)
        for low, high, style in (
            ([week.low50 for week in ahead], [week.high50 for week in ahead], "b50"),
            ([week.low90 for week in ahead], [week.high90 for week in ahead], "b90"),
        ):
            chart.band(first + low, first + high, style, start=start)
        chart.line([*first, *(week.mean for week in ahead)], "fore", start=start)
        chart.today(len(weeks), _("Now"))
    chart.line([week.sold for week in weeks], "past")
    if empty:
        days = sum(week.empty_days for week in weeks)
        words = ngettext("Empty shelf on %(days)d day", "Empty shelf on %(days)d days", days) % {"days": days}
        missed = queries.missed(weeks)
        told = [_("about %(units)s sales missed") % {"units": units(missed)}] if missed >= 0.5 else []
        chart.say(sum(empty) / len(empty), [words, *told], "late")
    every = 4
    for place in range(0, len(weeks) + len(ahead), every):
        first_day = weeks[0].first + timedelta(days=7 * place)
        chart.name_place(place, write_day(first_day).partition(" ")[2] or write_day(first_day))
    return chart.render()
