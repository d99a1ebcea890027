from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import Error, register
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules
from django.utils.translation import gettext_lazy as _

from common.navigation import Place, Waiting, add_place


class JobsConfig(AppConfig):
    name = "jobs"

    def ready(self) -> None:
        autodiscover_modules("jobs")
        from jobs.queries import count_unfinished
        from tenancy.registry import name_actions

        running = Waiting(_("%(number)s at work"), "jobs.manage", count_unfinished)
        add_place(Place(32, _("Jobs"), "jobs", "clock", permission="jobs.manage", waiting=running))
        name_actions({"job.cancel": _("Job cancelled"), "job.retry": _("Job tried again")})
        register(check_queue)
        post_migrate.connect(ensure_tick, sender=self, dispatch_uid="jobs.tick")


def ensure_tick(**signal: Any) -> None:
    from jobs.tick import ensure_schedule

    ensure_schedule()


def check_queue(app_configs: Any, **kwargs: Any) -> list[Error]:
    """Hold the rule that keeps the queue from delivering work that merely waits a second time."""
    queue: dict[str, Any] = settings.Q_CLUSTER
    waits = 2 + queue["queue_limit"] / queue["workers"]
    if queue["retry"] > queue["timeout"] * waits + 60:
        return []
    return [
        Error(
            f"Q_CLUSTER['retry'] is {queue['retry']}, too short for tasks of {queue['timeout']} seconds.",
            hint="Set it above timeout x (2 + queue_limit / workers) + 60.",
            id="jobs.E001",
        )
    ]
