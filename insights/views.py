from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tenancy.access import require
from tenancy.permissions import Permission
from tenancy.requests import ShopRequest


@require_GET
@require(Permission.SHOP_VIEW)
def today(request: ShopRequest) -> HttpResponse:
    return render(request, "insights/today.html")


@require_GET
@require(Permission.SHOP_VIEW)
def menu(request: ShopRequest) -> HttpResponse:
    """All places of the shop, for screens without the sidebar."""
    return render(request, "insights/menu.html")
