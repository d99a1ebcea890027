"""Suppliers: who they are, when they take orders, and what they ask for each product."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from catalog import services
from catalog.calendar import next_order_days
from catalog.forms import ClosureForm, SupplierForm, TermsForm
from catalog.models import Product, Supplier, SupplierClosure, SupplierProduct
from common.errors import ParstockError
from common.forms import add_refusal, focus_first_error
from common.numbered_pages import numbered_page
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

NEW_TERMS = 3  # blank rows for further terms on a supplier's page
NEW_CLOSURES = 2
ROWS_PER_PAGE = 50
_ORDER_DAYS_SHOWN = 4


@require_GET
@require(Permission.SHOP_VIEW)
def suppliers(request: ShopRequest) -> HttpResponse:
    here = Q(terms__product__state=Product.State.ACTIVE)
    rows = Supplier.objects.annotate(products=Count("terms", filter=here)).prefetch_related("closures")
    page = numbered_page(rows.order_by("-is_active", "name"), ROWS_PER_PAGE, request)
    now = timezone.now()
    listed = []
    for row in page:
        next_day = next_order_days(row, now, 1)[0] if row.is_active else None
        listed.append((row, next_day))
    return render(request, "catalog/suppliers.html", {"page": page, "rows": listed})


@require_http_methods(["GET", "POST"])
@require(Permission.CATALOG_EDIT)
def supplier_new(request: ShopRequest) -> HttpResponse:
    initial = {
        "language": request.shop.language,
        "minimum_order_value": "0",
        "freight": "0",
        "order_cost": "0",
    }
    form = SupplierForm(request.POST or None, initial=initial)
    if request.method == "POST":
        if form.is_valid():
            try:
                supplier = services.save_supplier(form.save(commit=False), actor=request.user)
            except ParstockError as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(
                    request,
                    _("%(supplier)s was added. Now say what they sell you.") % {"supplier": supplier},
                )
                return redirect("supplier", request.shop.slug, supplier.pk)
        focus_first_error(form)
    return render(request, "catalog/supplier_form.html", {"form": form, "supplier": None})


@require_http_methods(["GET", "POST"])
@require(Permission.CATALOG_EDIT)
def supplier(request: ShopRequest, supplier_id: int) -> HttpResponse:
    """A supplier with closures and the terms of each product, a page of them at a time, saved together."""
    found = get_object_or_404(Supplier.objects.prefetch_related("closures"), pk=supplier_id)
    name, days = found.name, next_order_days(found, timezone.now(), _ORDER_DAYS_SHOWN)
    data = request.POST if request.method == "POST" else None
    terms = SupplierProduct.objects.filter(supplier=found)
    terms = terms.select_related("product").prefetch_related("breaks").order_by("product__sku_key")
    page = numbered_page(terms, ROWS_PER_PAGE, request)
    form = SupplierForm(data, instance=found)
    closures: list[Any] = [
        ClosureForm(data, instance=row, prefix=f"closure-{row.pk}", supplier=found)
        for row in SupplierClosure.objects.filter(supplier=found)
    ]
    closures += [
        ClosureForm(data, prefix=f"new-closure-{number}", supplier=found) for number in range(NEW_CLOSURES)
    ]
    rows: list[Any] = [
        TermsForm(data, instance=row, prefix=f"terms-{row.pk}", supplier=found) for row in page
    ]
    rows += [TermsForm(data, prefix=f"new-{number}", supplier=found) for number in range(NEW_TERMS)]
    if data is not None:
        if _saved_supplier(request, form, closures, rows):
            messages.success(request, _("%(supplier)s was saved.") % {"supplier": found})
            return redirect(request.get_full_path())
        focus_first_error(form, *closures, *rows)
    context = {
        "form": form,
        "supplier": found,
        "name": name,
        "currency": rows[0].currency,
        "closures": closures,
        "rows": rows,
        "page": page,
        "order_days": days,
        "wrong_rows": any(row.is_bound and row.errors for row in (*closures, *rows)),
    }
    return render(request, "catalog/supplier_form.html", context)


def _saved_supplier(request: ShopRequest, form: SupplierForm, closures: list[Any], rows: list[Any]) -> bool:
    # A row that goes need not be right.
    going = [row for row in (*closures, *rows) if row.data.get(row.add_prefix("remove")) is not None]
    if not all([form.is_valid(), *(row.is_valid() for row in (*closures, *rows) if row not in going)]):
        return False
    current: Any = form
    try:
        with transaction.atomic():
            services.save_supplier(form.save(commit=False), actor=request.user)
            for current in closures:
                if current in going:
                    services.remove_closure(current.instance, actor=request.user)
                elif current.has_changed():
                    services.save_closure(current.save(commit=False), actor=request.user)
            for current in rows:
                if current in going:
                    services.remove_terms(current.instance, actor=request.user)
                elif current.has_changed():
                    breaks = current.cleaned_data["breaks"]
                    services.save_terms(current.save(commit=False), breaks=breaks, actor=request.user)
    except ParstockError as refusal:
        add_refusal(current, refusal)
        return False
    return True
