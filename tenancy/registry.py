"""What the apps above tell this one when they start."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from tenancy.models import Shop

# How a whole number in a field is written for a reader of the audit; None hides it.
Writer = Callable[[int, "Shop"], str] | None

_words: dict[str, _StrPromise] = {}
_writers: dict[str, Writer] = {}


def name_actions(words: Mapping[str, _StrPromise]) -> None:
    """Called from an app's `ready()`: how a reader is told the actions that the app records."""
    _words.update(words)


def name_of(action: str) -> str:
    """An action in words; one that no app has named by its code, readably."""
    known = _words.get(action)
    return str(known) if known else action.replace(".", ": ").replace("_", " ").capitalize()


def write_fields(writers: Mapping[str, Writer]) -> None:
    """Called from an app's `ready()`: how its fields are written where they hold whole numbers."""
    _writers.update(writers)


def is_hidden(field: str, value: object) -> bool:
    return isinstance(value, int) and field in _writers and _writers[field] is None


def written(field: str, value: int, shop: Shop) -> str:
    writer = _writers.get(field)
    return writer(value, shop) if writer else str(value)
