"""When a supplier takes an order, and when its goods arrive.

Days are days by the shop's clock. A supplier that names no order days takes orders on any day; on
the days of a closure it neither takes orders nor delivers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

from catalog.models import Supplier
from common import dates
from tenancy.context import current_shop

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class OrderDay:
    """A day on which an order can be placed, by when (None: all day), and when the goods arrive."""

    day: date
    closes_at: datetime | None
    arrives: date


@dataclass(frozen=True, slots=True)
class SupplierCalendar:
    """A supplier's habits as plain data; `closures` are first and last days."""

    zone: ZoneInfo
    lead_days: int = 0
    review_days: int = 1
    weekdays: frozenset[int] = frozenset()  # 0 is Monday; empty: every day
    cut_off: time | None = None
    closures: tuple[tuple[date, date], ...] = ()

    def open_from(self, day: date) -> date:
        """`day`, or the first day after the closures that it falls into."""
        while last := max((last for first, last in self.closures if first <= day <= last), default=None):
            day = last + _DAY
        return day

    def order_day_from(self, day: date) -> date:
        """The first day from `day` on, on which orders are taken."""
        while True:
            day = self.open_from(day)
            if not self.weekdays or day.weekday() in self.weekdays:
                return day
            day += _DAY

    def closes_at(self, day: date) -> datetime | None:
        """The last moment for an order of that day; None where all of the day will do."""
        return None if self.cut_off is None else dates.moment(day, self.cut_off, self.zone)

    def next_order_day(self, moment: datetime) -> date:
        """The day of the first order that can still be placed at `moment`: that same day, or a later one."""
        today = moment.astimezone(self.zone).date()
        day = self.order_day_from(today)
        closes_at = self.closes_at(day)
        missed = closes_at is not None and moment > closes_at
        return self.order_day_from(day + _DAY) if missed else day

    def order_after(self, day: date) -> date:
        """The day of the order that follows one of `day`, once the days between orders are over."""
        return self.order_day_from(day + timedelta(days=max(self.review_days, 1)))

    def arrival_day(self, ordered_on: date) -> date:
        return self.open_from(ordered_on + timedelta(days=self.lead_days))

    def order_days(self, moment: datetime) -> Iterator[OrderDay]:
        """All days on which an order can be placed, beginning with the next one; without an end."""
        day = self.next_order_day(moment)
        while True:
            yield OrderDay(day, self.closes_at(day), self.arrival_day(day))
            day = self.order_day_from(day + _DAY)


def calendar_of(supplier: Supplier) -> SupplierCalendar:
    """One query, none where the supplier's closures were prefetched."""
    return SupplierCalendar(
        zone=current_shop().zone,
        lead_days=supplier.lead_time_days,
        review_days=supplier.review_days,
        weekdays=frozenset(supplier.order_days),
        cut_off=supplier.order_cut_off,
        closures=tuple((closure.first_day, closure.last_day) for closure in supplier.closures.all()),
    )


def next_order_day(supplier: Supplier, moment: datetime) -> date:
    """The day of the first order that the supplier can still take at `moment`."""
    return calendar_of(supplier).next_order_day(moment)


def next_order_days(supplier: Supplier, moment: datetime, count: int) -> list[OrderDay]:
    """The next `count` days on which the supplier takes orders."""
    return list(islice(calendar_of(supplier).order_days(moment), count))


def arrival_day(supplier: Supplier, ordered_on: date) -> date:
    """When goods ordered on a day are expected: after the lead time, moved out of closures."""
    return calendar_of(supplier).arrival_day(ordered_on)


def days_of_cover(supplier: Supplier, moment: datetime) -> tuple[int, int]:
    """(lead days, review days) for an order placed at the next chance after `moment`.

    lead days: from today until that order arrives, its waiting for the order day included;
    review days: from then until the order after it arrives. What is ordered now has to last for both.
    """
    calendar = calendar_of(supplier)
    today = moment.astimezone(calendar.zone).date()
    first = calendar.next_order_day(moment)
    arrives = calendar.arrival_day(first)
    arrives_next = calendar.arrival_day(calendar.order_after(first))
    return (arrives - today).days, (arrives_next - arrives).days
