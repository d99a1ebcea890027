"""A supplier as the shop knows it: whom to call, what is on order, and how it kept its word."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_GET

from catalog.calendar import next_order_days
from catalog.models import Supplier
from catalog.prices import rates_by_currency
from purchasing import lead_times, queries
from purchasing.money import totals_of, value_of
from tenancy.access import require
from tenancy.permissions import Permission

OPEN_SHOWN = 20


@require_GET
@require(Permission.SHOP_VIEW)
def supplier_record(request: Any, supplier_id: int) -> HttpResponse:
    """What everybody may know of a supplier; to the page that edits it, only the lead time."""
    suppliers = Supplier.objects.prefetch_related("closures")
    supplier = get_object_or_404(suppliers, pk=supplier_id)
    seen = lead_times.observations(supplier)
    learned = lead_times.estimate([one.full_days for one in seen], typed=supplier.lead_time_days)
    context: dict[str, Any] = {"supplier": supplier, "learned": learned}
    if request.htmx:
        return render(request, "purchasing/lead_time.html", context)
    full, lines = lead_times.lines_in_full(seen)
    context |= {
        "observations": seen,
        "on_time": sum(one.on_time for one in seen),
        "full_lines": full,
        "all_lines": lines,
        "next_day": next_order_days(supplier, timezone.now(), 1)[0] if supplier.is_active else None,
        "today": timezone.localdate(timezone=request.shop.zone),
        "orders": _open_orders(supplier),
    }
    return render(request, "purchasing/supplier_record.html", context)


def _open_orders(supplier: Supplier) -> list[tuple[Any, int, int | None]]:
    """Drafts and what is on its way: each order with its total and its value without tax."""
    unfinished = queries.GROUPS["draft"] + queries.GROUPS["open"]
    orders = queries.with_names(queries.filtered(supplier=supplier).filter(state__in=unfinished))
    rates = rates_by_currency()
    return [(order, totals_of(order).total, value_of(order, rates)) for order in orders[:OPEN_SHOWN]]
