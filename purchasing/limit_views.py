"""Settings of orders: what may leave without asking, and how long suppliers have to answer."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from common.errors import ParstockError
from common.forms import focus_first_error
from purchasing import queries
from purchasing.limit_forms import LimitsForm
from purchasing.services.limits import save_limits, spent_by_itself
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest


@require_http_methods(["GET", "POST"])
@require(Permission.SHOP_SETTINGS)
def order_settings(request: ShopRequest) -> HttpResponse:
    form = LimitsForm(request.POST or None, instance=queries.limits())
    if request.method == "POST":
        if form.is_valid():
            try:
                save_limits(form.save(commit=False), actor=request.user)
            except ParstockError as refusal:
                form.add_error(None, refusal.detail)
            else:
                messages.success(request, _("The settings were saved."))
                return redirect("order_settings", request.shop.slug)
        focus_first_error(form)
    context = {"form": form, "spent": spent_by_itself()}
    return render(request, "purchasing/order_settings.html", context)
