"""Statements that are sent in the same words with every request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection


@contextmanager
def prepared_cursor() -> Iterator[Any]:
    """A cursor whose statements PostgreSQL parses and plans once per connection, not each time.

    Django puts parameters into the text, so every statement is new to the database. Here they
    travel beside it; after a few times (`prepare_threshold` of the settings, off behind PgBouncer)
    the driver sends only them. For hand-written SQL, whose parameters have their types by the
    columns beside them or by a cast. On SQLite it is a cursor like any other.
    """
    if connection.vendor == "postgresql":
        from django.db.backends.postgresql.base import ServerBindingCursor

        connection.ensure_connection()
        raw = connection.connection
        usual, raw.cursor_factory = raw.cursor_factory, ServerBindingCursor
        try:
            cursor = connection.cursor()
        finally:
            raw.cursor_factory = usual
    else:
        cursor = connection.cursor()
    with cursor:
        yield cursor
