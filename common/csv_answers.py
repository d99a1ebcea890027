"""Lists as CSV files that a spreadsheet opens as they are."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse

from common.importing.harmless import harmless

_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")


class _Echo:
    def write(self, text: str) -> str:
        return text


def csv_answer(file_name: str, rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """`rows`, of which the first are the headings, row by row as they are made.

    A text that a spreadsheet would take for a formula is marked as text; numbers stay.
    They are asked for after the request's scope has ended: whoever makes them opens his own.
    """
    return csv_file(file_name, csv_lines([_cell(cell) for cell in row] for row in rows))


def csv_file(file_name: str, lines: Iterable[str]) -> StreamingHttpResponse:
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


def csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """UTF-8 with its mark, so that spreadsheets read it right. Cells are written as they are."""
    writer = csv.writer(_Echo())
    yield "\ufeff"
    for row in rows:
        yield writer.writerow(row)


def _cell(cell: Any) -> str:
    text = "" if cell is None else str(cell)
    return text if _NUMBER.fullmatch(text) else harmless(text)
