from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from catalog.models import Product
from catalog.queries import find_products
from common.charts import HATCH, Chart
from common.templatetags.ui import day as write_day
from common.templatetags.ui import units
from insights import queries
from insights.queries import HALF, NINE_OF_TEN, Outlook, Week
from stock.models import Posting
from stock.page_queries import imports_of, on_hand_total
from stock.queries import history, stock_of
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

ROWS_PER_PAGE = 50
HISTORY_PER_PAGE = 25


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
    search = request.GET.get("search", "").strip()[:200]
    archived = request.GET.get("show") == "discontinued"
    found = find_products(search, active=not archived).annotate(on_hand=on_hand_total())
    page = Paginator(found, ROWS_PER_PAGE).get_page(request.GET.get("page"))
    shown = list(page.object_list)
    cover = queries.days_of_cover(shown)
    asked = {"search": search} if search else {}
    if archived:
        asked["show"] = "discontinued"
    context = {
        "page": page,
        "rows": [(product, product.pk in cover, cover.get(product.pk)) for product in shown],
        "has_cover": bool(cover),
        "search": search,
        "archived": archived,
        "query": urlencode(asked) + "&" if asked else "",
    }
    return render(request, "insights/products.html", context)


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
