"""Workbooks (XLSX): looked over before they are parsed, then read as rows of text.

A workbook is a packed archive, so a small file can unpack to anything, and one stray cell at the
far corner makes a sheet of seventeen thousand million cells. Both are found by going through the
archive as a stream, before a parser makes a table of it.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from common.importing.faults import FileFault

# What stands for the encoding of a text file in how a file is read.
WORKBOOK = "xlsx"
MAGIC = b"PK\x03\x04"

# A sheet is parsed as one table from its first cell to its last: about 32 bytes for each.
MOST_CELLS = 6_000_000
_MOST_MEMBERS = 2_000
_CHUNK = 1 << 20
# The beginnings of rows and cells. Quotation marks may hold a `>`.
_TAG = re.compile(rb"""<(?:\w+:)?(row|c)(?=[\s/>])((?:[^>"']|"[^"]*"|'[^']*')*+)>(\s*</)?""")
_PLACE = re.compile(rb"""(?:^|\s)r\s*=\s*["']\s*([^"']*?)\s*["']""")
_CELL_PLACE = re.compile(rb"([A-Za-z]{1,3})(\d{1,7})")
_ROW_PLACE = re.compile(rb"()(\d{1,7})")
# No tag of a sheet is longer.
_LONGEST_TAG = 1 << 23
# Digits that a spreadsheet's number holds for certain.
_EXACT = 10**15


def look_over(content: bytes, file_name: str, *, limit_mb: int) -> None:
    """Refuse what must not be parsed: no workbook, far too large unpacked, or with a lost cell.

    Raises FileFault.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if "xl/workbook.xml" not in names:
                raise FileFault(file_name, _not_a_workbook(names))
            if len(names) > _MOST_MEMBERS:
                raise _too_large(file_name, limit_mb)
            size = 0
            for member in archive.infolist():
                with archive.open(member) as stream:
                    size = _go_through(stream, file_name, size, limit_mb)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        fault = _("The workbook is damaged, locked with a password, or was not sent whole. Save it again.")
        raise FileFault(file_name, fault) from error


def _go_through(stream: Any, file_name: str, size: int, limit_mb: int) -> int:
    """The unpacked size so far, counted and not believed.

    Every member of the archive: the workbook may name any of them as its sheet.
    """
    rest, extent = b"", _Extent(file_name)
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > limit_mb << 20:
            raise _too_large(file_name, limit_mb)
        text = rest + chunk
        # What begins two tags before the end is there as a whole, with what follows it.
        whole = text.rfind(b"<", 0, max(text.rfind(b"<"), 0))
        extent.add(text, max(whole, 0))
        rest = text[max(whole, 0) :]
        if len(rest) > _LONGEST_TAG:
            rest = b""  # no sheet: a picture
    extent.add(rest, len(rest))
    return size


class _Extent:
    """How far a sheet reaches, by the places that its rows and cells name, or by counting them."""

    def __init__(self, file_name: str) -> None:
        self.file_name = file_name
        self.rows = self.columns = 0
        self.row = self.column = 0

    def add(self, text: bytes, before: int) -> None:
        """Raises FileFault where the sheet reaches too far."""
        for tag in _TAG.finditer(text):
            if tag.start() >= before:
                break
            # One that only carries a format may stand in the last row of all.
            is_empty = bool(tag[3]) or tag[2].endswith(b"/")
            self._step(tag[2], is_row=tag[1] == b"row", is_empty=is_empty)
        if self.rows * self.columns > MOST_CELLS:
            where = f"{_column_letters(self.columns)}{self.rows}"
            fault = _(
                "The sheet reaches to cell %(cell)s, more than can be taken. Delete the rows and columns"
                " beyond its table, or save it as CSV."
            )
            raise FileFault(self.file_name, fault % {"cell": where})

    def _step(self, attributes: bytes, *, is_row: bool, is_empty: bool) -> None:
        if is_row:
            self.row, self.column = self.row + 1, 0
        else:
            self.column += 1
        places = _PLACE.findall(attributes)
        if places:
            named = (_ROW_PLACE if is_row else _CELL_PLACE).fullmatch(places[0])
            if named is None or len(places) > 1:
                raise _damaged(self.file_name)
            self.row = int(named[2])
            self.column = _column_number(named[1].upper())
        if not is_row and not is_empty:
            self.rows, self.columns = max(self.rows, self.row), max(self.columns, self.column)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _column_letters(number: int) -> str:
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _not_a_workbook(names: set[str]) -> str:
    if "content.xml" in names:
        return _("This is an OpenDocument file. Save it as XLSX or as CSV (UTF-8) and send that.")
    if "xl/workbook.bin" in names:
        return _("This is a binary workbook. Save it as XLSX or as CSV (UTF-8) and send that.")
    return _("This is an archive and no workbook. Unpack it and send the file in it.")


def _too_large(file_name: str, limit_mb: int) -> FileFault:
    fault = _("The workbook is larger than %(limit)d MB unpacked. Split it by month.") % {"limit": limit_mb}
    return FileFault(file_name, fault)


def sheets(content: bytes, file_name: str) -> list[str]:
    """Names of the sheets, those that people see before hidden ones. Raises FileFault."""
    from python_calamine import SheetVisibleEnum

    about = _open(content, file_name).sheets_metadata
    return [
        sheet.name for sheet in sorted(about, key=lambda sheet: sheet.visible != SheetVisibleEnum.Visible)
    ]


def rows(content: bytes, file_name: str, sheet: str) -> Iterator[tuple[int, list[str]]]:
    """Rows of a sheet with their numbers, as text; empty ones are skipped. Raises FileFault.

    The sheet's own record of its dimensions is not believed: some programs write a wrong one.
    """
    book = _open(content, file_name)
    if sheet not in book.sheet_names:
        fault = _("There is no sheet “%(sheet)s” in this workbook. It has: %(sheets)s.")
        named = {"sheet": sheet, "sheets": ", ".join(book.sheet_names)[:200]}
        raise FileFault(file_name, fault % named)
    with _parsing(file_name):
        table = book.get_sheet_by_name(sheet)
        first = table.start[0] if table.start else 0
        table_rows = table.to_python(skip_empty_area=True)
    for number, row in enumerate(table_rows, first + 1):
        cells = [as_text(cell) for cell in row]
        for place, cell in enumerate(cells, 1):
            if "\0" in cell:
                fault = _("There is a NUL byte in this cell. Write it anew.")
                raise FileFault(file_name, fault, row=number, column=_column_letters(place))
        if any(cells):
            yield number, cells


def _open(content: bytes, file_name: str) -> Any:
    from python_calamine import CalamineWorkbook

    with _parsing(file_name):
        return CalamineWorkbook.from_filelike(io.BytesIO(content))


@contextmanager
def _parsing(file_name: str) -> Iterator[None]:
    """What the parser makes of a damaged workbook is the file's fault: its panics are no Exceptions."""
    from python_calamine import CalamineError

    try:
        yield
    except (CalamineError, ValueError, OverflowError) as error:
        raise _damaged(file_name) from error
    except BaseException as error:
        if type(error).__module__ != "pyo3_runtime":
            raise
        raise _damaged(file_name) from error


def _damaged(file_name: str) -> FileFault:
    return FileFault(file_name, _("The workbook is damaged. Open it in your spreadsheet and save it again."))


def as_text(cell: Any) -> str:
    """A cell as people see it: 1.0 is `1`, a day is `2026-11-27`, noise of binary fractions is gone.

    A number of more digits than a spreadsheet keeps stays in scientific notation, so that nobody
    takes it for a code.
    """
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, (int, float)):
        if abs(cell) >= _EXACT:
            return f"{cell:.5E}"
        return f"{Decimal(f'{cell:.15g}'):f}"
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time() == time() else cell.isoformat(" ", "seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, time):
        return cell.isoformat("seconds")
    if isinstance(cell, timedelta):
        return str(cell)
    return ""
