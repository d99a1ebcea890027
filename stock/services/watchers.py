"""Who must know when a document is undone: apps above the ledger that keep records beside it.

Whichever door an Undo comes through, it passes the ledger, so what hangs on a document follows in the
same transaction. An app registers its watcher once, at start-up.
"""

from __future__ import annotations

from typing import Protocol

from stock.models import Posting


class Watcher(Protocol):
    def before(self, posting: Posting) -> None:
        """Called before any balance is locked: take own locks, raise Conflict to refuse; write nothing."""

    def after(self, posting: Posting, mirror: Posting) -> None:
        """Called once `mirror` is recorded, and not for a repeat of the same request."""


_watchers: list[Watcher] = []


def watch_reversals(watcher: Watcher) -> None:
    _watchers.append(watcher)


def before_reversal(posting: Posting) -> None:
    for watcher in _watchers:
        watcher.before(posting)


def after_reversal(posting: Posting, mirror: Posting) -> None:
    for watcher in _watchers:
        watcher.after(posting, mirror)
