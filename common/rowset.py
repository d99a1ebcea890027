"""Many rows as one SQL table expression, on either engine.

`unnest` of arrays on PostgreSQL, `json_each` on SQLite: one statement whatever the number of rows.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection


def rowset(columns: dict[str, str], rows: Sequence[Sequence[Any]]) -> tuple[str, list[Any]]:
    """SQL and parameters of a table `d` with `columns` (name -> PostgreSQL type) holding `rows`."""
    if connection.vendor == "postgresql":
        arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
        values = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in columns]
        return f"unnest({arrays}) AS d({', '.join(columns)})", values
    fields = ", ".join(f"value->>{place} AS {name}" for place, name in enumerate(columns))
    # The limit that limits nothing makes SQLite build `d` first and look its rows up in the joined
    # table by index; else it goes through all of that table and unpacks the JSON for each row.
    return f"(SELECT {fields} FROM json_each(%s) LIMIT -1) AS d", [json.dumps(rows, default=_as_stored)]


def _as_stored(value: Any) -> str:
    if isinstance(value, datetime):
        return str(connection.ops.adapt_datetimefield_value(value))
    raise TypeError(f"{type(value).__name__} has no place in a rowset")
