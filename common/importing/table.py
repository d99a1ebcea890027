"""Rows of a file as records with typed cells; every refusal names file, row and column."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from django.utils.translation import gettext as _

from common.errors import BadInput
from common.importing.columns import Columns
from common.importing.faults import FileFault, RowFault
from common.importing.harmless import restored
from common.importing.source import Source
from common.units import read_amount, read_quantity, read_unit_price

Read = TypeVar("Read")


class CellFault(FileFault):
    """A cell that cannot be taken."""

    def __init__(self, file_name: str, cell: RowFault) -> None:
        told = cell.as_file_fault(file_name)
        super().__init__(file_name, told.fault, row=cell.row, column=cell.column)
        self.cell = cell


@dataclass(frozen=True, slots=True)
class Record:
    """One row. A cell that is blank, or whose column the file does not have, reads as None."""

    number: int
    cells: Sequence[str]
    columns: Columns
    file_name: str

    def said(self, field: str) -> str:
        """The cell as somebody meant it, however long; "" where there is nothing."""
        return restored(self.columns.cell(self.cells, field))

    def text(self, field: str, *, longest: int = 200) -> str | None:
        text = self.said(field)
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

    def choice(self, field: str, words: Mapping[str, str]) -> str | None:
        """What one of the words stands for, in any case."""
        text = self.text(field)
        if text is None:
            return None
        found = words.get(text.casefold())
        if found is None:
            known = ", ".join(dict.fromkeys(words))
            advice = _("Write one of: %(words)s.") % {"words": known}
            raise self.fault(field, _("This is not known here."), advice)
        return found

    def whole(self, field: str, *, most: int) -> int | None:
        """A whole number from 0 on, of thousands written without signs."""
        text = self.text(field)
        if text is None:
            return None
        if not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) > most:
            raise self.fault(field, _("Write a whole number, 0 or more."))
        return int(text)

    def days(self, field: str, *, least: int = 0, most: int = 730) -> int | None:
        text = self.text(field)
        if text is None:
            return None
        if not text.isascii() or not text.isdigit() or not least <= int(text[:9]) <= most:
            range_ = {"least": least, "most": most}
            raise self.fault(field, _("Write a whole number from %(least)d to %(most)d.") % range_)
        return int(text)

    def fault(self, field: str, fault: str, advice: str = "") -> CellFault:
        return CellFault(self.file_name, self.remark(field, fault, advice))

    def remark(self, field: str, fault: str, advice: str = "") -> RowFault:
        """What is wrong with a cell, for those who take the row without it."""
        shown = self.columns.cell(self.cells, field)
        column = self.columns.name_of(field) or field
        return RowFault(self.number, column, shown[:60], fault, advice)

    def _number(self, field: str, read: Callable[[str], int]) -> int | None:
        text = self.text(field)
        if text is None:
            return None
        try:
            number = read(text)
        except BadInput as error:
            fault = _("This is not a number like 12 or 4.60.")
            raise self.fault(field, fault, _number_advice(text)) from error
        if number < 0:
            raise self.fault(field, _("This is less than zero."))
        return number


def _number_advice(text: str) -> str:
    if re.fullmatch(r"\d{1,3}([,.]\d{3})+([,.]\d+)?", text):
        return _("Write it without thousands signs, with a point for decimals.")
    return _("Write digits with a point for decimals, or leave the cell blank.")


def read_table(source: Source, columns: Columns, *, row_limit: int) -> Iterator[Record]:
    """The rows beneath the header. Raises FileFault as it goes."""
    rows = 0
    for number, cells in source.records():
        if number <= columns.header_row or not any(cells):
            continue
        rows += 1
        source.refuse_beyond(row_limit, rows, number)
        yield Record(number, cells, columns, source.file_name)
    if not rows:
        raise FileFault(source.file_name, _("There are no rows beneath the header."))
