"""Quantities and money as integers; text only at the edge.

quantity    thousandths of a product's stock unit
amount      minor units of the shop's currency (cents; yen have none)
unit price  ten-thousandths of a minor unit, for one whole stock unit
rate        what one unit of a foreign currency costs in the shop's own, in units of 10^-10

Every line is rounded once, half to even.
"""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

from django.utils.translation import gettext as _

from common.errors import BadInput

QUANTITY_SCALE = 1_000
PRICE_SCALE = 10_000
RATE_SCALE = 10**10
PERCENT_SCALE = 100_00  # tax rates are hundredths of a percent
# A bigint holds 9.2e18; sums of a shop's lifetime must fit, so a single figure stays far below.
MAX_QUANTITY = 10**13
MAX_UNIT_PRICE = 10**14
MAX_AMOUNT = 10**15
MAX_RATE = 10**16

# ISO 4217 currencies whose minor unit is not a hundredth.
_WITHOUT_DECIMALS = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF"
_THREE_DECIMALS = "BHD IQD JOD KWD LYD OMR TND"
_DECIMALS = dict.fromkeys(_WITHOUT_DECIMALS.split(), 0) | dict.fromkeys(_THREE_DECIMALS.split(), 3)

# A point or a comma with one or two digits, or four and more, can only be a decimal sign; with
# exactly three it could be a thousands sign, so a comma is refused there rather than guessed.
_NUMBER = re.compile(r"[+\-−]?(\d+([.,]\d*)?|[.,]\d+)")


def currency_decimals(currency: str) -> int:
    """How many decimals amounts of an ISO 4217 currency have."""
    return _DECIMALS.get(currency, 2)


def round_half_even(numerator: int, denominator: int) -> int:
    """numerator / denominator to the nearest integer, ties to the even one."""
    if denominator < 0:
        numerator, denominator = -numerator, -denominator
    quotient, rest = divmod(numerator, denominator)
    if 2 * rest > denominator or (2 * rest == denominator and quotient % 2):
        quotient += 1
    return quotient


def line_amount(quantity: int, unit_price: int) -> int:
    """Minor units for `quantity` (thousandths) at `unit_price` (ten-thousandths of a minor unit)."""
    return round_half_even(quantity * unit_price, QUANTITY_SCALE * PRICE_SCALE)


def unit_price_of(amount: int, quantity: int) -> int:
    """The unit price at which `quantity` (thousandths, not 0) is worth `amount` (minor units)."""
    return round_half_even(amount * QUANTITY_SCALE * PRICE_SCALE, quantity)


def converted(figure: int, rate: int, *, currency: str, into: str) -> int:
    """An amount or a unit price of `currency` at `rate`, in the small units of currency `into`."""
    decimals = currency_decimals(into) - currency_decimals(currency)
    numerator, denominator = figure * rate, RATE_SCALE
    if decimals >= 0:
        return round_half_even(numerator * 10**decimals, denominator)
    return round_half_even(numerator, denominator * 10**-decimals)


def read_number(text: object, *, field: str = "") -> Decimal:
    """A plain decimal number as people and files write it: `1`, `1.5`, `1,5`, `−2`.

    Raises BadInput for anything else: exponents, thousands signs, nothing at all.
    """
    if isinstance(text, bool) or text is None:
        raise _bad(field, text, _("is not a number"))
    raw = str(text).strip().replace("\u00a0", "")
    if not _NUMBER.fullmatch(raw) or len(raw) > 30:
        raise _bad(field, text, _("is not a number; write it like 12 or 12.5"))
    if re.fullmatch(r"[+\-−]?[1-9]\d{0,2},\d{3}", raw):
        raise _bad(field, text, _("could mean thousands or decimals; write 1234 or 1.234"))
    try:
        return Decimal(raw.replace(",", ".").replace("−", "-"))
    except InvalidOperation as error:  # pragma: no cover - the pattern admits only numbers
        raise _bad(field, text, _("is not a number")) from error


def read_quantity(text: object, *, field: str = "quantity") -> int:
    """Thousandths of a stock unit from text; BadInput beyond three decimals or out of range."""
    return _scaled(text, field, decimals=3, limit=MAX_QUANTITY)


def read_unit_price(text: object, currency: str, *, field: str = "price") -> int:
    """Ten-thousandths of a minor unit from a price in whole currency units."""
    return _scaled(text, field, decimals=currency_decimals(currency) + 4, limit=MAX_UNIT_PRICE)


def read_amount(text: object, currency: str, *, field: str = "amount") -> int:
    """Minor units from an amount in whole currency units."""
    return _scaled(text, field, decimals=currency_decimals(currency), limit=MAX_AMOUNT)


def read_rate(text: object, *, field: str = "rate") -> int:
    """A rate from `0.8642`; BadInput where it is not above zero."""
    rate = _scaled(text, field, decimals=10, limit=MAX_RATE)
    if rate <= 0:
        raise _bad(field, text, _("is not above zero"))
    return rate


def write_rate(rate: int) -> str:
    return _plain(Decimal(rate).scaleb(-10))


def read_percent(text: object, *, field: str = "rate") -> int:
    """Hundredths of a percent, from 0 to 100 %."""
    percent = _scaled(text, field, decimals=2, limit=10**6)
    if not 0 <= percent <= 100_00:
        raise _bad(field, text, _("is not between 0 and 100"))
    return percent


def write_percent(percent: int) -> str:
    return _plain(Decimal(percent).scaleb(-2))


def write_quantity(quantity: int) -> str:
    """`1500` -> `1.5`: as short as it is exact, with a point, for files and the API."""
    return _plain(Decimal(quantity).scaleb(-3))


def write_amount(amount: int, currency: str) -> str:
    """`35340` -> `353.40`: with the currency's own decimals, for files and the API."""
    decimals = currency_decimals(currency)
    return f"{Decimal(amount).scaleb(-decimals):.{decimals}f}"


def write_unit_price(unit_price: int, currency: str) -> str:
    """`4600000` -> `4.60`: at least the currency's decimals, more where the price has them."""
    decimals = currency_decimals(currency)
    price = Decimal(unit_price).scaleb(-decimals - 4)
    short = _plain(price)
    shown = len(short.partition(".")[2])
    return short if shown > decimals else f"{price:.{decimals}f}"


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _scaled(text: object, field: str, *, decimals: int, limit: int) -> int:
    scaled = read_number(text, field=field) * 10**decimals
    if scaled != scaled.to_integral_value():
        raise _bad(field, text, _("has more than %(most)d decimals") % {"most": decimals})
    if abs(scaled) > limit:
        raise _bad(field, text, _("is too large"))
    return int(scaled)


def _bad(field: str, text: object, fault: str) -> BadInput:
    shown = str(text)[:40]
    return BadInput(f"{shown!r} {fault}", {field: [f"{shown!r} {fault}"]} if field else None)
