"""What the night believes about the days ahead."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Product, Warehouse
from common.floats_field import FloatsField
from forecasting.base import Grid
from tenancy.base import ShopModel
from tenancy.constraints import SameShop, ShopForeignKey


class Method(models.TextChoices):
    """How a forecast was made: the codes of `forecasting.engine`, in words."""

    LEVELS = "levels", _("Level and calendar, learned together")
    SEASONAL_NAIVE = "seasonal_naive", _("Naive: like last week")
    HOLT_WINTERS = "holt_winters", _("Holt-Winters, weekly season")
    MEAN_RATE = "mean_rate", _("Smoothed rate of rare sales (TSB)")
    CROSTON = "croston", _("Spacing of rare sales (Croston, SBA)")
    REGRESSION = "regression", _("Regression on calendar, price and promotion")
    LAST_YEAR = "last_year", _("Same weeks last year, at today's level")
    MOVING_AVERAGE = "moving_average", _("Mean of the last 28 known days")
    THETA = "theta", _("Theta, weekly season")


# What a product's own demand can be forecast by alone: the codes of engine.gallery.rivals.METHODS.
RIVALS = (
    Method.SEASONAL_NAIVE,
    Method.MOVING_AVERAGE,
    Method.MEAN_RATE,
    Method.CROSTON,
    Method.HOLT_WINTERS,
    Method.THETA,
    Method.REGRESSION,
)
# What the mix of the panel engine is called among them.
ENGINE = "engine"


class ForecastRun(ShopModel):
    """One forecast of the whole shop, from demand known up to `known_to`."""

    known_to = models.DateField()
    horizon_days = models.PositiveSmallIntegerField()
    # The lead times (days) and the levels (probabilities) of every forecast's `distances`.
    lead_times = models.JSONField(default=list)
    levels = models.JSONField(default=list)
    created_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True)
    # What the accuracy page shows, see forecasting.accuracy.
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
    """The days ahead of one product in one warehouse; arrays start the day after `run.known_to`.

    For planning, ask `expected(days)` and `sum_quantiles(days, levels)`; for charts, `mean` and
    `band(level)`. All of them are stock units. Read many with `select_related("run")`, or set `run`:
    the grid's axes stand there.
    """

    run = ShopForeignKey(ForecastRun, models.CASCADE, related_name="forecasts")
    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    product = ShopForeignKey(Product, models.PROTECT, related_name="forecasts")
    # What carries most of the weight where several are mixed.
    method = models.CharField(max_length=40, choices=Method.choices)
    mean = FloatsField()  # stock units per day
    # Where quantiles of the demand of n days together lie, see forecasting.base.Grid: a row for each of
    # run.lead_times, in it one number for each of run.levels.
    distances = FloatsField()
    # Standard error of one day, stock units, such that sigma sqrt(n) is about that of n days' sum.
    sigma = models.FloatField()
    # Mean absolute error of a week's sum in the backtest, stock units; empty where nothing could be tested.
    error = models.FloatField(null=True)
    naive_error = models.FloatField(null=True)
    # Forecast less sold in the backtest, as a share of sold; empty like the errors.
    bias = models.FloatField(null=True)
    # What made the number, see services._parts: level, factors, weights of the methods, days left out.
    parts = models.JSONField(default=dict)

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

    @property
    def grid(self) -> Grid:
        return Grid(self.mean, self.run.lead_times, self.run.levels, self.distances, self.sigma)

    def expected(self, days: int, *, skip: int = 0) -> float:
        """Stock units expected over `days` days after the first `skip`; beyond the horizon like its end."""
        return self.grid.expected(days, skip=skip)

    def sum_quantiles(self, days: int, levels: Sequence[float], *, skip: int = 0) -> list[float]:
        """The demand of `days` days together that is not exceeded with each probability in `levels`.

        Any number of days from 1 on, beyond the horizon too, and any levels strictly between 0 and 1;
        the answers rise with the level, are never negative and are not rounded: whoever plans whole
        pieces rounds up. `skip` leaves out that many days at the beginning, such as those gone by
        since sales were last known. The mean is `expected(days, skip=skip)`.
        """
        return self.grid.sum_quantiles(days, levels, skip=skip)

    def band(self, level: float) -> list[tuple[float, float]]:
        """For each day of `mean` the lower and upper end between which it falls with probability `level`."""
        return self.grid.band(level)


class NamedMethod(ShopModel):
    """The owner's word that a product is to be forecast by one method instead of the mix.

    The night obeys where that method's backtest is not worse than the naive one.
    """

    product = ShopForeignKey(Product, models.CASCADE, related_name="+")
    method = models.CharField(max_length=40, choices=[(one.value, one.label) for one in RIVALS])
    named_at = models.DateTimeField(default=timezone.now)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("product"),
            models.UniqueConstraint(fields=["shop", "product"], name="forecasting_one_method"),
        ]

    def __str__(self) -> str:
        return f"{self.product}: {self.get_method_display()}"


class Comparison(ShopModel):
    """How well-known methods would have done for a product in a warehouse, beside the engine.

    rows: best first, {"method", "error", "bias", "tested"} with errors of a week's sum in stock units;
    the engine's row has the method "engine". untested: methods with too little history to be tested.
    """

    product = ShopForeignKey(Product, models.CASCADE, related_name="+")
    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    known_to = models.DateField()
    compared_at = models.DateTimeField(default=timezone.now)
    rows = models.JSONField(default=list)
    untested = models.JSONField(default=list)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("product"),
            SameShop("warehouse"),
            models.UniqueConstraint(
                fields=["shop", "product", "warehouse"], name="forecasting_compared_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} · {self.warehouse} · {self.known_to:%Y-%m-%d}"
