"""Icons, and numbers as the shop's language writes them."""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, format_percent
from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, to_locale

from common.units import currency_decimals

register = template.Library()


def babel_locale() -> Locale:
    return Locale.parse(to_locale(get_language() or "en"))


@register.simple_tag
def icon(name: str, label: str = "") -> SafeString:
    """`{% icon "clock" %}`; give a label where no word stands beside it."""
    address = f"{static('icons.svg')}#i-{name}"
    if label:
        return format_html(
            '<svg class="icon" role="img" aria-label="{}"><use href="{}"/></svg>', label, address
        )
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}"/></svg>', address)


@register.filter
def quantity(value: int | None) -> str:
    """Thousandths of a unit: `12`, `1.5`; a real minus."""
    if value is None:
        return "–"
    return _thousandths(value, babel_locale())


# A long list shows the same few numbers again and again, and Babel takes its time for each.
@lru_cache(maxsize=10_000)
def _thousandths(value: int, locale: Locale) -> str:
    return _minus(format_decimal(Decimal(value).scaleb(-3), format="#,##0.###", locale=locale))


@register.filter
def number(value: int | None) -> str:
    """A count of things: `1,250`."""
    if value is None:
        return "–"
    return _minus(format_decimal(value, format="#,##0", locale=babel_locale()))


@register.filter
def percent(value: int | None) -> str:
    """Hundredths of a percent: `20%`, `5.5%`, as the language writes them."""
    if value is None:
        return "–"
    return _minus(format_percent(Decimal(value).scaleb(-4), format="#,##0.##%", locale=babel_locale()))


@register.filter
def rate(value: int | None) -> str:
    """What a unit of a foreign currency costs: `0.8642`."""
    if value is None:
        return "–"
    return format_decimal(Decimal(value).scaleb(-10), format="#,##0.00########", locale=babel_locale())


@register.filter
def units(value: float | None) -> str:
    """Stock units as estimated: whole, below ten with one decimal."""
    if value is None:
        return "–"
    pattern = "#,##0" if abs(value) >= 9.95 else "#,##0.#"
    return _minus(format_decimal(Decimal(str(value)), format=pattern, locale=babel_locale()))


@register.filter
def change(value: int) -> str:
    """Thousandths of a unit with their sign: `+5`, `−12`."""
    return f"+{quantity(value)}" if value > 0 else quantity(value)


@register.filter
def amount(value: int | None, of: Any) -> str:
    """Minor units of a currency, with its sign: `£353.40`. `of`: the currency, or what has one."""
    if value is None:
        return "–"
    currency = _currency(of)
    return _money(Decimal(value).scaleb(-currency_decimals(currency)), currency, babel_locale())


@register.filter
def unit_price(value: int | None, of: Any) -> str:
    """Ten-thousandths of a minor unit: `£4.60`, more decimals where the price has them.

    `of`: the currency, or what has one.
    """
    if value is None:
        return "–"
    return _unit_price(value, _currency(of), babel_locale())


@lru_cache(maxsize=10_000)
def _unit_price(value: int, currency: str, locale: Locale) -> str:
    decimals = currency_decimals(currency)
    price = Decimal(value).scaleb(-decimals - 4)
    short = price.quantize(Decimal(1).scaleb(-decimals))
    return _money(short if short == price else price.normalize(), currency, locale, exact=short != price)


def _currency(of: Any) -> str:
    return of if isinstance(of, str) else of.currency


@register.filter
def day(value: Any) -> str:
    """`Fri 27 Nov`; the year only when it is not this one."""
    if not value:
        return "–"
    if hasattr(value, "astimezone"):
        value = timezone.localtime(value).date()
    skeleton = "EEE d MMM" if value.year == timezone.localdate().year else "EEE d MMM y"
    locale = babel_locale()
    if locale.language == "zh":
        skeleton = "M月d日 EEE" if value.year == timezone.localdate().year else "y年M月d日"
    return format_date(value, skeleton, locale=locale)


@register.filter
def moment(value: Any) -> str:
    """`Fri 27 Nov, 09:34`, in the shop's time."""
    if not value:
        return "–"
    local = timezone.localtime(value)
    return f"{day(local.date())}, {format_datetime(local, 'HH:mm', locale=babel_locale())}"


def _money(number: Decimal, currency: str, locale: Locale, *, exact: bool = False) -> str:
    text = format_currency(
        number, currency, locale=locale, currency_digits=not exact, decimal_quantization=not exact
    )
    return _minus(text)


def _minus(text: str) -> str:
    return text.replace("-", "−")
