from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.navigation import Place, add_place


class StockConfig(AppConfig):
    name = "stock"

    def ready(self) -> None:
        from catalog.signals import product_unit_changing, warehouse_archiving
        from imports.kinds import register
        from stock.guards import refuse_other_unit, refuse_while_in_stock
        from stock.import_kinds.on_hand import OnHand
        from stock.import_kinds.sales import Sales
        from stock.services.import_watch import ImportWatch
        from stock.services.watchers import watch_reversals
        from tenancy.registry import name_actions

        warehouse_archiving.connect(refuse_while_in_stock, dispatch_uid="stock.warehouse_archiving")
        product_unit_changing.connect(refuse_other_unit, dispatch_uid="stock.product_unit_changing")
        name_actions({"stock.imported": _("Stock imported")})
        watch_reversals(ImportWatch())
        register(Sales())
        register(OnHand())
        add_place(Place(11, _("Counts"), "counts", "count", on_phone=True))
        add_place(Place(12, _("Transfers"), "transfers", "transfer"))
        add_place(Place(13, _("Sales"), "sales", "sales"))
        add_place(Place(14, _("Ledger"), "ledger", "report"))
