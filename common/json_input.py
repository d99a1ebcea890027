"""Reading what a program sent: every fault with its place, all of them at once.

    body = Body(request.data)
    sku = body.text("sku", limit=64, required=True)
    lines = body.objects("lines", limit=100)
    body.refuse_faults()

Serializers could do the same; for a till's one-line sale they take longer than the ledger does.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar

from django.utils.translation import gettext as _

from common.errors import BadInput
from common.text import clean_text
from common.units import read_amount, read_quantity, read_unit_price

Value = TypeVar("Value")

# Beyond these years a moment in another time zone may have no UTC.
_YEARS = range(1900, 9990)


class Body:
    """A JSON object that is being read, field by field.

    A field that is missing or null gives None (text: ""), a wrong one too, with its fault noted.
    `refuse_faults` then raises BadInput with `fields`, and names fields that nobody asked for.
    """

    def __init__(self, data: Any, *, place: str = "", faults: dict[str, list[str]] | None = None) -> None:
        self.place = place
        self.faults: dict[str, list[str]] = {} if faults is None else faults
        self.known: set[str] = set()
        self.parts: list[Body] = []
        self.data: Mapping[str, Any] = data if isinstance(data, dict) else {}
        self.is_object = isinstance(data, dict)
        if not self.is_object:
            self.fault("", _("must be an object with named fields"))

    def fault(self, name: str, fault: str) -> None:
        self.faults.setdefault(f"{self.place}{name}" if name else self.place.rstrip("."), []).append(fault)

    def text(self, name: str, *, limit: int, required: bool = False) -> str:
        def read(raw: Any) -> str:
            return clean_text(raw, field=name, limit=limit, required=required)

        return self._read(name, read, required) or ""

    def choice(self, name: str, choices: Collection[str], *, required: bool = False) -> str:
        def read(raw: Any) -> str:
            if not isinstance(raw, str) or raw not in choices:
                known = ", ".join(str(choice) for choice in choices)
                raise BadInput.at(name, _("is none of %(choices)s") % {"choices": known})
            return raw

        return self._read(name, read, required) or ""

    def switch(self, name: str) -> bool | None:
        def read(raw: Any) -> bool:
            if not isinstance(raw, bool):
                raise BadInput.at(name, _("must be true or false"))
            return raw

        return self._read(name, read)

    def whole(self, name: str, *, least: int, most: int) -> int | None:
        def read(raw: Any) -> int:
            if not isinstance(raw, int) or isinstance(raw, bool) or not least <= raw <= most:
                fault = _("must be a whole number from %(least)d to %(most)d")
                raise BadInput.at(name, fault % {"least": least, "most": most})
            return raw

        return self._read(name, read)

    def quantity(self, name: str, *, required: bool = False) -> int | None:
        """Thousandths, from text or a number."""
        return self._read(name, lambda raw: read_quantity(raw, field=name), required)

    def unit_price(self, name: str, currency: str) -> int | None:
        return self._read(name, lambda raw: read_unit_price(raw, currency, field=name))

    def amount(self, name: str, currency: str) -> int | None:
        return self._read(name, lambda raw: read_amount(raw, currency, field=name))

    def moment(self, name: str, *, required: bool = False) -> datetime | None:
        return self._read(name, lambda raw: read_moment(raw, field=name), required)

    def day(self, name: str) -> date | None:
        return self._read(name, lambda raw: read_day(raw, field=name))

    def texts(self, name: str, *, limit: int, length: int) -> list[str]:
        """A list of texts, at most `limit`, each of at most `length` characters."""

        def read(raw: Any) -> list[str]:
            if not isinstance(raw, list) or len(raw) > limit:
                raise BadInput.at(name, _("must be a list of at most %(limit)d texts") % {"limit": limit})
            return [clean_text(entry, field=name, limit=length) for entry in raw]

        return self._read(name, read) or []

    def wholes(self, name: str, *, least: int, most: int) -> list[int] | None:
        """A list of whole numbers between two, each at most once."""

        def read(raw: Any) -> list[int]:
            known = range(least, most + 1)
            fits = isinstance(raw, list) and all(type(entry) is int and entry in known for entry in raw)
            if not fits or len(set(raw)) != len(raw):
                fault = _("must be a list of different whole numbers from %(least)d to %(most)d")
                raise BadInput.at(name, fault % {"least": least, "most": most})
            return sorted(raw)

        return self._read(name, read)

    def clock(self, name: str) -> time | None:
        """A time of the day, like `16:30`."""
        return self._read(name, lambda raw: read_clock(raw, field=name))

    def objects(self, name: str, *, limit: int, least: int = 1) -> list[Body]:
        """A list of objects, each read like this one: from `least` to `limit` of them."""
        self.known.add(name)
        raw = self.data.get(name)
        if not self.is_object:
            return []
        if not isinstance(raw, list):
            self.fault(name, _("is missing") if raw is None else _("must be a list"))
            return []
        if not least <= len(raw) <= limit:
            fault = _("must have %(least)d to %(limit)d entries") % {"least": least, "limit": limit}
            self.fault(name, fault)
            return []
        parts = [
            Body(entry, place=f"{self.place}{name}[{number}].", faults=self.faults)
            for number, entry in enumerate(raw)
        ]
        self.parts += parts
        return parts

    def refuse_faults(self) -> None:
        self._refuse_unknown()
        if self.faults:
            place, (fault, *_rest) = next(iter(self.faults.items()))
            raise BadInput(f"{place}: {fault}" if place else fault, self.faults)

    def _refuse_unknown(self) -> None:
        for name in self.data.keys() - self.known:
            self.fault(name[:80].encode("utf-8", "replace").decode(), _("is not a field of this request"))
        for part in self.parts:
            part._refuse_unknown()

    def _read(self, name: str, read: Callable[[Any], Value], required: bool = False) -> Value | None:
        self.known.add(name)
        raw = self.data.get(name)
        if raw is None or (required and raw == ""):
            if required and self.is_object:
                self.fault(name, _("is missing"))
            return None
        try:
            return read(raw)
        except BadInput as error:
            for fault in error.fields[name]:
                self.fault(name, fault)
            return None


def read_moment(raw: object, *, field: str) -> datetime:
    """A moment with its time zone, in UTC, from ISO 8601."""
    try:
        moment = datetime.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        moment = None
    if moment is None or moment.year not in _YEARS:
        fault = _("is not a moment; write it like 2026-11-27T09:30:00+00:00")
    elif moment.tzinfo is None:
        fault = _("needs a time zone; write it like 2026-11-27T09:30:00+00:00")
    else:
        return moment.astimezone(UTC)
    raise BadInput.at(field, fault)


def read_clock(raw: object, *, field: str) -> time:
    try:
        clock = time.fromisoformat(raw) if isinstance(raw, str) else None
    except ValueError:
        clock = None
    if clock is None or clock.tzinfo is not None:
        raise BadInput.at(field, _("is not a time of the day; write it like 16:30"))
    return clock.replace(second=0, microsecond=0)


def read_day(raw: object, *, field: str) -> date:
    """A day like 2026-11-27."""
    try:
        day = date.fromisoformat(raw) if isinstance(raw, str) and len(raw) == 10 else None
    except ValueError:
        day = None
    if day is None or day.year not in _YEARS:
        raise BadInput.at(field, _("is not a day; write it like 2026-11-27"))
    return day


class Query:
    """The parameters behind the question mark of an address, read in the same way."""

    def __init__(self, params: Mapping[str, str]) -> None:
        self.params = params

    def text(self, name: str, *, limit: int = 200) -> str:
        return clean_text(self.params.get(name, ""), field=name, limit=limit)

    def cursor(self) -> str:
        return self.text("cursor", limit=1_000)

    def limit(self, *, default: int = 100, most: int = 500) -> int:
        raw = self.params.get("limit", str(default))
        if not (raw.isascii() and raw.isdigit() and len(raw) < 6 and 1 <= int(raw) <= most):
            fault = _("must be a whole number from 1 to %(most)d") % {"most": most}
            raise BadInput.at("limit", fault)
        return int(raw)

    def moment(self, name: str) -> datetime | None:
        raw = self.params.get(name, "")
        # An unescaped + arrives as a blank.
        return read_moment(raw.replace(" ", "+"), field=name) if raw else None

    def choice(self, name: str, choices: Collection[str]) -> str:
        raw = self.params.get(name, "")
        if raw and raw not in choices:
            fault = _("is none of %(choices)s") % {"choices": ", ".join(str(choice) for choice in choices)}
            raise BadInput.at(name, fault)
        return raw
