from __future__ import annotations

import threading
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.utils import timezone
from django_q.models import Schedule

from jobs import registry, tick
from jobs.models import Beat, Job
from tenancy.context import current_shop, shop_scope
from tenancy.models import Shop
from tests import factories

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _night(kinds: Any) -> None:
    kinds["night"] = registry.Kind("night", "Night", lambda context: None)


def nights(shop: Shop) -> list[str]:
    with shop_scope(shop, write=False):
        return [job.arguments["date"] for job in Job.objects.filter(kind="night").order_by("pk")]


def tick_through(start: datetime, end: datetime, *, every: timedelta = MINUTE) -> None:
    now = start
    while now <= end:
        tick.start_nights(now)
        now += every


def at(text: str, zone: str = "UTC") -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


@pytest.mark.django_db
def test_the_first_tick_plans_the_night_and_runs_none() -> None:
    shop = factories.make_shop(time_zone="Asia/Shanghai", night_at=time(2, 0))
    tick.start_nights(at("2026-11-22T12:00"))
    shop.refresh_from_db()
    assert shop.next_night_at == at("2026-11-23T02:00", "Asia/Shanghai")
    assert nights(shop) == []


@pytest.mark.django_db
def test_each_shop_has_its_night_by_its_own_clock() -> None:
    auckland = factories.make_shop(time_zone="Pacific/Auckland")
    honolulu = factories.make_shop(time_zone="Pacific/Honolulu")
    tick_through(at("2026-11-22T00:00"), at("2026-11-22T23:30"), every=10 * MINUTE)
    # At 13:00 UTC it is two in the morning of the 23rd in Auckland, at 12:00 of the 22nd in Honolulu.
    assert nights(auckland) == ["2026-11-23"]
    assert nights(honolulu) == ["2026-11-22"]


@pytest.mark.django_db
@pytest.mark.parametrize("night_at", [time(1, 30), time(2, 30), time(3, 0)])
@pytest.mark.parametrize(
    ("zone", "day"),
    [
        ("Europe/Berlin", date(2026, 3, 29)),  # 02:00 becomes 03:00
        ("Europe/Berlin", date(2026, 10, 25)),  # 03:00 becomes 02:00
        ("America/New_York", date(2026, 3, 8)),
        ("America/New_York", date(2026, 11, 1)),  # 02:00 becomes 01:00
        ("Australia/Lord_Howe", date(2026, 10, 4)),  # half an hour
        ("Australia/Lord_Howe", date(2026, 4, 5)),
        ("America/Santiago", date(2026, 9, 6)),  # midnight itself is skipped
    ],
)
def test_a_change_of_clocks_neither_skips_nor_doubles_a_night(zone: str, day: date, night_at: time) -> None:
    shop = factories.make_shop(time_zone=zone, night_at=night_at)
    noon = datetime.combine(day, time(12), tzinfo=ZoneInfo(zone)).astimezone(UTC)
    tick_through(noon - 48 * HOUR, noon + 24 * HOUR, every=10 * MINUTE)
    assert nights(shop) == [(day + timedelta(days=ahead)).isoformat() for ahead in (-1, 0, 1)]


@pytest.mark.django_db
def test_a_night_in_the_hour_that_is_skipped_runs_when_the_clock_has_jumped() -> None:
    shop = factories.make_shop(time_zone="Europe/Berlin", night_at=time(2, 30))
    tick.start_nights(at("2026-03-28T12:00"))
    shop.refresh_from_db()
    assert shop.next_night_at == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)  # 03:00 summer time


@pytest.mark.django_db
def test_a_night_in_the_hour_that_comes_twice_runs_in_the_first() -> None:
    shop = factories.make_shop(time_zone="Europe/Berlin", night_at=time(2, 30))
    tick.start_nights(at("2026-10-24T12:00"))
    shop.refresh_from_db()
    assert shop.next_night_at == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)  # still summer time
    tick.start_nights(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))
    tick.start_nights(datetime(2026, 10, 25, 1, 30, tzinfo=UTC))  # 02:30 once more
    assert nights(shop) == ["2026-10-25"]


@pytest.mark.django_db
def test_after_a_standstill_one_night_makes_up_for_all() -> None:
    shop = factories.make_shop()
    tick.start_nights(at("2026-11-10T12:00"))
    tick.start_nights(at("2026-11-22T09:17"))
    shop.refresh_from_db()
    assert nights(shop) == ["2026-11-22"]
    assert shop.next_night_at == at("2026-11-23T02:00")


@pytest.mark.django_db
def test_a_standstill_that_ends_before_tonight_makes_up_for_yesterday() -> None:
    shop = factories.make_shop()
    tick.start_nights(at("2026-11-10T12:00"))
    tick.start_nights(at("2026-11-22T01:00"))
    assert nights(shop) == ["2026-11-21"]
    tick.start_nights(at("2026-11-22T02:00"))
    assert nights(shop) == ["2026-11-21", "2026-11-22"]


@pytest.mark.django_db
@pytest.mark.parametrize("change", [{"night_at": time(4, 0)}, {"time_zone": "Europe/Helsinki"}])
def test_a_change_of_settings_moves_the_next_night(change: dict[str, Any]) -> None:
    shop = factories.make_shop()
    tick.start_nights(at("2026-11-22T12:00"))
    Shop.objects.filter(pk=shop.pk).update(**change)
    tick.start_nights(at("2026-11-22T12:01"))
    shop.refresh_from_db()
    expected = {"night_at": "2026-11-23T04:00+00:00", "time_zone": "2026-11-23T00:00+00:00"}
    assert shop.next_night_at == datetime.fromisoformat(expected[next(iter(change))])


@pytest.mark.django_db
def test_a_night_moved_to_later_the_same_day_is_not_run_twice() -> None:
    shop = factories.make_shop()
    tick_through(at("2026-11-22T01:00"), at("2026-11-22T02:01"))
    Shop.objects.update(night_at=time(5, 0))
    tick_through(at("2026-11-22T02:02"), at("2026-11-22T06:00"), every=10 * MINUTE)
    assert nights(shop) == ["2026-11-22"]


@pytest.mark.django_db
def test_a_closed_shop_has_no_nights() -> None:
    shop = factories.make_shop(is_active=False)
    tick_through(at("2026-11-21T12:00"), at("2026-11-23T12:00"), every=HOUR)
    assert nights(shop) == []


@pytest.mark.django_db
def test_one_shop_that_fails_keeps_no_other_from_its_night(monkeypatch: pytest.MonkeyPatch) -> None:
    shops = [factories.make_shop() for _ in range(3)]
    tick.start_nights(at("2026-11-21T12:00"))
    real = tick.enqueue

    def enqueue(**asked: Any) -> Any:
        if current_shop().pk == shops[1].pk:
            raise RuntimeError("broken shop")
        return real(**asked)

    monkeypatch.setattr(tick, "enqueue", enqueue)
    tick.start_nights(at("2026-11-22T02:00"))
    assert [nights(shop) for shop in shops] == [["2026-11-22"], [], ["2026-11-22"]]
    monkeypatch.undo()
    tick.start_nights(at("2026-11-22T02:01"))  # nothing was half done, so it is made up for
    assert nights(shops[1]) == ["2026-11-22"]


@pytest.mark.django_db(transaction=True)
def test_two_hosts_ticking_at_once_make_one_night() -> None:
    if connection.vendor == "sqlite":
        pytest.skip("the tests' database in memory has one connection")
    shop = factories.make_shop()
    tick.start_nights(at("2026-11-21T12:00"))
    start = threading.Barrier(3)

    def run() -> None:
        start.wait()
        tick.start_nights(at("2026-11-22T02:00"))
        connection.close()

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert nights(shop) == ["2026-11-22"]


# ---- the minute itself ------------------------------------------------------------------------


@pytest.mark.django_db
def test_one_failing_hook_does_not_stop_the_others(kinds: Any) -> None:
    called: list[str] = []

    @registry.every_minute
    def broken() -> None:
        raise RuntimeError

    @registry.every_minute
    def sound() -> None:
        called.append("sound")

    tick.tick()
    assert called == ["sound"]


@pytest.mark.django_db
def test_ticks_that_piled_up_are_one(kinds: Any) -> None:
    called: list[int] = []

    @registry.every_minute
    def count() -> None:
        called.append(1)

    for _ in range(3):
        tick.minute()
    assert called == [1]
    Beat.objects.filter(name="tick").update(at=timezone.now() - MINUTE)
    tick.minute()
    assert called == [1, 1]


@pytest.mark.django_db
def test_there_is_one_schedule_for_the_tick_however_often_it_is_asked_for() -> None:
    tick.ensure_schedule()
    schedule = Schedule.objects.get(func="jobs.tick.minute")
    assert (schedule.schedule_type, schedule.minutes, schedule.repeats) == (Schedule.MINUTES, 1, -1)
    Schedule.objects.create(func="jobs.tick.minute", schedule_type=Schedule.MINUTES, minutes=1)
    tick.ensure_schedule()
    assert Schedule.objects.get(func="jobs.tick.minute").pk == schedule.pk


def test_two_handlers_of_one_kind_are_refused(kinds: Any) -> None:
    registry.handler("test.once", "Once")(lambda context: None)

    def other(context: Any) -> None:
        """Another function of the same kind."""

    with pytest.raises(ValueError, match=r"two handlers for jobs of kind 'test\.once'"):
        registry.handler("test.once", "Twice")(other)


@pytest.mark.django_db
def test_the_night_forgets_jobs_that_ended_three_months_ago_and_keeps_what_waits_for_somebody() -> None:
    shop = factories.make_shop(night_at=time(2, 0))
    now = at("2026-11-22T02:00")
    with shop_scope(shop):
        for state, days in (("done", 91), ("done", 89), ("cancelled", 91), ("parked", 400)):
            ended = now - timedelta(days=days)
            Job.objects.create(kind="import", key=f"{state} {days}", state=state, finished_at=ended)
    Shop.objects.filter(pk=shop.pk).update(next_night_at=now)
    tick.start_nights(now)
    with shop_scope(shop, write=False):
        kept = set(Job.objects.exclude(kind="night").values_list("key", flat=True))
    assert kept == {"done 89", "parked 400"}
