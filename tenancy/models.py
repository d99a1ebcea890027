"""People, shops, and who works where."""

from __future__ import annotations

import hashlib
import secrets
import zoneinfo
from collections.abc import Callable
from datetime import time
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.units import currency_decimals
from tenancy.base import ShopModel
from tenancy.constraints import SameShop, ShopForeignKey
from tenancy.permissions import Role

# First path segments that belong to the installation, so no shop can take them.
RESERVED_SLUGS = frozenset(
    {
        *("account", "accounts", "admin", "api", "demo", "health", "i18n", "invitations"),
        *("jobs", "mail", "media", "shops", "static", "supplier"),
    }
)


class UserManager(BaseUserManager["User"]):
    def create_user(self, email: str, password: str | None = None, **extra: Any) -> User:
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(email__iexact=username or "")


class User(AbstractBaseUser, PermissionsMixin):
    """A person; the e-mail address is the log-in. `is_staff` opens /admin/ to operators."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(Lower("email"), name="tenancy_user_email_any_case"),
        ]

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return self.name.partition(" ")[0] or self.email


def validate_time_zone(name: str) -> None:
    if name not in zoneinfo.available_timezones():
        raise ValidationError(
            _("“%(name)s” is not a time zone; write it like Europe/London."), params={"name": name}
        )


def validate_slug_free(slug: str) -> None:
    if slug in RESERVED_SLUGS:
        raise ValidationError(
            _("“%(slug)s” is taken by the installation; choose another."), params={"slug": slug}
        )


SLUG_VALIDATORS: list[Callable[[str], None]] = [
    RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*$", _("Use small letters, digits and single hyphens.")),
    validate_slug_free,
]


def default_accepts_negative() -> list[str]:
    """A sale read from a till's file has happened, whatever the books say; all else is refused."""
    return ["sale_import"]


class Shop(models.Model):
    """One business: the wall everything else stands behind."""

    name = models.CharField(_("name"), max_length=120)
    slug = models.CharField(_("address"), max_length=50, unique=True, validators=SLUG_VALIDATORS)
    currency = models.CharField(
        _("currency"),
        max_length=3,
        default="EUR",
        validators=[RegexValidator(r"^[A-Z]{3}$", _("Write the currency as three letters, like EUR."))],
    )
    time_zone = models.CharField(
        _("time zone"), max_length=64, default="UTC", validators=[validate_time_zone]
    )
    language = models.CharField(_("language"), max_length=10, choices=settings.LANGUAGES, default="en")
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    # Kinds of posting that may take stock below zero; `sale_import` is a sale read from a file.
    accepts_negative = models.JSONField(default=default_accepts_negative, blank=True)
    everyone_sees_costs = models.BooleanField(_("clerks and viewers see costs"), default=False)

    night_at = models.TimeField(_("night run at"), default=time(2, 0))
    # When the tick starts the next night, UTC; empty until the first tick has set it.
    next_night_at = models.DateTimeField(null=True, blank=True, db_index=True)

    # What stands on every order.
    address = models.TextField(_("postal address"), max_length=500, blank=True)
    tax_number = models.CharField(_("tax number"), max_length=40, blank=True)
    contact_name = models.CharField(_("contact"), max_length=120, blank=True)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)

    # How selling prices are kept; costs are always without tax.
    prices_include_tax = models.BooleanField(_("selling prices include tax"), default=False)

    sender_name = models.CharField(_("sender name in mails"), max_length=120, blank=True)
    reply_to = models.EmailField(_("answers go to"), blank=True)
    order_grace_minutes = models.PositiveSmallIntegerField(
        _("minutes before an approved order leaves"), default=10, validators=[MaxValueValidator(24 * 60)]
    )

    # What one shop may use of a shared installation.
    product_limit = models.PositiveIntegerField(default=200_000, validators=[MinValueValidator(1)])
    member_limit = models.PositiveIntegerField(default=100, validators=[MinValueValidator(1)])
    import_row_limit = models.PositiveIntegerField(default=1_000_000, validators=[MinValueValidator(1)])

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    @property
    def currency_decimals(self) -> int:
        return currency_decimals(self.currency)


class Membership(models.Model):
    """A person's role in a shop.

    Not behind the wall itself: it is read to find out which walls a person may enter.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    shop = models.ForeignKey(Shop, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["shop__name"]
        constraints = [
            models.UniqueConstraint(fields=["shop", "user"], name="tenancy_membership_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.shop} · {self.get_role_display()}"


class Invitation(ShopModel):
    """An offer of a role, sent as a signed link; good once, until it expires or is withdrawn."""

    email = models.EmailField(_("e-mail"))
    role = models.CharField(_("role"), max_length=10, choices=Role.choices)
    invited_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    # When the mail server took the link; empty: the mail has not left yet.
    mailed_at = models.DateTimeField(null=True, blank=True)
    accepted_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta(ShopModel.Meta):
        ordering = ["-created_at"]
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(
                fields=["shop", "email"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="tenancy_invitation_open_once",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    @property
    def is_open(self) -> bool:
        return not self.accepted_at and not self.withdrawn_at and self.expires_at > timezone.now()


class ApiToken(ShopModel):
    """A machine's key to one shop. Only a hash is kept; the role is its scope."""

    name = models.CharField(_("name"), max_length=80)
    role = models.CharField(_("may do what this role may"), max_length=10, choices=Role.choices)
    digest = models.CharField(max_length=64)
    hint = models.CharField(max_length=12)  # how the token begins, to tell tokens apart
    created_by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    last_used_on = models.DateField(null=True, blank=True)

    class Meta(ShopModel.Meta):
        ordering = ["-created_at"]
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "digest"], name="tenancy_apitoken_digest"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_expired(self) -> bool:
        return self.expires_at is not None and self.expires_at <= timezone.now()

    @staticmethod
    def new_secret() -> str:
        return f"ps_{secrets.token_urlsafe(32)}"

    @staticmethod
    def digest_of(secret: str) -> str:
        # The secret has 256 bits of chance, so a plain hash is enough and cheap on each request.
        return hashlib.sha256(secret.encode()).hexdigest()


class AuditEvent(ShopModel):
    """Who changed what, outside the stock ledger, which is its own record. Never edited."""

    append_only = True

    at = models.DateTimeField(default=timezone.now)
    # No constraint to the tables of people and tokens: an event outlives both.
    actor = models.ForeignKey(User, models.DO_NOTHING, null=True, db_constraint=False, related_name="+")
    token = ShopForeignKey(ApiToken, models.DO_NOTHING, null=True, related_name="+")
    action = models.CharField(max_length=60)
    object = models.CharField(max_length=200, blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    request_id = models.CharField(max_length=36, blank=True)

    class Meta(ShopModel.Meta):
        ordering = ["-at", "-id"]
        constraints = [*ShopModel.Meta.constraints, SameShop("token")]
        indexes = [models.Index(fields=["shop", "-at"], name="tenancy_auditevent_at")]

    def __str__(self) -> str:
        return f"{self.action} {self.object}"
