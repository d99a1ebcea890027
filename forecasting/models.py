"""What the night believes about the days ahead."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from catalog.models import Product, Warehouse
from tenancy.base import ShopModel
from tenancy.constraints import SameShop, ShopForeignKey


class ForecastRun(ShopModel):
    """One forecast of the whole shop, from demand known up to `known_to`."""

    known_to = models.DateField()
    horizon_days = models.PositiveSmallIntegerField()
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    # Errors of all products together, in units, by method: what the accuracy page shows.
    errors = models.JSONField(default=dict)

    class Meta(ShopModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "known_to"], name="forecasting_run_once"),
        ]


class Forecast(ShopModel):
    """The days ahead of one product in one warehouse; arrays start the day after `run.known_to`."""

    run = ShopForeignKey(ForecastRun, models.CASCADE, related_name="forecasts")
    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    product = ShopForeignKey(Product, models.PROTECT, related_name="forecasts")
    method = models.CharField(max_length=40)
    mean = models.JSONField()  # stock units per day
    sigma = models.FloatField()  # standard error of one day, stock units
    error = models.FloatField(null=True)  # mean absolute error of the method in the backtest
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
