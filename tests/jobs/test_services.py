from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django_q.models import OrmQ

from common.errors import Conflict, NoShop
from jobs.models import Job, Lease
from jobs.running import claim
from jobs.services import cancel, enqueue, retry, run_now
from tenancy.context import shop_scope
from tenancy.models import AuditEvent
from tests import factories


def test_a_job_is_queued_with_its_lease_and_one_delivery(shop: Any, make_job: Any) -> None:
    job = make_job(arguments={"date": "2026-11-22"})
    lease = Lease.objects.get(pk=job.pk)
    assert (job.state, lease.shop_id, lease.holder) == ("queued", shop.pk, "")
    assert OrmQ.objects.get().pk == lease.delivery_id


def test_asking_twice_for_the_same_job_gives_the_first_one(shop: Any, make_job: Any) -> None:
    first = make_job(arguments={"n": 1})
    again = make_job(arguments={"n": 2})
    assert again.pk == first.pk
    assert again.arguments == {"n": 1}
    assert OrmQ.objects.count() == 1


def test_asking_for_a_job_that_is_done_does_not_run_it_again(shop: Any, make_job: Any) -> None:
    runs: list[int] = []
    job = make_job(lambda context: runs.append(1))
    run_now(job)
    assert run_now(enqueue(kind="test", key="1")).state == "done"
    assert runs == [1]


def test_the_same_key_in_another_shop_is_another_job(db: Any, make_job: Any) -> None:
    with shop_scope(factories.make_shop()):
        first = make_job()
    with shop_scope(factories.make_shop()):
        assert make_job().pk != first.pk


def test_a_kind_that_nobody_handles_is_refused(shop: Any) -> None:
    with pytest.raises(LookupError):
        enqueue(kind="no such kind", key="1")


def test_a_job_without_a_shop_is_refused(db: Any, make_job: Any) -> None:
    with pytest.raises(NoShop):
        make_job()


def test_a_job_asked_for_in_a_transaction_that_fails_leaves_nothing(shop: Any, make_job: Any) -> None:
    with transaction.atomic():
        make_job()
        transaction.set_rollback(True)
    assert not Job.objects.exists()
    assert not Lease.objects.exists()
    assert not OrmQ.objects.exists()


def test_a_waiting_job_is_cancelled_at_once(shop: Any, make_job: Any) -> None:
    job = cancel(make_job())
    assert job.state == "cancelled"
    assert job.finished_at
    assert not Lease.objects.exists()
    assert not OrmQ.objects.exists()


def test_a_running_job_is_asked_to_stop(shop: Any, make_job: Any) -> None:
    job = make_job()
    claim(shop, job.pk)
    job = cancel(job)
    assert (job.state, job.cancel_requested) == ("running", True)


def test_a_job_that_is_over_cannot_be_cancelled(shop: Any, make_job: Any) -> None:
    job = run_now(make_job())
    with pytest.raises(Conflict):
        cancel(job)


def test_a_cancelled_job_can_be_tried_again(shop: Any, make_job: Any) -> None:
    job = retry(cancel(make_job()))
    assert (job.state, job.cancel_requested, job.finished_at) == ("queued", False, None)
    assert run_now(job).state == "done"


def test_a_job_that_is_done_cannot_be_tried_again(shop: Any, make_job: Any) -> None:
    job = run_now(make_job())
    with pytest.raises(Conflict):
        retry(job)


def test_who_cancels_or_retries_stands_in_the_audit(shop: Any, make_job: Any) -> None:
    user = factories.make_user()
    retry(cancel(make_job(), actor=user), actor=user)
    actions = AuditEvent.objects.filter(actor=user).values_list("action", flat=True)
    assert set(actions) == {"job.cancel", "job.retry"}
