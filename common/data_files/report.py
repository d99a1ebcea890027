"""The last line on stdout of every file command."""

from __future__ import annotations

import json
import os
import resource
import time
from pathlib import Path
from typing import Any


def seconds_since_start() -> float:
    """Wall seconds since this process began, interpreter and imports included."""
    # Field 22, counted after the name in brackets, which may hold spaces.
    fields = Path("/proc/self/stat").read_text().rpartition(")")[2].split()
    started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


def used() -> dict[str, float]:
    """Wall and processor seconds and the highest memory of the whole process, children included."""
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = sum(usage.ru_utime + usage.ru_stime for usage in (own, children))
    try:
        seconds = seconds_since_start()
    except (OSError, AttributeError):  # not Linux
        seconds = time.perf_counter()
    return {
        "seconds": round(seconds, 3),
        "cpu_seconds": round(cpu, 3),
        "peak_rss_mb": round((own.ru_maxrss + children.ru_maxrss) / 1024, 1),
    }


def json_line(series: int, warnings: list[str], **more: Any) -> str:
    """Counts and timings as one line; `warnings` are sentences."""
    return json.dumps({"series": series, **more, **used(), "warnings": warnings}, ensure_ascii=False)
