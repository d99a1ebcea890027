"""What work exists: the kinds of job with their handlers, and what happens each minute.

An app's `jobs.py` fills this at start-up; nothing here touches the database.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from common.navigation import StrOrPromise
    from jobs.context import JobContext

    Run = Callable[["JobContext"], dict[str, Any] | None]
    Hook = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    label: StrOrPromise
    run: Run


_kinds: dict[str, Kind] = {}
_hooks: dict[str, Hook] = {}


def handler(kind: str, label: StrOrPromise) -> Callable[[Run], Run]:
    """Register the function that does the jobs of a kind.

    It runs outside any transaction, opens `context.scope()` per step, may be run again after it
    was killed anywhere, and returns what the job's row keeps as its result (JSON): `summary`, a
    sentence for people, and `link`, the address of what came out, are shown on the job's page.
    """

    def register(run: Run) -> Run:
        known = _kinds.get(kind)
        if known and _name(known.run) != _name(run):
            raise ValueError(f"two handlers for jobs of kind {kind!r}: {_name(known.run)} and {_name(run)}")
        _kinds[kind] = Kind(kind, label, run)
        return run

    return register


def every_minute(hook: Hook) -> Hook:
    """Call `hook` on each tick, outside any shop's scope. It must stand being called twice at once."""
    _hooks[_name(hook)] = hook
    return hook


def kind_named(name: str) -> Kind:
    """Raises LookupError where no handler of that kind is registered."""
    return _kinds[name]


def label_of(kind: str) -> StrOrPromise:
    return _kinds[kind].label if kind in _kinds else kind


def hooks() -> list[tuple[str, Hook]]:
    return list(_hooks.items())


def _name(function: Any) -> str:
    return f"{function.__module__}.{function.__qualname__}"
