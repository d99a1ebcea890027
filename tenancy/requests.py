"""The request as the shop middleware leaves it."""

from __future__ import annotations

from django.http import HttpRequest

from tenancy.models import Membership, Shop, User
from tenancy.permissions import Permission


class ShopRequest(HttpRequest):
    """A member's request for a page of a shop: what views of ours take."""

    shop: Shop
    membership: Membership
    permissions: frozenset[Permission]
    user: User
