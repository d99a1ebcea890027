"""What a person can choose from when a shop is set up: currencies, time zones, kinds of posting."""

from __future__ import annotations

import zoneinfo
from functools import cache

from babel.core import get_global
from babel.numbers import get_currency_name
from django.utils.translation import gettext_lazy as _

from common.templatetags.ui import babel_locale

# Kinds of posting that can take goods out; the ledger's own names, and a sale read from a file.
NEGATIVE_KINDS = {
    "sale_import": _("Sales read from a till's file"),
    "sale": _("Sales typed or sent one by one"),
    "transfer": _("Transfers to another warehouse"),
    "supplier_return": _("Returns to a supplier"),
    "write_off": _("Write-offs"),
    "correction": _("Corrections"),
}


@cache
def _currencies_in_use() -> tuple[str, ...]:
    today = {
        code
        for spans in get_global("territory_currencies").values()
        for code, _start, end, tender in spans
        if tender and end is None
    }
    return tuple(sorted(today))


def currencies() -> list[tuple[str, str]]:
    """The currencies that are legal tender somewhere, named in the reader's language."""
    locale = babel_locale()
    return [(code, f"{code} · {get_currency_name(code, locale=locale)}") for code in _currencies_in_use()]


@cache
def time_zones() -> tuple[tuple[str, str], ...]:
    """Places by name; the abbreviations and fixed offsets that the list also has are left out."""
    places = sorted(name for name in zoneinfo.available_timezones() if _is_place(name))
    return tuple((name, name.replace("_", " ")) for name in (*places, "UTC"))


def _is_place(name: str) -> bool:
    continents = "Africa America Antarctica Arctic Asia Atlantic Australia Europe Indian Pacific"
    return name.partition("/")[0] in continents.split() and "/" in name
