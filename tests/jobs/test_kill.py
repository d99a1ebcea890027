"""Real processes, really killed: afterwards every job has had its effect once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from tests.installation import ROOT, Installation
from tests.jobs.effects.jobs import STEPS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


class House:
    """A running `manage.py up`, and a process beside it that asks and changes its database."""

    def __init__(self, folder: Path, database_url: str) -> None:
        self.folder = folder
        self.installation = Installation(
            folder,
            DATABASE_URL=database_url,
            DJANGO_SETTINGS_MODULE="tests.jobs.kill_settings",
            JOB_WORKERS="2",
            JOB_LEASE_SECONDS="2",
            JOB_MAX_ATTEMPTS="5",
            JOB_OVERDUE_SECONDS="8",
            STOP_SECONDS="5",
        )
        self.installation.start()
        self._beside = subprocess.Popen(
            [sys.executable, "manage.py", "effects"],
            cwd=ROOT,
            env=self.installation.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def close(self) -> None:
        self._beside.kill()
        self._beside.wait()
        self.installation.stop()

    @property
    def up(self) -> int:
        assert self.installation.process
        return self.installation.process.pid

    def ask(self, *line: Any) -> Any:
        assert self._beside.stdin
        assert self._beside.stdout
        self._beside.stdin.write(json.dumps(line) + "\n")
        self._beside.stdin.flush()
        return json.loads(self._beside.stdout.readline())

    def new_shop(self, slug: str) -> dict[str, Any]:
        made: dict[str, Any] = self.ask("prepare", slug)
        return made | {"slug": slug}

    def queue(self, shop: dict[str, Any], key: str, *, hold: str = "") -> None:
        self.ask("queue", shop["slug"], key, shop["product"], shop["warehouse"], hold)

    def holder(self, name: str) -> int:
        """The process that waits at a place, once there is one."""
        file = self.folder / f"{name}.pid"
        wait_for(lambda: file.exists() and file.read_text(), f"somebody at {name}")
        pid = int(file.read_text())
        file.unlink()
        return pid

    def let_go(self, name: str) -> None:
        (self.folder / f"{name}.go").touch()

    def finish(self, shop: dict[str, Any], jobs: int) -> dict[str, Any]:
        """Tick until all is done, and check that each effect was made once."""

        def done() -> bool:
            self.ask("tick")
            self.report = self.ask("report", shop["slug"])
            return all(state == "done" for state, _ in self.report["jobs"].values())

        wait_for(done, "all jobs to be done", seconds=60, every=0.5)
        assert len(self.report["jobs"]) == jobs
        assert self.report["leases"] == 0
        return self.report

    def cluster(self) -> int:
        """The first process of the job workers."""
        return next(pid for pid in children(self.up) if "cluster" in command_line(pid))

    def web(self) -> int:
        return next(pid for pid in children(self.up) if "gunicorn" in command_line(pid))


def wait_for(what: Callable[[], Any], name: str, *, seconds: float = 30, every: float = 0.05) -> None:
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, f"waited {seconds} seconds for {name}"
        time.sleep(every)


def children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for file in tasks for child in file.read_text().split()]


def family(pid: int) -> list[int]:
    return [pid, *(member for child in children(pid) for member in family(child))]


def command_line(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_until_gone(pids: list[int]) -> None:
    wait_for(lambda: not any(is_alive(pid) for pid in pids), "processes to end", seconds=20)


@contextmanager
def own_database(folder: Path) -> Iterator[str]:
    url = os.environ.get("DATABASE_URL", "")
    if not url.startswith("postgres"):
        yield f"sqlite:///{folder / 'parstock.sqlite3'}"
        return
    import psycopg

    name = f"killed_{os.getpid()}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        try:
            yield urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    folder = tmp_path_factory.mktemp("house")
    with own_database(folder) as url:
        house = House(folder, url)
        try:
            yield house
        finally:
            house.close()


def assert_each_effect_once(report: dict[str, Any], jobs: int, *, besides: int = 0) -> None:
    assert report["postings"] == report["on_hand"] == jobs * STEPS + besides


def test_a_worker_killed_in_the_middle_of_a_job(house: House) -> None:
    shop = house.new_shop("busy")
    house.queue(shop, "killed", hold="busy")
    house.queue(shop, "beside")
    os.kill(house.holder("busy"), signal.SIGKILL)
    house.let_go("busy")
    report = house.finish(shop, jobs=2)
    assert_each_effect_once(report, jobs=2)
    assert report["jobs"] == {"killed": ["done", 2], "beside": ["done", 1]}
    assert "disappeared during attempt 1" in report["log"]


def test_a_web_process_killed_in_the_middle_of_a_request(house: House) -> None:
    shop = house.new_shop("web")
    answers: list[Any] = []

    def send() -> None:
        request = urllib.request.Request(
            f"{house.installation.url}/api/v1/shops/web/slow-receipt/",
            data=b"{}",
            headers={"Authorization": f"Bearer {shop['token']}", "Content-Type": "application/json"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                answers.append(response.status)
        except (urllib.error.URLError, OSError) as error:
            answers.append(repr(error))

    client = threading.Thread(target=send)
    client.start()
    os.kill(house.holder("request"), signal.SIGKILL)
    client.join(30)
    assert answers != [200]
    report = house.ask("report", "web")
    assert (report["postings"], report["jobs"]) == (0, {}), "half a request was kept"

    house.let_go("request")
    os.kill(house.web(), signal.SIGKILL)  # and the server above it, for good measure
    wait_for(lambda: answers_live(house), "the web server")
    for _ in range(2):  # the client tries again, once too often
        send()
    assert answers[1:] == [200, 200]
    assert_each_effect_once(house.finish(shop, jobs=1), jobs=1, besides=1)


def answers_live(house: House) -> bool:
    try:
        urllib.request.urlopen(f"{house.installation.url}/health/live", timeout=2)
    except OSError:
        return False
    return True


def test_ticks_come_by_themselves(house: House) -> None:
    wait_for(lambda: "tick" in house.ask("beats"), "the tick", seconds=100, every=1)
    with urllib.request.urlopen(f"{house.installation.url}/health/jobs", timeout=5) as response:
        assert json.load(response)["status"] == "ok"


def test_all_workers_killed_while_they_are_idle(house: House) -> None:
    """The one that waited held the queue's lock: without a watchdog nothing would ever run again."""
    shop = house.new_shop("idle")
    house.queue(shop, "first", hold="first")
    house.queue(shop, "second", hold="second")
    workers = [house.holder("first"), house.holder("second")]
    assert len(set(workers)) == 2
    house.let_go("first")
    house.let_go("second")
    house.finish(shop, jobs=2)
    time.sleep(1)  # back to waiting
    before = house.cluster()
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    for number in range(4):
        house.queue(shop, f"after {number}")
    assert_each_effect_once(house.finish(shop, jobs=6), jobs=6)
    assert house.cluster() != before
    assert "The job workers are restarted" in house.installation.log.read_text()


@pytest.mark.parametrize("whole_group", [True, False], ids=["the whole cluster", "its first process"])
def test_the_cluster_killed_while_it_works(house: House, whole_group: bool) -> None:
    name = f"cluster-{whole_group}".lower()
    shop = house.new_shop(name)
    for number in range(2):
        house.queue(shop, f"running {number}", hold=f"{name}-{number}")
    for number in range(2):
        house.queue(shop, f"waiting {number}")
    for number in range(2):
        house.holder(f"{name}-{number}")
    leader = house.cluster()
    members = family(leader)
    assert len(members) >= 5
    (os.killpg if whole_group else os.kill)(leader, signal.SIGKILL)
    wait_until_gone(members)
    for number in range(2):
        house.let_go(f"{name}-{number}")
    assert_each_effect_once(house.finish(shop, jobs=4), jobs=4)


def test_up_itself_killed_while_a_job_runs(house: House) -> None:
    shop = house.new_shop("up")
    house.queue(shop, "killed", hold="up")
    house.holder("up")
    members = family(house.up)
    assert len(members) >= 8
    os.kill(house.up, signal.SIGKILL)
    assert house.installation.process
    house.installation.process.wait()
    wait_until_gone(members)
    house.let_go("up")
    house.queue(shop, "asked meanwhile")
    house.installation.start()
    assert_each_effect_once(house.finish(shop, jobs=2), jobs=2)


def test_up_ends_with_all_its_processes_when_asked(house: House) -> None:
    members = family(house.up)
    house.installation.stop()
    wait_until_gone(members)
