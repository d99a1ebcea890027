"""An installation whose jobs and requests can be held in the middle, to be killed there."""

from inventory_site.settings import *  # noqa: F403
from inventory_site.settings import INSTALLED_APPS, Q_CLUSTER

INSTALLED_APPS += ["tests.jobs.effects"]
ROOT_URLCONF = "tests.jobs.effects.urls"
Q_CLUSTER["poll"] = 0.1
SILENCED_SYSTEM_CHECKS = ["urls.W005"]  # the slow endpoint stands beside the real ones, as one of them
STATICFILES_FINDERS: list[str] = []  # no page is looked at, so there is nothing to collect
