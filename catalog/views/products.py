"""Adding and changing products and their families."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from catalog import pictures, services
from catalog.forms import FamilyForm, ProductForm
from catalog.models import Family, Product, ProductPicture
from catalog.prices import margin_of
from common.errors import BadInput, ParstockError
from common.forms import add_refusal, focus_first_error
from common.numbered_pages import numbered_page
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest

ROWS_PER_PAGE = 50
# What a further variant of a family has in common with the first one.
_SHARED = ("name", "unit", "has_decimals", "price", "cost", "sales_tax", "purchase_tax")
_SHARED_MEASURES = ("shelf_life_days", "volume")


@require_http_methods(["GET", "POST"])
@require(Permission.CATALOG_EDIT)
def product_new(request: ShopRequest) -> HttpResponse:
    """A blank form; `family` offers what its variants share, `barcode` and `sku` what was looked for."""
    offered: dict[str, Any] = {
        "barcodes": request.GET.get("barcode", "")[:64],
        "sku": request.GET.get("sku", "")[:64],
    }
    family = _family_asked(request)
    if family:
        offered |= _offered_by(family)
    form = ProductForm(request.POST or None, request.FILES or None, initial=offered)
    if request.method == "POST" and _saved_product(request, form):
        messages.success(request, _("%(product)s was added.") % {"product": form.instance})
        if "another" in request.POST:
            return redirect("product_new", request.shop.slug)
        return redirect("product", request.shop.slug, form.instance.pk)
    context = {"form": form, "product": None, "family": family}
    return render(request, "catalog/product_form.html", context)


def _family_asked(request: ShopRequest) -> Family | None:
    asked = request.GET.get("family", "")
    known = asked.isascii() and asked.isdigit() and len(asked) < 19
    return Family.objects.filter(pk=int(asked)).first() if known else None


def _offered_by(family: Family) -> dict[str, Any]:
    offered: dict[str, Any] = {"family_name": family.name}
    first = family.products.exclude(state=Product.State.ARCHIVED).order_by("pk").first()
    if first is None:
        return offered
    offered |= {name: getattr(first, name) for name in (*_SHARED, *_SHARED_MEASURES)}
    return offered | {"category_name": first.category.name if first.category else ""}


@require_http_methods(["GET", "POST"])
@require(Permission.CATALOG_EDIT)
def product_edit(request: ShopRequest, product_id: int) -> HttpResponse:
    related = Product.objects.select_related("category", "family", "sales_tax", "replaced_by", "sells_like")
    product = get_object_or_404(related, pk=product_id)
    name, margin = str(product), margin_of(product, request.shop)
    form = ProductForm(request.POST or None, request.FILES or None, instance=product)
    if request.method == "POST" and _saved_product(request, form):
        messages.success(request, _("%(product)s was saved.") % {"product": product})
        return redirect("product", request.shop.slug, product.pk)
    context = {
        "form": form,
        "product": product,
        "name": name,
        "margin": margin,
        "has_history": services.has_history(product),
    }
    return render(request, "catalog/product_form.html", context)


def _saved_product(request: ShopRequest, form: ProductForm) -> bool:
    if form.is_valid():
        data = form.cleaned_data
        try:
            with transaction.atomic():
                product = form.save(commit=False)
                product.category = services.category_named(data["category_name"])
                product.family = services.family_named(data["family_name"])
                services.save_product(product, barcodes=data["barcodes"], actor=request.user)
                if data["picture"]:
                    services.set_picture(product, data["picture"], actor=request.user)
                elif data.get("remove_picture"):
                    services.remove_picture(product, actor=request.user)
            return True
        except ParstockError as refusal:
            add_refusal(form, _beside_typed_codes(refusal))
    focus_first_error(form)
    return False


def _beside_typed_codes(refusal: ParstockError) -> ParstockError:
    """The form has codes where the product has other products."""
    typed = {"replaced_by": "replaced_by_code", "sells_like": "sells_like_code"}
    fields = {typed.get(name, name): faults for name, faults in refusal.fields.items()}
    return BadInput(refusal.detail, fields)


@require_POST
@require(Permission.CATALOG_EDIT)
def product_state(request: ShopRequest, product_id: int) -> HttpResponse:
    """Discontinue a product, archive it or take it up again: the state stands in `state`."""
    product = get_object_or_404(Product, pk=product_id)
    said = {
        Product.State.ACTIVE.value: _("%(product)s is active again."),
        Product.State.DISCONTINUED.value: _("%(product)s is discontinued: sold to its end, not ordered."),
        Product.State.ARCHIVED.value: _("%(product)s is archived. It stays in reports."),
    }
    state = request.POST.get("state", "")
    if state not in said:
        raise BadInput.at("state", _("is no state of a product"))
    services.set_product_state(product, state, actor=request.user)
    messages.success(request, said[state] % {"product": product})
    return redirect("product", request.shop.slug, product.pk)


@require_POST
@require(Permission.CATALOG_EDIT)
def product_delete(request: ShopRequest, product_id: int) -> HttpResponse:
    product = get_object_or_404(Product, pk=product_id)
    try:
        services.delete_product(product, actor=request.user)
    except ParstockError as refusal:
        messages.error(request, refusal.detail)
        return redirect("product_edit", request.shop.slug, product_id)
    messages.success(request, _("%(product)s was deleted. It had never been used.") % {"product": product})
    return redirect("products", request.shop.slug)


@require_GET
@require(Permission.SHOP_VIEW)
def product_picture(request: ShopRequest, product_id: int) -> HttpResponse:
    """The picture; whoever has this one already is told so without reading it."""
    pictures_of = ProductPicture.objects.filter(product=product_id)
    digest = pictures_of.values_list("digest", flat=True).first()
    if digest is None:
        raise Http404
    etag = f'"{digest}"'
    answer = get_conditional_response(request, etag=etag)
    if answer is None:
        content = bytes(pictures_of.values_list("content", flat=True).get())
        answer = HttpResponse(content, content_type=pictures.CONTENT_TYPE, headers={"ETag": etag})
    patch_cache_control(answer, private=True, no_cache=True)
    return answer


@require_GET
@require(Permission.SHOP_VIEW)
def families(request: ShopRequest) -> HttpResponse:
    rows = Family.objects.prefetch_related("products")
    page = numbered_page(rows.order_by("name"), ROWS_PER_PAGE, request)
    return render(request, "catalog/families.html", {"page": page})


@require_GET
@require(Permission.SHOP_VIEW)
def family(request: ShopRequest, family_id: int) -> HttpResponse:
    """The variants of a family side by side."""
    found = get_object_or_404(Family, pk=family_id)
    variants = found.products.select_related("category").order_by("size", "colour", "sku_key")
    return render(request, "catalog/family.html", {"family": found, "variants": variants})


@require_http_methods(["GET", "POST"])
@require(Permission.CATALOG_EDIT)
def family_edit(request: ShopRequest, family_id: int) -> HttpResponse:
    found = get_object_or_404(Family, pk=family_id)
    name = found.name
    form = FamilyForm(request.POST or None, instance=found)
    if request.method == "POST":
        if form.is_valid():
            try:
                services.save_family(form.save(commit=False), actor=request.user)
            except ParstockError as refusal:
                add_refusal(form, refusal)
            else:
                messages.success(request, _("%(family)s was saved.") % {"family": found})
                return redirect("family", request.shop.slug, found.pk)
        focus_first_error(form)
    return render(request, "catalog/family_form.html", {"form": form, "family": found, "name": name})
