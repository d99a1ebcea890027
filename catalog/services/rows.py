"""What all services of the catalogue do with a row: save it, and write what changed."""

from __future__ import annotations

from typing import Any

from django.db import IntegrityError, models, transaction

from common.errors import Conflict
from tenancy.audit import data_of, only_changes, record
from tenancy.models import User


def save_row(row: Any, actor: User | None, taken: Conflict | None = None) -> Any:
    """Save a row and write what changed; `taken` is raised where it meets another row's name."""
    known = type(row).objects.filter(pk=row.pk).first() if row.pk else None
    try:
        with transaction.atomic():
            row.save()
    except IntegrityError as error:
        if taken is None:
            raise
        raise taken from error
    name = row._meta.model_name
    before, after = only_changes(told(known) if known else {}, told(row))
    if known is None:
        record(f"{name}.add", actor=actor, about=row, after=after)
    elif after:
        record(f"{name}.change", actor=actor, about=row, before=before, after=after)
    return row


def remove_row(row: Any, actor: User | None) -> None:
    with transaction.atomic():
        record(f"{row._meta.model_name}.remove", actor=actor, about=row, before=told(row))
        row.delete()


def told(row: models.Model) -> dict[str, Any]:
    """A row's own fields for the audit; what it points to by its name, which a key would not tell."""
    values = data_of(row)
    for field in row._meta.concrete_fields:
        if isinstance(field, models.ForeignKey) and field.name in values:
            values[field.name] = None if values[field.name] is None else str(getattr(row, field.name))
    return values
