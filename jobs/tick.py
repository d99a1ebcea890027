"""What happens each minute: nights that are due, jobs that were abandoned, the apps' own hooks.

One django-q2 schedule queues it. It may run twice at once, or late: every step takes what is due
by a conditional change, so the second finds nothing left.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from functools import cache, partial
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_q.models import Schedule

from common.dates import moment, next_occurrence
from jobs import queue, registry
from jobs.health import TICK, beat_if_older, note_delivery
from jobs.models import Job, Lease
from jobs.running import give_up
from jobs.services import enqueue
from jobs.states import add_to_log, lease_end
from tenancy.context import shop_scope
from tenancy.models import Shop

logger = logging.getLogger(__name__)

NIGHT = "night"
MINUTE = "jobs.tick.minute"
# How long finished jobs can be looked at.
KEPT = timedelta(days=90)
# Ticks that piled up while the workers were busy, or of two hosts, are one.
LEAST_SECONDS = 15


def ensure_schedule() -> None:
    """See to it that there is exactly one schedule for the tick."""
    with transaction.atomic():
        known = list(Schedule.objects.select_for_update().filter(func=MINUTE).order_by("pk"))
        if not known:
            Schedule.objects.create(
                name=TICK, func=MINUTE, schedule_type=Schedule.MINUTES, minutes=1, repeats=-1
            )
        for extra in known[1:]:
            extra.delete()


def minute() -> None:
    """What the schedule queues."""
    note_delivery()
    if beat_if_older(TICK, LEAST_SECONDS):
        tick()


def tick(now: datetime | None = None) -> None:
    now = now or timezone.now()
    _guarded("nights", partial(start_nights, now))
    _guarded("abandoned jobs", partial(revive_abandoned, now))
    for name, hook in registry.hooks():
        _guarded(name, hook)


def _guarded(name: str, step: Callable[[], None]) -> None:
    try:
        step()
    except Exception:
        logger.exception("The minute's step %s failed", name)


# ---- nights -----------------------------------------------------------------------------------


def start_nights(now: datetime) -> None:
    """Queue the night of each shop whose clock has reached its hour.

    After a standstill only the latest night is made up for: it closes all the days before it. A
    changed time or zone moves the next night within a minute, whichever way it was changed.
    """
    upcoming = cache(lambda at, zone: next_occurrence(at, ZoneInfo(zone), after=now))
    shops = Shop.objects.filter(is_active=True)
    for pk, at, zone, planned in shops.values_list("pk", "night_at", "time_zone", "next_night_at"):
        following = upcoming(at, zone)
        if planned is not None and planned <= now:
            _guarded(f"night of shop {pk}", partial(_start_night, pk, planned, now))
        elif planned != following:
            Shop.objects.filter(pk=pk, next_night_at=planned).update(next_night_at=following)


def _start_night(shop_id: int, planned: datetime, now: datetime) -> None:
    shop = Shop.objects.get(pk=shop_id)
    following = next_occurrence(shop.night_at, shop.zone, after=now)
    with shop_scope(shop):
        # Two ticks at once: the one that moves the date makes the night.
        if Shop.objects.filter(pk=shop.pk, next_night_at=planned).update(next_night_at=following):
            day = night_of(now, shop.night_at, shop.zone).isoformat()
            enqueue(kind=NIGHT, key=day, arguments={"date": day})
            remove_old(now)


def remove_old(now: datetime) -> int:
    """Forget the shop's jobs that ended well or were cancelled long ago; parked ones wait for somebody.

    Once a night: their number grows by the night, and nobody looks that far back.
    """
    over = Job.objects.filter(state__in=[Job.State.DONE, Job.State.CANCELLED])
    return over.filter(finished_at__lt=now - KEPT).delete()[0]


def night_of(now: datetime, at: time, zone: ZoneInfo) -> date:
    """The shop's date of the latest night that has begun.

    By the calendar, not by hours: the day the clocks change has one night like any other.
    """
    today = now.astimezone(zone).date()
    return next(
        day for day in (today - timedelta(days=back) for back in range(3)) if moment(day, at, zone) <= now
    )


# ---- abandoned jobs ---------------------------------------------------------------------------


def revive_abandoned(now: datetime) -> None:
    """Queue again what nobody has looked after since its lease ran out."""
    expired = Lease.objects.filter(expires_at__lte=now).order_by("expires_at")
    leases = list(expired.values_list("job_id", "shop_id", "holder", "delivery_id")[:1000])
    waiting = queue.waiting([delivery for *_rest, holder, delivery in leases if not holder and delivery])
    Lease.objects.filter(holder="", delivery_id__in=waiting).update(expires_at=lease_end())
    for job_id, shop_id, holder, delivery in leases:
        if holder or delivery not in waiting:
            _guarded(f"job {job_id}", partial(_revive, job_id, shop_id, now))


def _revive(job_id: int, shop_id: int, now: datetime) -> None:
    with shop_scope(Shop.objects.get(pk=shop_id)) as shop:
        # A locked lease is being touched by somebody alive.
        leases = Lease.objects.select_for_update(skip_locked=True)
        lease = leases.filter(pk=job_id, expires_at__lte=now).first()
        if lease is None:
            return
        job = Job.objects.select_for_update().get(pk=job_id)
        if give_up(job, lease):
            return
        if lease.holder:
            text = _("The worker disappeared during attempt %(number)s; the job is queued again.")
            add_to_log(job_id, text % {"number": job.attempts})
            Job.objects.filter(pk=job_id).update(state=Job.State.QUEUED)
        lease.delivery_id = queue.push_again(shop.pk, job_id, lease.delivery_id)
        lease.holder = ""
        lease.expires_at = lease_end()
        lease.save()
