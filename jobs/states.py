"""Changes of a job's row and its log. All are called inside the shop's scope, in a transaction."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from jobs.models import Job
from tenancy.context import current_shop

LOG_LIMIT = 20_000  # characters; what is older gives way


def lease_end() -> datetime:
    """Until when whoever touches a lease now is believed to be at work."""
    return timezone.now() + timedelta(seconds=settings.JOB_LEASE_SECONDS)


def close(job_id: int, state: Job.State, **fields: Any) -> None:
    """Set a last state; nobody looks after the job any more."""
    Job.objects.filter(pk=job_id).update(state=state, finished_at=timezone.now(), **fields)


def add_to_log(job_id: int, text: str) -> None:
    stamp = timezone.localtime(timezone=current_shop().zone).strftime("%Y-%m-%d %H:%M:%S")
    added = "".join(f"{stamp} {line}\n" for line in text.splitlines() or [""])
    log = Job.objects.values_list("log", flat=True).get(pk=job_id) + added
    if len(log) > LOG_LIMIT:
        log = "…\n" + log[-LOG_LIMIT:].partition("\n")[2]
    Job.objects.filter(pk=job_id).update(log=log)
