"""The main menu: each app lists its places, the template draws them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    StrOrPromise = str | _StrPromise


@dataclass(frozen=True, slots=True)
class Waiting:
    """A number beside a place, for those who can do something about it.

    words: what is counted, with `%(number)s`, as a screen reader says it. count: one cheap query, for
    every page asks it; nothing is shown for zero.
    """

    words: StrOrPromise
    permission: str
    count: Callable[[], int]


@dataclass(frozen=True, slots=True)
class Place:
    """A line of the menu. `order` groups in tens: a new ten begins after a gap."""

    order: int
    label: StrOrPromise
    url_name: str
    icon: str
    permission: str = "shop.view"
    on_phone: bool = False  # one of the five of the bar at the bottom
    phone_only: bool = False
    waiting: Waiting | None = None


_places: list[Place] = []


def add_place(place: Place) -> None:
    """Called from an app's `ready()`; the same place twice is one."""
    if all(known.url_name != place.url_name for known in _places):
        _places.append(place)


def places() -> list[Place]:
    return sorted(_places, key=lambda place: place.order)
