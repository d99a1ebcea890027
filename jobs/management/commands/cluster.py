"""The job workers: django-q2's cluster, whose processes never outlive the one above them."""

from __future__ import annotations

import os
import signal
from typing import Any

from django.core.management.base import BaseCommand
from django_q.cluster import Cluster

from jobs.processes import death_signal


class Command(BaseCommand):
    help = "Run the job workers in the foreground. `up` starts and watches this."

    def handle(self, *args: Any, **options: Any) -> None:
        # A cluster whose first process is killed would go on without it and take work beside its
        # successor.
        os.register_at_fork(after_in_child=death_signal(signal.SIGKILL))
        Cluster().start()
