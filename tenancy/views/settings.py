"""The shop's settings, members, tokens and audit."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from common.errors import ParstockError
from common.numbered_pages import numbered_page
from tenancy import queries
from tenancy.access import require
from tenancy.forms import AuditFilterForm, InviteForm, RoleForm, ShopSettingsForm, TokenForm
from tenancy.models import ApiToken, Invitation, Membership, Shop
from tenancy.permissions import Permission
from tenancy.registry import name_of
from tenancy.requests import ShopRequest
from tenancy.services import invitations, people, tokens
from tenancy.services.shops import save_settings

EVENTS_A_PAGE = 50


@require_http_methods(["GET", "POST"])
@require(Permission.SHOP_SETTINGS)
def settings(request: ShopRequest) -> HttpResponse:
    edited = Shop.objects.get(pk=request.shop.pk)  # a refused value must not reach the page's head
    form = ShopSettingsForm(request.POST or None, instance=edited)
    if request.method == "POST" and form.is_valid():
        changed = save_settings(form.instance, before=form.before, actor=request.user)
        messages.success(request, _("The settings were saved.") if changed else _("Nothing was changed."))
        return redirect("settings", request.shop.slug)
    return render(request, "tenancy/settings.html", {"form": form})


@require_http_methods(["GET", "POST"])
@require(Permission.MEMBERS_MANAGE)
def members(request: ShopRequest) -> HttpResponse:
    """Members and open invitations; POST invites."""
    form = InviteForm(request.POST or None, actor=request.membership)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            invitations.invite(email=data["email"], role=data["role"], actor=request.membership)
        except ParstockError as refusal:
            form.add_error("email", refusal.detail)
        else:
            messages.success(request, _("The invitation goes to %(email)s.") % {"email": data["email"]})
            return redirect("members", request.shop.slug)
    rows = [
        (
            member,
            RoleForm(actor=request.membership, initial={"role": member.role}, auto_id=f"role-{member.pk}"),
        )
        for member in queries.members(request.shop)
    ]
    context = {"form": form, "rows": rows, "invitations": queries.waiting_invitations()}
    return render(request, "tenancy/members.html", context)


@require_POST
@require(Permission.MEMBERS_MANAGE)
def change_role(request: ShopRequest, pk: int) -> HttpResponse:
    member = get_object_or_404(Membership, pk=pk, shop=request.shop)
    form = RoleForm(request.POST, actor=request.membership)
    try:
        if not form.is_valid():
            messages.error(request, _("There is no such role."))
        else:
            people.change_role(member, form.cleaned_data["role"], actor=request.membership)
            messages.success(request, _("%(person)s has a new role.") % {"person": member.user})
    except ParstockError as refusal:
        messages.error(request, refusal.detail)
    return redirect("members", request.shop.slug)


@require_http_methods(["GET", "POST"])
@require(Permission.MEMBERS_MANAGE)
def remove_member(request: ShopRequest, pk: int) -> HttpResponse:
    """GET asks first: there is no Undo but a new invitation."""
    member = get_object_or_404(Membership.objects.select_related("user"), pk=pk, shop=request.shop)
    if request.method == "GET":
        return render(request, "tenancy/remove_member.html", {"member": member})
    try:
        people.remove_member(member, actor=request.membership)
    except ParstockError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("%(person)s is no longer a member.") % {"person": member.user})
        if member.user == request.user:
            return redirect("shops")
    return redirect("members", request.shop.slug)


@require_POST
@require(Permission.MEMBERS_MANAGE)
def resend_invitation(request: ShopRequest, pk: int) -> HttpResponse:
    offer = get_object_or_404(Invitation, pk=pk)
    try:
        invitations.resend(offer, actor=request.membership)
    except ParstockError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("The invitation goes to %(email)s again.") % {"email": offer.email})
    return redirect("members", request.shop.slug)


@require_POST
@require(Permission.MEMBERS_MANAGE)
def withdraw_invitation(request: ShopRequest, pk: int) -> HttpResponse:
    offer = get_object_or_404(Invitation, pk=pk)
    try:
        invitations.withdraw(offer, actor=request.membership)
    except ParstockError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("The invitation of %(email)s was withdrawn.") % {"email": offer.email})
    return redirect("members", request.shop.slug)


@require_http_methods(["GET", "POST"])
@never_cache
@require(Permission.TOKENS_MANAGE)
def token_list(request: ShopRequest) -> HttpResponse:
    """The shop's tokens; POST makes one and shows its secret in the answer, the only time."""
    form = TokenForm(request.POST or None, actor=request.membership)
    made = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        made = tokens.create_token(
            name=data["name"], role=data["role"], expires_at=form.expires_at(), actor=request.membership
        )
        form = TokenForm(actor=request.membership)
    context = {"form": form, "made": made, "tokens": queries.tokens()}
    return render(request, "tenancy/tokens.html", context)


@require_POST
@require(Permission.TOKENS_MANAGE)
def revoke_token(request: ShopRequest, pk: int) -> HttpResponse:
    token = get_object_or_404(ApiToken, pk=pk)
    try:
        tokens.revoke_token(token, actor=request.membership)
    except ParstockError as refusal:
        messages.error(request, refusal.detail)
    else:
        messages.success(request, _("“%(name)s” opens nothing any more.") % {"name": token.name})
    return redirect("tokens", request.shop.slug)


@require_GET
@require(Permission.AUDIT_VIEW)
def audit(request: ShopRequest) -> HttpResponse:
    form = AuditFilterForm(
        request.GET or None, actions=queries.audit_actions(), actors=queries.audit_actors()
    )
    wanted = form.cleaned_data if form.is_bound and form.is_valid() else {}
    page = numbered_page(queries.audit_events(**wanted), EVENTS_A_PAGE, request)
    kept = [(name, str(value)) for name, value in request.GET.items() if value and name != "page"]
    rows = [(event, name_of(event.action), queries.changes(event)) for event in page]
    context = {"form": form, "page": page, "rows": rows, "query": f"{urlencode(kept)}&" if kept else ""}
    return render(request, "tenancy/audit.html", context)
