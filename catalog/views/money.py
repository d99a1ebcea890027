"""Tax rates and the rates of foreign currencies, in the settings."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from catalog import services
from catalog.forms import CurrencyRateForm, TaxRateForm
from catalog.models import CurrencyRate, Product, TaxRate
from common.errors import ParstockError
from common.forms import add_refusal, focus_first_error
from common.numbered_pages import numbered_page
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

ROWS_PER_PAGE = 50


@require_http_methods(["GET", "POST"])
@require(Permission.CATALOG_EDIT)
def tax_rates(request: ShopRequest) -> HttpResponse:
    """All rates; POST adds one."""
    form = TaxRateForm(request.POST or None)
    if request.method == "POST" and _saved(form, services.save_tax_rate, request):
        messages.success(request, _("%(tax)s was added.") % {"tax": form.instance})
        return redirect("tax_rates", request.shop.slug)
    used = Product.objects.filter(Q(sales_tax=OuterRef("pk")) | Q(purchase_tax=OuterRef("pk")))
    rows = TaxRate.objects.annotate(is_used=Exists(used)).order_by("-is_active", "rate", "name")
    return render(request, "catalog/tax_rates.html", {"form": form, "rows": rows})


@require_http_methods(["GET", "POST"])
@require(Permission.CATALOG_EDIT)
def tax_rate(request: ShopRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(TaxRate, pk=pk)
    name = found.name
    form = TaxRateForm(request.POST or None, instance=found)
    if request.method == "POST" and _saved(form, services.save_tax_rate, request):
        messages.success(request, _("%(tax)s was saved.") % {"tax": found})
        return redirect("tax_rates", request.shop.slug)
    return render(request, "catalog/tax_rate.html", {"form": form, "tax": found, "name": name})


@require_POST
@require(Permission.CATALOG_EDIT)
def tax_rate_remove(request: ShopRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(TaxRate, pk=pk)
    try:
        services.remove_tax_rate(found, actor=request.user)
    except ParstockError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("%(tax)s was removed.") % {"tax": found})
    return redirect("tax_rates", request.shop.slug)


@require_http_methods(["GET", "POST"])
@require(Permission.CATALOG_EDIT)
def currency_rates(request: ShopRequest) -> HttpResponse:
    """The dated rates, the latest first; POST adds one."""
    today = timezone.localdate(timezone=request.shop.zone)
    form = CurrencyRateForm(request.POST or None, initial={"day": today})
    if request.method == "POST" and _saved(form, services.save_currency_rate, request):
        messages.success(request, _("The rate of %(currency)s was added.") % {"currency": form.instance})
        return redirect("currency_rates", request.shop.slug)
    rows = CurrencyRate.objects.order_by("currency", "-day")
    page = numbered_page(rows, ROWS_PER_PAGE, request)
    return render(request, "catalog/currency_rates.html", {"form": form, "page": page, "today": today})


@require_POST
@require(Permission.CATALOG_EDIT)
def currency_rate_remove(request: ShopRequest, pk: int) -> HttpResponse:
    found = get_object_or_404(CurrencyRate, pk=pk)
    services.remove_currency_rate(found, actor=request.user)
    messages.success(request, _("The rate of %(currency)s was removed.") % {"currency": found})
    return redirect("currency_rates", request.shop.slug)


def _saved(form: Any, save: Any, request: ShopRequest) -> bool:
    if form.is_valid():
        try:
            save(form.save(commit=False), actor=request.user)
            return True
        except ParstockError as refusal:
            add_refusal(form, refusal)
    focus_first_error(form)
    return False
