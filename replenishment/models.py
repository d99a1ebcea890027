"""What the night would order, and why."""

from __future__ import annotations

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Product, Supplier, Warehouse
from common.units import line_amount
from forecasting.models import ForecastRun
from purchasing.models import PurchaseOrder
from tenancy.base import ShopModel
from tenancy.constraints import SameShop, ShopForeignKey


class Plan(ShopModel):
    """One night's decision for a supplier and a warehouse."""

    class Status(models.TextChoices):
        OPTIMAL = "optimal", _("Solved")
        TIME_LIMIT = "time_limit", _("Stopped early; the bound says how close")
        GREEDY = "greedy", _("Put together step by step; the solver's answer was refused")
        NO_OPENING = "no_opening", _("No opening stock")

    run = ShopForeignKey(ForecastRun, models.CASCADE, related_name="plans")
    supplier = ShopForeignKey(Supplier, models.PROTECT, related_name="+")
    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    order = ShopForeignKey(PurchaseOrder, models.SET_NULL, null=True, related_name="plans")
    created_at = models.DateTimeField(default=timezone.now)
    status = models.CharField(max_length=40, choices=Status.choices)
    # What stands in the way or should be known, in the shop's language.
    note = models.TextField(blank=True)
    objective = models.FloatField(null=True)  # expected cost, minor units
    bound = models.FloatField(null=True)  # below it no plan could get

    class Meta(ShopModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("run"),
            SameShop("supplier"),
            SameShop("warehouse"),
            SameShop("order"),
            models.UniqueConstraint(
                fields=["shop", "run", "supplier", "warehouse"], name="replenishment_plan_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier} · {self.warehouse}"


class PlanLine(ShopModel):
    """What the plan says of one product: also where it orders nothing."""

    plan = ShopForeignKey(Plan, models.CASCADE, related_name="lines")
    product = ShopForeignKey(Product, models.PROTECT, related_name="+")
    quantity = models.BigIntegerField()  # thousandths
    unit_cost = models.BigIntegerField()  # ten-thousandths of a minor unit
    # The first day that what is available will not see the end of, if nothing arrives; empty where
    # that is beyond the forecast.
    runs_out_on = models.DateField(null=True)
    # {"parts": [{"code", "label", "quantity"}], "text"}; the parts add up to `quantity`.
    reason = models.JSONField()

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("plan"),
            SameShop("product"),
            models.UniqueConstraint(fields=["shop", "plan", "product"], name="replenishment_line_once"),
        ]

    def __str__(self) -> str:
        return str(self.product)

    @property
    def amount(self) -> int:
        """Minor units."""
        return line_amount(self.quantity, self.unit_cost)
