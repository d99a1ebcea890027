"""What the night would order, and why."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from catalog.models import Product, Supplier, Warehouse
from forecasting.models import ForecastRun
from purchasing.models import PurchaseOrder
from tenancy.base import ShopModel
from tenancy.constraints import SameShop, ShopForeignKey


class Plan(ShopModel):
    """One night's decision for a supplier and a warehouse."""

    run = ShopForeignKey(ForecastRun, models.CASCADE, related_name="plans")
    supplier = ShopForeignKey(Supplier, models.PROTECT, related_name="+")
    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    order = ShopForeignKey(PurchaseOrder, models.SET_NULL, null=True, related_name="plans")
    created_at = models.DateTimeField(default=timezone.now)
    status = models.CharField(max_length=40)  # the solver's word
    objective = models.FloatField(null=True)  # expected cost, minor units
    bound = models.FloatField(null=True)

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


class PlanLine(ShopModel):
    """What the plan says of one product: also where it orders nothing."""

    plan = ShopForeignKey(Plan, models.CASCADE, related_name="lines")
    product = ShopForeignKey(Product, models.PROTECT, related_name="+")
    quantity = models.BigIntegerField()  # thousandths
    reason = models.JSONField()

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("plan"),
            SameShop("product"),
            models.UniqueConstraint(fields=["shop", "plan", "product"], name="replenishment_line_once"),
        ]
