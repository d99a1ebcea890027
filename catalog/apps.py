from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.navigation import Place, add_place


class CatalogConfig(AppConfig):
    name = "catalog"

    def ready(self) -> None:
        add_place(Place(30, _("Suppliers"), "suppliers", "supplier"))
        add_place(Place(30, _("Warehouses"), "warehouses", "receive", permission="catalog.edit"))
