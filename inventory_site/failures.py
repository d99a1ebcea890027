"""What is answered outside any view: as a page to people, as JSON under /api/."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views import defaults


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not _is_api(request):
        return defaults.bad_request(request, exception)
    return _answer("bad_input", "The request cannot be read.", 400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if not _is_api(request):
        return defaults.page_not_found(request, exception)
    return _answer("not_found", "There is nothing at this address; addresses end with a slash.", 404)


def server_error(request: HttpRequest, *args: Any) -> HttpResponse:
    if not _is_api(request):
        return defaults.server_error(request)
    return _answer("server_error", "Something went wrong here; nothing was recorded.", 500)


def _is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _answer(code: str, detail: str, status: int) -> JsonResponse:
    return JsonResponse({"code": code, "detail": detail, "fields": {}}, status=status)
