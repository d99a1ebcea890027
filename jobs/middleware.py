"""Health probes, answered before anything asks by which name or over which protocol they came."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve


class HealthMiddleware:
    """Answers /health/ by itself.

    A container or a load balancer asks a process at its bare address and without TLS, where
    ALLOWED_HOSTS and the redirect to https would turn it away and every process would look ill.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            probe = resolve(request.path_info, "jobs.open_urls")
        except Resolver404:
            return self.get_response(request)
        return probe.func(request)
