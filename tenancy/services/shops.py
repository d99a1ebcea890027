"""Making a shop, and changing what its owner may change."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from common.errors import BadInput
from tenancy.audit import only_changes, record
from tenancy.context import shop_scope
from tenancy.models import RESERVED_SLUGS, Membership, Shop, User
from tenancy.permissions import Role
from tenancy.signals import shop_created

# What the settings page offers; all else of a shop is the operator's.
OWNER_FIELDS = (
    "name",
    "language",
    "time_zone",
    "currency",
    "address",
    "tax_number",
    "contact_name",
    "phone",
    "prices_include_tax",
    "night_at",
    "sender_name",
    "reply_to",
    "order_grace_minutes",
    "everyone_sees_costs",
    "accepts_negative",
)


def create_shop(*, name: str, slug: str, owner: User | None = None, **fields: Any) -> Shop:
    """Make a shop and, if given, its first owner.

    fields: any others of Shop (`currency`, `time_zone`, `language`, limits).
    Raises BadInput with a message per field; nothing is made then.
    """
    shop = Shop(name=name, slug=slug, **fields)
    try:
        shop.full_clean()
        with transaction.atomic():
            shop.save(force_insert=True)
            if owner is not None:
                Membership.objects.create(shop=shop, user=owner, role=Role.OWNER)
            with shop_scope(shop):
                record("shop.created", actor=owner, about=shop, after=_audited(shop))
                shop_created.send(sender=Shop, shop=shop)
    except ValidationError as refusal:
        raise _bad_input(refusal.message_dict) from refusal
    except IntegrityError as refusal:
        # Somebody took the address between the check and the insert.
        raise _bad_input({"slug": [_("This address is taken; choose another.")]}) from refusal
    return shop


def propose_slug(name: str) -> str:
    """A free address made from a shop's name; names without Latin letters give `shop`."""
    base = slugify(name)[:40].strip("-") or "shop"
    taken = set(Shop.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    taken |= RESERVED_SLUGS
    slug, number = base, 1
    while slug in taken:
        number += 1
        slug = f"{base}-{number}"
    return slug


def save_settings(shop: Shop, *, before: Shop, actor: User) -> list[str]:
    """Store a validated `shop` in its own scope; returns the names of the fields that changed.

    before: the row as it was, for the audit.
    """
    old, new = only_changes(_audited(before), _audited(shop))
    fields = changed = list(new)
    if not changed:
        return []
    if {"night_at", "time_zone"} & set(changed):
        shop.next_night_at = None  # the tick works it out anew
        fields = [*changed, "next_night_at"]
    shop.save(update_fields=fields)
    record("shop.settings", actor=actor, about=shop, before=old, after=new)
    return changed


def _audited(shop: Shop) -> dict[str, Any]:
    values = {name: getattr(shop, name) for name in OWNER_FIELDS}
    return values | {"night_at": f"{values['night_at']:%H:%M}"}


def _bad_input(fields: dict[str, list[str]]) -> BadInput:
    return BadInput(" ".join(message for messages in fields.values() for message in messages), fields)
