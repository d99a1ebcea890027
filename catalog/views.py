from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog import services
from catalog.forms import ProductForm, SupplierForm, TermsForm, WarehouseForm
from catalog.models import Product, Supplier, SupplierProduct, Warehouse
from common.errors import ParstockError
from common.forms import add_refusal, focus_first_error
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

NEW_ROWS = 3  # blank rows for further terms on a supplier's page
ROWS_PER_PAGE = 50


@require_http_methods(["GET", "POST"])
@require(Permission.CATALOG_EDIT)
def product_new(request: ShopRequest) -> HttpResponse:
    offered = {"barcodes": request.GET.get("barcode", ""), "sku": request.GET.get("sku", "")}
    form = ProductForm(request.POST or None, initial=offered)
    if request.method == "POST" and _saved_product(request, form):
        messages.success(request, _("%(product)s was added.") % {"product": form.instance})
        if "another" in request.POST:
            return redirect("product_new", request.shop.slug)
        return redirect("product", request.shop.slug, form.instance.pk)
    return render(request, "catalog/product_form.html", {"form": form, "product": None})


@require_http_methods(["GET", "POST"])
@require(Permission.CATALOG_EDIT)
def product_edit(request: ShopRequest, product_id: int) -> HttpResponse:
    product = get_object_or_404(Product, pk=product_id)
    name = str(product)
    form = ProductForm(request.POST or None, instance=product)
    if request.method == "POST" and _saved_product(request, form):
        messages.success(request, _("%(product)s was saved.") % {"product": product})
        return redirect("product", request.shop.slug, product.pk)
    return render(request, "catalog/product_form.html", {"form": form, "product": product, "name": name})


def _saved_product(request: ShopRequest, form: ProductForm) -> bool:
    if form.is_valid():
        try:
            with transaction.atomic():
                product = form.save(commit=False)
                product.category = services.category_named(form.cleaned_data["category_name"])
                codes = form.cleaned_data["barcodes"]
                services.save_product(product, barcodes=codes, actor=request.user)
            return True
        except ParstockError as refusal:
            add_refusal(form, refusal)
    focus_first_error(form)
    return False


@require_POST
@require(Permission.CATALOG_EDIT)
def product_discontinue(request: ShopRequest, product_id: int) -> HttpResponse:
    """Stop a product or, with `active`, take it up again."""
    product = get_object_or_404(Product, pk=product_id)
    active = request.POST.get("active") == "1"
    state = Product.State.ACTIVE if active else Product.State.DISCONTINUED
    services.set_product_state(product, state, actor=request.user)
    said = _("%(product)s is active again.") if active else _("%(product)s is discontinued.")
    messages.success(request, said % {"product": product})
    return redirect("product", request.shop.slug, product.pk)


@require_GET
@require(Permission.SHOP_VIEW)
def suppliers(request: ShopRequest) -> HttpResponse:
    rows = Supplier.objects.annotate(
        products=Count("terms", filter=Q(terms__product__state=Product.State.ACTIVE))
    )
    page = Paginator(rows.order_by("-is_active", "name"), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    return render(request, "catalog/suppliers.html", {"page": page})


@require_http_methods(["GET", "POST"])
@require(Permission.CATALOG_EDIT)
def supplier_new(request: ShopRequest) -> HttpResponse:
    initial = {"language": request.shop.language, "minimum_order_value": "0", "order_cost": "0"}
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
    """A supplier with the terms of each product, a page of rows at a time, saved together."""
    found = get_object_or_404(Supplier, pk=supplier_id)
    name = found.name
    data = request.POST if request.method == "POST" else None
    terms = SupplierProduct.objects.filter(supplier=found).select_related("product")
    page = Paginator(terms.order_by("product__sku_key"), ROWS_PER_PAGE).get_page(request.GET.get("page"))
    form = SupplierForm(data, instance=found)
    rows = [TermsForm(data, instance=row, prefix=f"terms-{row.pk}", supplier=found) for row in page]
    rows += [TermsForm(data, prefix=f"new-{number}", supplier=found) for number in range(NEW_ROWS)]
    if data is not None:
        if _saved_supplier(request, form, rows):
            messages.success(request, _("%(supplier)s was saved.") % {"supplier": found})
            return redirect(request.get_full_path())
        focus_first_error(form, *rows)
    context = {"form": form, "supplier": found, "name": name, "rows": rows, "page": page}
    return render(request, "catalog/supplier_form.html", context)


def _saved_supplier(request: ShopRequest, form: SupplierForm, rows: list[TermsForm]) -> bool:
    # A row that goes need not be right.
    kept = [row for row in rows if row.data.get(row.add_prefix("remove")) is None]
    if not all([form.is_valid(), *(row.is_valid() for row in kept)]):
        return False
    current: Any = form
    try:
        with transaction.atomic():
            services.save_supplier(form.save(commit=False), actor=request.user)
            for current in rows:
                if current not in kept:
                    services.remove_terms(current.instance, actor=request.user)
                elif current.has_changed():
                    services.save_terms(current.save(commit=False), actor=request.user)
    except ParstockError as refusal:
        add_refusal(current, refusal)
        return False
    return True


@require_GET
@require(Permission.SHOP_VIEW)
def warehouses(request: ShopRequest) -> HttpResponse:
    rows = Warehouse.objects.annotate(places=Count("locations")).order_by("-is_active", "code")
    page = Paginator(rows, ROWS_PER_PAGE).get_page(request.GET.get("page"))
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
