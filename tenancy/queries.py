"""What the pages about people and changes show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext as _

from common.dates import start_of_day
from tenancy.context import current_shop
from tenancy.models import ApiToken, AuditEvent, Invitation, Membership, Shop, User
from tenancy.registry import is_hidden, name_of, written


def shops_of(user: User) -> QuerySet[Membership]:
    """A person's memberships in active shops, by the shop's name."""
    return user.memberships.filter(shop__is_active=True).select_related("shop").order_by("shop__name")


def members(shop: Shop) -> QuerySet[Membership]:
    return shop.memberships.select_related("user").order_by("user__name", "user__email")


def waiting_invitations() -> QuerySet[Invitation]:
    """Sent and neither accepted nor withdrawn; expired ones too, so that they can be sent again."""
    return Invitation.objects.filter(accepted_at=None, withdrawn_at=None).select_related("invited_by")


def tokens() -> QuerySet[ApiToken]:
    """Those in use first."""
    return ApiToken.objects.select_related("created_by").order_by(
        F("revoked_at").desc(nulls_first=True), "-created_at"
    )


def audit_events(
    *,
    search: str = "",
    action: str = "",
    actor: str = "",
    since: date | None = None,
    until: date | None = None,
) -> QuerySet[AuditEvent]:
    """The shop's audit, newest first; `since` and `until` are days in its own time, both included."""
    zone = current_shop().zone
    events = AuditEvent.objects.select_related("actor", "token").order_by("-at", "-id")
    if search:
        events = events.filter(Q(object__icontains=search) | Q(request_id=search))
    if action:
        events = events.filter(action=action)
    if actor:
        events = events.filter(actor=int(actor))
    if since:
        events = events.filter(at__gte=start_of_day(since, zone))
    if until:
        events = events.filter(at__lt=start_of_day(until + timedelta(days=1), zone))
    return events


def audit_actions() -> list[tuple[str, str]]:
    codes = AuditEvent.objects.order_by("action").values_list("action", flat=True).distinct()
    return sorted(((code, name_of(code)) for code in codes), key=lambda named: named[1])


def audit_actors() -> list[tuple[int, str]]:
    found = AuditEvent.objects.exclude(actor=None).order_by().values_list("actor", flat=True).distinct()
    people = User.objects.filter(pk__in=list(found)).order_by("name", "email")
    return [(person.pk, str(person)) for person in people]


@dataclass(frozen=True, slots=True)
class Change:
    """`before` is None where there was nothing before, or the same."""

    field: str
    before: str | None
    after: str


def changes(event: AuditEvent) -> list[Change]:
    """What an event changed, field by field; a plain value has no field name."""
    before, after = event.before, event.after
    if not isinstance(before or {}, dict) or not isinstance(after or {}, dict):
        return [Change("", _written(before), _written(after))]
    before, after = before or {}, after or {}
    names = [*before, *(name for name in after if name not in before)]
    return [
        Change(
            name.replace("_", " "),
            _written(before[name], name) if name in before and before[name] != after.get(name) else None,
            _written(after.get(name), name),
        )
        for name in names
        if not is_hidden(name, after.get(name, before.get(name)))
    ]


def _written(value: Any, field: str = "") -> str:
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, int):
        return written(field, value, current_shop())
    if isinstance(value, list):
        return ", ".join(str(part) for part in value) or "–"
    return str(value)
