"""What workers do for stock."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.templatetags.ui import number
from jobs.context import JobContext
from jobs.models import Job
from jobs.registry import handler
from stock.services import sales_import


@handler("import_sales", gettext_lazy("Import of sales"))
def import_sales(context: JobContext) -> dict[str, Any]:
    pk = context.arguments["sales_import"]
    result = sales_import.post_import(pk, scope=context.scope, progress=context.progress)
    sales = result["posted"] + result["history"]
    summary = ngettext("%(count)s sale is in the books.", "%(count)s sales are in the books.", sales)
    return result | {"summary": summary % {"count": number(sales)}, "link": _page(context, pk)}


@handler("undo_sales_import", gettext_lazy("Undo of an import"))
def undo_sales_import(context: JobContext) -> dict[str, Any]:
    pk = context.arguments["sales_import"]
    with context.scope(write=False):
        actor = Job.objects.select_related("requested_by").get(pk=context.job_id).requested_by
    result = sales_import.undo_import(pk, scope=context.scope, progress=context.progress, actor=actor)
    summary = _("The import is undone; its products stay.")
    return result | {"summary": summary, "link": _page(context, pk)}


def _page(context: JobContext, sales_import_id: int) -> str:
    return reverse("import", args=[context.shop.slug, sales_import_id])
