"""A composite foreign key (shop_id, x_id): the database refuses a reference into another shop.

Row-level security does not guard foreign keys, and SQLite has none, so this is the second wall on
both engines. The single-column constraint of Django's own key would add nothing and is left out.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.constraints import BaseConstraint


class ShopForeignKey(models.ForeignKey):
    """A key to another model of the same shop; the model's Meta lists `SameShop(name)` for it."""

    def __init__(self, to: Any, on_delete: Any = models.PROTECT, **kwargs: Any) -> None:
        kwargs.setdefault("db_constraint", False)
        kwargs.setdefault("db_index", False)
        super().__init__(to, on_delete, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, dict[str, Any]]:
        name, path, args, kwargs = super().deconstruct()
        kwargs["db_constraint"] = getattr(self, "db_constraint")  # noqa: B009
        kwargs["db_index"] = getattr(self, "db_index")  # noqa: B009
        return name, path, args, kwargs


class SameShop(BaseConstraint):
    def __init__(self, field: str, *, name: str = "") -> None:
        self.field = field
        super().__init__(name=name or f"%(app_label)s_%(class)s_{field}_shop")

    def _definition(self, model: type[models.Model], schema_editor: Any) -> str:
        field: Any = model._meta.get_field(self.field)
        target = field.related_model._meta
        quote = schema_editor.quote_name
        return (
            f"CONSTRAINT {quote(self.name)} FOREIGN KEY ({quote('shop_id')}, {quote(field.column)})"
            f" REFERENCES {quote(target.db_table)} ({quote('shop_id')}, {quote(target.pk.column)})"
            " DEFERRABLE INITIALLY DEFERRED"
        )

    def constraint_sql(self, model: Any, schema_editor: Any) -> str:
        return self._definition(model, schema_editor)

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        if schema_editor.connection.vendor == "sqlite":
            # SQLite adds constraints by rebuilding the table, which calls constraint_sql.
            schema_editor._remake_table(model)
            return None
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self._definition(model, schema_editor)}"

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        if schema_editor.connection.vendor == "sqlite":
            schema_editor._remake_table(model)
            return None
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} DROP CONSTRAINT {schema_editor.quote_name(self.name)}"

    def validate(self, model: Any, instance: Any, exclude: Any = None, using: str = "default") -> None:
        """Nothing to ask: related objects are found through the scoped manager."""

    def deconstruct(self) -> tuple[str, tuple[str], dict[str, Any]]:
        path, _, kwargs = super().deconstruct()
        return path, (self.field,), kwargs

    def __eq__(self, other: object) -> bool:
        if isinstance(other, SameShop):
            return (self.field, self.name) == (other.field, other.name)
        return NotImplemented

    __hash__ = BaseConstraint.__hash__
