"""What is forecast, and how well that went."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import F, QuerySet

from catalog.models import Product
from common.paging import Page, page_of, read_cursor
from common.units import QUANTITY_SCALE
from forecasting.models import Forecast, ForecastRun


def latest_run() -> ForecastRun | None:
    """The forecast the shop works with: the one finished last."""
    return ForecastRun.objects.exclude(finished_at=None).order_by("-finished_at", "-id").first()


def runs_out_on(known_to: date, daily: Iterable[float], available: int) -> date | None:
    """The first day that stock does not see the end of; None beyond the forecast.

    daily: stock units a day, from the day after `known_to` on. available: thousandths.
    """
    left = available / QUANTITY_SCALE
    for number, wanted in enumerate(daily, start=1):
        left -= wanted
        if left < 0:
            return known_to + timedelta(days=number)
    return None


def forecasts_of(run: ForecastRun) -> QuerySet[Forecast]:
    """A run's forecasts with the names of what they are about: least better than naive first.

    Those that could not be tested come last.
    """
    return (
        Forecast.objects.filter(run=run)
        .select_related("product", "warehouse")
        .order_by((F("error") - F("naive_error")).desc(nulls_last=True), "product__sku", "id")
    )


def forecasts(*, product: Product | None = None, cursor: str = "", limit: int = 100) -> Page[Forecast]:
    """The latest run's forecasts, of one product or of all, a page at a time."""
    run = latest_run()
    if run is None:
        return Page([])
    rows = Forecast.objects.filter(run=run).select_related("run", "product", "warehouse").order_by("pk")
    if product is not None:
        rows = rows.filter(product=product)
    if cursor:
        (after,) = read_cursor(cursor, int)
        rows = rows.filter(pk__gt=after)
    return page_of(rows[: limit + 1], limit, lambda forecast: [forecast.pk])
