"""Purchase orders and the mail that carries them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Product, Supplier, Warehouse
from stock.models import Posting
from tenancy.base import ShopModel
from tenancy.constraints import SameShop, ShopForeignKey


class PurchaseOrder(ShopModel):
    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        QUEUED = "queued", _("Queued")  # approved; leaves when the grace period is over
        SENT = "sent", _("Sent")
        PARTLY_RECEIVED = "partly_received", _("Partly received")
        RECEIVED = "received", _("Received")
        CLOSED = "closed", _("Closed")
        CANCELLED = "cancelled", _("Cancelled")

    number = models.CharField(max_length=20)
    revision = models.PositiveSmallIntegerField(default=1)
    supplier = ShopForeignKey(Supplier, models.PROTECT, related_name="orders")
    warehouse = ShopForeignKey(Warehouse, models.PROTECT, related_name="+")
    state = models.CharField(max_length=20, choices=State.choices, default=State.DRAFT)
    note = models.TextField(_("note to the supplier"), blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    sent_at = models.DateTimeField(null=True, blank=True)
    expected_on = models.DateField(_("expected"), null=True, blank=True)

    class Meta(ShopModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("supplier"),
            SameShop("warehouse"),
            models.UniqueConstraint(fields=["shop", "number"], name="purchasing_order_number"),
            # One open proposal per supplier and warehouse, revised each night.
            models.UniqueConstraint(
                fields=["shop", "supplier", "warehouse"],
                condition=Q(state="draft"),
                name="purchasing_order_one_draft",
            ),
        ]
        indexes = [models.Index(fields=["shop", "state"], name="purchasing_order_state")]

    def __str__(self) -> str:
        return self.number


class PurchaseOrderLine(ShopModel):
    order = ShopForeignKey(PurchaseOrder, models.CASCADE, related_name="lines")
    product = ShopForeignKey(Product, models.PROTECT, related_name="order_lines")
    quantity = models.BigIntegerField()  # thousandths
    unit_cost = models.BigIntegerField()
    received = models.BigIntegerField(default=0)
    suggested = models.BigIntegerField(null=True)  # the night's own quantity
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # The arithmetic of the suggestion: replenishment.services.Reason as data.
    reason = models.JSONField(default=dict, blank=True)

    class Meta(ShopModel.Meta):
        ordering = ["id"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("order"),
            SameShop("product"),
            models.UniqueConstraint(fields=["shop", "order", "product"], name="purchasing_line_once"),
            models.CheckConstraint(condition=Q(quantity__gte=0), name="purchasing_line_not_negative"),
        ]
        indexes = [models.Index(fields=["shop", "product"], name="purchasing_line_product")]


class Receipt(ShopModel):
    """Goods of an order that arrived: which posting of the ledger took them in."""

    order = ShopForeignKey(PurchaseOrder, models.PROTECT, related_name="receipts")
    posting = ShopForeignKey(Posting, models.PROTECT, related_name="+")
    received_at = models.DateTimeField(default=timezone.now)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("order"),
            SameShop("posting"),
            models.UniqueConstraint(fields=["shop", "posting"], name="purchasing_receipt_posting"),
        ]


class OutboundMail(ShopModel):
    """A mail to be sent, written in the same transaction as the change it tells of."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    order = ShopForeignKey(PurchaseOrder, models.PROTECT, related_name="mails")
    revision = models.PositiveSmallIntegerField()
    message_id = models.CharField(max_length=200)
    to = models.EmailField()
    subject = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    not_before = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(ShopModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("order"),
            models.UniqueConstraint(fields=["shop", "message_id"], name="purchasing_mail_id"),
            # A document's revision goes out once; a withdrawn mail has not gone out.
            models.UniqueConstraint(
                fields=["shop", "order", "revision"],
                condition=~Q(state="withdrawn"),
                name="purchasing_mail_once",
            ),
        ]

    def __str__(self) -> str:
        return self.subject
