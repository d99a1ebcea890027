"""The jobs that span several apps."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.templatetags.ui import number
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
        "%(products)s products forecast, %(orders)s order proposed with %(lines)s lines.",
        "%(products)s products forecast, %(orders)s orders proposed with %(lines)s lines.",
        result["orders"],
    ) % {
        "products": number(result["products"]),
        "orders": number(result["orders"]),
        "lines": number(result["order_lines"]),
    }
