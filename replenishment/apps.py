from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.navigation import Place, add_place


class ReplenishmentConfig(AppConfig):
    name = "replenishment"

    def ready(self) -> None:
        from replenishment.words import ACTIONS
        from tenancy.registry import name_actions

        name_actions(ACTIONS)
        add_place(Place(1, _("Replenish"), "replenish", "replenish"))
