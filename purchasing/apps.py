from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.navigation import Place, Waiting, add_place


class PurchasingConfig(AppConfig):
    name = "purchasing"

    def ready(self) -> None:
        from purchasing.queries import count_drafts
        from purchasing.services.receiving import ReceiptWatch
        from purchasing.words import ACTIONS
        from stock.services.watchers import watch_reversals
        from tenancy.registry import name_actions

        name_actions(ACTIONS)
        watch_reversals(ReceiptWatch())
        waiting = Waiting(_("%(number)s to approve"), "orders.approve", count_drafts)
        add_place(Place(2, _("Orders"), "orders", "order", on_phone=True, waiting=waiting))
        add_place(Place(3, _("Receive"), "expected_goods", "receive", permission="stock.receive"))
        add_place(Place(33, _("Mail"), "mails", "mail", permission="orders.edit"))
