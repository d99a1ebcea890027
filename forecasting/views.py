from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from common.numbered_pages import numbered_page
from common.units import QUANTITY_SCALE
from forecasting import queries
from forecasting.models import Forecast
from forecasting.page_queries import by_category, finding
from jobs.models import Job
from jobs.services import enqueue
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A product's forecast in thousandths, rounded to what is known."""

    forecast: Forecast
    next_week: int
    next_four_weeks: int
    error: int | None
    naive_error: int | None


@require_GET
@require(Permission.SHOP_VIEW)
def forecasts(request: ShopRequest) -> HttpResponse:
    """How good the forecasts are: the finding, then product by product."""
    run = queries.latest_run()
    context: dict[str, Any] = {"run": run, "night": _night_shown(request)}
    if run:
        ticks, categories = by_category(run)
        page = numbered_page(queries.forecasts_of(run), PER_PAGE, request)
        context |= {"ticks": ticks, "categories": categories}
        context |= {"page": page, "rows": [_row(forecast) for forecast in page], **finding(run)}
    return render(request, "forecasting/forecasts.html", context)


@require_POST
@require(Permission.NIGHT_RUN)
def run_night(request: ShopRequest) -> HttpResponse:
    """Ask for the night of yesterday, again if need be; once a minute is enough."""
    now = timezone.now().astimezone(request.shop.zone)
    day = (now.date() - timedelta(days=1)).isoformat()
    job = enqueue(
        kind="night",
        key=f"{day}:by-hand:{now:%Y-%m-%dT%H:%M}",
        arguments={"date": day},
        requested_by=request.user,
    )
    messages.success(request, _("The night has been asked for. You may leave this page."))
    response = redirect("forecasts", request.shop.slug)
    response["Location"] += f"?job={job.pk}"
    return response


def _night_shown(request: ShopRequest) -> Job | None:
    """The night this page was opened for, or one that is still at work."""
    nights = Job.objects.filter(kind="night").order_by("-id")
    asked = request.GET.get("job", "")
    if asked.isdecimal() and len(asked) < 19:
        return nights.filter(pk=int(asked)).first()
    return nights.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING]).first()


def _row(forecast: Forecast) -> Row:
    return Row(
        forecast=forecast,
        next_week=_shown(forecast.expected(7)),
        next_four_weeks=_shown(forecast.expected(28)),
        error=None if forecast.error is None else _shown(forecast.error),
        naive_error=None if forecast.naive_error is None else _shown(forecast.naive_error),
    )


def _shown(units: float) -> int:
    """Thousandths, with one decimal below ten units and none above: nobody knows more."""
    step = QUANTITY_SCALE // 10 if units < 10 else QUANTITY_SCALE
    return round(units * QUANTITY_SCALE / step) * step
