"""A real server to measure: gunicorn before a database of its own, and what both cost."""

from __future__ import annotations

import http.client
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 3
THREADS = 4


@dataclass
class Measured:
    """What a number of requests took. CPU is of all processes of server and database together."""

    requests: int
    seconds: float
    cpu_seconds: float
    latencies: list[float]
    answers: Counter[int]

    def row(self) -> dict[str, Any]:
        cuts = statistics.quantiles(self.latencies, n=100) if len(self.latencies) > 1 else self.latencies * 99
        return {
            "requests": self.requests,
            "cpu_ms": round(1_000 * self.cpu_seconds / self.requests, 2),
            "per_second": round(self.requests / self.seconds, 1),
            "p50_ms": round(1_000 * cuts[49], 1),
            "p95_ms": round(1_000 * cuts[94], 1),
            "answers": dict(sorted(self.answers.items())),
        }


@dataclass
class Server:
    """`make_shop` first, then `start`: workers would otherwise hold files of the database."""

    environment: dict[str, str]
    port: int
    process: subprocess.Popen[bytes] | None = None
    database: psutil.Process | None = None
    log: Path = field(default=Path(os.devnull))

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            sys.exit(f"manage.py {' '.join(arguments)}: {done.stderr}")
        return done.stdout

    def make_shop(self, slug: str, products: int) -> Shop:
        made = json.loads(
            self.manage("make_shop", "--slug", slug, "--products", str(products)).splitlines()[-1]
        )
        return Shop(self, made["shop"], made["token"], made["warehouses"])

    def settle(self) -> None:
        """Leave the tables as autovacuum leaves those of a running installation.

        It would otherwise do so while single postings are measured, and be counted among them.
        """
        if self.database:
            import psycopg

            url = self.environment["DATABASE_URL"].replace("postgres://", "postgresql://", 1)
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("VACUUM (ANALYZE)")

    def start(self) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "gunicorn", "inventory_site.wsgi:application"),
                *("--bind", f"127.0.0.1:{self.port}", "--workers", str(WORKERS)),
                *("--worker-class", "gthread", "--threads", str(THREADS), "--no-control-socket"),
            ],
            cwd=ROOT,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            stderr=self.log.open("wb"),
        )
        for _ in range(150):
            time.sleep(0.2)
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
        sys.exit(f"The server did not start; see {self.log}.")

    def stop(self) -> None:
        if self.process:
            self.process.terminate()
            self.process.wait(30)

    def cpu_seconds(self) -> float:
        trees = [psutil.Process(self.process.pid)] if self.process else []
        if self.database:
            trees.append(self.database)
        total = 0.0
        for tree in trees:
            spent = tree.cpu_times()
            total += spent.user + spent.system + spent.children_user + spent.children_system
            for child in tree.children(recursive=True):
                # One that ends meanwhile is counted among its parent's ended children next time.
                with suppress(psutil.NoSuchProcess):
                    of_child = child.cpu_times()
                    total += of_child.user + of_child.system
        return total


@dataclass
class Shop:
    server: Server
    slug: str
    token: str
    warehouses: list[str]

    def caller(self) -> Callable[..., tuple[int, Any]]:
        """A client with a connection of its own, kept open as a till would."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=120)

        def call(method: str, path: str, body: Any = None, key: str = "") -> tuple[int, Any]:
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
            if key:
                headers["Idempotency-Key"] = key
            content = None if body is None else json.dumps(body)
            for attempt in (1, 2):
                try:
                    connection.request(method, f"/api/v1/shops/{self.slug}/{path}", content, headers)
                    answer = connection.getresponse()
                    return answer.status, json.loads(answer.read())
                except (http.client.RemoteDisconnected, ConnectionResetError):
                    # An idle connection that the server has closed.
                    connection.close()
                    if attempt == 2:
                        raise
            raise AssertionError("one of two attempts returns or raises")

        return call

    def measure(self, requests: Sequence[tuple[Any, ...]], clients: int) -> Measured:
        """Send `requests` (arguments of a caller) from so many clients at once."""
        share = [requests[number::clients] for number in range(clients)]
        latencies: list[float] = []
        answers: Counter[int] = Counter()
        barrier = threading.Barrier(clients + 1)

        def work(mine: Sequence[tuple[Any, ...]]) -> None:
            call = self.caller()
            barrier.wait()
            for request in mine:
                begun = time.perf_counter()
                status, _answer = call(*request)
                latencies.append(time.perf_counter() - begun)
                answers[status] += 1

        threads = [threading.Thread(target=work, args=(mine,)) for mine in share]
        for thread in threads:
            thread.start()
        cpu = self.server.cpu_seconds()
        begun = time.perf_counter()
        barrier.wait()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - begun
        return Measured(len(requests), seconds, self.server.cpu_seconds() - cpu, latencies, answers)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(folder: Path, database_url: str = "") -> Iterator[Server]:
    """A migrated installation on PostgreSQL, or without `database_url` on a SQLite file."""
    port = _free_port()
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "inventory_site.settings",
        "PARSTOCK_VAR": str(folder),
        "PORT": str(port),
        "SECRET_KEY": "a key for measuring that opens nothing else anywhere",
        "DATABASE_URL": database_url or f"sqlite:///{folder / 'measured.sqlite3'}",
        "LOG_LEVEL": "ERROR",
    }
    server = Server(environment, port, log=folder / "gunicorn.log")
    server.manage("migrate", "--verbosity=0")
    if database_url:
        import psycopg

        with psycopg.connect(database_url.replace("postgres://", "postgresql://", 1)) as connection:
            backend = psutil.Process(connection.info.backend_pid)
            server.database = backend.parent()
    try:
        yield server
    finally:
        server.stop()


def machine() -> str:
    memory = psutil.virtual_memory().total / 2**30
    return f"{psutil.cpu_count()} cores, {memory:.0f} GiB, Python {sys.version.split()[0]}"
