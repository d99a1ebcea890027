from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest


class Can:
    """`{% if can.orders.approve %}` over the request's permissions."""

    def __init__(self, granted: frozenset[str], area: str = "") -> None:
        self._granted = granted
        self._area = area

    def __getitem__(self, name: str) -> Any:
        if self._area:
            return f"{self._area}.{name}" in self._granted
        return Can(self._granted, name)


def shop(request: HttpRequest) -> dict[str, Any]:
    granted = frozenset(str(code) for code in getattr(request, "permissions", ()))
    return {
        "shop": getattr(request, "shop", None),
        "can": Can(granted),
        "membership": getattr(request, "membership", None),
        "demo": settings.DEMO,
        "open_signup": settings.OPEN_SIGNUP,
    }
