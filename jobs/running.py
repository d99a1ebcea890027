"""One attempt at a job: claim it, keep it alive, run its handler, record how it ended."""

from __future__ import annotations

import logging
import os
import secrets
import socket
import threading
from datetime import timedelta
from types import TracebackType
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import close_old_connections, connection
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django_q.exceptions import TimeoutException

from common.errors import BadInput, ParstockError
from jobs import queue, registry
from jobs.context import JobCancelled, JobContext, LeaseLost
from jobs.health import note_delivery
from jobs.models import Job, Lease
from jobs.states import add_to_log, close, lease_end
from tenancy.context import shop_scope
from tenancy.models import Shop

logger = logging.getLogger(__name__)


def deliver(shop_id: int, job_id: int) -> None:
    """What the queue calls. A delivery too many finds nothing to claim and does nothing."""
    note_delivery()
    shop = Shop.objects.filter(pk=shop_id).first()
    context = claim(shop, job_id) if shop else None
    if context:
        run(context)


def claim(shop: Shop, job_id: int) -> JobContext | None:
    """Take the job for this process, or None where it is over or somebody works on it.

    The attempt is counted here, before anything can go wrong, so that a job which kills its worker
    is parked in the end as well.
    """
    with shop_scope(shop):
        # A locked lease belongs to a step that is being written: its worker is alive.
        lease = Lease.objects.select_for_update(skip_locked=True).filter(pk=job_id).first()
        if lease is None or (lease.holder and lease.expires_at > timezone.now()):
            return None
        job = Job.objects.select_for_update().get(pk=job_id)
        if give_up(job, lease):
            return None
        if lease.holder:
            text = _("The worker disappeared during attempt %(number)s.")
            add_to_log(job_id, text % {"number": job.attempts})
        lease.holder = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(6)}"
        lease.expires_at = lease_end()
        lease.save()
        job.state = Job.State.RUNNING
        job.attempts += 1
        job.started_at = timezone.now()
        job.message = ""
        job.save(update_fields=["state", "attempts", "started_at", "message"])
        return JobContext(
            shop=shop,
            job_id=job.pk,
            kind=job.kind,
            arguments=job.arguments,
            attempt=job.attempts,
            holder=lease.holder,
        )


def give_up(job: Job, lease: Lease) -> bool:
    """Close a job that is not to be attempted again; whether it was closed.

    Call in the shop's scope with the lease locked.
    """
    if job.cancel_requested:
        close(job.pk, Job.State.CANCELLED, message=_("Cancelled."))
    elif job.attempts >= settings.JOB_MAX_ATTEMPTS:
        # A failed attempt parks the job itself, so the last one cannot have lived to tell.
        text = _("The worker disappeared during the last attempt.")
        add_to_log(job.pk, text)
        close(job.pk, Job.State.PARKED, message=text)
    else:
        return False
    queue.withdraw(lease.delivery_id)
    lease.delete()
    return True


def run(context: JobContext) -> None:
    """Run the handler of a claimed job and record the end. Only a time-out is raised again."""
    with (
        Heartbeat(context),
        translation.override(context.shop.language),
        timezone.override(context.shop.zone),
    ):
        try:
            result = registry.kind_named(context.kind).run(context)
            _finish(context, result)
        except JobCancelled:
            _unless_lost(_end, context, Job.State.CANCELLED, message=_("Cancelled."))
        except LeaseLost as lost:
            logger.warning("%s", lost)
        except TimeoutException:
            text = _("It took longer than %(seconds)s seconds.")
            error = ParstockError(text % {"seconds": settings.JOB_TIMEOUT_SECONDS})
            _unless_lost(_fail, context, error)
            raise  # the worker is to be replaced: whatever was interrupted may be in disorder
        except Exception as fault:
            logger.exception("Job %s (%s) failed", context.job_id, context.kind)
            if not connection.in_atomic_block:
                close_old_connections()  # the failure may be the connection's
            _unless_lost(_fail, context, fault)


def _finish(context: JobContext, result: dict[str, Any] | None) -> None:
    _end(context, Job.State.DONE, result=result)


def _end(context: JobContext, state: Job.State, **fields: Any) -> None:
    with shop_scope(context.shop):
        context.hold()
        Lease.objects.filter(pk=context.job_id).delete()
        close(context.job_id, state, **fields)


def _fail(context: JobContext, error: Exception) -> None:
    """Record a failed attempt; queue the next one for later, or park the job."""
    planned = isinstance(error, ParstockError)
    message = error.detail if isinstance(error, ParstockError) else _("Something broke: see the log.")
    # What cannot be read today cannot be read in a minute either.
    last = context.attempt >= settings.JOB_MAX_ATTEMPTS or isinstance(error, BadInput)
    with shop_scope(context.shop):
        context.hold()
        add_to_log(context.job_id, message if planned else f"{type(error).__name__}: {error}")
        if last:
            Lease.objects.filter(pk=context.job_id).delete()
            close(context.job_id, Job.State.PARKED, message=message[:300])
            return
        due = timezone.now() + timedelta(seconds=settings.JOB_RETRY_SECONDS * 4 ** (context.attempt - 1))
        delivery = queue.push(context.shop.pk, context.job_id, due=due)
        Lease.objects.filter(pk=context.job_id).update(
            holder="",
            delivery_id=delivery,
            expires_at=due + timedelta(seconds=settings.JOB_LEASE_SECONDS),
        )
        Job.objects.filter(pk=context.job_id).update(state=Job.State.FAILED, message=message[:300])


def _unless_lost(write: Any, context: JobContext, *args: Any, **fields: Any) -> None:
    try:
        write(context, *args, **fields)
    except LeaseLost as lost:
        logger.warning("%s", lost)


class Heartbeat:
    """Extends a job's lease from a thread of its own while the handler is busy."""

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"job-{context.job_id}", daemon=True)

    def __enter__(self) -> None:
        # Nobody else sees a claim inside an open transaction, so there is nothing to extend.
        self._started = not connection.in_atomic_block
        if self._started:
            self._thread.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._started:
            self._thread.join()

    def _beat(self) -> None:
        try:
            while not self._over.wait(settings.JOB_LEASE_SECONDS / 3):
                # A step that holds the row extends it itself; a database that is away is back soon
                # or the lease runs out, as it should.
                try:
                    self._context.hold()
                except (DatabaseError, LeaseLost):
                    connection.close()
        finally:
            connection.close()
