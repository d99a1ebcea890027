"""What the night would order, and why; and what the owner wants it to go by."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Category, Product, Supplier, Warehouse
from common.units import line_amount
from forecasting.models import ForecastRun
from purchasing.models import PurchaseOrder
from tenancy.base import ShopModel
from tenancy.constraints import SameShop, ShopForeignKey

PERCENT = 100  # hundredths of a percent in one
_LARGEST = 1_000 * PERCENT


class Policy(ShopModel):
    """What holding and missing goods cost: of the shop, of a category, or of one product.

    The narrowest one that says something counts; nothing said anywhere is DEFAULTS (queries).
    """

    category = ShopForeignKey(Category, models.CASCADE, null=True, blank=True, related_name="+")
    product = ShopForeignKey(Product, models.CASCADE, null=True, blank=True, related_name="+")
    # Hundredths of a percent of the cost, for a year on the shelf.
    holding_rate = models.PositiveIntegerField(
        _("keeping goods for a year costs, % of their cost"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(_LARGEST)],
    )
    # On top of the margin a missed sale loses: hundredths of a percent of the cost.
    goodwill_rate = models.PositiveIntegerField(
        _("a missed sale costs beside its margin, % of the cost"),
        null=True,
        blank=True,
        validators=[MaxValueValidator(_LARGEST)],
    )
    # Of the shop only: the most that one night's proposals may cost together, minor units.
    budget = models.BigIntegerField(
        _("spend at most, a night"), null=True, blank=True, validators=[MinValueValidator(0)]
    )

    class Meta(ShopModel.Meta):
        verbose_name_plural = _("policies")
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("category"),
            SameShop("product"),
            models.UniqueConstraint(
                fields=["shop"],
                condition=Q(category=None, product=None),
                name="replenishment_policy_of_shop",
            ),
            models.UniqueConstraint(
                fields=["shop", "category"],
                condition=Q(category__isnull=False),
                name="replenishment_policy_of_category",
            ),
            models.UniqueConstraint(
                fields=["shop", "product"],
                condition=Q(product__isnull=False),
                name="replenishment_policy_of_product",
            ),
            models.CheckConstraint(
                condition=Q(category=None) | Q(product=None), name="replenishment_policy_of_one"
            ),
        ]

    def __str__(self) -> str:
        return str(self.product or self.category or _("the shop"))


class Snooze(ShopModel):
    """A product that a person does not want proposed for a while."""

    product = ShopForeignKey(Product, models.CASCADE, related_name="+")
    warehouse = ShopForeignKey(Warehouse, models.CASCADE, related_name="+")
    until = models.DateField(_("until"))  # proposed again by the night before this day
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("product"),
            SameShop("warehouse"),
            models.UniqueConstraint(
                fields=["shop", "warehouse", "product"], name="replenishment_snooze_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.product} · {self.until:%Y-%m-%d}"


class Plan(ShopModel):
    """One night's decision for a supplier and a warehouse. Amounts are in the shop's currency."""

    class Status(models.TextChoices):
        OPTIMAL = "optimal", _("Solved")
        LIMIT = "limit", _("Stopped early; the bound says how close")
        GREEDY = "greedy", _("Put together step by step; the solver's answer was refused")
        NO_OPENING = "no_opening", _("No opening stock")
        NO_RATE = "no_rate", _("No exchange rate")

    run = ShopForeignKey(ForecastRun, models.CASCADE, related_name="plans")
    supplier = ShopForeignKey(Supplier, models.PROTECT, related_name="+")
    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    order = ShopForeignKey(PurchaseOrder, models.SET_NULL, null=True, related_name="plans")
    created_at = models.DateTimeField(default=timezone.now)
    status = models.CharField(max_length=40, choices=Status.choices)
    # What stands in the way or should be known, in the shop's language.
    note = models.TextField(blank=True)
    # Expected cost in minor units: of the plan, of the best there could be, of ordering nothing.
    objective = models.FloatField(null=True)
    bound = models.FloatField(null=True)
    waiting = models.FloatField(null=True)
    # The day that was planned on, the arrival of an order of then, and of the one after it.
    planned_on = models.DateField(null=True)
    arrives_on = models.DateField(null=True)
    lasts_until = models.DateField(null=True)
    lead_sd = models.FloatField(default=0)  # days
    # The owner's budget cut something here.
    is_cut = models.BooleanField(default=False)
    # What less money would buy: [{"spent", "cost", "lines": {product id: thousandths}}], the most first.
    frontier = models.JSONField(default=list)

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

    @property
    def lead_spread(self) -> int:
        """Days that an order is early or late by, usually."""
        return round(self.lead_sd)


class PlanLine(ShopModel):
    """What the plan says of one product: also where it orders nothing."""

    plan = ShopForeignKey(Plan, models.CASCADE, related_name="lines")
    product = ShopForeignKey(Product, models.PROTECT, related_name="+")
    quantity = models.BigIntegerField()  # thousandths
    # Ten-thousandths of a minor unit of the shop's currency, at this quantity.
    unit_cost = models.BigIntegerField()
    position = models.BigIntegerField(default=0)  # thousandths: on hand - committed + on order
    # The first day that what is available will not see the end of, if nothing arrives; empty where
    # that is beyond the forecast.
    runs_out_on = models.DateField(null=True)
    # The last day on which an order still arrives before that.
    order_by = models.DateField(null=True)
    # {"parts": [{"code", "label", "quantity"}], "text"}; the parts add up to `quantity`.
    reason = models.JSONField()
    # The second best quantity, and what it would cost more, minor units.
    runner_up = models.BigIntegerField(null=True)
    runner_up_costs = models.BigIntegerField(null=True)
    # Since the plan before: {"quantity", "parts": [{"label", "before", "after"}], "text"}; empty if nothing.
    change = models.JSONField(default=dict)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("plan"),
            SameShop("product"),
            models.UniqueConstraint(fields=["shop", "plan", "product"], name="replenishment_line_once"),
        ]
        indexes = [models.Index(fields=["shop", "product"], name="replenishment_line_product")]

    def __str__(self) -> str:
        return str(self.product)

    @property
    def amount(self) -> int:
        """Minor units."""
        return line_amount(self.quantity, self.unit_cost)
