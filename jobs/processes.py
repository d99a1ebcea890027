"""Child processes that leave nothing behind."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

# A process that dies sooner than this counts as failing to start.
_SETTLED = timedelta(minutes=1)
_LONGEST_PAUSE = 30


def death_signal(number: signal.Signals) -> Callable[[], None]:
    """A function that asks the kernel to signal this process when its parent dies.

    Linux alone knows this; elsewhere it does nothing, and children of a killed supervisor live on.
    """
    if not sys.platform.startswith("linux"):
        return lambda: None
    # Loaded now: after a fork only few things are safe to do.
    libc = ctypes.CDLL(None, use_errno=True)
    set_death_signal = 1  # PR_SET_PDEATHSIG of <linux/prctl.h>
    return lambda: libc.prctl(set_death_signal, int(number), 0, 0, 0)


def management_command(*arguments: str) -> list[str]:
    """The command line of one of this installation's own commands."""
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


class Child:
    """A command kept running in a session of its own, so that its whole family can be killed."""

    def __init__(self, name: str, command: list[str], *, on_parent_death: signal.Signals) -> None:
        self.name = name
        self._command = command
        self._before_start = death_signal(on_parent_death)
        self._process: subprocess.Popen[bytes] | None = None
        self._since: datetime | None = None
        self._failures = 0
        self._not_before = 0.0

    @property
    def since(self) -> datetime | None:
        """Since when it runs; None while it does not."""
        return self._since if self._process else None

    def tend(self) -> str:
        """Start it if it does not run, not too often; what happened, in words, or nothing."""
        if self._process is None:
            if time.monotonic() >= self._not_before:
                self._start()
            return ""
        if not _has_ended(self._process.pid):
            return ""
        code = self._bury()
        return f"{self.name} ended with {code}; it is started again"

    def restart(self) -> None:
        self._bury()

    def ask_to_stop(self) -> None:
        if self._process:
            self._process.terminate()

    def stop(self, deadline: float) -> None:
        """Wait until `deadline` (monotonic) for it to end by itself, then kill what is left."""
        if self._process:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(max(0.0, deadline - time.monotonic()))
            self._bury()

    def _start(self) -> None:
        self._since = timezone.now()
        self._process = subprocess.Popen(  # noqa: S603 - a command of ours
            self._command,
            start_new_session=True,
            preexec_fn=self._before_start,
        )

    def _bury(self) -> int | None:
        """Kill the whole family, and set when it may start again."""
        if self._process is None:
            return None
        # Before the leader is reaped its number, which names the group, belongs to nobody else.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        code = self._process.wait()
        self._process = None
        settled = self._since is None or timezone.now() - self._since > _SETTLED
        self._failures = 0 if settled else self._failures + 1
        pause = min(_LONGEST_PAUSE, 2 ** (self._failures - 2)) if self._failures > 1 else 0
        self._not_before = time.monotonic() + pause
        return code


def _has_ended(pid: int) -> bool:
    """Whether a child has ended, leaving it unreaped."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
