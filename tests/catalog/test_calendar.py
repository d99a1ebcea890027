from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from catalog.calendar import (
    SupplierCalendar,
    arrival_day,
    calendar_of,
    days_of_cover,
    next_order_day,
    next_order_days,
)
from catalog.models import Supplier, SupplierClosure
from tests.factories import make_supplier

LONDON = ZoneInfo("Europe/London")
MONDAY = date(2026, 11, 23)


def local(day: date, clock: str, zone: ZoneInfo = LONDON) -> datetime:
    return datetime.combine(day, time.fromisoformat(clock), tzinfo=zone)


def calendar(**habits: Any) -> SupplierCalendar:
    return SupplierCalendar(**{"zone": LONDON, "lead_days": 3, "review_days": 7} | habits)


def test_a_supplier_without_order_days_takes_orders_today() -> None:
    assert calendar().next_order_day(local(MONDAY, "23:59")) == MONDAY


def test_an_order_waits_for_the_next_order_day() -> None:
    tuesdays = calendar(weekdays=frozenset({1, 4}))
    assert tuesdays.next_order_day(local(MONDAY, "09:00")) == date(2026, 11, 24)
    assert tuesdays.next_order_day(local(date(2026, 11, 25), "09:00")) == date(2026, 11, 27)


@pytest.mark.parametrize(("clock", "day"), [("11:59", 23), ("12:00", 23), ("12:01", 30)])
def test_the_cut_off_decides_on_the_order_day_itself(clock: str, day: int) -> None:
    mondays = calendar(weekdays=frozenset({0}), cut_off=time(12))
    assert mondays.next_order_day(local(MONDAY, clock)) == date(2026, 11, day)


def test_the_cut_off_is_by_the_clock_of_the_shop() -> None:
    auckland = ZoneInfo("Pacific/Auckland")
    mondays = calendar(zone=auckland, weekdays=frozenset({0}), cut_off=time(12))
    # 23:30 UTC on Sunday is Monday 12:30 in Auckland, whose summer is thirteen hours ahead.
    assert mondays.next_order_day(datetime(2026, 11, 22, 22, 30, tzinfo=UTC)) == MONDAY
    assert mondays.next_order_day(datetime(2026, 11, 22, 23, 30, tzinfo=UTC)) == date(2026, 11, 30)


def test_the_cut_off_moves_with_the_clocks() -> None:
    daily = calendar(cut_off=time(12))
    # In London noon is 12:00 UTC on the last Saturday of winter time and 11:00 UTC a day later.
    assert daily.closes_at(date(2027, 3, 27)) == datetime(2027, 3, 27, 12, tzinfo=UTC)
    assert daily.closes_at(date(2027, 3, 28)) == datetime(2027, 3, 28, 11, tzinfo=UTC)
    assert daily.next_order_day(datetime(2027, 3, 28, 11, 30, tzinfo=UTC)) == date(2027, 3, 29)
    assert daily.next_order_day(datetime(2026, 10, 25, 11, 30, tzinfo=UTC)) == date(2026, 10, 25)


def test_a_cut_off_that_the_clocks_skip_is_the_moment_after_the_gap() -> None:
    early = calendar(cut_off=time(1, 30))
    assert early.closes_at(date(2027, 3, 28)) == datetime(2027, 3, 28, 1, tzinfo=UTC)


def test_a_cut_off_that_happens_twice_is_the_first_time() -> None:
    early = calendar(cut_off=time(1, 30))
    day = date(2026, 10, 25)
    assert early.next_order_day(datetime(2026, 10, 25, 0, 30, tzinfo=UTC)) == day
    assert early.next_order_day(datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == day + timedelta(days=1)


def test_days_stay_whole_where_the_clocks_change() -> None:
    assert calendar(lead_days=2).arrival_day(date(2027, 3, 27)) == date(2027, 3, 29)
    assert calendar(lead_days=2).arrival_day(date(2026, 10, 24)) == date(2026, 10, 26)


def test_no_order_is_taken_in_a_closure() -> None:
    closed = calendar(closures=((MONDAY, date(2026, 11, 25)),))
    assert closed.next_order_day(local(MONDAY, "09:00")) == date(2026, 11, 26)
    mondays = calendar(weekdays=frozenset({0}), closures=((MONDAY, MONDAY),))
    assert mondays.next_order_day(local(MONDAY, "09:00")) == date(2026, 11, 30)


def test_goods_arrive_after_the_closure_into_which_their_day_falls() -> None:
    closed = calendar(lead_days=2, closures=((date(2026, 11, 24), date(2026, 11, 27)),))
    assert closed.arrival_day(MONDAY) == date(2026, 11, 28)
    # A closure on the way does not slow what is already travelling.
    passing = calendar(lead_days=2, closures=((date(2026, 11, 24), date(2026, 11, 24)),))
    assert passing.arrival_day(MONDAY) == date(2026, 11, 25)


def test_closures_that_touch_or_overlap_are_left_together() -> None:
    closures = (
        (date(2026, 12, 24), date(2026, 12, 27)),
        (date(2026, 12, 28), date(2026, 12, 30)),
        (date(2026, 12, 26), date(2026, 12, 26)),
    )
    assert calendar(closures=closures).open_from(date(2026, 12, 25)) == date(2026, 12, 31)


def test_the_order_days_go_on_with_their_cut_offs_and_arrivals() -> None:
    habits = calendar(weekdays=frozenset({0, 3}), cut_off=time(10), lead_days=1)
    days = habits.order_days(local(MONDAY, "10:30"))
    first, second = next(days), next(days)
    assert (first.day, first.arrives) == (date(2026, 11, 26), date(2026, 11, 27))
    assert first.closes_at == local(date(2026, 11, 26), "10:00")
    assert second.day == date(2026, 11, 30)


def a_supplier(**fields: Any) -> Supplier:
    return make_supplier(**{"lead_time_days": 3, "review_days": 7} | fields)


def test_a_supplier_is_asked_by_the_clock_of_its_shop(shop: Any) -> None:
    shop.time_zone = "Pacific/Auckland"
    supplier = a_supplier(order_days=[0], order_cut_off=time(12))
    assert next_order_day(supplier, datetime(2026, 11, 22, 22, 30, tzinfo=UTC)) == MONDAY
    assert arrival_day(supplier, MONDAY) == date(2026, 11, 26)


def test_cover_lasts_until_the_order_after_the_next_one_arrives(shop: Any) -> None:
    supplier = a_supplier(order_days=[2])
    # Ordered on Wednesday, there on Saturday; the next Wednesday's is there a week later.
    assert days_of_cover(supplier, datetime(2026, 11, 23, 9, tzinfo=UTC)) == (5, 7)


def test_days_between_orders_come_before_order_days(shop: Any) -> None:
    supplier = a_supplier(order_days=[1, 4], review_days=7, lead_time_days=1)
    assert days_of_cover(supplier, datetime(2026, 11, 24, 9, tzinfo=UTC)) == (1, 7)
    supplier.review_days = 2
    assert days_of_cover(supplier, datetime(2026, 11, 24, 9, tzinfo=UTC)) == (1, 3)


def test_a_closure_lengthens_the_cover(shop: Any) -> None:
    supplier = a_supplier(order_days=[0])
    SupplierClosure.objects.create(supplier=supplier, first_day="2026-11-30", last_day="2026-12-04")
    supplier = Supplier.objects.get(pk=supplier.pk)
    # Today's order arrives on Thursday; Monday's is not taken, so the next one arrives two weeks later.
    assert days_of_cover(supplier, datetime(2026, 11, 23, 9, tzinfo=UTC)) == (3, 14)


def test_prefetched_closures_are_not_asked_for_again(shop: Any, django_assert_num_queries: Any) -> None:
    supplier = a_supplier()
    SupplierClosure.objects.create(supplier=supplier, first_day=MONDAY, last_day=MONDAY)
    found = Supplier.objects.prefetch_related("closures").get(pk=supplier.pk)
    with django_assert_num_queries(0):
        assert calendar_of(found).closures == ((MONDAY, MONDAY),)
        assert len(next_order_days(found, datetime(2026, 11, 23, 9, tzinfo=UTC), 5)) == 5
