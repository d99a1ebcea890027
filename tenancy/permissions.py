"""Who may do what: the one table.

A role has its own permissions and those of every role below it. Views carry the code they need
(`require`), API views too (`ShopAPIView.permissions`), templates ask `can.<area>.<action>`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    MANAGER = "manager", _("Manager")
    CLERK = "clerk", _("Clerk")
    VIEWER = "viewer", _("Viewer")


class Permission(StrEnum):
    SHOP_VIEW = "shop.view"
    STOCK_SELL = "stock.sell"
    STOCK_COUNT = "stock.count"
    STOCK_RECEIVE = "stock.receive"
    STOCK_MOVE = "stock.move"
    STOCK_CORRECT = "stock.correct"
    STOCK_UNDO = "stock.undo"
    COSTS_VIEW = "costs.view"
    CATALOG_EDIT = "catalog.edit"
    IMPORTS_POST = "imports.post"
    NIGHT_RUN = "night.run"
    JOBS_MANAGE = "jobs.manage"
    ORDERS_EDIT = "orders.edit"
    ORDERS_APPROVE = "orders.approve"
    AUDIT_VIEW = "audit.view"
    SHOP_SETTINGS = "shop.settings"
    MEMBERS_MANAGE = "members.manage"
    TOKENS_MANAGE = "tokens.manage"


_ADDED: dict[Role, set[Permission]] = {
    Role.VIEWER: {Permission.SHOP_VIEW},
    Role.CLERK: {
        Permission.STOCK_SELL,
        Permission.STOCK_COUNT,
        Permission.STOCK_RECEIVE,
        Permission.STOCK_MOVE,
    },
    Role.MANAGER: {
        Permission.STOCK_CORRECT,
        Permission.STOCK_UNDO,
        Permission.COSTS_VIEW,
        Permission.CATALOG_EDIT,
        Permission.IMPORTS_POST,
        Permission.NIGHT_RUN,
        Permission.JOBS_MANAGE,
        Permission.ORDERS_EDIT,
        Permission.ORDERS_APPROVE,
        Permission.AUDIT_VIEW,
    },
    Role.OWNER: {
        Permission.SHOP_SETTINGS,
        Permission.MEMBERS_MANAGE,
        Permission.TOKENS_MANAGE,
    },
}

_LADDER = (Role.VIEWER, Role.CLERK, Role.MANAGER, Role.OWNER)

ROLE_PERMISSIONS: dict[str, frozenset[Permission]] = {
    role.value: frozenset().union(*(_ADDED[lower] for lower in _LADDER[: step + 1]))
    for step, role in enumerate(_LADDER)
}


def permissions_of(role: str, *, shop: Any) -> frozenset[Permission]:
    """What a role may do in a shop; the owner may let everybody see costs."""
    granted = ROLE_PERMISSIONS[role]
    return granted | {Permission.COSTS_VIEW} if shop.everyone_sees_costs else granted


def outranks(role: str, other: str) -> bool:
    """Whether `role` stands strictly above `other`."""
    return _LADDER.index(Role(role)) > _LADDER.index(Role(other))
