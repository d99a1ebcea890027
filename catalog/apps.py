from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.navigation import Place, add_place


class CatalogConfig(AppConfig):
    name = "catalog"

    def ready(self) -> None:
        from catalog.import_kinds.catalogue import Products, Suppliers
        from catalog.services import open_first_warehouse
        from catalog.words import ACTIONS, FIELDS
        from imports.kinds import register
        from tenancy.registry import name_actions, write_fields
        from tenancy.signals import shop_created

        name_actions(ACTIONS)
        write_fields(FIELDS)
        register(Products())
        register(Suppliers())
        shop_created.connect(open_first_warehouse, dispatch_uid="catalog.first_warehouse")
        add_place(Place(30, _("Suppliers"), "suppliers", "supplier"))
        add_place(Place(30, _("Warehouses"), "warehouses", "warehouse", permission="catalog.edit"))
