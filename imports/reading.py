"""How a file is read: as somebody said, as files of its shape were read before, or as guessed.

`FileImport.options` holds
- `said`: what a person or the remembered mapping said: `columns` (field -> name), `order`,
  `encoding`, `delimiter`, `sheet`, `header_row`; what is missing there is guessed;
- `encoding` (`xlsx` for a workbook), `delimiter`, `sheet`, `sheets`, `header_row`, `names`, `index`: as the
  file is read;
- `order`, `order_guessed`, `order_matters`: of dates, once the whole column has been looked at;
- `head`: the first rows, for people who choose columns;
- `remembered`: whether the mapping was used;
- `choices`: the kind's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from collections.abc import Mapping as MappingType
from typing import Any

from django.utils.translation import gettext as _

from common.errors import BadInput
from common.importing.columns import Columns, Field, find_columns, plain, refuse_missing
from common.importing.days import Order, Reading
from common.importing.source import DELIMITERS, Source
from common.importing.workbook import WORKBOOK
from common.text import is_storable
from imports.models import FileImport, Mapping

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "gb18030", WORKBOOK)
HEAD_SHOWN = 8
CELLS_SHOWN, SIGNS_SHOWN = 40, 60
SAID = {"columns", "order", "encoding", "delimiter", "sheet", "header_row"}


def check_said(said: MappingType[str, Any]) -> dict[str, Any]:
    """What programs and mapping files say, looked at before it is believed. Raises BadInput."""
    columns = said.get("columns") or {}
    if not isinstance(columns, dict) or not all(isinstance(name, str) for name in columns.values()):
        raise BadInput.at("columns", _("holds the column's name for each field"))
    known = {
        "order": [order.value for order in Order],
        "encoding": list(ENCODINGS),
        "delimiter": list(DELIMITERS),
    }
    for name, values in known.items():
        if said.get(name) and said[name] not in values:
            raise BadInput.at(name, _("is none of: %(values)s") % {"values": " ".join(values)})
    row = said.get("header_row") or 0
    if isinstance(row, bool) or not isinstance(row, int) or row < 0:
        raise BadInput.at("header_row", _("is the number of a row"))
    if not isinstance(said.get("sheet") or "", str):
        raise BadInput.at("sheet", _("is the name of a sheet"))
    for name, texts in (("columns", [*columns, *columns.values()]), ("sheet", [said.get("sheet") or ""])):
        if not all(is_storable(text) for text in texts):
            raise BadInput.at(name, _("has a character that cannot be stored"))
    return {name: value for name, value in said.items() if name in SAID and value}


def look(file_import: FileImport, fields: Sequence[Field]) -> None:
    """Find out how the file is read, into `options`. Raises FileFault where it cannot be."""
    options = file_import.options
    said = options.setdefault("said", {})
    source = Source.of(
        bytes(file_import.content),
        file_import.file_name,
        encoding=said.get("encoding", ""),
        delimiter=said.get("delimiter", ""),
        sheet=said.get("sheet", ""),
    )
    head = source.head()
    options |= {
        "encoding": source.encoding,
        "delimiter": source.delimiter,
        "sheet": source.sheet,
        "sheets": source.sheets,
        "head": [[number, [cell[:SIGNS_SHOWN] for cell in row[:CELLS_SHOWN]]] for number, row in head][
            :HEAD_SHOWN
        ],
        "names": [],
        "index": {},
        "header_row": 0,
    }
    known = _remembered(file_import.kind, head) if not said.get("columns") else None
    options["remembered"] = known is not None
    chosen = said.get("columns") or (known or {}).get("columns")
    columns = find_columns(source, fields, chosen, header_row=said.get("header_row") or 0)
    options |= {"header_row": columns.header_row, "names": columns.names, "index": columns.index}
    options["remembered_order"] = (known or {}).get("order")
    refuse_missing(source.file_name, columns, fields, chosen or {})


def source_of(file_import: FileImport) -> Source:
    options = file_import.options
    return Source(
        bytes(file_import.content),
        file_import.file_name,
        options["encoding"],
        options["delimiter"],
        options.get("sheet", ""),
    )


def columns_of(file_import: FileImport) -> Columns:
    options = file_import.options
    return Columns(options["header_row"], options["names"], options["index"])


def settle_order(file_import: FileImport, found: Reading) -> Order | None:
    """The order of dates: as said, as the column shows, or as such files were read before."""
    options = file_import.options
    said = options["said"].get("order")
    order = said or found.order or options.get("remembered_order")
    options |= {"order": order, "order_guessed": not said, "order_matters": found.needs_order}
    return Order(order) if order else None


# ---- remembered mappings ---------------------------------------------------------------------


def remember(file_import: FileImport, fields: Sequence[Field]) -> None:
    """Read the next file with this header in the same way. Needs a transaction."""
    options = file_import.options
    names, index = options["names"], options["index"]
    Mapping.objects.update_or_create(
        kind=file_import.kind,
        signature=_signature(names),
        defaults={
            "options": {
                # A field that was left unread stays so.
                "columns": {
                    field.code: names[index[field.code]] if field.code in index else "" for field in fields
                },
                "order": options.get("order"),
            }
        },
    )


def _remembered(kind: str, head: Iterable[tuple[int, list[str]]]) -> dict[str, Any] | None:
    signatures = [_signature(row) for _number, row in head]
    known = {
        mapping.signature: mapping
        for mapping in Mapping.objects.filter(kind=kind, signature__in=set(signatures))
    }
    return next((known[sign].options for sign in signatures if sign in known), None)


def _signature(names: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(plain(name) for name in names).encode()).hexdigest()
