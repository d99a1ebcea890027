"""Writes what the stock ledger does not record itself."""

from __future__ import annotations

from typing import Any

from common.request_id import request_id
from tenancy.models import ApiToken, AuditEvent, User


def record(
    action: str,
    *,
    actor: User | None,
    token: ApiToken | None = None,
    about: object = "",
    before: Any = None,
    after: Any = None,
) -> AuditEvent:
    """Add an event to the current shop's audit, in the caller's transaction."""
    return AuditEvent.objects.create(
        action=action,
        actor=actor if actor and actor.is_authenticated else None,
        token=token,
        object=str(about)[:200],
        before=before,
        after=after,
        request_id=request_id.get(),
    )
