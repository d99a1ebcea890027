"""People, and their roles in a shop.

Three rules hold wherever a role changes: nobody grants a role above their own, nobody touches
people above them, and a shop keeps at least one owner.
"""

from __future__ import annotations

import secrets

from allauth.account.models import EmailAddress
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from common.errors import BadInput, Conflict, NotPermitted
from tenancy.audit import record
from tenancy.models import Membership, Shop, User
from tenancy.permissions import Role, outranks


def add_user(
    email: str, password: str, *, name: str = "", verified: bool = True, superuser: bool = False
) -> User:
    """Make a person who can sign in. `verified`: the address is known to be theirs.

    Raises BadInput for an address or a password that cannot be used, Conflict for a taken address.
    """
    make = User.objects.create_superuser if superuser else User.objects.create_user
    try:
        validate_email(email)
    except ValidationError as refusal:
        raise BadInput(_("This is no e-mail address."), {"email": refusal.messages}) from refusal
    try:
        validate_password(password, User(email=email, name=name))
    except ValidationError as refusal:
        raise BadInput(" ".join(refusal.messages), {"password": refusal.messages}) from refusal
    try:
        with transaction.atomic():
            user = make(email, password, name=name)
            EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=verified)
    except IntegrityError as refusal:
        raise Conflict(_("There is already an account with this e-mail address.")) from refusal
    return user


def ensure_first_user(email: str, password: str | None = None) -> tuple[User | None, str | None]:
    """On an installation without people, make its operator.

    Returns the new user (None where there already are people) and the password, if it was made up
    here: it is shown to whoever starts the installation, once, and stored nowhere.
    """
    if User.objects.exists():
        return None, None
    made_up = None if password else secrets.token_urlsafe(12)
    return add_user(email, password or made_up or "", superuser=True), made_up


def change_role(membership: Membership, role: str, *, actor: Membership) -> None:
    """Give a member of the current shop another role. Raises NotPermitted or Conflict."""
    _lock(membership.shop)
    membership.refresh_from_db()
    _may_touch(actor, membership)
    may_grant(actor, role)
    if membership.role == role:
        return
    if role != Role.OWNER:
        _keep_an_owner(membership)
    before, membership.role = membership.role, role
    membership.save(update_fields=["role"])
    record(
        "member.role_changed",
        actor=actor.user,
        about=membership.user,
        before={"role": before},
        after={"role": role},
    )


def remove_member(membership: Membership, *, actor: Membership) -> None:
    """End a person's membership; their own or another's. Raises NotPermitted or Conflict."""
    _lock(membership.shop)
    membership.refresh_from_db()
    if actor.pk != membership.pk:
        _may_touch(actor, membership)
    _keep_an_owner(membership)
    record("member.removed", actor=actor.user, about=membership.user, before={"role": membership.role})
    membership.delete()


def may_grant(actor: Membership, role: str) -> None:
    if role not in Role.values:
        raise BadInput(_("There is no such role."), {"role": [_("There is no such role.")]})
    if outranks(role, actor.role):
        raise NotPermitted(_("Nobody can give a role above their own."))


def _may_touch(actor: Membership, membership: Membership) -> None:
    if outranks(membership.role, actor.role):
        raise NotPermitted(_("This person stands above you in this shop."))


def _keep_an_owner(membership: Membership) -> None:
    owners = Membership.objects.filter(shop=membership.shop, role=Role.OWNER)
    if membership.role == Role.OWNER and not owners.exclude(pk=membership.pk).exists():
        raise Conflict(_("A shop keeps at least one owner: make somebody else owner first."))


def _lock(shop: Shop) -> None:
    """One change to a shop's people at a time, so that two cannot each remove the other owner."""
    Shop.objects.select_for_update().get(pk=shop.pk)
