"""Installations in processes of their own: a whole one run by `manage.py up`, or a database to race in."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

ROOT = Path(__file__).resolve().parent.parent


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment_in(folder: Path) -> dict[str, str]:
    """Of an installation that keeps everything in `folder`."""
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "inventory_site.settings",
        "PARSTOCK_VAR": str(folder),
        "SECRET_KEY": "a key for tests that opens nothing else anywhere",
        "DATABASE_URL": f"sqlite:///{folder / 'parstock.sqlite3'}",
    }


@contextmanager
def migrated_database(folder: Path) -> Iterator[dict[str, str]]:
    """The environment of processes that share a database: a file, or one more on the tests' server."""
    environment = environment_in(folder)
    if "postgresql" not in settings.DATABASES["default"]["ENGINE"]:
        _migrate(environment)
        yield environment
        return
    import psycopg

    server, _, main = os.environ["DATABASE_URL"].rpartition("/")
    name = f"races_{os.getpid()}"
    with psycopg.connect(f"{server}/{main}", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            environment["DATABASE_URL"] = f"{server}/{name}"
            _migrate(environment)
            yield environment
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def _migrate(environment: dict[str, str]) -> None:
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "--verbosity=0"], cwd=ROOT, env=environment, check=True
    )


def report_of(environment: dict[str, str], *arguments: str) -> Any:
    """What a Python process prints as JSON on its last line."""
    done = subprocess.run(
        [sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


class Installation:
    """Started by `start()`, ended by `stop()`; `manage()` runs a command beside it."""

    def __init__(self, folder: Path, **environment: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        own = {"PORT": str(self.port), "SITE_URL": self.url}
        self.environment = environment_in(folder) | own | environment
        self.log = folder / "up.log"
        self.process: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            **options,
        )

    def start(self, *arguments: str, seconds: float = 90) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "manage.py", "up", *arguments],
                cwd=ROOT,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/health/ready", timeout=2)
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        raise RuntimeError(f"the installation did not come up:\n{self.log.read_text()[-4000:]}")

    def stop(self) -> None:
        if self.process is None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.process = None
