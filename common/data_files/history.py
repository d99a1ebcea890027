"""A file of past sales as a table of series by period."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.data_files.calendar import Steps
from common.data_files.tables import Days, Kind, Table, Texts, read_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COLUMNS = {
    "series": Kind.TEXT,
    "date": Kind.DAY,
    "quantity": Kind.NUMBER,
    "in_stock": Kind.NUMBER,
    "stock_end": Kind.NUMBER,
    "price": Kind.NUMBER,
    "promo": Kind.NUMBER,
    "category": Kind.TEXT,
    "group": Kind.TEXT,
}
# Series x periods; more than this is a wrong date, or needs more memory than a shop's machine has.
_MOST_CELLS = 400_000_000


@dataclass(frozen=True, slots=True)
class History:
    """Arrays are series x periods, float32; a period is a day, a week or a month from `steps`.

    series: names, in the order in which the file first has them.
    sold: units; NaN before a series begins and where it is not known. 0 where the file is silent.
    in_stock: False where the file says that nothing was there to sell; None without such a column.
    stock_end: on hand when the period ended; NaN where the file is silent; None without the column.
    price, promo: NaN where the file is silent; None without the column.
    category, group: by series, "" where the file has none.
    """

    name: str
    steps: Steps
    series: tuple[str, ...]
    sold: NDArray[np.float32]
    in_stock: NDArray[np.bool_] | None
    stock_end: NDArray[np.float32] | None
    price: NDArray[np.float32] | None
    promo: NDArray[np.float32] | None
    category: tuple[str, ...]
    group: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def periods(self) -> int:
        return self.sold.shape[1]


def read_history(path: Path, freq: str) -> History:
    """Read a history file of the frequency "D", "W" or "M".

    Raises BadInput for what cannot be read as described: a missing column, a bad number or date, a
    date between the steps, two rows for one series and date.
    """
    import numpy as np

    table = read_table(path, _COLUMNS, required=("series", "date", "quantity"))
    names = table.texts["series"]
    blank = np.flatnonzero(names.codes < 0)
    if blank.size:
        raise table.fault(int(blank[0]), "series", _("the name of the series is missing."))
    days = table.days["date"]
    steps = Steps(freq, _used_days(days).min())
    _check_steps(table, steps)
    numbers = steps.number(days.values).astype(np.int32)[days.codes]
    shape = (len(names.values), int(numbers.max()) + 1)
    _check_size(table, shape)
    cells = names.codes * np.int32(shape[1]) + numbers
    _check_once(table, cells, shape[0] * shape[1])
    warnings: list[str] = []
    sold = _sold(table, cells, shape, numbers, warnings)
    in_stock = None
    if "in_stock" in table.numbers:
        in_stock = _spread(table.numbers["in_stock"], cells, shape) != 0  # blank is in stock
    if table.others:
        warnings.append(
            _("%(file)s: columns that are not read: %(columns)s.")
            % {"file": table.name, "columns": ", ".join(table.others)}
        )
    return History(
        name=table.name,
        steps=steps,
        series=tuple(names.values),
        sold=sold,
        in_stock=in_stock,
        stock_end=_optional(table, "stock_end", cells, shape),
        price=_optional(table, "price", cells, shape),
        promo=_optional(table, "promo", cells, shape),
        category=_label(table, "category", names, warnings),
        group=_label(table, "group", names, warnings),
        warnings=tuple(warnings),
    )


def _used_days(days: Days) -> NDArray[np.datetime64]:
    import numpy as np

    # A Parquet file may name days that no row has.
    return days.values[np.unique(days.codes)]


def _check_steps(table: Table, steps: Steps) -> None:
    import numpy as np

    days = table.days["date"]
    between = ~steps.fits(days.values)
    if not between.any():
        return
    wrong = np.flatnonzero(between[days.codes])
    if not wrong.size:
        return
    row = int(wrong[0])
    day = days.at(row)
    if steps.freq == "M":
        sentence = _("%(day)s is not the first of a month.") % {"day": day}
    else:
        sentence = _("%(day)s is not a number of whole weeks after %(first)s.") % {
            "day": day,
            "first": steps.first,
        }
    raise table.fault(row, "date", sentence)


def _check_size(table: Table, shape: tuple[int, int]) -> None:
    import numpy as np

    if shape[0] * shape[1] <= _MOST_CELLS:
        return
    days = table.days["date"]
    used = _used_days(days)
    row = int(np.argmax(days.values[days.codes] == used.min()))
    raise table.fault(
        row,
        "date",
        _("%(series)d series from %(first)s to %(last)s are too many to hold; is a date wrong?")
        % {"series": shape[0], "first": used.min(), "last": used.max()},
    )


def _check_once(table: Table, cells: NDArray[np.int32], size: int) -> None:
    import numpy as np

    seen = np.zeros(size, dtype=bool)
    seen[cells] = True
    if int(seen.sum()) == len(cells):
        return
    order = np.argsort(cells, kind="stable")
    again = order[1:][cells[order[1:]] == cells[order[:-1]]]
    row = int(again.min())
    raise table.fault(
        row,
        "date",
        _("a second row for the series %(series)s and the date %(day)s.")
        % {"series": table.texts["series"].at(row), "day": table.days["date"].at(row)},
    )


def _sold(
    table: Table,
    cells: NDArray[np.int32],
    shape: tuple[int, int],
    numbers: NDArray[np.int32],
    warnings: list[str],
) -> NDArray[np.float32]:
    import numpy as np

    quantity = table.numbers["quantity"]
    returned = quantity < 0
    if returned.any():
        count = int(returned.sum())
        warnings.append(
            ngettext(
                "%(file)s: %(count)d negative quantity, the first in row %(row)d,"
                " was read as returns: 0 sold.",
                "%(file)s: %(count)d negative quantities, the first in row %(row)d,"
                " were read as returns: 0 sold.",
                count,
            )
            % {"file": table.name, "count": count, "row": int(np.argmax(returned)) + 2}
        )
        quantity = np.where(returned, 0.0, quantity)
    # A period without a row sold nothing; before the first row of its series nothing is known.
    sold = np.zeros(shape[0] * shape[1], dtype=np.float32)
    sold[cells] = quantity
    begins = np.full(shape[0], shape[1], dtype=np.int32)
    np.minimum.at(begins, table.texts["series"].codes, numbers)
    sold = sold.reshape(shape)
    sold[np.arange(shape[1])[None, :] < begins[:, None]] = np.nan
    return sold


def _spread(
    values: NDArray[np.float64], cells: NDArray[np.int32], shape: tuple[int, int]
) -> NDArray[np.float32]:
    import numpy as np

    spread = np.full(shape[0] * shape[1], np.nan, dtype=np.float32)
    spread[cells] = values
    return spread.reshape(shape)


def _optional(
    table: Table, column: str, cells: NDArray[np.int32], shape: tuple[int, int]
) -> NDArray[np.float32] | None:
    return _spread(table.numbers[column], cells, shape) if column in table.numbers else None


def _label(table: Table, column: str, names: Texts, warnings: list[str]) -> tuple[str, ...]:
    """The last word that each series has in a column."""
    import numpy as np

    if column not in table.texts:
        return ("",) * len(names.values)
    labels = table.texts[column]
    given = labels.codes >= 0
    last = np.full(len(names.values), -1, dtype=np.int32)
    if given.all():
        last[names.codes] = labels.codes  # later rows overwrite
    else:
        last[names.codes[given]] = labels.codes[given]
    changed = given & (labels.codes != last[names.codes])
    if changed.any():
        row = int(np.argmax(changed))
        warnings.append(
            _("%(file)s: the series %(series)s has more than one %(column)s; its last one counts.")
            % {"file": table.name, "series": names.at(row), "column": column}
        )
    return tuple("" if code < 0 else labels.values[code] for code in last)
