"""Days and moments in a shop's own time zone."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def moment(day: date, at: time, zone: ZoneInfo) -> datetime:
    """The UTC moment of a wall-clock time.

    A time that the clocks skip in spring comes out as the first moment after the gap; a time that
    happens twice in autumn is its first occurrence.
    """
    local = datetime.combine(day, at, tzinfo=zone)
    utc = local.astimezone(UTC)
    if utc.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
        return utc
    return _end_of_gap(local, zone)


def _end_of_gap(local: datetime, zone: ZoneInfo) -> datetime:
    # fold=0 reads a skipped time with the offset before the change and fold=1 with the one after,
    # so the change lies between the two readings.
    late, early = (local.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    offset = early.astimezone(zone).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + (late - early) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            early = middle
        else:
            late = middle
    return late.replace(microsecond=0)


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    return moment(day, time.min, zone)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """The first moment that is no longer `day`."""
    return start_of_day(day + timedelta(days=1), zone)


def closing_of(day: date, zone: ZoneInfo) -> datetime:
    """When sales happened of which only the day is known: the last second of the day.

    A count "after closing" has the same moment, and includes them.
    """
    return end_of_day(day, zone) - timedelta(seconds=1)


def next_occurrence(at: time, zone: ZoneInfo, *, after: datetime) -> datetime:
    """The next moment, strictly later than `after`, when the shop's clock shows `at`."""
    day = after.astimezone(zone).date()
    for ahead in range(3):
        candidate = moment(day + timedelta(days=ahead), at, zone)
        if candidate > after:
            return candidate
    raise AssertionError("a clock time recurs within two days")
