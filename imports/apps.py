from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from common.navigation import Place, add_place


class ImportsConfig(AppConfig):
    name = "imports"

    def ready(self) -> None:
        add_place(Place(31, _("Imports"), "imports", "import", permission="imports.post"))
