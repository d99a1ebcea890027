from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from catalog.models import Product
from common.numbered_pages import numbered_page
from common.units import QUANTITY_SCALE
from forecasting import queries, services
from forecasting.models import RIVALS, Forecast, NamedMethod
from forecasting.page_queries import by_category, finding, places_of
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


@require_GET
@require(Permission.SHOP_VIEW)
def forecast(request: ShopRequest, pk: int) -> HttpResponse:
    """What one product's forecast is made of, how wrong it was, and what other methods would have done."""
    product = get_object_or_404(Product, pk=pk)
    context = {
        "product": product,
        "run": queries.latest_run(),
        "places": places_of(product),
        "named": NamedMethod.objects.filter(product=product).first(),
        "choices": [(one.value, one.label) for one in RIVALS],
        "job": _comparison_shown(request, product),
    }
    return render(request, "forecasting/forecast.html", context)


@require_POST
@require(Permission.NIGHT_RUN)
def compare(request: ShopRequest, pk: int) -> HttpResponse:
    """Ask for a comparison of methods; once a minute is enough."""
    product = get_object_or_404(Product, pk=pk)
    now = timezone.now().astimezone(request.shop.zone)
    job = enqueue(
        kind="compare_methods",
        key=f"{product.pk}:{now:%Y-%m-%dT%H:%M}",
        arguments={"product": product.pk},
        requested_by=request.user,
    )
    response = redirect("forecast", request.shop.slug, product.pk)
    response["Location"] += f"?job={job.pk}"
    return response


@require_POST
@require(Permission.SHOP_SETTINGS)
def name_method(request: ShopRequest, pk: int) -> HttpResponse:
    """Name the method that a product is to be forecast by, or none."""
    product = get_object_or_404(Product, pk=pk)
    services.name_method(product, request.POST.get("method", ""), actor=request.user)
    messages.success(request, _("Kept. The next night forecasts it so."))
    return redirect("forecast", request.shop.slug, product.pk)


def _comparison_shown(request: ShopRequest, product: Product) -> Job | None:
    """The comparison this page was opened for, or one that is still at work."""
    jobs = Job.objects.filter(kind="compare_methods", arguments__product=product.pk).order_by("-id")
    asked = request.GET.get("job", "")
    if asked.isdecimal() and len(asked) < 19:
        return jobs.filter(pk=int(asked)).first()
    return jobs.filter(state__in=[Job.State.QUEUED, Job.State.RUNNING]).first()


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
