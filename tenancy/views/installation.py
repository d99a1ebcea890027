"""Pages outside any shop: the way into one, one's own account, a new shop, an invitation."""

from __future__ import annotations

from typing import Any

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from common.errors import Conflict, NotFound, ParstockError
from tenancy import queries
from tenancy.context import shop_scope
from tenancy.forms import AcceptForm, NameForm, NewShopForm
from tenancy.models import Invitation, Membership, User
from tenancy.services import invitations, people


def may_create_shop(user: User) -> bool:
    """Everybody where anybody may sign up, else those whom an operator gave the permission to add shops."""
    return settings.OPEN_SIGNUP or user.has_perm("tenancy.add_shop")


@require_GET
@login_required
def shops(request: Any) -> HttpResponse:
    """Straight into a person's only shop, else a choice; `?all` shows the choice in any case."""
    memberships = list(queries.shops_of(request.user))
    if len(memberships) == 1 and "all" not in request.GET:
        return redirect("today", memberships[0].shop.slug)
    context = {"memberships": memberships, "may_create": may_create_shop(request.user)}
    return render(request, "tenancy/shops.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def new_shop(request: Any) -> HttpResponse:
    if not may_create_shop(request.user):
        raise PermissionDenied
    form = NewShopForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            shop = form.make_shop(owner=request.user)
        except ParstockError as refusal:
            form.add_error(None, refusal.detail)
        else:
            return redirect("today", shop.slug)
    return render(request, "tenancy/new_shop.html", {"form": form})


@require_http_methods(["GET", "POST"])
@login_required
def account(request: Any) -> HttpResponse:
    person = User.objects.get(pk=request.user.pk)  # so that a refused name is not shown in the menu
    form = NameForm(request.POST or None, instance=person)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("Your name was saved."))
        return redirect("account")
    context = {
        "form": form,
        "memberships": queries.shops_of(request.user),
        "second_factor": is_mfa_enabled(request.user),
        "may_create": may_create_shop(request.user),
    }
    return render(request, "tenancy/account.html", context)


@require_http_methods(["GET", "POST"])
@login_required
def leave_shop(request: Any, slug: str) -> HttpResponse:
    """End one's own membership; GET asks first, since only a new invitation leads back."""
    membership = get_object_or_404(
        Membership.objects.select_related("shop"), user=request.user, shop__slug=slug
    )
    refusal = ""
    if request.method == "POST":
        try:
            with shop_scope(membership.shop):
                people.remove_member(membership, actor=membership)
        except Conflict as conflict:
            refusal = conflict.detail
        else:
            messages.success(request, _("You left %(shop)s.") % {"shop": membership.shop})
            return redirect("account")
    context = {"membership_to_end": membership, "refusal": refusal}
    return render(request, "tenancy/leave_shop.html", context, status=409 if refusal else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def invitation(request: Any, token: str) -> HttpResponse:
    """The page a mailed link opens. Opening changes nothing; its one button accepts."""
    try:
        shop = invitations.shop_of(token)
        with (
            translation.override(shop.language),
            timezone.override(shop.zone),
            shop_scope(shop, write=request.method == "POST"),
        ):
            return _invitation(request, invitations.find(token))
    except NotFound as refusal:
        return render(request, "tenancy/invitation_closed.html", {"refusal": refusal}, status=404)
    except ParstockError as refusal:
        context = {"refusal": refusal}
        return render(request, "tenancy/invitation_closed.html", context, status=refusal.status)


def _invitation(request: Any, offer: Invitation) -> HttpResponse:
    person = request.user if request.user.is_authenticated else None
    known = User.objects.filter(email__iexact=offer.email).exists()
    is_new = person is None and not known
    form = AcceptForm(request.POST or None, email=offer.email) if is_new else None
    if request.method == "POST" and person is not None:
        invitations.accept(offer, user=person)
        return redirect("today", offer.shop.slug)
    if request.method == "POST" and form is not None and form.is_valid():
        data = form.cleaned_data
        membership = invitations.accept_as_new(offer, name=data["name"], password=data["password"])
        login(request, membership.user)
        return redirect("today", offer.shop.slug)
    context = {
        "offer": offer,
        "form": form,
        "wrong_person": person is not None and person.email.lower() != offer.email.lower(),
    }
    return render(request, "tenancy/invitation.html", context)
