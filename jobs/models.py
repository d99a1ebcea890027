"""Work done in the background, as rows a page can show."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from jobs.registry import label_of
from tenancy.base import ShopModel


class Job(ShopModel):
    """One piece of work. (kind, key) is unique in a shop, so the same night starts once."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed, will be tried again")
        CANCELLED = "cancelled", _("Cancelled")
        PARKED = "parked", _("Parked")  # failed too often; a person decides

    kind = models.CharField(max_length=40)
    key = models.CharField(max_length=120)
    arguments = models.JSONField(default=dict, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.QUEUED)
    attempts = models.PositiveSmallIntegerField(default=0)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=300, blank=True)
    log = models.TextField(blank=True)
    result = models.JSONField(null=True, blank=True)
    cancel_requested = models.BooleanField(default=False)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True, blank=True)  # of the latest attempt
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta(ShopModel.Meta):
        ordering = ["-created_at", "-id"]
        constraints = [
            *ShopModel.Meta.constraints,
            models.UniqueConstraint(fields=["shop", "kind", "key"], name="jobs_job_once"),
        ]
        indexes = [models.Index(fields=["shop", "-created_at"], name="jobs_job_newest")]

    def __str__(self) -> str:
        return f"{self.kind} {self.key}"

    @property
    def label(self) -> str:
        return str(label_of(self.kind))

    @property
    def is_over(self) -> bool:
        return self.state in {self.State.DONE, self.State.CANCELLED, self.State.PARKED}

    @property
    def can_cancel(self) -> bool:
        return not self.is_over and not self.cancel_requested

    @property
    def can_retry(self) -> bool:
        return self.state in {self.State.FAILED, self.State.CANCELLED, self.State.PARKED}

    @property
    def percent(self) -> int | None:
        """Whole percents done; None while the total is not known."""
        return min(100, self.done * 100 // self.total) if self.total else None

    @property
    def time_left(self) -> str:
        """How long the rest will take at the pace so far; empty where that would be a guess."""
        if self.state != self.State.RUNNING or not self.started_at or not self.done or not self.total:
            return ""
        spent = (timezone.now() - self.started_at).total_seconds()
        seconds = spent / self.done * max(0, self.total - self.done)
        if spent < 5:
            return ""
        if seconds < 90:
            n = max(10, int(round(seconds, -1)))
            return ngettext("About %(n)d second left.", "About %(n)d seconds left.", n) % {"n": n}
        n = round(seconds / 60)
        return ngettext("About %(n)d minute left.", "About %(n)d minutes left.", n) % {"n": n}

    @property
    def poll_seconds(self) -> int:
        """How often a page asks for news: less often once it is clear that this takes time."""
        asked = self.started_at or self.created_at
        return 2 if (timezone.now() - asked).total_seconds() < 60 else 5

    @property
    def summary(self) -> str:
        return str(self.result.get("summary", "")) if isinstance(self.result, dict) else ""

    @property
    def link(self) -> str:
        """Where the result can be seen: an address of this site, or nothing."""
        address = str(self.result.get("link", "")) if isinstance(self.result, dict) else ""
        return address if address.startswith("/") and not address.startswith("//") else ""


class Lease(models.Model):
    """An unfinished job's place in the queue, and until when somebody works on it.

    Stands outside the wall on purpose, holding ids and times only: the tick must find abandoned
    jobs of all shops in one query, and a heartbeat must not need a shop.
    """

    job_id = models.BigIntegerField(primary_key=True)
    shop_id = models.BigIntegerField()
    # When the tick looks after the job unless a heartbeat moves this first.
    expires_at = models.DateTimeField(db_index=True)
    # The attempt that works on the job, as host/process/chance; empty while it waits. Whoever is
    # not named here any more was given up for dead and may write nothing.
    holder = models.CharField(max_length=120, blank=True)
    # The row of the queue that brings the job to a worker.
    delivery_id = models.BigIntegerField(null=True)


class Beat(models.Model):
    """When something last happened in the background; the supervisor reads it from outside."""

    name = models.CharField(max_length=120, primary_key=True)
    at = models.DateTimeField()
