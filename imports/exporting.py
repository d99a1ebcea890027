"""Files that come in again as they went out: CSV as a stream, or a workbook."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import chain
from typing import IO, Any

from common.csv_answers import csv_lines
from common.importing.harmless import harmless

# What XML cannot hold; no name needs it.
_CONTROLS = dict.fromkeys(code for code in range(32) if chr(code) not in "\t\n\r")


@dataclass(frozen=True, slots=True)
class Column:
    """name: as the import knows it. is_number: a number in workbooks, never a formula in CSV."""

    name: str
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Export:
    columns: list[Column]
    rows: Iterable[list[str]]


def as_csv(export: Export) -> Iterator[str]:
    heads = [column.name for column in export.columns]
    return csv_lines(chain([heads], (_safe(export, row) for row in export.rows)))


def write_workbook(export: Export, target: IO[bytes], *, title: str) -> None:
    """Row by row, so that a large export needs little memory."""
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    sheet.freeze_panes = "A2"
    heads = []
    for column in export.columns:
        cell = WriteOnlyCell(sheet, value=column.name)
        cell.font = Font(bold=True)
        heads.append(cell)
    sheet.append(heads)
    for row in export.rows:
        safe = _safe(export, row)
        pairs = zip(export.columns, safe, strict=True)
        sheet.append([_cell(text, column.is_number) for column, text in pairs])
    book.save(target)


def workbook_bytes(export: Export, *, title: str) -> bytes:
    out = io.BytesIO()
    write_workbook(export, out, title=title)
    return out.getvalue()


def _safe(export: Export, row: list[str]) -> list[str]:
    pairs = zip(export.columns, row, strict=True)
    return [text if column.is_number else harmless(text) for column, text in pairs]


def _cell(text: str, is_number: bool) -> Any:
    if not text:
        return None
    if is_number and Decimal(repr(float(text))) == Decimal(text):
        return float(text)
    # Text stays text, `007` too: only what begins with = would become a formula, and that is harmless by now.
    return text.translate(_CONTROLS)
