"""What the apps above tell this one when they start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

_words: dict[str, _StrPromise] = {}


def name_actions(words: Mapping[str, _StrPromise]) -> None:
    """Called from an app's `ready()`: how a reader is told the actions that the app records."""
    _words.update(words)


def name_of(action: str) -> str:
    """An action in words; one that no app has named by its code, readably."""
    known = _words.get(action)
    return str(known) if known else action.replace(".", ": ").replace("_", " ").capitalize()
