"""Days and times as files write them, and in which order the parts of a date stand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, time, timedelta, timezone
from enum import StrEnum

from django.utils.translation import gettext as _

_DATE = re.compile(
    r"(?P<a>\d{1,4})\s*[-/.年 ]\s*(?P<b>\d{1,2}|[A-Za-z]{3,9}\.?)\s*[-/.月 ,]\s*(?P<c>\d{1,4})日?"
    r"(?:[T ,]+(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[AaPp][Mm])?\s*(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


class Order(StrEnum):
    """How a date without its year in front is written."""

    DAY_FIRST = "DMY"
    MONTH_FIRST = "MDY"


@dataclass(frozen=True, slots=True)
class Reading:
    """What a whole column of dates says about its order.

    order None: every date could be read both ways, so somebody must say.
    """

    order: Order | None
    needs_order: bool


class BadDay(ValueError):
    """A date that cannot be read; its text says why, in a sentence."""


def guess_order(texts: Iterable[str]) -> Reading:
    """Which order the column's dates can only have: 12/13/2010 has its month first.

    Where dates speak for both orders, the one that more of them demand; the others are faults.
    """
    day_first = month_first = undecided = 0
    for text in texts:
        match = _DATE.fullmatch(text.strip())
        if match is None or len(match["a"]) > 2 or not match["b"].isdigit():
            continue
        first, second = int(match["a"]), int(match["b"])
        if first > 12 >= second:
            day_first += 1
        elif second > 12 >= first:
            month_first += 1
        elif first != second:
            undecided += 1
    if day_first != month_first:
        return Reading(Order.DAY_FIRST if day_first > month_first else Order.MONTH_FIRST, True)
    if undecided:
        return Reading(None, True)
    return Reading(Order.DAY_FIRST, False)


def read_moment(text: str, order: Order) -> tuple[date, time | None, timezone | None]:
    """Day, time where the text has one, and its offset from UTC where it names one.

    Raises BadDay.
    """
    text = text.strip()
    match = _DATE.fullmatch(text)
    if match is None:
        compact = _COMPACT.fullmatch(text)
        if compact is None:
            raise BadDay(_("This is not a date. Write it like 2026-11-27."))
        return _day(int(compact[1]), int(compact[2]), int(compact[3])), None, None
    return _read_day(match, order), _read_time(match), _read_zone(match["zone"])


def _read_day(match: re.Match[str], order: Order) -> date:
    first, middle, last = match["a"], match["b"], match["c"]
    if not middle.isdigit():
        month = _month(middle)
        return _day(int(first), month, int(last)) if len(first) == 4 else _day(_year(last), month, int(first))
    if len(first) == 4:
        return _day(int(first), int(middle), int(last))
    if len(first) == 3:
        raise BadDay(_("This is not a date. Write it like 2026-11-27."))
    if order == Order.DAY_FIRST:
        return _day(_year(last), int(middle), int(first), _("Days come first in this file."))
    return _day(_year(last), int(first), int(middle), _("Months come first in this file."))


def _month(name: str) -> int:
    try:
        return _MONTHS.index(name[:3].casefold()) + 1
    except ValueError:
        raise BadDay(_("There is no month “%(month)s”.") % {"month": name}) from None


def _year(text: str) -> int:
    if len(text) in {1, 3}:
        raise BadDay(_("The year is not whole. Write it with four digits."))
    return 2000 + int(text) if len(text) == 2 else int(text)


def _day(year: int, month: int, day: int, order: str = "") -> date:
    if not 1 <= month <= 12:
        fault = _("There is no month %(month)d.") % {"month": month}
        raise BadDay(f"{fault} {order}".strip())
    try:
        made = date(year, month, day)
    except ValueError:
        raise BadDay(_("This day does not exist.")) from None
    if made.year < 1990:
        raise BadDay(_("This lies before 1990."))
    return made


def _read_time(match: re.Match[str]) -> time | None:
    if match["hour"] is None:
        return None
    hour = int(match["hour"])
    if match["half"]:
        if not 1 <= hour <= 12:
            raise BadDay(_("There is no such time of day."))
        hour = hour % 12 + (12 if match["half"].casefold() == "pm" else 0)
    try:
        return time(hour, int(match["minute"]), int(match["second"] or 0))
    except ValueError:
        raise BadDay(_("There is no such time of day.")) from None


def _read_zone(text: str | None) -> timezone | None:
    if not text:
        return None
    if text == "Z":
        return UTC
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    if offset >= timedelta(hours=24):
        raise BadDay(_("There is no such offset from UTC."))
    return timezone(-offset if text[0] == "-" else offset)
