from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from common.errors import Conflict
from common.numbered_pages import numbered_page
from jobs import services
from jobs.forms import JobFilter
from jobs.models import Job
from jobs.queries import newest_jobs
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

_ON_A_PAGE = 50


@require_GET
@require(Permission.JOBS_MANAGE)
def jobs(request: ShopRequest) -> HttpResponse:
    form = JobFilter(request.GET)
    state = form.cleaned_data["state"] if form.is_valid() else ""
    page = numbered_page(newest_jobs(state=state), _ON_A_PAGE, request)
    context = {"form": form, "page": page, "query": f"state={state}&" if state else ""}
    return render(request, "jobs/jobs.html", context)


@require_GET
@never_cache
@require(Permission.SHOP_VIEW)
def job(request: Any, pk: int) -> HttpResponse:
    """The job's page; for htmx only the part of it that changes."""
    template = "jobs/progress.html" if request.htmx else "jobs/job.html"
    return render(request, template, {"job": _job(pk)})


@require_GET
@never_cache
@require(Permission.SHOP_VIEW)
def note(request: Any, pk: int) -> HttpResponse:
    """The line that other pages show of a job; it asks for itself again while the job goes on.

    When the job is over, the page around the line is loaded anew: what it shows was made before.
    """
    found = _job(pk)
    response = render(request, "jobs/note.html", {"job": found})
    if found.is_over and request.htmx:
        response["HX-Refresh"] = "true"
    return response


@require_POST
@require(Permission.JOBS_MANAGE)
def cancel(request: ShopRequest, pk: int) -> HttpResponse:
    return _change(request, pk, services.cancel)


@require_POST
@require(Permission.JOBS_MANAGE)
def retry(request: ShopRequest, pk: int) -> HttpResponse:
    return _change(request, pk, services.retry)


def _change(request: ShopRequest, pk: int, change: Callable[..., Job]) -> HttpResponse:
    try:
        change(_job(pk), actor=request.user)
    except Conflict as refusal:
        messages.error(request, refusal.detail)
    return redirect("job", request.shop.slug, pk)


def _job(pk: int) -> Job:
    return get_object_or_404(Job.objects.select_related("requested_by"), pk=pk)
