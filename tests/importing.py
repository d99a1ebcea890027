"""Files through the life of an import, as tests need it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from imports import services
from imports.models import FileImport
from stock.models import SalesImport
from tenancy.context import shop_scope
from tenancy.models import Shop

State = FileImport.State


class RunOf:
    """The run of a worker that tells its progress to `progress`."""

    def __init__(self, shop: Shop, progress: Callable[[int, int, str], None] | None = None) -> None:
        self.shop = shop
        self.told = progress

    def scope(self, *, write: bool = True) -> AbstractContextManager[Shop]:
        return shop_scope(self.shop, write=write)

    def progress(self, done: int, total: int, message: str = "") -> None:
        if self.told:
            self.told(done, total, message)


def bring(kind: str, content: bytes | str, name: str = "file.csv", **more: Any) -> FileImport:
    body = content if isinstance(content, bytes) else content.encode()
    return services.upload(kind=kind, file_name=name, chunks=[body], **more)


def post(shop: Shop, made: FileImport, answers: Any = None, progress: Any = None) -> dict[str, Any]:
    """Post a file, or go on posting it."""
    if made.state == State.READY:
        with shop_scope(shop):
            services.begin_posting(made, answers)
    return services.post(made.pk, RunOf(shop, progress))


def undo(shop: Shop, made: FileImport, progress: Any = None) -> dict[str, Any]:
    if made.state != State.UNDOING:
        with shop_scope(shop):
            services.begin_undo(made)
    return services.undo(made.pk, RunOf(shop, progress))


def sales_file(warehouse: Any, *, state: str = State.POSTED, known_to: Any = None, **fields: Any) -> Any:
    """A file of sales that is just there, for what is made from its history."""
    usual = {"file_name": "s.csv", "digest": f"digest {FileImport.objects.count()}", "content": b""}
    file = FileImport.objects.create(**usual | {"kind": "sales", "state": state} | fields)
    return SalesImport.objects.create(file=file, warehouse=warehouse, known_to=known_to)
