"""What is forecast, and how well that went."""

from __future__ import annotations

from django.db.models import QuerySet

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
