"""Everything that an installation needs, in one command."""

from __future__ import annotations

import fcntl
import hashlib
import io
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from jobs.processes import management_command
from jobs.supervisor import Supervisor, cluster, page_answers, web
from jobs.tick import ensure_schedule
from tenancy.services import ensure_first_user

# Any number that nothing else locks in this database.
_PREPARING = 7_230_114


class Command(BaseCommand):
    help = "Bring the database up to date, then run the web server and the job workers until stopped."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--only", choices=["web", "jobs"], help="of several hosts, run this here")
        parser.add_argument("--demo", action="store_true", help="with a shop to look around in")

    def handle(self, *args: Any, only: str | None, demo: bool, **options: Any) -> None:
        if only != "jobs":
            _refuse_taken_port(settings.BIND, settings.PORT)
        with _alone():
            made = self._prepare(demo)
        connection.close()
        address = "" if only == "jobs" else f"url {settings.SITE_URL}\n"
        supervisor = Supervisor(
            web=None if only == "jobs" else web(),
            jobs=None if only == "web" else cluster(),
            announce=lambda: self._say(address + made),
        )
        supervisor.run(answers=lambda: only == "jobs" or page_answers())

    def _prepare(self, demo: bool) -> str:
        """Make everything ready; what is to be printed once the page answers: log-ins, mostly."""
        self.stderr.write("Bringing the database and the static files up to date …")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
        _collect_static()
        ensure_schedule()
        said = io.StringIO()
        if demo:
            self.stderr.write("Looking after the demonstration shop; the first time takes a minute or two …")
            call_command("demo", stdout=said)
        said.write(_first_user())
        return said.getvalue()

    def _say(self, text: str) -> None:
        self.stdout.write(text.rstrip("\n"))
        self.stdout.flush()


def _collect_static() -> None:
    """Name and compress the static files anew, if any has changed since the last time."""
    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list(None):
            found = Path(storage.path(name)).stat()
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    done = Path(settings.STATIC_ROOT) / "staticfiles.json"
    mark = settings.VAR_DIR / "static.sha256"
    if done.exists() and mark.exists() and mark.read_text() == digest.hexdigest():
        return
    # In a process of its own, whose settings are those for collecting.
    collect = management_command("collectstatic", "--noinput", "--verbosity", "0")
    subprocess.run(collect, check=True)  # noqa: S603 - a command of ours
    mark.write_text(digest.hexdigest())


def _first_user() -> str:
    """Make the operator of a new installation; the line that tells the password made up for them."""
    if not settings.FIRST_USER_EMAIL:
        return ""
    user, made_up = ensure_first_user(settings.FIRST_USER_EMAIL, settings.FIRST_USER_PASSWORD or None)
    return f"first user {user.email} {made_up}\n" if user and made_up else ""


@contextmanager
def _alone() -> Iterator[None]:
    """One process at a time, on this host and, where they share a PostgreSQL, on all hosts."""
    with (settings.VAR_DIR / "up.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if connection.vendor != "postgresql":
            yield
            return
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_PREPARING])
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_PREPARING])


def _refuse_taken_port(bind: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in bind else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind.strip("[]"), port))
        except OSError as error:
            raise CommandError(
                f"Nothing can listen on {bind}:{port} ({error.strerror}); set another PORT.", returncode=2
            ) from error
