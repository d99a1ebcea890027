from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.navigation import Place, add_place


class InsightsConfig(AppConfig):
    name = "insights"

    def ready(self) -> None:
        add_place(Place(0, _("Today"), "today", "today", on_phone=True))
        add_place(Place(10, _("Products"), "products", "product", on_phone=True))
        add_place(Place(99, _("More"), "menu", "more", on_phone=True, phone_only=True))
