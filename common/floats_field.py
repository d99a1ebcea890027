"""A row of numbers in one column: four bytes each, read without NumPy."""

from __future__ import annotations

import sys
from array import array
from collections.abc import Iterable
from typing import Any

from django.db import models


class FloatsField(models.BinaryField):
    """A list of floats, kept as little-endian 32-bit numbers; an eighth of their text as JSON.

    Takes any iterable of numbers, gives a list. Seven digits are kept.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("default", list)
        super().__init__(*args, **kwargs)

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        return super().get_db_prep_value(None if value is None else packed(value), connection, prepared)

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> list[float] | None:
        return None if value is None else unpacked(value)

    def to_python(self, value: Any) -> Any:
        return unpacked(value) if isinstance(value, (bytes, memoryview)) else value

    def value_to_string(self, obj: models.Model) -> str:
        numbers: Any = self.value_from_object(obj)
        return " ".join(map(repr, numbers))


def packed(numbers: Iterable[float]) -> bytes:
    row = array("f", numbers)
    if sys.byteorder == "big":
        row.byteswap()
    return row.tobytes()


def unpacked(content: bytes | memoryview) -> list[float]:
    row = array("f", bytes(content))
    if sys.byteorder == "big":
        row.byteswap()
    return row.tolist()
