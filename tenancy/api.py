"""What every API view shares: who calls, what they may, and errors in one shape."""

from __future__ import annotations

import logging
from datetime import date
from typing import Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError
from django.http import Http404
from django.utils import timezone
from rest_framework import authentication, exceptions, permissions, status, throttling
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.errors import ParstockError
from tenancy.models import ApiToken, Membership, Shop
from tenancy.permissions import Permission, permissions_of

logger = logging.getLogger(__name__)


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
    token = ApiToken.objects.filter(digest=ApiToken.digest_of(secret), revoked_at=None).first()
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
        needed = view.permissions.get(request.method)
        return needed is None or may(request, needed)


class TokenThrottle(throttling.SimpleRateThrottle):
    """So many requests a minute by one token, where the installation sets a limit."""

    scope = "token"

    def get_rate(self) -> str | None:
        limit = settings.API_REQUESTS_PER_MINUTE
        return f"{limit}/min" if limit else None

    def get_cache_key(self, request: Request, view: Any) -> str | None:
        return f"throttle_token_{request.auth.pk}" if request.auth else None


class ShopAPIView(APIView):
    """A view inside one shop. `permissions` names what each method needs; others are refused."""

    permissions: ClassVar[dict[str, Permission]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.kwargs.pop("shop", None)
        super().initial(request, *args, **kwargs)


def error(code: str, detail: str, http_status: int, fields: Any = None) -> Response:
    return Response({"code": code, "detail": detail, "fields": fields or {}}, status=http_status)


def explain(exception: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every planned error as `{"code", "detail", "fields"}`."""
    if isinstance(exception, ParstockError):
        return error(exception.code, exception.detail, exception.status, exception.fields)
    if isinstance(exception, Http404):
        return error("not_found", "There is nothing at this address.", status.HTTP_404_NOT_FOUND)
    if isinstance(exception, DjangoValidationError):
        fields = getattr(exception, "message_dict", {"": exception.messages})
        return error("bad_input", _first(fields), status.HTTP_400_BAD_REQUEST, fields)
    if isinstance(exception, IntegrityError):
        logger.warning("The database refused a request: %s", exception)
        return error("conflict", "This would contradict what is stored.", status.HTTP_409_CONFLICT)
    if isinstance(exception, exceptions.ValidationError):
        fields = exception.detail if isinstance(exception.detail, dict) else {"": exception.detail}
        return error("bad_input", _first(fields), exception.status_code, fields)
    if isinstance(exception, exceptions.APIException):
        return _drf_error(exception)
    return None


def _drf_error(exception: exceptions.APIException) -> Response:
    code = exception.get_codes()
    response = error(code if isinstance(code, str) else "error", str(exception.detail), exception.status_code)
    if header := getattr(exception, "auth_header", None):
        response["WWW-Authenticate"] = header
    if wait := getattr(exception, "wait", None):
        response["Retry-After"] = str(int(wait))
    return response


def _first(fields: Any, place: str = "") -> str:
    """The first message in a nest of errors, with the place it belongs to."""
    if isinstance(fields, dict):
        for name, inner in fields.items():
            if inner:
                return _first(inner, f"{place}.{name}" if place and name else place or str(name))
    elif isinstance(fields, (list, tuple)):
        for number, inner in enumerate(fields):
            if inner:
                nested = isinstance(inner, (dict, list))
                return _first(inner, f"{place}[{number}]" if nested else place)
    return f"{place}: {fields}" if place else str(fields)
