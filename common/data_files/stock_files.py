"""The files of stock now and of suppliers' terms, one row per series."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from common.data_files.history import History
from common.data_files.tables import Kind, Table, read_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_ON_ORDER = re.compile(r"on_order_([1-9][0-9]{0,3})")
TERM_NUMBERS = (
    "lead_time",
    "lead_time_sd",
    "review",
    "unit_cost",
    "price",
    "holding_cost",
    "shortage_cost",
    "backorder",
    "pack",
    "moq",
    "min_order_value",
    "order_cost",
    "shelf_life",
    "capacity",
    "freight",
    "free_freight_from",
)


@dataclass(frozen=True, slots=True)
class State:
    """Stock now, by series of the history.

    listed: whether the file has the series. on_hand: units, 0 where it has none.
    on_order: series x periods; column k - 1 arrives at the start of the k-th period from now.
    """

    name: str
    listed: NDArray[np.bool_]
    on_hand: NDArray[np.float64]
    on_order: NDArray[np.float64]
    rows: NDArray[np.int64]  # of each series in the file as a spreadsheet counts; 0 where it has none


@dataclass(frozen=True, slots=True)
class Terms:
    """What suppliers ask, by series of the history; NaN is blank, defaults are the planner's.

    numbers: every column of TERM_NUMBERS. supplier: "" is one of its own.
    breaks: pairs of (quantity from, unit cost), by rising quantity.
    """

    name: str
    listed: NDArray[np.bool_]
    supplier: tuple[str, ...]
    numbers: dict[str, NDArray[np.float64]]
    breaks: tuple[tuple[tuple[float, float], ...], ...]
    rows: NDArray[np.int64]
    warnings: tuple[str, ...]


def read_state(path: Path, history: History) -> State:
    """Raises BadInput for a series the history has not, a series twice, and a number that is none."""
    import numpy as np

    table = read_table(
        path,
        {"series": Kind.TEXT, "on_hand": Kind.NUMBER},
        required=("series", "on_hand"),
        other_numbers=lambda column: _ON_ORDER.fullmatch(column) is not None,
    )
    place, rows = _places(table, history)
    on_hand = np.zeros(len(history.series))
    on_hand[place] = np.nan_to_num(table.numbers["on_hand"])
    ahead = {int(column.rpartition("_")[2]): column for column in table.numbers if column != "on_hand"}
    on_order = np.zeros((len(history.series), max(ahead, default=0)))
    for number, column in ahead.items():
        on_order[place, number - 1] = np.nan_to_num(table.numbers[column])
    return State(table.name, rows > 0, on_hand, on_order, rows)


def read_terms(path: Path, history: History) -> Terms:
    """Raises BadInput as `read_state` does, and for price breaks that cannot be read."""
    import numpy as np

    kinds = dict.fromkeys(TERM_NUMBERS, Kind.NUMBER) | dict.fromkeys(
        ("series", "supplier", "breaks"), Kind.TEXT
    )
    table = read_table(path, kinds, required=("series",))
    place, rows = _places(table, history)
    numbers = {}
    for column in TERM_NUMBERS:
        numbers[column] = np.full(len(history.series), np.nan)
        if column in table.numbers:
            numbers[column][place] = table.numbers[column]
    supplier = [""] * len(history.series)
    breaks: list[tuple[tuple[float, float], ...]] = [()] * len(history.series)
    for row, number in enumerate(place):
        if "supplier" in table.texts:
            supplier[number] = table.texts["supplier"].at(row)
        if "breaks" in table.texts:
            breaks[number] = _breaks(table, row)
    warnings = []
    if table.others:
        warnings.append(
            _("%(file)s: columns that are not read: %(columns)s.")
            % {"file": table.name, "columns": ", ".join(table.others)}
        )
    return Terms(table.name, rows > 0, tuple(supplier), numbers, tuple(breaks), rows, tuple(warnings))


def _places(table: Table, history: History) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The series number of each row, and the row of each series counted from the header as 1."""
    import numpy as np

    known = {name: number for number, name in enumerate(history.series)}
    rows = np.zeros(len(history.series), dtype=np.int64)
    place = np.empty(table.rows, dtype=np.int64)
    for row in range(table.rows):
        name = table.texts["series"].at(row)
        if (number := known.get(name)) is None:
            raise table.fault(
                row,
                "series",
                _("“%(name)s” is not in %(history)s.") % {"name": name, "history": history.name},
            )
        if rows[number]:
            raise table.fault(row, "series", _("a second row for the series %(name)s.") % {"name": name})
        place[row], rows[number] = number, row + 2
    return place, rows


def _breaks(table: Table, row: int) -> tuple[tuple[float, float], ...]:
    """`48:0.95;96:0.90` as numbers."""
    text = table.texts["breaks"].at(row)
    found = []
    try:
        for part in filter(None, (piece.strip() for piece in text.split(";"))):
            quantity, cost = (float(number) for number in part.split(":"))
            if not (0 < quantity < float("inf") and 0 <= cost < float("inf")):
                raise ValueError(part)
            found.append((quantity, cost))
    except ValueError:
        raise table.fault(
            row, "breaks", _("“%(text)s” cannot be read; write 48:0.95;96:0.90.") % {"text": text}
        ) from None
    return tuple(sorted(found))
