"""The operators' site: sign-in through the installation's own page, one acting shop at a time."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _

from tenancy.audit import record
from tenancy.context import shop_scope
from tenancy.middleware import ACTING_SHOP
from tenancy.models import Shop


class OperatorSite(AdminSite):
    site_header = site_title = "Parstock"
    site_url = "/"
    # The queue's own rows: its schedules would run any function by name, and the Jobs pages show
    # the work in a shop's terms.
    hidden_apps = frozenset({"django_q"})

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models: Any = [model_or_iterable] if isinstance(model_or_iterable, type) else model_or_iterable
        shown = [model for model in models if model._meta.app_label not in self.hidden_apps]
        super().register(shown, admin_class, **options)

    def get_urls(self) -> list[Any]:
        return [
            path("act/", self.admin_view(self.act_in_shop), name="act_in_shop"),
            path("leave/", self.admin_view(self.leave_shop), name="leave_shop"),
            *super().get_urls(),
        ]

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        acting = getattr(request, "shop", None)
        chooses = acting is None and request.path == reverse("admin:index", current_app=self.name)
        return super().each_context(request) | {
            "acting_shop": acting,
            "shops_to_act_in": Shop.objects.all() if chooses and self.has_permission(request) else (),
        }

    def act_in_shop(self, request: Any) -> HttpResponse:
        """Choose the shop whose rows are shown. One leaves it before choosing another."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if request.shop is not None:
            messages.error(request, _("Leave %(shop)s first.") % {"shop": request.shop})
            return redirect("admin:index")
        shop = get_object_or_404(Shop, pk=_number(request.POST.get("shop")))
        with shop_scope(shop):
            record("admin.act_in_shop", actor=request.user, about=shop)
        request.session[ACTING_SHOP] = shop.pk
        return redirect("admin:index")

    def leave_shop(self, request: Any) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if request.shop is not None:
            record("admin.leave_shop", actor=request.user, about=request.shop)
        request.session.pop(ACTING_SHOP, None)
        return redirect("admin:index")

    def login(self, request: Any, extra_context: Any = None) -> HttpResponse:
        """Through the installation's sign-in, so that second factors and rate limits hold here too."""
        target = reverse("admin:index", current_app=self.name)
        if self.has_permission(request):
            return HttpResponseRedirect(target)
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next") or target)

    def password_change(self, request: HttpRequest, extra_context: Any = None) -> Any:
        return redirect("account_change_password")


def _number(text: Any) -> int:
    return int(text) if str(text).isascii() and str(text).isdigit() and len(str(text)) < 18 else 0
