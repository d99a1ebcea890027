"""A row that every request asks for, by a statement that is put together once."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

from django.db import connection, models

from common.prepared import prepared_cursor

Row = TypeVar("Row", bound=models.Model)


class OneRow(Generic[Row]):
    """`OneRow(Shop, "slug = %s")(slug)` is `Shop.objects.filter(slug=slug).first()`, in a third of its time.

    The ORM builds and compiles its statement anew for each call, which for one row by its key takes
    longer than the database does. There is no scope here: for a model of a shop, the condition names
    the shop.
    """

    def __init__(self, model: type[Row], condition: str) -> None:
        self.model = model
        self.condition = condition
        self.prepared: dict[str, tuple[str, list[str], list[Any]]] = {}

    def __call__(self, *parameters: Any) -> Row | None:
        if connection.vendor not in self.prepared:
            self.prepared[connection.vendor] = self._prepare()
        sql, names, converters = self.prepared[connection.vendor]
        with prepared_cursor() as cursor:
            cursor.execute(sql, parameters)
            row = cursor.fetchone()
        if row is None:
            return None
        values = list(row)
        for place, column, convert in converters:
            values[place] = convert(values[place], column, connection)
        return self.model.from_db(connection.alias, names, values)

    def _prepare(self) -> tuple[str, list[str], list[Any]]:
        """The statement, the fields in its order, and what turns stored values into Python's."""
        table = self.model._meta.db_table
        fields = self.model._meta.concrete_fields
        columns = [field.get_col(table) for field in fields]
        converters = [
            (place, column, convert)
            for place, column in enumerate(columns)
            for convert in (
                *connection.ops.get_db_converters(column),
                *column.get_db_converters(connection),
            )
        ]
        names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
        sql = f"SELECT {names} FROM {connection.ops.quote_name(table)} WHERE {self.condition} LIMIT 1"
        return sql, [field.attname for field in fields], converters
