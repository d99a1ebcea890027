"""What the night believes about the days ahead."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Product, Warehouse
from tenancy.base import ShopModel
from tenancy.constraints import SameShop, ShopForeignKey


class Method(models.TextChoices):
    """How a forecast was made: the codes of `forecasting.engine.registry`, in words."""

    SEASONAL_NAIVE = "seasonal_naive", _("Naive: like last week")
    HOLT_WINTERS = "holt_winters", _("Holt-Winters, weekly season")
    MEAN_RATE = "mean_rate", _("Smoothed rate, no weekly pattern")


class ForecastRun(ShopModel):
    """One forecast of the whole shop, from demand known up to `known_to`."""

    known_to = models.DateField()
    horizon_days = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    # What the accuracy page shows, see forecasting.services.Totals.
    errors = models.JSONField(default=dict)

    class Meta(ShopModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "known_to"], name="forecasting_run_once"),
        ]

    def __str__(self) -> str:
        return f"{self.known_to:%Y-%m-%d}"


class Forecast(ShopModel):
    """The days ahead of one product in one warehouse; arrays start the day after `run.known_to`."""

    run = ShopForeignKey(ForecastRun, models.CASCADE, related_name="forecasts")
    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    product = ShopForeignKey(Product, models.PROTECT, related_name="forecasts")
    method = models.CharField(max_length=40, choices=Method.choices)
    mean = models.JSONField()  # stock units per day
    sigma = models.FloatField()  # standard error of one day, stock units
    # Mean absolute error of a week's sum in the backtest, stock units; empty where nothing could be tested.
    error = models.FloatField(null=True)
    naive_error = models.FloatField(null=True)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("run"),
            SameShop("warehouse"),
            SameShop("product"),
            models.UniqueConstraint(
                fields=["shop", "run", "warehouse", "product"], name="forecasting_forecast_once"
            ),
        ]
        indexes = [models.Index(fields=["shop", "product"], name="forecasting_by_product")]

    def __str__(self) -> str:
        return f"{self.product} · {self.warehouse}"

    @property
    def is_naive(self) -> bool:
        return self.method == Method.SEASONAL_NAIVE

    def expected(self, days: int, *, skip: int = 0) -> float:
        """Stock units expected over `days` days after the first `skip`; beyond the horizon like its end."""
        wanted = self.mean[skip : skip + days]
        last_week = self.mean[-7:]
        return sum(wanted) + (days - len(wanted)) * (sum(last_week) / len(last_week))
