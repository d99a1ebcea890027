"""The jobs that span several apps."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from jobs import registry
from jobs.context import JobContext


@registry.handler("night", gettext_lazy("Night"))
def night(context: JobContext) -> dict[str, Any]:
    from inventory_site.night import run_night

    result = run_night(context.shop, date.fromisoformat(context.arguments["date"]), context)
    with translation.override(context.shop.language):
        result["summary"] = _summary(result)
    result["link"] = reverse("replenish", args=[context.shop.slug])
    return result


def _summary(result: dict[str, Any]) -> str:
    if not result["known_to"]:
        return _("Nothing to forecast yet.")
    return ngettext(
        "%(products)d products forecast, %(orders)d order proposed with %(lines)d lines.",
        "%(products)d products forecast, %(orders)d orders proposed with %(lines)d lines.",
        result["orders"],
    ) % {"products": result["products"], "orders": result["orders"], "lines": result["order_lines"]}
