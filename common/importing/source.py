"""A file of rows: packed for keeping, its encoding and delimiter found, read as a stream."""

from __future__ import annotations

import csv
import gzip
import hashlib
import io
import re
import zlib
from codecs import getincrementaldecoder
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO, cast

from django.conf import settings
from django.utils.translation import gettext as _

from common.importing import workbook
from common.importing.faults import FileFault

DELIMITERS = ",;\t|"
# Rows looked at to find the delimiter and the header.
HEAD_ROWS = 20
# Columns that somebody may still choose among.
MOST_COLUMNS = 500

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0"
_HIGH_RUN = re.compile(rb"[\x80-\xff]+")


@dataclass(frozen=True, slots=True)
class Packed:
    """A file as it is kept. The digest is of the unpacked bytes, so packing makes no new file."""

    content: bytes  # gzip
    digest: str
    size: int


def pack(chunks: Iterable[bytes], *, file_name: str, limit_mb: int) -> Packed:
    """Take in an upload, gzip or plain, without ever holding the unpacked whole.

    Raises FileFault for an empty, broken, oversized or binary file.
    """
    limit = limit_mb << 20
    given = io.BytesIO()
    for chunk in chunks:
        given.write(chunk)
        if given.tell() > limit:
            raise _too_large(file_name, limit_mb)
    digest, size, out = hashlib.sha256(), 0, io.BytesIO()
    # A fixed time stamp, so that equal files are kept as equal bytes.
    with gzip.GzipFile(fileobj=out, mode="wb", compresslevel=5, mtime=0) as packed:
        for chunk in _unpacked(given, file_name):
            if size == 0:
                _refuse_binary(chunk, file_name)
            digest.update(chunk)
            size += len(chunk)
            if size > limit:
                raise _too_large(file_name, limit_mb)
            packed.write(chunk)
    if size == 0:
        raise FileFault(file_name, _("The file is empty."))
    return Packed(out.getvalue(), digest.hexdigest(), size)


def _unpacked(given: io.BytesIO, file_name: str) -> Iterator[bytes]:
    given.seek(0)
    packed = given.getbuffer()[:2] == _GZIP
    stream = cast(IO[bytes], gzip.GzipFile(fileobj=given) if packed else given)
    try:
        while chunk := stream.read(_CHUNK):
            yield chunk
    except (OSError, EOFError, zlib.error) as error:
        fault = _("The packed file is damaged or was not sent whole. Pack it again.")
        raise FileFault(file_name, fault) from error


def _refuse_binary(start: bytes, file_name: str) -> None:
    if start.startswith(_OLD_WORKBOOK):
        fault = _(
            "This is a workbook of the old kind (.xls), or one that is locked with a password. Save it as"
            " XLSX without a password, or its sheet as CSV (UTF-8), and send that."
        )
        raise FileFault(file_name, fault)
    if start.startswith((b"%PDF", b"PAR1", b"\x89PNG", b"\xff\xd8\xff")):
        raise FileFault(file_name, _("This is not a table in text form. Export it as CSV."))


def _too_large(file_name: str, limit_mb: int) -> FileFault:
    fault = _("The file is larger than %(limit)d MB unpacked. Split it by month.") % {"limit": limit_mb}
    return FileFault(file_name, fault)


def find_encoding(content: bytes, *, file_name: str) -> str:
    """The encoding of a packed file: by its mark, else the first of ours that fits throughout."""
    start = gzip.GzipFile(fileobj=io.BytesIO(content)).read(4)
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        return _if_it_fits(content, "utf-16") or _no_encoding(file_name)
    _refuse_nul(_chunks(content), file_name)
    if start.startswith(b"\xef\xbb\xbf"):
        return _if_it_fits(content, "utf-8-sig") or _no_encoding(file_name)
    chinese_first = ("utf-8", "gb18030", "cp1252")
    western_first = ("utf-8", "cp1252", "gb18030")
    for encoding in chinese_first if _looks_chinese(content) else western_first:
        if _if_it_fits(content, encoding):
            return encoding
    return _no_encoding(file_name)


def _if_it_fits(content: bytes, encoding: str) -> str:
    decoder = getincrementaldecoder(encoding)()
    try:
        for chunk in _chunks(content):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return ""
    return encoding


def _looks_chinese(content: bytes) -> bool:
    """GBK writes a character as two high bytes, so they come in pairs; accents come alone."""
    alone = paired = 0
    for chunk in _chunks(content):
        for run in _HIGH_RUN.findall(chunk):
            if len(run) % 2:
                alone += len(run)
            else:
                paired += len(run)
    return paired > alone


def _refuse_nul(chunks: Iterable[bytes], file_name: str) -> None:
    line = 1
    for chunk in chunks:
        at = chunk.find(b"\0")
        if at >= 0:
            fault = _("There is a NUL byte here, so this is not a text file. Export it as CSV (UTF-8).")
            raise FileFault(file_name, fault, row=line + chunk.count(b"\n", 0, at))
        line += chunk.count(b"\n")


def _from_utf_16(content: bytes) -> Iterator[bytes]:
    """Such a file in UTF-8: as it is written, every other byte may be 0."""
    decoder = getincrementaldecoder("utf-16")()
    for chunk in _chunks(content):
        yield decoder.decode(chunk).encode()


def _no_encoding(file_name: str) -> str:
    raise FileFault(file_name, _("The file is in no encoding known here. Save it as CSV (UTF-8)."))


def _chunks(content: bytes) -> Iterator[bytes]:
    stream = gzip.GzipFile(fileobj=io.BytesIO(content))
    while chunk := stream.read(_CHUNK):
        yield chunk


@dataclass(frozen=True, slots=True)
class Source:
    """A packed file with what is needed to read it."""

    content: bytes
    file_name: str
    encoding: str  # WORKBOOK for one
    delimiter: str = ""
    sheet: str = ""

    @classmethod
    def of(
        cls, content: bytes, file_name: str, *, encoding: str = "", delimiter: str = "", sheet: str = ""
    ) -> Source:
        """Find out how to read a packed file, where it is not said.

        Raises FileFault where it cannot be read, or not in the encoding that was said.
        """
        if is_workbook(content):
            whole = gzip.decompress(content)
            workbook.look_over(whole, file_name, limit_mb=settings.WORKBOOK_LIMIT_MB)
            found = sheet or _first_sheet(whole, file_name)
            return cls(content, file_name, workbook.WORKBOOK, "", found)
        if not encoding or encoding == workbook.WORKBOOK:
            encoding = find_encoding(content, file_name=file_name)
        elif not _if_it_fits(content, encoding):
            fault = _("The file is not written in %(encoding)s.") % {"encoding": encoding}
            raise FileFault(file_name, fault)
        _refuse_nul(_from_utf_16(content) if encoding == "utf-16" else _chunks(content), file_name)
        return cls(content, file_name, encoding, delimiter or _find_delimiter(content, encoding))

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Rows with their numbers, counted as a spreadsheet counts them; empty ones are skipped.

        Raises FileFault at a quotation mark that is never closed, or for a damaged workbook.
        """
        if self.encoding == workbook.WORKBOOK:
            yield from workbook.rows(gzip.decompress(self.content), self.file_name, self.sheet)
            return
        reader = csv.reader(self._text(), delimiter=self.delimiter, strict=True)
        number = 0
        try:
            for number, row in enumerate(reader, 1):
                if row:
                    yield number, row
        except csv.Error as error:
            fault = _(
                "The quotation marks are not balanced from here on. Close the open one, or double"
                " those that belong to the text."
            )
            raise FileFault(self.file_name, fault, row=number + 1) from error

    def refuse_beyond(self, limit: int, rows: int, number: int) -> None:
        """Raises FileFault where row `number` is one too many; `rows` are those read so far."""
        if rows > limit:
            fault = _("The file has more than %(limit)d rows, the most this shop takes at once. Split it.")
            raise FileFault(self.file_name, fault % {"limit": limit}, row=number)

    def head(self) -> list[tuple[int, list[str]]]:
        """The first rows. Raises FileFault where they have more columns than a table has."""
        rows = []
        for row in self.records():
            if len(row[1]) > MOST_COLUMNS:
                raise self._too_wide(*row)
            rows.append(row)
            if len(rows) == HEAD_ROWS:
                break
        return rows

    def _too_wide(self, number: int, cells: list[str]) -> FileFault:
        fault = _(
            "This row has %(count)d columns, and at most %(limit)d are taken. Delete those that are not"
            " needed, and send the file again."
        )
        counts = {"count": len(cells), "limit": MOST_COLUMNS}
        return FileFault(self.file_name, fault % counts, row=number)

    @property
    def sheets(self) -> list[str]:
        """The sheets of a workbook; none for a text file."""
        if self.encoding != workbook.WORKBOOK:
            return []
        return workbook.sheets(gzip.decompress(self.content), self.file_name)

    def _text(self) -> IO[str]:
        stream = gzip.GzipFile(fileobj=io.BytesIO(self.content))
        return io.TextIOWrapper(stream, encoding=self.encoding, newline="")


def is_workbook(content: bytes) -> bool:
    """Whether the packed file is one."""
    return gzip.GzipFile(fileobj=io.BytesIO(content)).read(4) == workbook.MAGIC


def _first_sheet(whole: bytes, file_name: str) -> str:
    """The first sheet with anything on it."""
    names = workbook.sheets(whole, file_name)
    for name in names:
        if next(workbook.rows(whole, file_name, name), None):
            return name
    raise FileFault(file_name, _("The file holds no rows."))


def _find_delimiter(content: bytes, encoding: str) -> str:
    """The sign that cuts the first rows into the most and most even columns."""
    stream = gzip.GzipFile(fileobj=io.BytesIO(content))
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    lines = [line for line in (text.readline(100_000) for _row in range(HEAD_ROWS)) if line.strip()]

    def quality(delimiter: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            return (0, 0)
        usual = max(set(widths), key=widths.count) if widths else 0
        return (widths.count(usual) if usual > 1 else 0, usual)

    return max(DELIMITERS, key=quality)
