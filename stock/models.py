"""The ledger: documents, their lines, and the balances kept beside them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Location, Product, Warehouse
from imports.models import FileImport
from tenancy.base import ShopModel
from tenancy.constraints import SameShop, ShopForeignKey
from tenancy.models import ApiToken


class Kind(models.TextChoices):
    OPENING = "opening", _("Opening stock")
    SALE = "sale", _("Sale")
    CUSTOMER_RETURN = "customer_return", _("Customer return")
    RECEIPT = "receipt", _("Receipt")
    SUPPLIER_RETURN = "supplier_return", _("Return to supplier")
    TRANSFER = "transfer", _("Transfer")
    COUNT = "count", _("Count")
    WRITE_OFF = "write_off", _("Write-off")
    CORRECTION = "correction", _("Correction")


class Lot(ShopModel):
    product = ShopForeignKey(Product, models.PROTECT, related_name="lots")
    code = models.CharField(_("lot"), max_length=64)
    expires_on = models.DateField(_("expires"), null=True, blank=True)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("product"),
            models.UniqueConstraint(fields=["shop", "product", "code"], name="stock_lot_code"),
        ]

    def __str__(self) -> str:
        return self.code


class Posting(ShopModel):
    """One document of the ledger: added once, never edited or deleted."""

    append_only = True

    kind = models.CharField(max_length=20, choices=Kind.choices)
    key = models.CharField(max_length=120)  # idempotency key
    digest = models.CharField(max_length=64)  # of the request, to tell a repeat from a reuse
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    token = ShopForeignKey(ApiToken, models.DO_NOTHING, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    # The paper it belongs to in words, like an order's number or a file's name.
    document = models.CharField(max_length=120, blank=True)
    reverses = ShopForeignKey("self", models.PROTECT, null=True, related_name="reversals")
    # A difference that keeps a count true after a document dated before it came late: the count,
    # and that document.
    keeps = ShopForeignKey("self", models.PROTECT, null=True, related_name="kept_by")
    follows = ShopForeignKey("self", models.PROTECT, null=True, related_name="followed_by")
    # Lines that moved goods; of a count those that were seen. Kept, as lists show it and a file's
    # document has thousands.
    line_count = models.PositiveIntegerField(default=0)
    # What the caller was told, so that a repeat hears the same.
    answer = models.JSONField()

    class Meta(ShopModel.Meta):
        ordering = ["-recorded_at", "-id"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("reverses"),
            SameShop("keeps"),
            SameShop("follows"),
            SameShop("token"),
            models.UniqueConstraint(fields=["shop", "key"], name="stock_posting_key"),
            models.UniqueConstraint(
                fields=["shop", "reverses"],
                condition=Q(reverses__isnull=False),
                name="stock_posting_reversed_once",
            ),
        ]
        indexes = [
            models.Index(fields=["shop", "-recorded_at"], name="stock_posting_newest"),
            models.Index(
                fields=["shop", "keeps"], condition=Q(keeps__isnull=False), name="stock_posting_keeps"
            ),
            models.Index(
                fields=["shop", "follows"], condition=Q(follows__isnull=False), name="stock_posting_follows"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.document}".strip()


class Movement(ShopModel):
    """One line of the ledger. Sums of movements are the truth; Balance must agree.

    A line without a quantity corrects the value only: what a receipt after negative stock cost
    more or less than the units that had left already.
    """

    append_only = True

    posting = ShopForeignKey(Posting, models.PROTECT, related_name="movements")
    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    product = ShopForeignKey(Product, models.PROTECT, related_name="movements")
    location = ShopForeignKey(Location, models.PROTECT, null=True, related_name="+")
    lot = ShopForeignKey(Lot, models.PROTECT, null=True, related_name="+")
    quantity = models.BigIntegerField()  # thousandths of the stock unit; < 0 is goods out
    value = models.BigIntegerField()  # minor units, at cost; the sign of the quantity
    at = models.DateTimeField()
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta(ShopModel.Meta):
        ordering = ["-at", "-id"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("posting"),
            SameShop("warehouse"),
            SameShop("product"),
            SameShop("location"),
            SameShop("lot"),
            models.CheckConstraint(condition=~Q(quantity=0) | ~Q(value=0), name="stock_movement_not_empty"),
        ]
        indexes = [
            models.Index(fields=["shop", "product", "at", "id"], name="stock_movement_history"),
            # In the order of a document's lines, so that its first is found without reading all.
            models.Index(fields=["shop", "posting", "id"], name="stock_movement_posting"),
        ]

    def __str__(self) -> str:
        return f"{self.product} {self.quantity}"


class Observation(ShopModel):
    """What somebody counted, beside what the ledger said for that moment."""

    append_only = True

    posting = ShopForeignKey(Posting, models.PROTECT, related_name="observations")
    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    product = ShopForeignKey(Product, models.PROTECT, related_name="observations")
    location = ShopForeignKey(Location, models.PROTECT, null=True, related_name="+")
    lot = ShopForeignKey(Lot, models.PROTECT, null=True, related_name="+")
    counted = models.BigIntegerField()
    expected = models.BigIntegerField()
    at = models.DateTimeField()

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("posting"),
            SameShop("warehouse"),
            SameShop("product"),
            SameShop("location"),
            SameShop("lot"),
        ]
        indexes = [models.Index(fields=["shop", "product", "at"], name="stock_observation_history")]


class Balance(ShopModel):
    """What the movements of a product in a warehouse add up to, kept in the same transaction."""

    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    product = ShopForeignKey(Product, models.PROTECT, related_name="balances")
    on_hand = models.BigIntegerField(default=0)
    value = models.BigIntegerField(default=0)
    # The last known cost, ten-thousandths of a minor unit: what stock below zero leaves at.
    unit_cost = models.BigIntegerField(null=True)
    # The latest moment for which it was counted: what is dated later changes no count.
    counted_at = models.DateTimeField(null=True)
    # Some of it stands in a named location or lot; every movement then moves a BinBalance too.
    has_bins = models.BooleanField(default=False)
    # Low at or below it, counting what is on order; the night writes it, 0 where nothing is forecast.
    reorder_point = models.BigIntegerField(default=0, db_default=0)
    # More than this is more than the plan would ever fill up to; empty where nothing is planned.
    plenty = models.BigIntegerField(null=True)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("warehouse"),
            SameShop("product"),
            models.UniqueConstraint(fields=["shop", "warehouse", "product"], name="stock_balance_once"),
            models.CheckConstraint(
                condition=~Q(on_hand=0) | Q(value=0), name="stock_balance_nothing_is_worth_nothing"
            ),
        ]
        indexes = [models.Index(fields=["shop", "product"], name="stock_balance_product")]


class BinBalance(ShopModel):
    """On hand by location and lot, where `Balance.has_bins`; quantities only.

    The bins of a balance add up to it: what stands in no location and no lot is a bin too.
    """

    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    product = ShopForeignKey(Product, models.PROTECT, related_name="bins")
    location = ShopForeignKey(Location, models.PROTECT, null=True, related_name="+")
    lot = ShopForeignKey(Lot, models.PROTECT, null=True, related_name="+")
    on_hand = models.BigIntegerField(default=0)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("warehouse"),
            SameShop("product"),
            SameShop("location"),
            SameShop("lot"),
            # Without a location or a lot counts as one place too, so NULLs must collide.
            models.UniqueConstraint(
                "shop",
                "warehouse",
                "product",
                Coalesce("location_id", 0, output_field=models.BigIntegerField()),
                Coalesce("lot_id", 0, output_field=models.BigIntegerField()),
                name="stock_binbalance_once",
            ),
        ]


class Commitment(ShopModel):
    """A quantity put aside for somebody until a moment: still on hand, no longer available."""

    key = models.CharField(max_length=120)  # idempotency key
    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    product = ShopForeignKey(Product, models.PROTECT, related_name="commitments")
    quantity = models.BigIntegerField()
    reference = models.CharField(_("for"), max_length=120)
    until = models.DateTimeField(_("until"))
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("warehouse"),
            SameShop("product"),
            models.UniqueConstraint(fields=["shop", "key"], name="stock_commitment_key"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="stock_commitment_positive"),
        ]
        indexes = [
            models.Index(
                fields=["shop", "product"],
                condition=Q(released_at__isnull=True),
                name="stock_commitment_open",
            )
        ]


class SalesImport(ShopModel):
    """What a file of sales has beside what every imported file has, for each warehouse that it names.

    The first row of a file is the warehouse that was said when it was brought.
    """

    file = ShopForeignKey(FileImport, models.CASCADE, related_name="sales")
    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    # What reports these sales, where a warehouse has several: a till, a web shop.
    source = models.CharField(_("source"), max_length=60, blank=True)
    # The last day of the file: up to it the sales of its source are known once this is posted.
    known_to = models.DateField(null=True)
    # The warehouse's opening date when this was posted; earlier sales became history.
    stock_from = models.DateField(null=True)
    sets_opening_date = models.BooleanField(default=False)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("file"),
            SameShop("warehouse"),
            models.UniqueConstraint(fields=["shop", "file", "warehouse"], name="stock_salesimport_once"),
        ]

    def __str__(self) -> str:
        return str(self.file)


class SalesCode(ShopModel):
    """What a code in files of sales stands for, as somebody said: remembered for later files."""

    code = models.CharField(max_length=64)  # as the files write it
    sku = models.CharField(max_length=64, blank=True)  # "" for no product: postage, fees

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "code"], name="stock_salescode_code"),
        ]

    def __str__(self) -> str:
        return self.code


class ImportedPosting(ShopModel):
    """Which postings a file made, so that it can be undone as a whole."""

    file_import = ShopForeignKey(FileImport, models.PROTECT, related_name="postings")
    posting = ShopForeignKey(Posting, models.PROTECT, related_name="+")

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("file_import"),
            SameShop("posting"),
            models.UniqueConstraint(
                fields=["shop", "file_import", "posting"], name="stock_importedposting_once"
            ),
        ]


class HistorySale(ShopModel):
    """Demand of a day that moves nothing, as a file tells it.

    Sales from before stock was kept; and with a minus, on the day on which they were sold, sales that
    were cancelled later.
    """

    sales_import = ShopForeignKey(SalesImport, models.CASCADE, related_name="history")
    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    product = ShopForeignKey(Product, models.PROTECT, related_name="+")
    day = models.DateField()
    quantity = models.BigIntegerField()

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("sales_import"),
            SameShop("warehouse"),
            SameShop("product"),
            models.UniqueConstraint(
                fields=["shop", "sales_import", "warehouse", "product", "day"],
                name="stock_historysale_once",
            ),
        ]
        indexes = [models.Index(fields=["shop", "warehouse", "product", "day"], name="stock_history_day")]


class DemandMonth(ShopModel):
    """Closed demand of a product in a warehouse, one row a month: thousandths per day, None = unknown.

    censored: the days of the month (1 is the first) on which the shelf was empty in the evening, so
        that more may have been wanted than was sold.
    """

    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    product = ShopForeignKey(Product, models.PROTECT, related_name="+")
    month = models.DateField()  # its first day
    days = models.JSONField()
    censored = models.JSONField(default=list)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("warehouse"),
            SameShop("product"),
            models.UniqueConstraint(
                fields=["shop", "warehouse", "product", "month"], name="stock_demandmonth_once"
            ),
        ]
