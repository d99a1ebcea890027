"""Signs of life of the background work, as the health page and the supervisor read them."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import OperationalError
from django.utils import timezone

from jobs import queue
from jobs.models import Beat, Lease

TICK = "tick"


@dataclass(frozen=True, slots=True)
class Health:
    """Seconds since the last tick (None: never yet), and since work waits that could be taken."""

    tick_seconds: int | None
    oldest_due_seconds: int
    waiting: int
    running: int

    @property
    def is_stale(self) -> bool:
        """Whether ticks have stopped or work waits too long."""
        late = self.tick_seconds is None or self.tick_seconds > settings.JOB_STALE_SECONDS
        return late or self.oldest_due_seconds > settings.JOB_OVERDUE_SECONDS


def health() -> Health:
    now = timezone.now()
    tick = Beat.objects.filter(name=TICK).values_list("at", flat=True).first()
    return Health(
        tick_seconds=_seconds(now, tick) if tick else None,
        oldest_due_seconds=_seconds(now, queue.oldest_due() or now),
        waiting=queue.due_count(),
        running=Lease.objects.exclude(holder="").filter(expires_at__gt=now).count(),
    )


def wedged(*, since: datetime) -> str:
    """Why the workers of this host, started at `since`, must be restarted; empty if they need not.

    A worker that is killed while idle takes the queue's lock with it: its successors wait for ever
    though they look alive. That differs from being busy in two ways: nothing was delivered here
    for long, and fewer jobs are being worked on than there are workers.
    """
    now = timezone.now()
    delivered = Beat.objects.filter(name=_delivery()).values_list("at", flat=True).first()
    quiet = _seconds(now, max(since, delivered or since))
    alive = Lease.objects.filter(holder__startswith=f"{socket.gethostname()}/", expires_at__gt=now)
    if alive.count() >= settings.JOB_WORKERS:
        return ""
    tick = Beat.objects.filter(name=TICK).values_list("at", flat=True).first()
    silent = _seconds(now, max(since, tick or since))
    if min(quiet, silent) > settings.JOB_STALE_SECONDS:
        return f"no tick for {silent} seconds"
    waits = _seconds(now, queue.oldest_due() or now)
    if min(quiet, waits) > settings.JOB_OVERDUE_SECONDS:
        return f"work waits for {waits} seconds"
    return ""


def note_delivery() -> None:
    """A worker of this host has taken something from the queue."""
    # A busy database is no reason to leave the work undone.
    with contextlib.suppress(OperationalError):
        Beat.objects.update_or_create(name=_delivery(), defaults={"at": timezone.now()})


def beat_if_older(name: str, seconds: int) -> bool:
    """Move a beat to now, unless it is younger than `seconds`; whether it was moved."""
    now = timezone.now()
    due = Beat.objects.filter(name=name, at__lte=now - timedelta(seconds=seconds))
    if due.update(at=now):
        return True
    return Beat.objects.get_or_create(name=name, defaults={"at": now})[1]


def _delivery() -> str:
    return f"delivery {socket.gethostname()}"


def _seconds(now: datetime, then: datetime) -> int:
    return max(0, int((now - then).total_seconds()))
