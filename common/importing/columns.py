"""Which column holds what: guessed from the header's names, or as somebody said."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from common.importing.faults import FileFault
from common.importing.source import Source

_NOT_A_WORD = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Field:
    """A thing a file may tell. `names`: plain column names with blanks between, the best first."""

    code: str
    names: str
    required: bool = False


@dataclass(frozen=True, slots=True)
class Columns:
    """The header's place, its names, and which column holds each field."""

    header_row: int
    names: list[str]
    index: dict[str, int]

    def name_of(self, field: str) -> str:
        return self.names[self.index[field]] if field in self.index else ""

    def cell(self, row: Sequence[str], field: str) -> str:
        """The text of a field, "" where the file or the row has no such column."""
        place = self.index.get(field)
        return row[place].strip() if place is not None and place < len(row) else ""


def plain(name: str) -> str:
    """`Unit Price`, `unit_price` and `UnitPrice` are one name."""
    return _NOT_A_WORD.sub("", name.casefold())


def find_columns(
    source: Source,
    fields: Sequence[Field],
    chosen: Mapping[str, str] | None = None,
    *,
    header_row: int = 0,
) -> Columns:
    """The header among the leading rows: the first that names all required fields, else the best.

    chosen: field -> column name, as a person mapped them; the others are guessed. A field mapped
    to "" is left unread.
    header_row: where a person saw it; 0 for a guess.

    Raises FileFault for a file without rows. Whether all that is needed was found says `refuse_missing`.
    """
    chosen = chosen or {}
    best: Columns | None = None
    for number, row in source.head():
        if header_row and number != header_row:
            continue
        columns = _map(number, row, fields, chosen)
        if not _lacks(columns, fields, chosen):
            return columns
        if best is None or len(columns.index) > len(best.index):
            best = columns
    if best is None:
        raise FileFault(source.file_name, _("The file holds no rows."))
    return best


def refuse_missing(
    file_name: str, columns: Columns, fields: Sequence[Field], chosen: Mapping[str, str]
) -> None:
    """Raises FileFault that names the missing columns and those found, or a used name that two share."""
    lacks = _lacks(columns, fields, chosen)
    if lacks:
        found = ", ".join(name for name in columns.names if name)[:200]
        fault = _("There is no column for %(missing)s. Found: %(found)s. Name the columns in the first row.")
        raise FileFault(
            file_name,
            fault % {"missing": ", ".join(lacks), "found": found or _("nothing")},
            row=columns.header_row,
        )
    plain_names = [plain(name) for name in columns.names]
    for place in columns.index.values():
        if plain_names.count(plain_names[place]) > 1:
            fault = _("Two columns are called “%(name)s”, so it is not clear which is meant. Rename one.")
            name = columns.names[place]
            raise FileFault(file_name, fault % {"name": name}, row=columns.header_row, column=name)


def _map(number: int, row: Sequence[str], fields: Sequence[Field], chosen: Mapping[str, str]) -> Columns:
    names = [name.strip() for name in row]
    by_name: dict[str, int] = {}
    for place, name in enumerate(names):
        by_name.setdefault(plain(name), place)
    index: dict[str, int] = {}
    for field in fields:
        wanted = [plain(chosen[field.code])] if field.code in chosen else field.names.split()
        found = next((by_name[name] for name in wanted if name and name in by_name), None)
        if found is not None and (field.code in chosen or found not in index.values()):
            index[field.code] = found
    return Columns(number, names, index)


def _lacks(columns: Columns, fields: Sequence[Field], chosen: Mapping[str, str]) -> list[str]:
    """Required fields, else chosen names, that the row has no column for."""
    lost = [field.code for field in fields if field.required and field.code not in columns.index]
    if lost:
        return [chosen.get(code) or code for code in lost]
    there = {plain(name) for name in columns.names}
    return sorted(name for name in chosen.values() if name and plain(name) not in there)
