from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from jobs import registry
from jobs.models import Job
from jobs.services import enqueue


@pytest.fixture
def kinds() -> Iterator[dict[str, Any]]:
    """The registered kinds, as they were before the test."""
    before, hooks = dict(registry._kinds), dict(registry._hooks)
    yield registry._kinds
    registry._kinds.clear()
    registry._kinds.update(before)
    registry._hooks.clear()
    registry._hooks.update(hooks)


@pytest.fixture
def make_job(kinds: Any) -> Callable[..., Job]:
    """Queue a job of the current shop that does what `run` says."""

    def make(run: Any = lambda context: None, *, kind: str = "test", key: str = "1", **fields: Any) -> Job:
        kinds[kind] = registry.Kind(kind, f"Test {kind}", run)
        return enqueue(kind=kind, key=key, **fields)

    return make
