"""Words for what this app writes into the audit."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

ACTIONS = {
    "forecast.named": gettext_lazy("Forecast method named"),
    "forecast.unnamed": gettext_lazy("Forecast given back to the mix"),
}
