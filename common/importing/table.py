"""Rows of a file as records with typed cells; every refusal names file, row and column."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.utils.translation import gettext as _

from common.errors import BadInput
from common.importing.columns import Columns, Field, find_columns, refuse_missing
from common.importing.faults import FileFault
from common.importing.source import Source
from common.units import read_amount, read_quantity, read_unit_price

Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class Record:
    """One row. A cell that is blank, or whose column the file does not have, reads as None."""

    number: int
    cells: Sequence[str]
    columns: Columns
    file_name: str

    def text(self, field: str, *, longest: int = 200) -> str | None:
        text = self.columns.cell(self.cells, field)
        if len(text) > longest:
            raise self.fault(field, _("This is longer than %(limit)d characters.") % {"limit": longest})
        return text or None

    def needed(self, field: str, *, longest: int = 200) -> str:
        text = self.text(field, longest=longest)
        if text is None:
            raise self.fault(field, _("This is missing."))
        return text

    def quantity(self, field: str) -> int | None:
        """Thousandths of a unit, at least 0."""
        return self._number(field, read_quantity)

    def unit_price(self, field: str, currency: str) -> int | None:
        return self._number(field, lambda text: read_unit_price(text, currency))

    def amount(self, field: str, currency: str) -> int | None:
        return self._number(field, lambda text: read_amount(text, currency))

    def days(self, field: str, *, least: int = 0, most: int = 730) -> int | None:
        text = self.text(field)
        if text is None:
            return None
        if not text.isascii() or not text.isdigit() or not least <= int(text[:9]) <= most:
            range_ = {"least": least, "most": most}
            raise self.fault(field, _("Write a whole number from %(least)d to %(most)d.") % range_)
        return int(text)

    def fault(self, field: str, fault: str) -> FileFault:
        shown = self.columns.cell(self.cells, field)
        column = self.columns.name_of(field) or field
        text = f"“{shown[:40]}”: {fault}" if shown else fault
        return FileFault(self.file_name, text, row=self.number, column=column)

    def _number(self, field: str, read: Callable[[str], int]) -> int | None:
        text = self.text(field)
        if text is None:
            return None
        try:
            number = read(text)
        except BadInput as error:
            raise self.fault(field, _("This is not a number like 12 or 4.60.")) from error
        if number < 0:
            raise self.fault(field, _("This is less than zero."))
        return number


def read_table(
    source: Source, fields: Sequence[Field], *, chosen: Mapping[str, str] | None = None, row_limit: int
) -> Iterator[Record]:
    """The rows beneath the header. Raises FileFault as it goes."""
    columns = find_columns(source, fields, chosen)
    refuse_missing(source.file_name, columns, fields, chosen or {})
    rows = 0
    for number, cells in source.records():
        if number <= columns.header_row or not any(cells):
            continue
        rows += 1
        source.refuse_beyond(row_limit, rows, number)
        yield Record(number, cells, columns, source.file_name)
    if not rows:
        raise FileFault(source.file_name, _("There are no rows beneath the header."))
