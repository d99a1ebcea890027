"""The way into django-q2's queue, which lies in our own database.

Adding a task is a row in the caller's transaction, so work is handed over if, and only if, the
change that asks for it is kept.
"""

from __future__ import annotations

from datetime import datetime

from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.models import OrmQ
from django_q.tasks import async_task


class _DatedBroker(ORM):
    """Adds a row that comes up at a given time, and remembers which row it was."""

    def __init__(self, due: datetime) -> None:
        super().__init__()
        self.due = due
        self.row_id = 0

    def enqueue(self, task: str) -> int:
        # `lock` is the time until which a row is passed over.
        row = OrmQ.objects.create(key=self.list_key, payload=task, lock=self.due)
        self.row_id = row.pk
        return self.row_id


def push(shop_id: int, job_id: int, *, due: datetime | None = None) -> int:
    """Queue one delivery of a job; the id of its row. Call inside a transaction."""
    broker = _DatedBroker(due or timezone.now())
    async_task("jobs.running.deliver", shop_id, job_id, broker=broker, task_name=f"job-{job_id}")
    return broker.row_id


def push_again(shop_id: int, job_id: int, delivery_id: int | None) -> int:
    """Bring a job up at once: by the row that it has, or by a new one."""
    # A row that a dead worker or a wedged cluster took is locked until `retry` is over.
    if OrmQ.objects.filter(pk=delivery_id).update(lock=timezone.now()):
        return delivery_id or 0
    return push(shop_id, job_id)


def withdraw(delivery_id: int | None) -> None:
    OrmQ.objects.filter(pk=delivery_id).delete()


def waiting(delivery_ids: list[int]) -> set[int]:
    """Those rows that wait for a worker, taken by nobody so far."""
    rows = OrmQ.objects.filter(pk__in=delivery_ids, lock__lte=timezone.now())
    return set(rows.values_list("pk", flat=True))


def oldest_due() -> datetime | None:
    """Since when the row that waits longest could have been taken."""
    rows = OrmQ.objects.filter(lock__lte=timezone.now()).order_by("lock")
    return rows.values_list("lock", flat=True).first()


def due_count() -> int:
    return OrmQ.objects.filter(lock__lte=timezone.now()).count()
