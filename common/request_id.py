"""One id per request: in the answer's header, in the audit and in the log."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

request_id: ContextVar[str] = ContextVar("request_id", default="")


class RequestIdMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get("X-Request-Id", "")
        # A proxy's id is kept so that its log and ours can be read side by side.
        value = given if re.fullmatch(r"[0-9A-Za-z-]{8,36}", given) else str(uuid.uuid4())
        token = request_id.set(value)
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = value
            return response
        finally:
            request_id.reset(token)
