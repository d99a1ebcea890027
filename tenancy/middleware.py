"""Puts a request inside the shop that its address names."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.db import IntegrityError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from common.errors import Conflict, ParstockError
from common.one_row import OneRow
from tenancy.context import shop_scope
from tenancy.models import Membership, Shop
from tenancy.permissions import permissions_of

logger = logging.getLogger(__name__)

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ACTING_SHOP = "acting_shop"  # session key: the shop an operator looks at in /admin/

_shop_at = OneRow(Shop, "slug = %s AND is_active")


class ShopMiddleware:
    """Opens `shop_scope` around every view whose address has a shop.

    People need a membership: an unknown shop and a strange one look alike (404). API views
    authenticate inside the scope, because tokens stand behind the wall too. /admin/ works in the
    shop that the operator chose to act in.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            match = resolve(request.path_info)
        except Resolver404:
            return self.get_response(request)
        slug = match.kwargs.get("shop")
        if "admin" in match.namespaces:
            return self._admin(request)
        if slug is None:
            return self.get_response(request)
        shop = _shop_at(slug)
        if "api" in match.namespaces:
            return self._api(request, shop)
        return self._page(request, shop)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A refusal that no form caught is shown as a page of its own.

        So is the database's: of two clicks at once both may find a name free, and one comes second.
        """
        if isinstance(exception, IntegrityError) and getattr(request, "shop", None):
            logger.warning("The database refused %s: %s", request.path, exception)
            return RefusedByDatabase(status=Conflict.status)
        if not isinstance(exception, ParstockError):
            return None
        return _refused(request, exception)

    def _page(self, request: Any, shop: Shop | None) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        membership = Membership.objects.filter(shop=shop, user=request.user).first() if shop else None
        if shop is None or membership is None:
            raise Http404
        request.shop = shop
        request.membership = membership
        request.permissions = permissions_of(membership.role, shop=shop)
        with translation.override(shop.language), timezone.override(shop.zone):
            return self._inside(request, shop)

    def _api(self, request: Any, shop: Shop | None) -> HttpResponse:
        if shop is None:
            signed_in = "Authorization" not in request.headers and request.user.is_authenticated
            return _no_such_shop() if signed_in else _not_authenticated()
        request.shop = shop
        return self._inside(request, shop)

    def _admin(self, request: Any) -> HttpResponse:
        acting = request.session.get(ACTING_SHOP) if request.user.is_staff else None
        request.shop = shop = Shop.objects.filter(pk=acting).first() if acting else None
        if shop is None:
            return self.get_response(request)
        return self._inside(request, shop)

    def _inside(self, request: HttpRequest, shop: Shop) -> HttpResponse:
        write = request.method not in SAFE_METHODS
        with shop_scope(shop, write=write):
            response = self.get_response(request)
            # Errors arrive here as finished responses, so nothing has rolled back yet. Where the
            # scope has opened no transaction, the one in force is not ours to roll back.
            if response.status_code >= 400 and (write or connection.vendor == "postgresql"):
                transaction.set_rollback(True)
        if not isinstance(response, RefusedByDatabase):
            return response
        with shop_scope(shop, write=False):
            detail = _("This would contradict what is stored. Look whether it has been done already.")
            return _refused(request, Conflict(detail))


class RefusedByDatabase(HttpResponse):
    """Stands in for a page that cannot be made yet: the broken transaction would answer no query."""


def _refused(request: HttpRequest, refusal: ParstockError) -> HttpResponse:
    return render(request, "refused.html", {"refusal": refusal}, status=refusal.status)


def _no_such_shop() -> JsonResponse:
    body = {"code": "not_found", "detail": "There is no such shop.", "fields": {}}
    return JsonResponse(body, status=404)


def _not_authenticated() -> JsonResponse:
    body = {"code": "not_authenticated", "detail": "Send a valid API token.", "fields": {}}
    return JsonResponse(body, status=401, headers={"WWW-Authenticate": "Bearer"})
