"""A file as columns of one kind each, checked on the way in; columns as a file."""

from __future__ import annotations

import csv
import gzip
import io
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from common.errors import BadInput

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HEADER_ROWS = 1
_MISSING = -1


class Kind(Enum):
    TEXT = "text"  # blank is ""
    DAY = "day"  # never blank
    NUMBER = "number"  # blank is NaN


@dataclass(frozen=True, slots=True)
class Texts:
    """A column of words that repeat: `values[codes]`; a blank is code -1."""

    values: list[str]
    codes: NDArray[np.int32]

    def at(self, row: int) -> str:
        code = int(self.codes[row])
        return "" if code == _MISSING else self.values[code]


@dataclass(frozen=True, slots=True)
class Days:
    """A column of dates, none missing: `values[codes]`, with each text of a date once."""

    values: NDArray[np.datetime64]
    codes: NDArray[np.int32]

    def at(self, row: int) -> np.datetime64:
        return self.values[self.codes[row]]


@dataclass(frozen=True, slots=True)
class Table:
    """The rows of a file. Numbers are float64 with NaN for blank."""

    name: str
    rows: int
    texts: dict[str, Texts]
    days: dict[str, Days]
    numbers: dict[str, NDArray[np.float64]]
    others: tuple[str, ...]  # columns that nobody asked for

    def fault(self, row: int, column: str, sentence: str) -> BadInput:
        """What is wrong in one cell; `row` counts the data from 0."""
        return cell_fault(self.name, row + _HEADER_ROWS + 1, column, sentence)


def cell_fault(name: str, row: int, column: str, sentence: str) -> BadInput:
    place = _("%(file)s, row %(row)d, column %(column)s") % {"file": name, "row": row, "column": column}
    return BadInput(f"{place}: {sentence}")


def read_table(
    path: Path,
    kinds: Mapping[str, Kind],
    *,
    required: Sequence[str],
    other_numbers: Callable[[str], bool] = lambda column: False,
) -> Table:
    """Read the columns in `kinds` that the file has, and every other one that `other_numbers` wants.

    Raises BadInput for a file that is not there, has no rows or not the required columns, and for
    the first cell that is not of its kind.
    """
    name = path.name
    try:
        columns = _columns_of(path)
        wanted = {
            column: kinds.get(column, Kind.NUMBER)
            for column in columns
            if column in kinds or other_numbers(column)
        }
        _check_columns(name, columns, required)
        arrow = _read_parquet(path, wanted) if _is_parquet(path) else _read_csv(path, wanted)
    except OSError as problem:
        raise BadInput(
            _("%(file)s cannot be read: %(why)s.") % {"file": path, "why": _why(problem)}
        ) from None
    if arrow.num_rows == 0:
        raise BadInput(_("%(file)s has a header and no rows.") % {"file": name})
    return _table(name, arrow, wanted, tuple(column for column in columns if column not in wanted))


def write_table(path: Path, columns: Mapping[str, Any]) -> None:
    """Write columns of equal length; equal columns give equal bytes. A file is there whole or not at all.

    Texts may be lists or Arrow arrays, days datetime64 arrays, numbers NumPy arrays.
    """
    import pyarrow

    table = pyarrow.table(dict(columns))
    half = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        if _is_parquet(path):
            import pyarrow.parquet

            pyarrow.parquet.write_table(table, half)
        elif _is_packed(path):
            with open(half, "wb") as raw, gzip.GzipFile("", "wb", 5, raw, mtime=0) as packed:
                _write_csv(packed, table)
        else:
            with open(half, "wb") as raw:
                _write_csv(raw, table)
        half.replace(path)
    except OSError as problem:
        half.unlink(missing_ok=True)
        raise BadInput(
            _("%(file)s cannot be written: %(why)s.") % {"file": path, "why": _why(problem)}
        ) from None


def beside(path: Path, suffix: str) -> Path:
    """The path of a second output: `f.csv.gz` and `_lead` give `f_lead.csv.gz`."""
    stem, dot, ending = path.name.partition(".")
    return path.with_name(f"{stem}{suffix}{dot}{ending}") if stem else path.with_name(path.name + suffix)


# ---- kinds of file ---------------------------------------------------------------------------


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in (".parquet", ".pq")


def _is_packed(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def _open_bytes(path: Path) -> Any:
    return gzip.open(path, "rb") if _is_packed(path) else open(path, "rb")


def _why(problem: OSError) -> str:
    return (problem.strerror or str(problem)).rstrip(".").lower()


def _columns_of(path: Path) -> list[str]:
    if _is_parquet(path):
        import pyarrow
        import pyarrow.parquet

        try:
            return list(pyarrow.parquet.read_schema(path).names)
        except pyarrow.ArrowInvalid:
            raise BadInput(_("%(file)s is no Parquet file.") % {"file": path.name}) from None
    try:
        with _open_bytes(path) as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
            return next(csv.reader(text), [])
    except (UnicodeDecodeError, csv.Error, EOFError):
        raise BadInput(_("%(file)s is no UTF-8 text with commas.") % {"file": path.name}) from None


def _check_columns(name: str, columns: Sequence[str], required: Sequence[str]) -> None:
    if not columns:
        raise BadInput(_("%(file)s is empty.") % {"file": name})
    for column in required:
        if column not in columns:
            raise BadInput(
                _("%(file)s, row 1: the column %(column)s is missing.") % {"file": name, "column": column}
            )
    for column in columns:
        if columns.count(column) > 1:
            raise BadInput(
                _("%(file)s, row 1: the column %(column)s stands there twice.")
                % {"file": name, "column": column}
            )


# ---- reading ---------------------------------------------------------------------------------


def _read_csv(path: Path, wanted: Mapping[str, Kind]) -> Any:
    import pyarrow
    import pyarrow.csv

    words = pyarrow.dictionary(pyarrow.int32(), pyarrow.string())
    # One thread: two cost half as much processor time again, and read no faster than one by much.
    # Columns are all read as what they must be; only where that fails is the file looked at cell by cell.
    options = pyarrow.csv.ConvertOptions(
        column_types={
            column: pyarrow.float64() if kind is Kind.NUMBER else words for column, kind in wanted.items()
        },
        include_columns=list(wanted),
        null_values=[""],
        strings_can_be_null=True,
    )
    try:
        with _open_bytes(path) as raw:
            return pyarrow.csv.read_csv(
                raw,
                read_options=pyarrow.csv.ReadOptions(block_size=1 << 22, use_threads=False),
                convert_options=options,
            )
    except (pyarrow.ArrowException, gzip.BadGzipFile, EOFError) as problem:
        _find_fault(path, wanted)
        raise BadInput(f"{path.name}: {problem}") from None


def _find_fault(path: Path, wanted: Mapping[str, Kind]) -> None:
    """Raise for the first cell or row that made reading fail."""
    try:
        for number, row in _plain_rows(path):
            for column, kind in wanted.items():
                text = row.get(column)
                if text is None or None in row:
                    raise cell_fault(
                        path.name, number, column, _("the row has not as many cells as the header.")
                    )
                if kind is Kind.NUMBER:
                    _check_number(path.name, number, column, text)
    except (UnicodeDecodeError, csv.Error, gzip.BadGzipFile, EOFError):
        raise BadInput(_("%(file)s is no UTF-8 text with commas.") % {"file": path.name}) from None


def _plain_rows(path: Path) -> Iterator[tuple[int, dict[Any, Any]]]:
    with _open_bytes(path) as raw, io.TextIOWrapper(raw, "utf-8-sig", newline="") as text:
        reader = csv.DictReader(text)
        yield from enumerate(reader, start=_HEADER_ROWS + 1)


def _check_number(name: str, row: int, column: str, text: str) -> None:
    try:
        if text.strip():
            float(text)
    except ValueError:
        raise _no_number(name, row, column, text) from None


def _no_number(name: str, row: int, column: str, text: str) -> BadInput:
    return cell_fault(name, row, column, _("“%(text)s” is no number.") % {"text": text})


def _read_parquet(path: Path, wanted: Mapping[str, Kind]) -> Any:
    import pyarrow
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(path, columns=list(wanted))
    for column, kind in wanted.items():
        place = table.column_names.index(column)
        table = table.set_column(place, column, _as_kind(path.name, column, table.column(column), kind))
    return table


def _as_kind(name: str, column: str, values: Any, kind: Kind) -> Any:
    import pyarrow
    import pyarrow.compute as compute

    stored = values.type.value_type if pyarrow.types.is_dictionary(values.type) else values.type
    if kind is not Kind.NUMBER:
        return _as_words(values)
    values = compute.cast(values, stored)
    if pyarrow.types.is_string(stored) or pyarrow.types.is_large_string(stored):
        for row, text in enumerate(values.to_pylist()):
            _check_number(name, row + _HEADER_ROWS + 1, column, text or "")
    if pyarrow.types.is_floating(stored):
        values = compute.if_else(compute.is_nan(values), None, values)
    try:
        return compute.cast(values, pyarrow.float64())
    except pyarrow.ArrowException:
        raise BadInput(
            _("%(file)s: the column %(column)s holds no numbers.") % {"file": name, "column": column}
        ) from None


def _as_words(values: Any) -> Any:
    """Whatever stands there as text, each different value turned once."""
    import pyarrow

    if not pyarrow.types.is_dictionary(values.type):
        values = values.dictionary_encode()
    whole = values.unify_dictionaries().combine_chunks()
    words = [
        None if value is None else value.isoformat() if isinstance(value, date) else str(value)
        for value in whole.dictionary.to_pylist()
    ]
    array = pyarrow.DictionaryArray.from_arrays(whole.indices, pyarrow.array(words, pyarrow.string()))
    return pyarrow.chunked_array([array])


def _table(name: str, arrow: Any, wanted: Mapping[str, Kind], others: tuple[str, ...]) -> Table:
    import numpy as np

    table = Table(name, arrow.num_rows, {}, {}, {}, others)
    for column, kind in wanted.items():
        values = arrow.column(column)
        if kind is Kind.NUMBER:
            table.numbers[column] = _numbers(table, column, values)
            continue
        texts = _texts(values)
        if kind is Kind.TEXT:
            table.texts[column] = texts
            continue
        blank = np.flatnonzero(texts.codes == _MISSING)
        if blank.size:
            raise table.fault(int(blank[0]), column, _("the date is missing."))
        table.days[column] = _days(table, column, texts)
    return table


def _texts(values: Any) -> Texts:
    import numpy as np

    whole = values.unify_dictionaries().combine_chunks()
    indices = whole.indices
    codes = (indices.fill_null(_MISSING) if indices.null_count else indices).to_numpy(zero_copy_only=False)
    found = whole.dictionary.to_pylist()
    if "" in found:  # a blank may be written as "" too
        codes = np.where(codes == found.index(""), np.int32(_MISSING), codes)
    return Texts(found, codes)


def _numbers(table: Table, column: str, values: Any) -> NDArray[np.float64]:
    import numpy as np

    numbers = values.to_numpy()
    odd = ~np.isfinite(numbers)  # a blank is NaN by now, like the word
    if odd.any():
        given = values.is_valid().to_numpy()
        wrong = np.flatnonzero(odd & given)
        if wrong.size:
            row = int(wrong[0])
            raise _no_number(table.name, row + _HEADER_ROWS + 1, column, str(numbers[row]))
        numbers = np.where(given, numbers, np.nan)
    return numbers


def _days(table: Table, column: str, texts: Texts) -> Days:
    import numpy as np

    days = []
    for code, text in enumerate(texts.values):
        day = _day(text)
        if day is None and (rows := np.flatnonzero(texts.codes == code)).size:
            raise table.fault(
                int(rows[0]), column, _("“%(text)s” is no date; write it as 2026-01-31.") % {"text": text}
            )
        days.append(day or date.min)
    return Days(np.array(days, dtype="datetime64[D]"), texts.codes)


def _day(text: str) -> date | None:
    try:
        if len(text) == len("2026-01-31"):
            return date.fromisoformat(text)
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.date() if moment.time().isoformat() == "00:00:00" else None


# ---- writing ---------------------------------------------------------------------------------


def _write_csv(out: Any, table: Any) -> None:
    import pyarrow
    import pyarrow.csv

    header = io.StringIO()
    csv.writer(header, lineterminator="\n").writerow(table.column_names)
    out.write(header.getvalue().encode())
    plain = pyarrow.csv.WriteOptions(include_header=False, quoting_style="none")
    quoted = pyarrow.csv.WriteOptions(include_header=False, quoting_style="needed")
    # Arrow quotes all texts or none; quotes are needed only around commas, quotes and line ends.
    pyarrow.csv.write_csv(table, out, quoted if _needs_quotes(table) else plain)


def _needs_quotes(table: Any) -> bool:
    import pyarrow
    import pyarrow.compute as compute

    for values in table.columns:
        if pyarrow.types.is_dictionary(values.type):
            texts = pyarrow.chunked_array([chunk.dictionary for chunk in values.chunks])
        elif pyarrow.types.is_string(values.type):
            texts = values
        else:
            continue
        if compute.any(compute.match_substring_regex(texts, '[",\r\n]')).as_py():
            return True
    return False
