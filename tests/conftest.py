from __future__ import annotations

import os

# Playwright's event loop makes Django believe that it runs inside async code.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from tenancy.context import shop_scope
from tests import factories
from tests.installation import migrated_database


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--on-second-database",
        action="store_true",
        help="leave out the tests marked one_database: they have run on the other one",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long property runs happen on request only; some tests need not run on both databases."""
    leave_out = set()
    if "deep" not in config.option.markexpr:
        leave_out.add("deep")
    if config.option.on_second_database:
        leave_out.add("one_database")
    chosen = [item for item in items if not any(item.get_closest_marker(name) for name in leave_out)]
    if len(chosen) < len(items):
        config.hook.pytest_deselected(items=[item for item in items if item not in chosen])
        items[:] = chosen


@pytest.fixture(autouse=True)
def _append_only_lifted_for_flush(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """Transactional tests end in a flush, which the append-only triggers refuse.

    The flush comes after the last fixture, so what was lifted for it is laid on again before the
    next test.
    """
    if getattr(connection, "lifted_for_flush", False):
        connection.lifted_for_flush = False
        with django_db_blocker.unblock():
            _lift("")
    marker = request.node.get_closest_marker("django_db")
    if "transactional_db" in request.fixturenames or (marker and marker.kwargs.get("transaction")):
        request.getfixturevalue("transactional_db")
        yield
        _lift("on")
        connection.lifted_for_flush = True
    else:
        yield


def _lift(setting: str) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT set_config('app.append_only_lifted', %s, false)", [setting])
        elif setting:
            cursor.execute("INSERT INTO append_only_lifted VALUES (1)")
        else:
            cursor.execute("DELETE FROM append_only_lifted")


@pytest.fixture
def shop(db: Any) -> Iterator[Any]:
    """A shop, with the test inside its scope."""
    made = factories.make_shop()
    with shop_scope(made):
        yield made


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Of processes that race in a database of their own."""
    with migrated_database(tmp_path_factory.mktemp("races")) as environment:
        yield environment
