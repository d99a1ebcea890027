"""The permission a page needs, written on the view."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from common.errors import NotPermitted
from tenancy.permissions import Permission

View = Callable[..., HttpResponse]


def require(permission: Permission) -> Callable[[View], View]:
    """Refuse whoever's role in the shop lacks `permission`; the URL walk reads it from the view."""

    def wrap(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            kwargs.pop("shop", None)  # the middleware has put it on the request
            check(request, permission)
            return view(request, *args, **kwargs)

        guarded.permission = permission  # type: ignore[attr-defined]
        return guarded

    return wrap


def check(request: Any, permission: Permission) -> None:
    if permission not in request.permissions:
        raise NotPermitted(_("Your role in this shop does not allow this."))
