"""What workers do with files."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.templatetags.ui import number
from imports import services
from imports.models import FileImport
from jobs.context import JobContext
from jobs.models import Job
from jobs.registry import handler


@handler("read_import", gettext_lazy("Reading a file"))
def read_import(context: JobContext) -> dict[str, Any]:
    made = services.read(context.arguments["file_import"], context)
    if made.state == FileImport.State.REFUSED:
        return _told(context, made.fault)
    return _told(context, _("%(count)s rows were read.") % {"count": number(made.summary.get("rows", 0))})


@handler("post_import", gettext_lazy("Import of a file"))
def post_import(context: JobContext) -> dict[str, Any]:
    result = services.post(context.arguments["file_import"], context)
    return result | _told(context, result["summary"])


@handler("undo_import", gettext_lazy("Undo of an import"))
def undo_import(context: JobContext) -> dict[str, Any]:
    with context.scope(write=False):
        actor = Job.objects.select_related("requested_by").get(pk=context.job_id).requested_by
    result = services.undo(context.arguments["file_import"], context, actor=actor)
    return result | _told(context, result.get("summary") or _("The import is undone."))


def _told(context: JobContext, summary: str) -> dict[str, str]:
    page = reverse("import", args=[context.shop.slug, context.arguments["file_import"]])
    return {"summary": summary, "link": page}
