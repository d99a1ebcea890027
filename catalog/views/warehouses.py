"""Warehouses and the places inside."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from catalog import services
from catalog.forms import WarehouseForm
from catalog.models import Warehouse
from common.errors import ParstockError
from common.forms import add_refusal, focus_first_error
from common.numbered_pages import numbered_page
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

ROWS_PER_PAGE = 50


@require_GET
@require(Permission.SHOP_VIEW)
def warehouses(request: ShopRequest) -> HttpResponse:
    rows = Warehouse.objects.annotate(places=Count("locations")).order_by("-is_active", "code")
    page = numbered_page(rows, ROWS_PER_PAGE, request)
    return render(request, "catalog/warehouses.html", {"page": page})


@require_http_methods(["GET", "POST"])
@require(Permission.CATALOG_EDIT)
def warehouse_new(request: ShopRequest) -> HttpResponse:
    return _warehouse_form(request, Warehouse())


@require_http_methods(["GET", "POST"])
@require(Permission.CATALOG_EDIT)
def warehouse_edit(request: ShopRequest, warehouse_id: int) -> HttpResponse:
    return _warehouse_form(request, get_object_or_404(Warehouse, pk=warehouse_id))


def _warehouse_form(request: ShopRequest, warehouse: Warehouse) -> HttpResponse:
    name = warehouse.name
    form = WarehouseForm(request.POST or None, instance=warehouse)
    if request.method == "POST":
        if form.is_valid():
            try:
                places = form.cleaned_data["locations"]
                services.save_warehouse(form.save(commit=False), locations=places, actor=request.user)
            except ParstockError as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, _("%(warehouse)s was saved.") % {"warehouse": warehouse})
                return redirect("warehouses", request.shop.slug)
        focus_first_error(form)
    context = {"form": form, "warehouse": warehouse if name else None, "name": name}
    return render(request, "catalog/warehouse_form.html", context)
