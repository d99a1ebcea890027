"""A machine's keys to a shop: made, shown once, revoked."""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Conflict
from tenancy.audit import record
from tenancy.models import ApiToken, Membership
from tenancy.services.people import may_grant

_HINT_LENGTH = 8


def create_token(
    *, name: str, role: str, expires_at: datetime | None, actor: Membership
) -> tuple[ApiToken, str]:
    """A token of the current shop, and its secret, which is stored nowhere."""
    may_grant(actor, role)
    secret = ApiToken.new_secret()
    token = ApiToken.objects.create(
        name=name,
        role=role,
        digest=ApiToken.digest_of(secret),
        hint=secret[:_HINT_LENGTH],
        created_by=actor.user,
        expires_at=expires_at,
    )
    after = {"role": role, "expires": expires_at.date().isoformat() if expires_at else None}
    record("token.created", actor=actor.user, about=name, after=after)
    return token, secret


def revoke_token(token: ApiToken, *, actor: Membership) -> None:
    may_grant(actor, token.role)
    if not ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now()):
        raise Conflict(_("This token is already revoked."))
    record("token.revoked", actor=actor.user, about=token.name, before={"role": token.role})
