from __future__ import annotations

import threading
import time
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from django_q.exceptions import TimeoutException
from django_q.models import OrmQ

from common.errors import BadInput, Conflict
from jobs.context import JobCancelled, LeaseLost
from jobs.models import Beat, Job, Lease
from jobs.running import claim, deliver, run
from jobs.services import cancel, retry, run_now
from jobs.states import LOG_LIMIT
from jobs.tick import revive_abandoned
from stock.models import Kind, Posting
from tenancy.context import shop_scope
from tests import factories


def let_lease_expire(job: Job) -> None:
    Lease.objects.filter(pk=job.pk).update(expires_at=timezone.now() - timedelta(seconds=1))


def test_a_job_ends_with_its_result_progress_and_log(shop: Any, make_job: Any) -> None:
    def work(context: Any) -> dict[str, str]:
        context.progress(3, 4, "Reading")
        context.log("first\nsecond")
        return {"summary": "4 rows read", "link": f"/{context.shop.slug}/"}

    job = run_now(make_job(work))
    assert (job.state, job.done, job.total, job.percent, job.message) == ("done", 3, 4, 75, "Reading")
    assert [line[20:] for line in job.log.splitlines()] == ["first", "second"]
    assert (job.summary, job.link) == ("4 rows read", f"/{shop.slug}/")
    assert job.finished_at
    assert not Lease.objects.exists()


@pytest.mark.parametrize("address", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", ""])
def test_a_result_links_only_to_this_site(address: str) -> None:
    assert Job(shop_id=1, result={"link": address}).link == ""


def test_a_second_delivery_of_a_running_job_does_nothing(shop: Any, make_job: Any) -> None:
    runs: list[int] = []
    job = make_job(lambda context: runs.append(1))
    claim(shop, job.pk)
    deliver(shop.pk, job.pk)
    job.refresh_from_db()
    assert runs == []
    assert (job.state, job.attempts) == ("running", 1)


def test_a_delivery_of_a_job_that_is_over_does_nothing(shop: Any, make_job: Any) -> None:
    runs: list[int] = []
    job = make_job(lambda context: runs.append(1))
    deliver(shop.pk, job.pk)
    deliver(shop.pk, job.pk)
    assert runs == [1]


def test_a_delivery_is_noted_as_a_sign_of_life(shop: Any) -> None:
    deliver(shop.pk, 0)
    assert Beat.objects.get().at <= timezone.now()


def test_a_failed_job_waits_longer_each_time_and_is_parked_in_the_end(
    shop: Any, make_job: Any, settings: Any
) -> None:
    settings.JOB_MAX_ATTEMPTS, settings.JOB_RETRY_SECONDS = 3, 10

    def work(context: Any) -> None:
        raise RuntimeError("the disk is full")

    job = make_job(work)
    waits = []
    for attempt in (1, 2):
        run_now(job)
        assert (job.state, job.attempts) == ("failed", attempt)
        due = OrmQ.objects.get(pk=Lease.objects.get().delivery_id).lock
        waits.append(round((due - timezone.now()).total_seconds()))
    run_now(job)
    assert waits == [10, 40]
    assert (job.state, job.attempts) == ("parked", 3)
    assert job.log.count("RuntimeError: the disk is full") == 3
    assert "disk" not in job.message
    assert not Lease.objects.exists()


def test_a_refusal_is_shown_in_its_own_words(shop: Any, make_job: Any) -> None:
    def work(context: Any) -> None:
        raise Conflict("The count is still open.")

    job = run_now(make_job(work))
    assert (job.state, job.message) == ("failed", "The count is still open.")


def test_what_cannot_be_read_is_not_tried_again(shop: Any, make_job: Any) -> None:
    def work(context: Any) -> None:
        raise BadInput("Row 3, column Date: there is no month 13.")

    job = run_now(make_job(work))
    assert (job.state, job.attempts) == ("parked", 1)
    assert job.message == "Row 3, column Date: there is no month 13."


def test_a_parked_job_tried_by_hand_gets_all_its_attempts_again(
    shop: Any, make_job: Any, settings: Any
) -> None:
    settings.JOB_MAX_ATTEMPTS = 1
    faults = [RuntimeError("once")]

    def work(context: Any) -> None:
        if faults:
            raise faults.pop()

    job = run_now(make_job(work))
    assert job.state == "parked"
    assert run_now(retry(job)).state == "done"
    assert job.attempts == 1


def test_a_failed_step_is_rolled_back_and_those_before_it_stay(shop: Any, make_job: Any) -> None:
    product, warehouse = factories.make_product(), factories.make_warehouse()

    def work(context: Any) -> None:
        with context.scope():
            factories.post_line(Kind.OPENING, product, warehouse, 1000, key="kept")
        with context.scope():
            factories.post_line(Kind.RECEIPT, product, warehouse, 1000, key="lost")
            raise RuntimeError

    run_now(make_job(work))
    assert [posting.key for posting in Posting.objects.all()] == ["kept"]


def test_a_result_that_is_no_json_is_a_failure_not_a_crash(shop: Any, make_job: Any) -> None:
    job = run_now(make_job(lambda context: {"at": object()}))
    assert job.state == "failed"
    assert "TypeError" in job.log


def test_a_handler_that_went_away_is_a_failure_not_a_crash(shop: Any, make_job: Any, kinds: Any) -> None:
    job = make_job()
    kinds.pop("test")
    assert run_now(job).state == "failed"
    assert job.label == "test"


def test_a_job_asked_to_stop_stops_at_its_next_step(shop: Any, make_job: Any) -> None:
    def work(context: Any) -> None:
        context.progress(1, 10)
        cancel(Job.objects.get())
        context.progress(2, 10)
        raise AssertionError("it went on")

    job = run_now(make_job(work))
    assert (job.state, job.done) == ("cancelled", 2)


def test_check_notices_that_the_job_is_to_stop(shop: Any, make_job: Any) -> None:
    context = claim(shop, make_job().pk)
    assert context
    context.check()
    cancel(Job.objects.get())
    with pytest.raises(JobCancelled):
        context.check()


def test_a_job_that_takes_too_long_is_failed_and_its_worker_replaced(shop: Any, make_job: Any) -> None:
    def work(context: Any) -> None:
        raise TimeoutException

    job = make_job(work)
    with pytest.raises(TimeoutException):
        run_now(job)
    job.refresh_from_db()
    assert job.state == "failed"
    assert job.message.startswith("It took longer than")


def test_the_log_keeps_its_newest_lines(shop: Any, make_job: Any) -> None:
    def work(context: Any) -> None:
        for number in range(60):
            context.log(f"{number:04d}" * 100)

    log = run_now(make_job(work)).log
    assert len(log) <= LOG_LIMIT + 10
    assert log.startswith("…\n")
    assert log.endswith("0059" * 100 + "\n")


# ---- workers that disappear -------------------------------------------------------------------


def test_an_abandoned_job_is_queued_again_by_the_row_it_has(shop: Any, make_job: Any) -> None:
    job = make_job()
    claim(shop, job.pk)
    OrmQ.objects.update(lock=timezone.now() + timedelta(hours=3))  # taken by the dead worker
    let_lease_expire(job)
    revive_abandoned(timezone.now())
    job.refresh_from_db()
    assert job.state == "queued"
    assert "disappeared during attempt 1" in job.log
    assert OrmQ.objects.get().lock <= timezone.now()


def test_a_job_whose_delivery_was_lost_is_queued_again(shop: Any, make_job: Any) -> None:
    job = make_job()
    OrmQ.objects.all().delete()
    let_lease_expire(job)
    revive_abandoned(timezone.now())
    assert OrmQ.objects.get().pk == Lease.objects.get().delivery_id


def test_a_job_that_waits_its_turn_is_not_queued_twice(shop: Any, make_job: Any) -> None:
    job = make_job()
    let_lease_expire(job)
    before = OrmQ.objects.get().lock
    revive_abandoned(timezone.now())
    assert OrmQ.objects.get().lock == before
    assert Lease.objects.get().expires_at > timezone.now()


def test_a_job_with_a_heartbeat_is_left_alone(shop: Any, make_job: Any) -> None:
    job = make_job()
    context = claim(shop, job.pk)
    let_lease_expire(job)
    assert context
    context.hold()
    revive_abandoned(timezone.now())
    job.refresh_from_db()
    assert job.state == "running"


def test_a_job_that_kills_each_worker_is_parked(shop: Any, make_job: Any, settings: Any) -> None:
    settings.JOB_MAX_ATTEMPTS = 2
    job = make_job()
    for _ in range(2):
        assert claim(shop, job.pk)
        let_lease_expire(job)
        revive_abandoned(timezone.now())
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("parked", 2)
    assert not Lease.objects.exists()
    assert not OrmQ.objects.exists()


def test_a_delivery_after_a_long_standstill_takes_the_job_over_without_a_tick(
    shop: Any, make_job: Any
) -> None:
    job = make_job()
    claim(shop, job.pk)
    let_lease_expire(job)
    deliver(shop.pk, job.pk)
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 2)


def test_a_job_whose_cancelling_worker_disappeared_is_cancelled(shop: Any, make_job: Any) -> None:
    job = make_job()
    claim(shop, job.pk)
    cancel(job)
    let_lease_expire(job)
    revive_abandoned(timezone.now())
    job.refresh_from_db()
    assert job.state == "cancelled"


def test_an_attempt_given_up_for_dead_can_write_nothing_any_more(shop: Any, make_job: Any) -> None:
    product, warehouse = factories.make_product(), factories.make_warehouse()
    job = make_job()
    stale = claim(shop, job.pk)
    assert stale
    let_lease_expire(job)
    assert claim(shop, job.pk)

    def step() -> None:
        with stale.scope():
            factories.post_line(Kind.OPENING, product, warehouse, 1000)

    for write in (step, lambda: stale.progress(1, 2), lambda: stale.log("late"), stale.check):
        with pytest.raises(LeaseLost):
            write()
    run(stale)  # it comes to its end all the same, and says so to nobody
    job.refresh_from_db()
    assert (job.state, job.done) == ("running", 0)
    assert "late" not in job.log
    assert not Posting.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_busy_handler_is_kept_alive_by_its_heartbeat(make_job: Any, settings: Any) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("the tests' database in memory has one connection; test_kill.py does this on a file")
    settings.JOB_LEASE_SECONDS = 1
    shop = factories.make_shop()
    seen: list[Any] = []

    def work(context: Any) -> None:
        time.sleep(1.5)
        seen.append(Lease.objects.get().expires_at - timezone.now())

    with shop_scope(shop):
        job = make_job(work)
    assert run_now(job).state == "done"
    assert seen[0] > timedelta(0)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("job-")]


@pytest.mark.django_db(transaction=True)
def test_of_two_deliveries_at_once_one_runs(make_job: Any) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("the tests' database in memory has one connection")
    shop = factories.make_shop()
    with shop_scope(shop):
        job = make_job()
    claims: list[Any] = []
    start = threading.Barrier(4)

    def deliver_once() -> None:
        start.wait()
        claims.append(claim(shop, job.pk))
        connection.close()

    threads = [threading.Thread(target=deliver_once) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([context for context in claims if context]) == 1


@pytest.mark.django_db(transaction=True)
def test_a_job_is_not_taken_over_in_the_middle_of_a_step(make_job: Any) -> None:
    if connection.vendor == "sqlite":
        pytest.skip("SQLite has one writer at a time")
    shop = factories.make_shop()
    with shop_scope(shop):
        job = make_job()
    context = claim(shop, job.pk)
    assert context
    taken: list[Any] = []

    def take_over() -> None:
        revive_abandoned(timezone.now() + timedelta(hours=1))
        taken.append(claim(shop, job.pk))
        connection.close()

    let_lease_expire(job)
    with context.scope():
        other = threading.Thread(target=take_over)
        other.start()
        other.join(10)
    assert taken == [None]
    with shop_scope(shop, write=False):
        assert Job.objects.get().state == "running"
