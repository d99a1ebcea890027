"""What the database itself holds: row-level security and append-only tables.

Both are laid on after every `migrate`, because they are easily lost: SQLite drops triggers when a
later migration rebuilds a table, and a new table has no policy yet. `missing()` lists what is not
in place; a system check and the nightly reconcile ask it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.apps import apps
from django.db import connection, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from tenancy.base import ShopModel

_SHOP = "shop_id = NULLIF(current_setting('app.shop', true), '')::bigint"


def shop_models() -> list[type[models.Model]]:
    return [model for model in apps.get_models() if issubclass(model, ShopModel)]


def append_only_models() -> list[type[models.Model]]:
    """Models that say `append_only = True` in their body."""
    return [model for model in apps.get_models() if getattr(model, "append_only", False)]


def enforce(using: str = "default", **signal: Any) -> None:
    """Lay policies and triggers on the tables; where all are in place, touch and lock nothing."""
    if not missing(using):
        return
    db = connections[using]
    with transaction.atomic(using=using), db.cursor() as cursor:
        for statement in _statements(db):
            cursor.execute(statement)


def missing(using: str = "default") -> list[str]:
    """Names of tables whose policy or triggers are not in place."""
    db = connections[using]
    wanted = {_trigger(table) for table in _tables(append_only_models())}
    with db.cursor() as cursor:
        if db.vendor == "postgresql":
            cursor.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = 'O'")
        else:
            cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        present = {name for (name,) in cursor.fetchall()}
        faults = [
            f"{name}_{event}"
            for name in sorted(wanted)
            for event in _events(db)
            if f"{name}_{event}" not in present
        ]
        if db.vendor == "postgresql":
            cursor.execute(
                "SELECT c.relname FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid"
                " WHERE c.relrowsecurity AND c.relforcerowsecurity AND p.polname = 'shop_isolation'"
            )
            walled = {name for (name,) in cursor.fetchall()}
            faults += sorted(set(_tables(shop_models())) - walled)
    return faults


def bypasses_row_security(using: str = "default") -> bool:
    """Whether the connected PostgreSQL role sees through every policy (a superuser does)."""
    db = connections[using]
    if db.vendor != "postgresql":
        return False
    with db.cursor() as cursor:
        cursor.execute("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        return bool(cursor.fetchone()[0])


@contextmanager
def append_only_lifted() -> Iterator[None]:
    """Let append-only rows be deleted inside: for erasing a closed shop, and for nothing else."""
    with transaction.atomic():
        _lift(True)
        yield
        _lift(False)


def _lift(on: bool) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT set_config('app.append_only_lifted', %s, true)", ["on" if on else ""])
        elif on:
            cursor.execute("INSERT INTO append_only_lifted VALUES (1)")
        else:
            cursor.execute("DELETE FROM append_only_lifted")


def _tables(of: list[type[models.Model]]) -> list[str]:
    return [model._meta.db_table for model in of]


def _trigger(table: str) -> str:
    return f"{table}_append_only"


def _events(db: BaseDatabaseWrapper) -> tuple[str, ...]:
    return ("row", "truncate") if db.vendor == "postgresql" else ("update", "delete")


def _statements(db: BaseDatabaseWrapper) -> Iterator[str]:
    if db.vendor == "postgresql":
        yield _REFUSE_FUNCTION
        for table in _tables(append_only_models()):
            yield from _postgresql_triggers(table)
        for table in _tables(shop_models()):
            yield from _postgresql_policy(table)
    elif db.vendor == "sqlite":
        yield "CREATE TABLE IF NOT EXISTS append_only_lifted (lifted integer NOT NULL)"
        for table in _tables(append_only_models()):
            yield from _sqlite_triggers(table)


_REFUSE_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('app.append_only_lifted', true) = 'on' AND TG_OP <> 'UPDATE' THEN
        IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
        RETURN NULL;
    END IF;
    RAISE EXCEPTION '% is append-only: post a reversal instead', TG_TABLE_NAME
        USING ERRCODE = 'restrict_violation';
END $$"""


def _postgresql_triggers(table: str) -> Iterator[str]:
    name = _trigger(table)
    for event, when in (("row", "UPDATE OR DELETE"), ("truncate", "TRUNCATE")):
        each = "FOR EACH ROW" if event == "row" else "FOR EACH STATEMENT"
        yield f'DROP TRIGGER IF EXISTS "{name}_{event}" ON "{table}"'
        yield (
            f'CREATE TRIGGER "{name}_{event}" BEFORE {when} ON "{table}"'
            f" {each} EXECUTE FUNCTION refuse_change()"
        )


def _postgresql_policy(table: str) -> Iterator[str]:
    yield f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY'
    yield f'ALTER TABLE "{table}" FORCE ROW LEVEL SECURITY'
    yield f'DROP POLICY IF EXISTS shop_isolation ON "{table}"'
    yield f'CREATE POLICY shop_isolation ON "{table}" USING ({_SHOP}) WITH CHECK ({_SHOP})'


def _sqlite_triggers(table: str) -> Iterator[str]:
    name = _trigger(table)
    for event in ("update", "delete"):
        lifted = "" if event == "update" else " WHEN NOT EXISTS (SELECT 1 FROM append_only_lifted)"
        yield f'DROP TRIGGER IF EXISTS "{name}_{event}"'
        yield (
            f'CREATE TRIGGER "{name}_{event}" BEFORE {event.upper()} ON "{table}"{lifted}'
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only: post a reversal instead'); END"
        )
