"""Reading the current shop's jobs."""

from __future__ import annotations

from django.db.models import QuerySet

from jobs.models import Job


def newest_jobs(*, state: str = "", kind: str = "") -> QuerySet[Job]:
    """Newest first, without their logs; optionally of one state or kind."""
    jobs = Job.objects.select_related("requested_by").defer("log", "arguments")
    if state:
        jobs = jobs.filter(state=state)
    if kind:
        jobs = jobs.filter(kind=kind)
    return jobs.order_by("-created_at", "-id")


def count_unfinished() -> int:
    """Jobs at work or waiting for their turn."""
    return Job.objects.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING]).count()
