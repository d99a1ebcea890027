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


def find_columns(source: Source, fields: Sequence[Field], chosen: Mapping[str, str] | None = None) -> Columns:
    """The first of the leading rows that names all required fields is the header.

    chosen: field -> column name, as a person mapped them; the others are guessed. A field mapped
    to "" is left unread.

    Raises FileFault that names the missing columns and those found.
    """
    chosen = chosen or {}
    head = source.head()
    best: Columns | None = None
    for number, row in head:
        columns = _map(number, row, fields, chosen)
        if _missing(columns, fields) or (set(map(plain, chosen.values())) - {""} - set(map(plain, row))):
            if best is None or len(columns.index) > len(best.index):
                best = columns
            continue
        return columns
    if best is None:
        raise FileFault(source.file_name, _("The file holds no rows."))
    raise _no_columns(source.file_name, best, fields, chosen)


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


def _missing(columns: Columns, fields: Sequence[Field]) -> list[Field]:
    return [field for field in fields if field.required and field.code not in columns.index]


def _no_columns(
    file_name: str, best: Columns, fields: Sequence[Field], chosen: Mapping[str, str]
) -> FileFault:
    found = ", ".join(name for name in best.names if name)[:200]
    missing = _missing(best, fields)
    names = [chosen.get(field.code) or field.code for field in missing]
    names = names or sorted(name for name in chosen.values() if plain(name) not in map(plain, best.names))
    fault = _("There is no column for %(missing)s. Found: %(found)s. Name the columns in the first row.") % {
        "missing": ", ".join(names),
        "found": found or _("nothing"),
    }
    return FileFault(file_name, fault, row=best.header_row)
