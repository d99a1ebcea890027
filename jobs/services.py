"""Asking for work, stopping it, and starting it again."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from common.errors import Conflict
from jobs import queue, registry
from jobs.models import Job, Lease
from jobs.states import close, lease_end
from tenancy.audit import record
from tenancy.context import current_shop, shop_scope
from tenancy.models import User


def enqueue(
    *, kind: str, key: str, arguments: dict[str, Any] | None = None, requested_by: User | None = None
) -> Job:
    """Ask for a job of the current shop, in the caller's transaction.

    (kind, key) asks once: the same again returns the job that there is, whatever its state. Work
    that may be repeated needs a key of its own each time. LookupError for a kind nobody handles.
    """
    registry.kind_named(kind)
    with shop_scope(current_shop()) as shop:
        job, created = Job.objects.get_or_create(
            kind=kind,
            key=key,
            defaults={
                "arguments": arguments or {},
                "requested_by": requested_by if requested_by and requested_by.is_authenticated else None,
            },
        )
        if created:
            delivery = queue.push(shop.pk, job.pk)
            Lease.objects.create(job_id=job.pk, shop_id=shop.pk, expires_at=lease_end(), delivery_id=delivery)
        return job


def cancel(job: Job, *, actor: User | None = None) -> Job:
    """Stop a job of the current shop: at once while it waits, else at its next step.

    Raises Conflict if it is over. What was done so far stays done.
    """
    with shop_scope(current_shop()):
        # A running step may keep the lease locked for long, so this comes first and needs no lease.
        asked = Job.objects.filter(pk=job.pk, state=Job.State.RUNNING).update(cancel_requested=True)
        if not asked:
            _cancel_waiting(job.pk)
        record("job.cancel", actor=actor, about=job)
        job.refresh_from_db()
        return job


def _cancel_waiting(job_id: int) -> None:
    lease = Lease.objects.select_for_update().filter(pk=job_id).first()
    job = Job.objects.select_for_update().get(pk=job_id)
    if lease is None or job.is_over:
        raise Conflict(_("This job is over already."))
    if job.state == Job.State.RUNNING:  # a worker was faster
        Job.objects.filter(pk=job_id).update(cancel_requested=True)
        return
    queue.withdraw(lease.delivery_id)
    lease.delete()
    close(job_id, Job.State.CANCELLED, message=_("Cancelled."))


def retry(job: Job, *, actor: User | None = None) -> Job:
    """Queue a job of the current shop again that failed, was parked or was cancelled.

    Raises Conflict if it is done, waits or runs.
    """
    with shop_scope(current_shop()) as shop:
        lease = Lease.objects.select_for_update().filter(pk=job.pk).first()
        fresh = Job.objects.select_for_update().get(pk=job.pk)
        if not fresh.can_retry:
            raise Conflict(_("This job is done, or waits, or runs: there is nothing to try again."))
        delivery = queue.push_again(shop.pk, job.pk, lease.delivery_id if lease else None)
        Lease.objects.update_or_create(
            job_id=job.pk,
            defaults={
                "shop_id": shop.pk,
                "expires_at": lease_end(),
                "holder": "",
                "delivery_id": delivery,
            },
        )
        Job.objects.filter(pk=job.pk).update(
            state=Job.State.QUEUED,
            attempts=0,
            done=0,
            total=0,
            message="",
            result=None,
            cancel_requested=False,
            started_at=None,
            finished_at=None,
        )
        record("job.retry", actor=actor, about=job)
        job.refresh_from_db()
        return job


def run_now(job: Job) -> Job:
    """Do the job in this process, one attempt, and return it as it then stands.

    For commands and tests. A failure is recorded and queued again as a worker would do; a job that
    is over, or that a worker has, is left alone. Outside tests, call it outside any scope: handlers
    expect to run outside a transaction.
    """
    from jobs.running import claim, run

    context = claim(job.shop, job.pk)
    if context:
        run(context)
    with shop_scope(job.shop, write=False):
        job.refresh_from_db()
    return job
