"""Keeps the web server and the job workers running, and restarts workers that no longer work."""

from __future__ import annotations

import http.client
import logging
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime
from types import FrameType

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection

from jobs.health import wedged
from jobs.processes import Child, management_command

logger = logging.getLogger(__name__)

_THREADS = 4  # of each web process
_GLANCE_SECONDS = 0.2


def web() -> Child:
    module, _, name = settings.WSGI_APPLICATION.rpartition(".")
    command = [
        *(sys.executable, "-m", "gunicorn", f"{module}:{name}"),
        *("--bind", f"{settings.BIND}:{settings.PORT}", "--workers", str(settings.WEB_WORKERS)),
        *("--worker-class", "gthread", "--threads", str(_THREADS)),
        *("--graceful-timeout", str(settings.STOP_SECONDS)),
        "--no-control-socket",
    ]
    return Child("web server", command, on_parent_death=signal.SIGTERM)


def cluster() -> Child:
    # Jobs are made to be killed, so nothing is gained by waiting for them; and a wedged cluster
    # would not obey anything milder.
    return Child("job workers", management_command("cluster"), on_parent_death=signal.SIGKILL)


class Supervisor:
    def __init__(self, *, web: Child | None, jobs: Child | None, announce: Callable[[], None]) -> None:
        self._children = [child for child in (web, jobs) if child]
        self._jobs = jobs
        self._announce = announce
        self._stopping = False
        self._look_after = 0.0

    def run(self, *, answers: Callable[[], bool]) -> None:
        """Start the children and stay until SIGTERM or SIGINT; then let them end."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        announced = False
        while not self._stopping:
            for child in self._children:
                if happened := child.tend():
                    logger.error("%s", happened)
            if self._jobs:
                self._watch(self._jobs)
            if not announced and answers():
                announced = True
                self._announce()
            time.sleep(_GLANCE_SECONDS)
        self._stop()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self._stopping = True

    def _stop(self) -> None:
        deadline = time.monotonic() + settings.STOP_SECONDS
        for child in self._children:
            child.ask_to_stop()
        for child in self._children:
            child.stop(deadline)

    def _watch(self, jobs: Child) -> None:
        if jobs.since is None or time.monotonic() < self._look_after:
            return
        patience = min(settings.JOB_STALE_SECONDS, settings.JOB_OVERDUE_SECONDS)
        self._look_after = time.monotonic() + min(30, patience / 5)
        if fault := _fault(jobs.since):
            logger.error("The job workers are restarted: %s", fault)
            jobs.restart()


def _fault(since: datetime) -> str:
    try:
        return wedged(since=since)
    except DatabaseError as error:
        # Without the database nobody works; the workers find back to it by themselves.
        logger.warning("The job workers cannot be watched: %s", error)
        return ""
    finally:
        connection.close()


def page_answers() -> bool:
    """Whether anything but silence comes back from the web server."""
    host = {"0.0.0.0": "127.0.0.1", "[::]": "::1"}.get(settings.BIND, settings.BIND)  # noqa: S104
    request = http.client.HTTPConnection(host.strip("[]"), settings.PORT, timeout=1)
    try:
        request.request("GET", "/health/live")
        request.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        request.close()
    return True
