"""Work done in the background, as rows a page can show."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from tenancy.base import ShopModel


class Job(ShopModel):
    """One piece of work. (kind, key) is unique in a shop, so the same night starts once."""

    class State(models.TextChoices):
        QUEUED = "queued", _("Queued")
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        FAILED = "failed", _("Failed")  # will be tried again
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
    started_at = models.DateTimeField(null=True, blank=True)
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
    def is_over(self) -> bool:
        return self.state in {self.State.DONE, self.State.CANCELLED, self.State.PARKED}


class Lease(models.Model):
    """An unfinished job's place in the queue, and until when somebody works on it.

    Stands outside the wall on purpose, holding ids and times only: the tick must find abandoned
    jobs of all shops in one query, and a heartbeat must not need a shop.
    """

    job_id = models.BigIntegerField(primary_key=True)
    shop_id = models.BigIntegerField()
    # When the tick puts the job back into the queue unless a heartbeat moves this first.
    expires_at = models.DateTimeField(db_index=True)
    # Which attempt holds it: a worker that was given up for dead must not write any more.
    attempt = models.PositiveSmallIntegerField(default=0)


class Beat(models.Model):
    """When a worker last did a tick; the supervisor reads it from outside."""

    name = models.CharField(max_length=40, primary_key=True)
    at = models.DateTimeField()
