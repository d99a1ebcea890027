"""Commands of the installation that is measured, and what they and its database cost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil

from benchmarks.serving import ROOT

MAKE = (
    "from catalog.models import Warehouse; from tenancy.context import shop_scope;"
    "from tenancy.models import Shop\n"
    "with shop_scope(Shop.objects.create(name='{slug}', slug='{slug}', currency='GBP')):"
    " Warehouse.objects.create(code='MAIN', name='Main')"
)


def manage(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"manage.py {' '.join(arguments)}: {done.stderr}")
    return done.stdout


def make_shop(environment: dict[str, str], slug: str) -> None:
    manage(environment, "shell", "-v", "0", "-c", MAKE.format(slug=slug))


def import_file(
    environment: dict[str, str], database: psutil.Process | None, *options: str, file: Path
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the command answers, and its costs with those of the database."""
    before = cpu(database)
    answer = json.loads(manage(environment, "import_file", *options, str(file)).splitlines()[-1])
    costs = {
        "rows": answer["rows"],
        "seconds": answer["seconds"],
        "rows_per_second": round(answer["rows"] / answer["seconds"]),
        "cpu_seconds": answer["cpu_seconds"],
        "database_cpu_seconds": round(cpu(database) - before, 1),
        "peak_rss_mb": answer["peak_rss_mb"],
    }
    return answer, costs


def cpu(database: psutil.Process | None) -> float:
    """Seconds of the server with all its sessions, those that have ended too."""
    if database is None:
        return 0.0
    spent = database.cpu_times()
    total = spent.user + spent.system + spent.children_user + spent.children_system
    for child in database.children(recursive=True):
        of_child = child.cpu_times()
        total += of_child.user + of_child.system
    return total


def server_of(url: str) -> psutil.Process:
    import psycopg

    with psycopg.connect(url.replace("postgres://", "postgresql://", 1)) as connection:
        return psutil.Process(connection.info.backend_pid).parent() or psutil.Process()
