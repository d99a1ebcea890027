"""Makes what a test does not speak of; rows of a shop need its scope."""

from __future__ import annotations

from itertools import count
from typing import Any

from catalog.models import Product, Supplier, Warehouse
from stock.models import Kind, Posting
from stock.services.ledger import Line, post
from tenancy.models import ApiToken, Membership, Shop, User

_number = count(1)
PASSWORD = "correct horse battery"


def make_shop(**fields: Any) -> Shop:
    n = next(_number)
    return Shop.objects.create(**{"name": f"Shop {n}", "slug": f"shop-{n}", "currency": "GBP"} | fields)


def make_user(**fields: Any) -> User:
    n = next(_number)
    return User.objects.create_user(**{"email": f"user{n}@example.org", "password": PASSWORD} | fields)


def make_member(shop: Shop, role: str, **fields: Any) -> User:
    user = make_user(**fields)
    Membership.objects.create(shop=shop, user=user, role=role)
    return user


def make_token(role: str = "manager", **fields: Any) -> tuple[ApiToken, str]:
    """A token of the current shop, and its secret."""
    secret = ApiToken.new_secret()
    token = ApiToken.objects.create(
        **{"name": f"{role} token", "role": role, "digest": ApiToken.digest_of(secret)} | fields
    )
    return token, secret


def make_product(**fields: Any) -> Product:
    n = next(_number)
    return Product.objects.create(**{"sku": f"P{n}", "name": f"Product {n}"} | fields)


def make_warehouse(**fields: Any) -> Warehouse:
    n = next(_number)
    return Warehouse.objects.create(**{"code": f"W{n}", "name": f"Warehouse {n}"} | fields)


def make_supplier(**fields: Any) -> Supplier:
    n = next(_number)
    return Supplier.objects.create(
        **{"name": f"Supplier {n}", "email": f"orders{n}@supplier.example"} | fields
    )


def post_line(kind: Kind, product: Product, warehouse: Warehouse, quantity: int, **fields: Any) -> Posting:
    """One posting of one line; `quantity` in thousandths."""
    posting_fields = {
        name: fields.pop(name)
        for name in ("key", "at", "reason", "document", "policy", "actor")
        if name in fields
    }
    posting_fields.setdefault("key", f"key-{next(_number)}")
    line = Line(product.pk, warehouse.pk, quantity, **fields)
    return post(kind=kind, lines=[line], **posting_fields)
