"""What is forecast, and how well that went."""

from __future__ import annotations

from django.db.models import QuerySet

from catalog.models import Product
from common.paging import Page, page_of, read_cursor
from forecasting.models import Forecast, ForecastRun


def latest_run() -> ForecastRun | None:
    """The forecast the shop works with: the one finished last."""
    return ForecastRun.objects.exclude(finished_at=None).order_by("-finished_at", "-id").first()


def forecasts_of(run: ForecastRun) -> QuerySet[Forecast]:
    """A run's forecasts with the names of what they are about, by product."""
    return (
        Forecast.objects.filter(run=run)
        .select_related("product", "warehouse")
        .order_by("product__sku", "warehouse__code", "id")
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
