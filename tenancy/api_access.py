"""Who calls the API and what they may: token, session, role, rate.

Apart from `tenancy.api`, because the settings name these classes: the framework imports them while
it is itself being imported.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.conf import settings
from django.http import Http404
from django.utils import timezone
from rest_framework import authentication, exceptions, permissions, throttling
from rest_framework.request import Request

from common.one_row import OneRow
from tenancy.context import require_shop_id
from tenancy.models import ApiToken, Membership, Shop
from tenancy.permissions import Permission, permissions_of

_token_by = OneRow(ApiToken, "shop_id = %s AND digest = %s AND revoked_at IS NULL")


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Bearer TOKEN`, a token of the shop in the address."""

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
        if not scheme:
            return None
        token = _token_of(secret.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            raise exceptions.AuthenticationFailed("This token is unknown, expired or revoked.")
        _note_use(token, timezone.now().date())
        _allow(request, permissions_of(token.role, shop=_shop(request)))
        return None, token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class SessionAuthentication(authentication.SessionAuthentication):
    """A signed-in member, from a page of ours."""

    def authenticate(self, request: Request) -> tuple[Any, None] | None:
        signed_in = super().authenticate(request)
        if signed_in is None:
            return None
        shop = _shop(request)
        membership = Membership.objects.filter(shop=shop, user=signed_in[0]).first()
        if membership is None:
            raise Http404
        _allow(request, permissions_of(membership.role, shop=shop))
        return signed_in


def _token_of(secret: str) -> ApiToken | None:
    token = _token_by(require_shop_id(), ApiToken.digest_of(secret))
    if token and token.expires_at and token.expires_at <= timezone.now():
        return None
    return token


def _note_use(token: ApiToken, today: date) -> None:
    if token.last_used_on != today:
        ApiToken.objects.filter(pk=token.pk).update(last_used_on=today)


def _shop(request: Request) -> Shop:
    shop: Shop = request._request.shop  # type: ignore[attr-defined]
    return shop


def _allow(request: Request, granted: frozenset[Permission]) -> None:
    request._request.permissions = granted  # type: ignore[attr-defined]


def may(request: Request, permission: Permission) -> bool:
    return permission in request._request.permissions  # type: ignore[attr-defined]


class HasShopPermission(permissions.BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        if request.user is None and request.auth is None:
            raise exceptions.NotAuthenticated("Send an API token, or sign in.")
        # HEAD is answered by GET.
        needed = view.permissions.get("GET" if request.method == "HEAD" else request.method)
        return needed is None or may(request, needed)


class TokenThrottle(throttling.SimpleRateThrottle):
    """So many requests a minute by one token, where the installation sets a limit."""

    scope = "token"

    def get_rate(self) -> str | None:
        limit = settings.API_REQUESTS_PER_MINUTE
        return f"{limit}/min" if limit else None

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return f"throttle_token_{request.auth.pk}" if request.auth else None
