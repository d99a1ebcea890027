"""Changes to tax rates and to the rates of foreign currencies."""

from __future__ import annotations

from django.db.models import ProtectedError
from django.utils.translation import gettext as _

from catalog.models import CurrencyRate, TaxRate
from catalog.services.rows import remove_row, save_row
from common.errors import BadInput, Conflict
from tenancy.context import current_shop
from tenancy.models import User


def save_tax_rate(tax: TaxRate, *, actor: User | None) -> TaxRate:
    taken = _("A tax rate of this name exists already.")
    saved: TaxRate = save_row(tax, actor, Conflict(taken, {"name": [taken]}))
    return saved


def remove_tax_rate(tax: TaxRate, *, actor: User | None) -> None:
    """Raises Conflict where products have it."""
    try:
        remove_row(tax, actor)
    except ProtectedError as error:
        raise Conflict(
            _("Products have the rate %(tax)s, so it stays; take it out of use instead.") % {"tax": tax}
        ) from error


def save_currency_rate(rate: CurrencyRate, *, actor: User | None) -> CurrencyRate:
    """Raises BadInput for the shop's own currency, Conflict where the day has a rate."""
    if rate.currency == current_shop().currency:
        raise BadInput.at("currency", _("is the shop's own; a unit of it costs 1"))
    taken = _("There is a rate for this day; remove it first.")
    saved: CurrencyRate = save_row(rate, actor, Conflict(taken, {"day": [taken]}))
    return saved


def remove_currency_rate(rate: CurrencyRate, *, actor: User | None) -> None:
    """Orders that were approved keep the rate that they were approved at."""
    remove_row(rate, actor)
