"""A shop, a signed-in member, and pages by their names, for tests of pages."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from tenancy.models import Shop
from tests.factories import make_member


class Visitor:
    """A member of a shop in front of a browser without JavaScript."""

    def __init__(self, shop: Shop, role: str) -> None:
        self.shop = shop
        self.user = make_member(shop, role)
        self.client = Client()
        self.client.force_login(self.user)

    def address(self, name: str, *args: Any) -> str:
        return reverse(name, args=[self.shop.slug, *args])

    def get(self, name: str, /, *args: Any, **query: Any) -> Any:
        return self.client.get(self.address(name, *args), query)

    def post(self, name: str, /, *args: Any, follow: bool = False, **data: Any) -> Any:
        return self.client.post(self.address(name, *args), data, follow=follow)

    def sheet(self, name: str, *lines: tuple, **head: Any) -> dict[str, Any]:
        """A filled sheet as the browser sends it: lines of (code, quantity[, cost])."""
        page = self.get(name)
        data = {"key": page.context["form"].head["key"].value(), "rows": max(len(lines), 3)} | head
        for number, line in enumerate(lines):
            fields = zip(("code", "quantity", "cost"), line, strict=False)
            data |= {f"line-{number}-{field}": value for field, value in fields}
        return data
