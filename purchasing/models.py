"""Purchase orders and the mail that carries them."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from catalog.models import Product, Supplier, Warehouse
from common.units import RATE_SCALE, line_amount
from stock.models import Posting
from tenancy.base import ShopModel
from tenancy.constraints import SameShop, ShopForeignKey


class OrderCounter(ShopModel):
    """The last order number given out in a year. Its lock is what keeps numbers without gaps."""

    year = models.PositiveSmallIntegerField()
    last = models.PositiveIntegerField(default=0)

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "year"], name="purchasing_counter_year"),
        ]


class PurchaseOrder(ShopModel):
    class State(models.TextChoices):
        DRAFT = "draft", _("Draft")
        QUEUED = "queued", _("Queued")  # approved; leaves when the grace period is over
        SENT = "sent", _("Sent")
        CONFIRMED = "confirmed", _("Confirmed")
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
    # All amounts of an order are in its currency: the supplier's when it was opened. `rate` is what a
    # unit of it costs in the shop's currency (common.units.RATE_SCALE), as of the day `rate_on`;
    # approving fixes it, and the ledger values the goods by it.
    currency = models.CharField(max_length=3)
    rate = models.BigIntegerField(default=RATE_SCALE)
    rate_on = models.DateField(null=True)
    freight = models.BigIntegerField(default=0)  # minor units
    created_at = models.DateTimeField(default=timezone.now)
    approved_at = models.DateTimeField(null=True, blank=True)
    approved_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # Approved by the night inside the owner's limits; else why the last night did not do it.
    is_automatic = models.BooleanField(default=False)
    held_because = models.TextField(blank=True)
    # A person took the night's approval back: from now on the night leaves the order to people.
    only_by_hand = models.BooleanField(default=False)
    sent_at = models.DateTimeField(null=True, blank=True)
    # The day the shop asks for; empty: as soon as the supplier's lead time allows.
    wanted_on = models.DateField(_("wanted on"), null=True, blank=True)
    # When the supplier first looked at its page, and when all of the revision was agreed on.
    opened_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    # The supplier answered with differences, and nobody has settled them yet.
    answer_open = models.BooleanField(default=False)
    # The day the supplier was asked for, and the first day on which something still open should come.
    asked_on = models.DateField(null=True, blank=True)
    expected_on = models.DateField(_("expected"), null=True, blank=True)
    # When it came to its end: received in full, closed short, or cancelled.
    ended_at = models.DateTimeField(null=True, blank=True)

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
        indexes = [
            models.Index(fields=["shop", "state", "-created_at"], name="purchasing_order_state"),
            models.Index(fields=["shop", "supplier", "-created_at"], name="purchasing_order_supplier"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def is_draft(self) -> bool:
        return self.state == self.State.DRAFT

    @property
    def is_queued(self) -> bool:
        return self.state == self.State.QUEUED

    @property
    def can_receive(self) -> bool:
        return self.state in RECEIVABLE

    @property
    def can_cancel(self) -> bool:
        return self.state in {self.State.DRAFT, self.State.QUEUED, self.State.SENT, self.State.CONFIRMED}


# What is on its way or about to be: it counts as on order, whatever its date.
RECEIVABLE = (
    PurchaseOrder.State.SENT,
    PurchaseOrder.State.CONFIRMED,
    PurchaseOrder.State.PARTLY_RECEIVED,
)
ON_ORDER = (PurchaseOrder.State.QUEUED, *RECEIVABLE)


class PurchaseOrderLine(ShopModel):
    """A product on an order. Quantity 0 in a draft: a person took the suggestion out."""

    order = ShopForeignKey(PurchaseOrder, models.CASCADE, related_name="lines")
    product = ShopForeignKey(Product, models.PROTECT, related_name="order_lines")
    quantity = models.BigIntegerField()  # thousandths
    unit_cost = models.BigIntegerField()  # without tax, in the order's currency
    # A person's own price; another quantity then leaves it as it is.
    is_price_typed = models.BooleanField(default=False)
    # Hundredths of a percent, fixed by approving; a draft's tax is the product's at the time.
    tax_rate = models.PositiveIntegerField(default=0)
    # The supplier's answer; empty: none yet. 0 is a declined line.
    confirmed_quantity = models.BigIntegerField(null=True)
    confirmed_on = models.DateField(null=True)
    received = models.BigIntegerField(default=0)
    # The night's own quantity; empty where no night ever suggested the product.
    suggested = models.BigIntegerField(null=True)
    # What was suggested until the night of `suggested_at` changed it; empty: the product was not.
    suggested_before = models.BigIntegerField(null=True)
    suggested_at = models.DateTimeField(null=True, blank=True)
    # Set where a person decided the quantity: the night then leaves it alone.
    edited_at = models.DateTimeField(null=True, blank=True)
    edited_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # The arithmetic of the suggestion: {"parts": [{"code", "label", "quantity"}], "text"}.
    reason = models.JSONField(default=dict, blank=True)

    class Meta(ShopModel.Meta):
        ordering = ["id"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("order"),
            SameShop("product"),
            models.UniqueConstraint(fields=["shop", "order", "product"], name="purchasing_line_once"),
            models.CheckConstraint(
                condition=Q(quantity__gte=0, received__gte=0), name="purchasing_line_not_negative"
            ),
        ]
        indexes = [models.Index(fields=["shop", "product"], name="purchasing_line_product")]

    @property
    def amount(self) -> int:
        """Minor units, rounded once."""
        return line_amount(self.quantity, self.unit_cost)

    @property
    def is_edited(self) -> bool:
        return self.edited_at is not None

    @property
    def due_quantity(self) -> int:
        """What will come: the supplier may have confirmed less than was ordered."""
        if self.confirmed_quantity is None:
            return self.quantity
        return min(self.quantity, self.confirmed_quantity)

    @property
    def open_quantity(self) -> int:
        return max(self.due_quantity - self.received, 0)


class OrderRevision(ShopModel):
    """An order as it was approved: what its mail, its PDF and the supplier's page say.

    Never edited. Only an Undo before anything has left takes it away.
    """

    order = ShopForeignKey(PurchaseOrder, models.PROTECT, related_name="revisions")
    revision = models.PositiveSmallIntegerField()
    # The document as data, see purchasing.document.
    content = models.JSONField()
    # How the order stood before, for the Undo of a change, see purchasing.services.revisions.
    before = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta(ShopModel.Meta):
        ordering = ["revision"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("order"),
            models.UniqueConstraint(fields=["shop", "order", "revision"], name="purchasing_revision_once"),
        ]


class SupplierAnswer(ShopModel):
    """What a supplier said on the order's page, or to a person of the shop; the last one counts."""

    append_only = True

    order = ShopForeignKey(PurchaseOrder, models.PROTECT, related_name="answers")
    revision = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=timezone.now)
    address = models.EmailField(blank=True)  # whom the link was sent to
    # Who wrote down what the supplier said otherwise, by telephone for example.
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # [{"line", "quantity", "on"}], quantity in thousandths, 0: declined; on: a day as ISO, or null.
    lines = models.JSONField()
    reference = models.CharField(max_length=80, blank=True)  # the supplier's own number
    note = models.TextField(blank=True)

    class Meta(ShopModel.Meta):
        ordering = ["-id"]
        constraints = [*ShopModel.Meta.constraints, SameShop("order")]
        indexes = [models.Index(fields=["shop", "order"], name="purchasing_answer_order")]


class OrderLimits(ShopModel):
    """How far orders may go by themselves. One row per shop; no row: nothing does.

    Amounts in minor units of the shop's currency; empty: no such limit.
    """

    approves = models.BooleanField(_("approve the night's orders without asking"), default=False)
    per_order = models.BigIntegerField(_("at most per order"), null=True, blank=True)
    per_week = models.BigIntegerField(_("at most in seven days"), null=True, blank=True)
    only_known = models.BooleanField(_("only products ordered from the supplier before"), default=True)
    # An order that nobody opened or confirmed for so long goes to Today; 0: never.
    answer_days = models.PositiveSmallIntegerField(_("days a supplier has to answer"), default=2)
    # Longer than for an order that a person approved: the night works while everybody sleeps.
    grace_minutes = models.PositiveSmallIntegerField(
        _("minutes before an order approved by the night leaves"),
        default=8 * 60,
        validators=[MaxValueValidator(24 * 60)],
    )

    class Meta(ShopModel.Meta):
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop"], name="purchasing_limits_once"),
        ]


class Receipt(ShopModel):
    """Goods of an order that arrived: which posting of the ledger took them in."""

    order = ShopForeignKey(PurchaseOrder, models.PROTECT, related_name="receipts")
    posting = ShopForeignKey(Posting, models.PROTECT, related_name="+")
    # What of it was damaged, and was written off or sent back at once.
    damage = ShopForeignKey(Posting, models.PROTECT, null=True, related_name="+")
    received_at = models.DateTimeField(default=timezone.now)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta(ShopModel.Meta):
        ordering = ["-id"]
        constraints = [
            *ShopModel.Meta.constraints,
            SameShop("order"),
            SameShop("posting"),
            SameShop("damage"),
            models.UniqueConstraint(fields=["shop", "posting"], name="purchasing_receipt_posting"),
        ]
        indexes = [models.Index(fields=["shop", "order"], name="purchasing_receipt_order")]


class OutboundMail(ShopModel):
    """A mail to be sent, written in the same transaction as the change it tells of."""

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        SENDING = "sending", _("Sending")
        SENT = "sent", _("Sent")
        FAILED = "failed", _("Failed")
        WITHDRAWN = "withdrawn", _("Withdrawn")

    class Kind(models.TextChoices):
        ORDER = "order", _("Order")
        CHANGE = "change", _("Change")
        CANCELLATION = "cancellation", _("Cancellation")
        CLOSING = "closing", _("Closing")

    order = ShopForeignKey(PurchaseOrder, models.PROTECT, related_name="mails")
    kind = models.CharField(max_length=15, choices=Kind.choices, default=Kind.ORDER)
    revision = models.PositiveSmallIntegerField()
    # Stays the same however often the mail is tried, so that mail systems can drop a repeat.
    message_id = models.CharField(max_length=200)
    to = models.EmailField()
    subject = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # The end of the grace period; after a failure, when it is tried again.
    not_before = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(blank=True)
    # The mail exactly as handed to the mail server, from the first attempt on.
    content = models.BinaryField(null=True)
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
        indexes = [
            models.Index(fields=["shop", "-created_at"], name="purchasing_mail_newest"),
            models.Index(fields=["shop", "state"], name="purchasing_mail_state"),
        ]

    @property
    def is_leaving(self) -> bool:
        """Being sent, or due and not tried yet: all will be known in a moment."""
        due = self.state == self.State.WAITING and not self.last_error and self.not_before <= timezone.now()
        return due or self.state == self.State.SENDING

    def __str__(self) -> str:
        return self.subject or self.message_id


class MailDue(models.Model):
    """When the sender must next look at a mail.

    Stands outside the wall on purpose, holding ids and times only: the tick finds the due mails of
    all shops in one query on one index, without entering each shop.
    """

    mail_id = models.BigIntegerField(primary_key=True)
    shop_id = models.BigIntegerField()
    due_at = models.DateTimeField(db_index=True)
