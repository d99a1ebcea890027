"""From installed packages to the first page: `python -m benchmarks.startup`.

What `make run` does on a fresh clone after pip is done: database, static files, the demonstration
shop with its finished night, web server and workers, until the sign-in page answers; and the same
again for a start that finds everything in place. Needs no network.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from benchmarks.serving import ROOT
from tests.installation import free_port


def first_page(folder: Path, *arguments: str) -> dict[str, float]:
    """Seconds from the command to the first page, CPU seconds and peak memory of all processes."""
    port = free_port()
    environment = os.environ | {
        "PARSTOCK_VAR": str(folder),
        "PORT": str(port),
        "SITE_URL": f"http://127.0.0.1:{port}",
    }
    environment.pop("DATABASE_URL", None)
    begun = time.monotonic()
    up = subprocess.Popen(
        [sys.executable, "manage.py", "up", *arguments],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        peak = _wait_for_page(up, f"http://127.0.0.1:{port}/accounts/login/")
        seconds = time.monotonic() - begun
        processes = [psutil.Process(up.pid), *psutil.Process(up.pid).children(recursive=True)]
        used = [process.cpu_times() for process in processes]
        cpu = sum(sum(times[:4]) for times in used)  # user, system, and of children that ended
    finally:
        up.send_signal(signal.SIGTERM)
        up.wait(60)
    return {"seconds": round(seconds, 1), "cpu_seconds": round(cpu, 1), "peak_rss_mb": round(peak / 1e6)}


def _wait_for_page(up: subprocess.Popen[bytes], address: str) -> int:
    """Until the page answers; the largest sum of resident memory that was seen meanwhile."""
    peak = 0
    while up.poll() is None:
        family = [psutil.Process(up.pid), *psutil.Process(up.pid).children(recursive=True)]
        peak = max(peak, sum(_memory(process) for process in family))
        try:
            with urllib.request.urlopen(address, timeout=5) as answer:
                answer.read()
                return peak
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit("the installation ended before its first page")


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def main() -> None:
    folder = Path(tempfile.mkdtemp(prefix="parstock-startup-"))
    try:
        print(
            "first start, with the demonstration shop and its night:",
            first_page(folder, "--demo"),
            flush=True,
        )
        print("second start:", first_page(folder, "--demo"), flush=True)
        with tempfile.TemporaryDirectory(prefix="parstock-startup-") as empty:
            print("first start without a demonstration:", first_page(Path(empty)), flush=True)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
