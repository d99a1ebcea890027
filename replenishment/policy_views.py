"""The owner's settings of planning."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from common.forms import focus_first_error
from replenishment.deciding import set_policy
from replenishment.forms import OwnPolicyForm, ShopPolicyForm
from replenishment.models import Policy
from replenishment.queries import policies
from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest


@require_http_methods(["GET", "POST"])
@require(Permission.SHOP_SETTINGS)
def planning(request: ShopRequest) -> HttpResponse:
    """What the shop is planned by, and what some categories and products are."""
    own = request.POST.get("of") == "own"
    shop_form = ShopPolicyForm(None if own else request.POST or None, policy=policies().shop)
    own_form = OwnPolicyForm(request.POST if own else None, auto_id="own_%s")
    form = own_form if own else shop_form
    if request.method == "POST":
        if form.is_valid():
            said = {name: form.cleaned_data[name] for name in ("holding_rate", "goodwill_rate")}
            if own:
                set_policy(
                    **said,
                    category=form.cleaned_data["category"],
                    product=form.cleaned_data.get("product"),
                    actor=request.user,
                )
            else:
                set_policy(**said, budget=form.cleaned_data["budget"], actor=request.user)
            messages.success(request, _("Saved. The next night plans by it."))
            return redirect("planning", request.shop.slug)
        focus_first_error(form)
    rows = Policy.objects.exclude(category=None, product=None).select_related("category", "product")
    context = {
        "form": shop_form,
        "own_form": own_form,
        "rows": rows.order_by("category__name", "product__sku_key", "pk"),
    }
    return render(request, "replenishment/planning.html", context)


@require_POST
@require(Permission.SHOP_SETTINGS)
def planning_remove(request: ShopRequest, pk: int) -> HttpResponse:
    policy = get_object_or_404(Policy.objects.exclude(category=None, product=None), pk=pk)
    set_policy(
        holding_rate=None,
        goodwill_rate=None,
        category=policy.category,
        product=policy.product,
        actor=request.user,
    )
    messages.success(request, _("Removed. The shop's own numbers hold again."))
    return redirect("planning", request.shop.slug)
