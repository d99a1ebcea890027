"""What every API view shares: the shop, the permission per method, and errors in one shape."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from django.core.exceptions import ValidationError as DjangoValidationError
from django.db import IntegrityError
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from common.errors import BadInput, ParstockError
from common.paging import Page
from common.text import clean_text
from tenancy.api_access import may as may
from tenancy.models import ApiToken, User
from tenancy.permissions import Permission

logger = logging.getLogger(__name__)

_KEY_HEADER = "Idempotency-Key"
LONGEST_KEY = 100


class ShopAPIView(APIView):
    """A view inside one shop. `permissions` names what each method needs; others are refused."""

    permissions: ClassVar[dict[str, Permission]] = {}

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        self.kwargs.pop("shop", None)
        super().initial(request, *args, **kwargs)


def person_of(request: Request) -> User | None:
    """Who calls from a page of ours; a token stands for nobody."""
    return request.user if isinstance(request.user, User) else None


def token_of(request: Request) -> ApiToken | None:
    return request.auth if isinstance(request.auth, ApiToken) else None


def granted_to(request: Request) -> frozenset[Permission]:
    granted: frozenset[Permission] = request._request.permissions  # type: ignore[attr-defined]
    return granted


def idempotency_key(request: Request) -> str:
    """The key that the caller gave the document. Raises BadInput where there is none."""
    key = request.headers.get(_KEY_HEADER, "")
    if not key.strip():
        fault = _("is missing: send a text of your own that is new for each document")
        raise BadInput.at(_KEY_HEADER, fault)
    return clean_text(key, field=_KEY_HEADER, limit=LONGEST_KEY)


def page_answer(page: Page[Any]) -> Response:
    """A page whose items are ready to be sent; described by `common.api_schema.page`."""
    return Response({"results": page.items, "next": page.next})


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
