"""Whether this installation is alive, ready, and getting its work done."""

from __future__ import annotations

from dataclasses import asdict

from django.db import Error as DatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from jobs.health import health


@require_safe
@never_cache
def live(request: HttpRequest) -> JsonResponse:
    """The process answers. Asks nothing of the database, so that a slow one kills no web server."""
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:
    """The database answers and has all migrations: requests may be sent here."""
    try:
        executor = MigrationExecutor(connection)
        missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError:
        return JsonResponse({"status": "no database"}, status=503)
    if missing:
        return JsonResponse({"status": "migrations missing", "missing": missing}, status=503)
    return JsonResponse({"status": "ok"})


@require_safe
@never_cache
def jobs(request: HttpRequest) -> JsonResponse:
    """Ticks come, and no work waits too long."""
    try:
        seen = health()
    except DatabaseError:
        return JsonResponse({"status": "no database"}, status=503)
    status = "stale" if seen.is_stale else "ok"
    return JsonResponse({"status": status} | asdict(seen), status=503 if seen.is_stale else 200)
