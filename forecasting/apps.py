from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.navigation import Place, add_place


class ForecastingConfig(AppConfig):
    name = "forecasting"

    def ready(self) -> None:
        from forecasting.words import ACTIONS
        from tenancy.registry import name_actions

        name_actions(ACTIONS)
        add_place(Place(20, _("Forecasts"), "forecasts", "forecast"))
