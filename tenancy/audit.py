"""Writes what the stock ledger does not record itself."""

from __future__ import annotations

from typing import Any

from django.db.models import Model
from django.forms.models import model_to_dict

from common.request_id import request_id
from tenancy.models import ApiToken, AuditEvent, User

_PLAIN = (bool, int, float, str, list, dict, type(None))


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


def data_of(row: Model) -> dict[str, Any]:
    """A row's own fields as the audit keeps them."""
    values = model_to_dict(row)
    return {name: value if isinstance(value, _PLAIN) else str(value) for name, value in values.items()}


def only_changes(before: dict[str, Any], after: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both without the fields that say the same."""
    changed = [name for name, value in after.items() if before.get(name) != value]
    return {name: before.get(name) for name in changed}, {name: after[name] for name in changed}
