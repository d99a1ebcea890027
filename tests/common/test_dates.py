from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from common.dates import end_of_day, moment, next_occurrence, start_of_day

LONDON = ZoneInfo("Europe/London")
APIA = ZoneInfo("Pacific/Apia")


def test_a_time_that_the_clocks_skip_is_the_first_moment_after_the_gap():
    assert moment(date(2026, 3, 29), time(1, 30), LONDON) == datetime(2026, 3, 29, 1, 0, tzinfo=UTC)


def test_a_time_that_happens_twice_is_its_first_occurrence():
    assert moment(date(2026, 10, 25), time(1, 30), LONDON) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "hours"), [(date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 6, 1), 24)]
)
def test_a_day_is_as_long_as_its_clock_makes_it(day, hours):
    assert end_of_day(day, LONDON) - start_of_day(day, LONDON) == timedelta(hours=hours)


def test_the_next_occurrence_of_a_doubled_time_is_a_day_later_not_an_hour():
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    assert next_occurrence(time(1, 30), LONDON, after=first) == datetime(2026, 10, 26, 1, 30, tzinfo=UTC)


def test_each_night_of_a_year_comes_once():
    at = datetime(2026, 1, 1, tzinfo=UTC)
    days = []
    while at < datetime(2027, 1, 1, tzinfo=UTC):
        at = next_occurrence(time(1, 30), LONDON, after=at)
        days.append(at.astimezone(LONDON).date())
    assert len(days) == len(set(days))
    assert days == [days[0] + timedelta(days=number) for number in range(len(days))]


def test_a_day_that_a_country_left_out_does_not_stop_the_clock():
    # Samoa went from 29 to 31 December 2011.
    before = datetime(2011, 12, 30, 9, 0, tzinfo=UTC)
    found = next_occurrence(time(2, 0), APIA, after=before)
    assert found > before
    assert found - before < timedelta(days=2)
