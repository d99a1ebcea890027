"""Lists as CSV files that a spreadsheet opens as they are."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.http import StreamingHttpResponse


class _Echo:
    def write(self, text: str) -> str:
        return text


def csv_answer(file_name: str, rows: Iterable[Sequence[Any]]) -> StreamingHttpResponse:
    """`rows`, of which the first are the headings, row by row as they are made.

    They are asked for after the request's scope has ended: whoever makes them opens his own.
    """
    response = StreamingHttpResponse(_lines(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{file_name}"'
    return response


def _lines(rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff"
    for row in rows:
        yield writer.writerow([_harmless(cell) for cell in row])


def _harmless(cell: Any) -> str:
    """A text that a spreadsheet would take for a formula is marked as text; numbers stay."""
    text = "" if cell is None else str(cell)
    if text[:1] in {"=", "+", "-", "@", "\t", "\r"} and not text[1:].replace(".", "", 1).isdigit():
        return f"'{text}"
    return text
