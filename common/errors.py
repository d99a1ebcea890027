"""The refusals a person or a program should read, one class per outcome.

A caller's mistake is a plain ValueError; what stands here is raised on purpose and shown: a page
prints `detail`, the API answers `{"code", "detail", "fields"}` with `status`.
"""

from __future__ import annotations

from typing import Any


class ParstockError(Exception):
    code = "error"
    status = 400

    def __init__(self, detail: str, fields: dict[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = fields or {}


class BadInput(ParstockError):
    """Something typed or sent cannot be read; `fields` says where."""

    code = "bad_input"

    @classmethod
    def at(cls, place: str, fault: str) -> BadInput:
        """For the one field or parameter called `place`."""
        return cls(f"{place}: {fault}", {place: [fault]})


class NotPermitted(ParstockError):
    code = "not_permitted"
    status = 403


class NotFound(ParstockError):
    code = "not_found"
    status = 404


class Conflict(ParstockError):
    """The request is sound, but the state of things stands in its way."""

    code = "conflict"
    status = 409


class InsufficientStock(Conflict):
    code = "insufficient_stock"


class KeyReused(Conflict):
    """An idempotency key came back with another body."""

    code = "idempotency_key_reused"


class NoShop(RuntimeError):
    """Shop data was touched outside `shop_scope`: a programming error, never shown."""
