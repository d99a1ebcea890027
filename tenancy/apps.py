from typing import Any

from django.apps import AppConfig
from django.core.checks import Error, Tags, Warning, register
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _

from common.navigation import Place, add_place


class TenancyConfig(AppConfig):
    name = "tenancy"

    def ready(self) -> None:
        from tenancy.enforcement import enforce
        from tenancy.registry import name_actions
        from tenancy.words import ACTIONS

        name_actions(ACTIONS)
        add_place(Place(34, _("Settings"), "settings", "settings", permission="shop.settings"))
        add_place(Place(35, _("Audit"), "audit", "audit", permission="audit.view"))
        # After all migrations of a run: `sender` makes it once, not once per app.
        post_migrate.connect(enforce, sender=self, dispatch_uid="tenancy.enforce")
        register(check_enforcement, Tags.database)


def check_enforcement(app_configs: Any, databases: Any = None, **kwargs: Any) -> list[Any]:
    from django.db import connections

    from tenancy.enforcement import bypasses_row_security, missing

    faults: list[Any] = []
    for using in databases or []:
        if "tenancy_shop" not in connections[using].introspection.table_names():
            continue  # not migrated yet
        if bypasses_row_security(using):
            hint = "Create a role without SUPERUSER and BYPASSRLS and connect as that role."
            faults.append(
                Warning("This PostgreSQL role sees every shop's rows.", hint=hint, id="tenancy.W001")
            )
        if lost := missing(using):
            hint = "Run `manage.py migrate`: it lays them on again."
            faults.append(
                Error(f"Not enforced by the database: {', '.join(lost)}.", hint=hint, id="tenancy.E001")
            )
    return faults
