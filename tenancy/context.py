"""Which shop the running code works for.

The shop stands in a context variable, so it follows a request or a job and no other thread. On
PostgreSQL `shop_scope` also tells the database (`app.shop`), whose row-level security then shows
only this shop's rows, to raw SQL too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import BigIntegerField
from django.db.models.expressions import Expression

from common.errors import NoShop
from common.prepared import prepared_cursor

if TYPE_CHECKING:
    from tenancy.models import Shop

# Opens the shop for one step of long work, `scope(write=False)` for one that only reads: `shop_scope`
# for a shop, or a job's own, which refuses to write for a worker that was given up for dead.
Scope = Callable[..., "AbstractContextManager[Shop]"]

_current: ContextVar[Shop | None] = ContextVar("current_shop", default=None)


def current_shop() -> Shop:
    """The shop in scope. Raises NoShop outside `shop_scope`."""
    shop = _current.get()
    if shop is None:
        raise NoShop("shop data was touched outside shop_scope()")
    return shop


def require_shop_id() -> int:
    return current_shop().pk


class CurrentShop(Expression):
    """The current shop's id, looked up when the SQL is compiled.

    Being late, it lets forms and admin classes build querysets at import time; what refuses is
    running them without a shop.
    """

    output_field = BigIntegerField()

    def resolve_expression(self, *args: Any, **kwargs: Any) -> CurrentShop:
        return self

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[int]]:
        return "%s", (require_shop_id(),)


@contextmanager
def shop_scope(shop: Shop, *, write: bool = True) -> Iterator[Shop]:
    """Work for one shop, in one transaction.

    write: False where the body only reads. SQLite then opens no transaction, because there every
    transaction takes the single write lock; PostgreSQL needs one anyway to hold `app.shop`.

    Nesting in the same shop is allowed, in another one it is a programming error.
    """
    outer = _current.get()
    if outer is not None and outer.pk != shop.pk:
        raise NoShop(f"shop_scope({shop.slug}) inside shop_scope({outer.slug})")
    postgresql = connection.vendor == "postgresql"
    inside_another = connection.in_atomic_block
    wrap = transaction.atomic() if write or postgresql else nullcontext()
    with wrap:
        token = _current.set(shop)
        try:
            if postgresql and outer is None:
                _tell_postgresql(str(shop.pk))
            yield shop
            if postgresql and outer is None and inside_another and not connection.needs_rollback:
                # Inside a caller's transaction the setting would outlive this scope; the end of
                # our own, or a rollback, takes it back by itself.
                _tell_postgresql("")
        finally:
            # Before the commit: what runs after it stands outside, and opens a scope of its own.
            _current.reset(token)


def in_current_shop(*, write: bool = True) -> AbstractContextManager[Shop]:
    """The scope of callers that stand inside a shop already."""
    return shop_scope(current_shop(), write=write)


def _tell_postgresql(shop_id: str) -> None:
    with prepared_cursor() as cursor:
        cursor.execute("SELECT set_config('app.shop', %s, true)", [shop_id])
