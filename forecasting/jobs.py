"""What workers do with forecasts, besides the night."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from catalog.models import Product
from forecasting import services
from forecasting.models import ENGINE
from jobs.context import JobContext
from jobs.registry import handler


@handler("compare_methods", gettext_lazy("Comparing methods"))
def compare_methods(context: JobContext) -> dict[str, Any]:
    with context.scope(write=False):
        product = Product.objects.get(pk=context.arguments["product"])
    found = services.compare_methods(product, scope=context.scope, progress=context.progress)
    best = [comparison.rows[0]["method"] == ENGINE for comparison in found if comparison.rows]
    with translation.override(context.shop.language):
        if not best:
            summary = _("There is too little history to test any method.")
        elif all(best):
            summary = _("No other method would have been better than the mix.")
        else:
            summary = _("Another method would have been better than the mix.")
    return {"summary": summary, "link": reverse("forecast", args=[context.shop.slug, product.pk])}
