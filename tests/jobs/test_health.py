from __future__ import annotations

import socket
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from jobs import queue
from jobs.apps import check_queue
from jobs.health import wedged
from jobs.models import Beat, Lease
from jobs.tick import minute

LONG_AGO = timedelta(hours=1)


@pytest.fixture
def started() -> Any:
    """When this host's workers were started: before all that the test tells of."""
    return timezone.now() - 2 * LONG_AGO


def test_live_asks_nothing_of_the_database(client: Client) -> None:
    # No fixture opens the database here, so a query would raise.
    assert client.get("/health/live").json() == {"status": "ok"}


def test_a_probe_may_come_by_address_and_without_https(client: Client, settings: Any) -> None:
    settings.ALLOWED_HOSTS = ["stock.example"]
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/health/live", headers={"host": "10.0.0.7:8000"}).status_code == 200
    assert client.post("/health/live", headers={"host": "10.0.0.7:8000"}).status_code == 405
    assert client.get("/accounts/login/", headers={"host": "10.0.0.7:8000"}).status_code == 400


@pytest.mark.django_db
def test_ready_once_all_migrations_are_in(client: Client) -> None:
    assert client.get("/health/ready").json() == {"status": "ok"}
    from django.db.migrations.recorder import MigrationRecorder

    MigrationRecorder.Migration.objects.filter(app="jobs").delete()
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["status"] == "migrations missing"


@pytest.mark.django_db
def test_jobs_are_healthy_while_ticks_come(client: Client) -> None:
    assert client.get("/health/jobs").status_code == 503
    minute()
    assert client.get("/health/jobs").json() == {
        "status": "ok",
        "tick_seconds": 0,
        "oldest_due_seconds": 0,
        "waiting": 0,
        "running": 0,
    }
    Beat.objects.filter(name="tick").update(at=timezone.now() - LONG_AGO)
    answer = client.get("/health/jobs")
    assert (answer.status_code, answer.json()["tick_seconds"]) == (503, 3600)


@pytest.mark.django_db
def test_jobs_are_not_healthy_while_work_waits_too_long(client: Client) -> None:
    minute()
    queue.push(1, 1, due=timezone.now() - LONG_AGO)
    answer = client.get("/health/jobs")
    assert (answer.status_code, answer.json()["oldest_due_seconds"]) == (503, 3600)


@pytest.mark.django_db
def test_workers_that_tick_are_not_restarted(started: Any) -> None:
    minute()
    assert wedged(since=started) == ""


@pytest.mark.django_db
def test_workers_that_take_nothing_though_a_tick_is_overdue_are_restarted(started: Any) -> None:
    minute()
    Beat.objects.update(at=timezone.now() - LONG_AGO)
    assert wedged(since=started) == "no tick for 3600 seconds"


@pytest.mark.django_db
def test_workers_that_take_nothing_though_work_waits_are_restarted(started: Any) -> None:
    minute()
    Beat.objects.exclude(name="tick").update(at=timezone.now() - LONG_AGO)
    queue.push(1, 1, due=timezone.now() - LONG_AGO)
    assert wedged(since=started).startswith("work waits for")


@pytest.mark.django_db
def test_workers_with_a_long_queue_that_get_on_with_it_are_left_alone(started: Any) -> None:
    minute()
    queue.push(1, 1, due=timezone.now() - LONG_AGO)
    assert wedged(since=started) == ""


@pytest.mark.django_db
def test_workers_that_are_all_busy_are_left_alone(started: Any, settings: Any) -> None:
    for number in range(settings.JOB_WORKERS):
        Lease.objects.create(
            job_id=number,
            shop_id=1,
            holder=f"{socket.gethostname()}/1/a",
            expires_at=timezone.now() + timedelta(minutes=1),
        )
    assert wedged(since=started) == ""
    Lease.objects.filter(job_id=0).delete()
    assert wedged(since=started) != ""


@pytest.mark.django_db
def test_workers_that_have_only_just_started_are_given_time(started: Any) -> None:
    queue.push(1, 1, due=timezone.now() - LONG_AGO)
    assert wedged(since=timezone.now()) == ""
    assert OrmQ.objects.count() == 1


def test_a_queue_that_would_deliver_twice_fails_the_system_check(settings: Any) -> None:
    assert check_queue(None) == []
    settings.Q_CLUSTER = settings.Q_CLUSTER | {"retry": settings.Q_CLUSTER["timeout"] + 60}
    assert [fault.id for fault in check_queue(None)] == ["jobs.E001"]


def test_up_says_so_when_its_port_is_taken(settings: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        settings.PORT = taken.getsockname()[1]
        with pytest.raises(CommandError, match="set another PORT") as refusal:
            call_command("up")
    assert refusal.value.returncode == 2
