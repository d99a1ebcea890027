"""A file of what is known ahead: prices, promotions, events and other drivers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from common.data_files.calendar import Steps
from common.data_files.history import History
from common.data_files.tables import Kind, Table, read_table

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_COLUMNS = {
    "date": Kind.DAY,
    "series": Kind.TEXT,
    "group": Kind.TEXT,
    "event": Kind.TEXT,
    "price": Kind.NUMBER,
    "promo": Kind.NUMBER,
}
_ALL = -1  # a row for every series


@dataclass(frozen=True, slots=True)
class Covariates:
    """Known drivers over the periods of a history and `horizon` more.

    numbers: by column (`price`, `promo`, further ones), series x periods, float32; NaN where the
        file is silent. A row for a series overrides one for its group, and that one for all.
    events: by name, series x periods or 1 x periods where they hold for all; True on the day.
    """

    numbers: dict[str, NDArray[np.float32]]
    events: dict[str, NDArray[np.bool_]]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Rows:
    """The rows that fall into the time asked for, and whom each is about."""

    kept: NDArray[np.int64]  # rows of the table
    step: NDArray[np.int64]
    series: NDArray[np.int64]  # number of the series, or _ALL
    group: NDArray[np.int64]  # number of the group, or _ALL


def read_covariates(path: Path, history: History, horizon: int) -> Covariates:
    """Read what is known about the periods of `history` and the `horizon` after it.

    Rows for other days, series or groups are left out with a warning. Raises BadInput for what
    cannot be read as described, and for two rows for one series, group and date.
    """
    import numpy as np

    table = read_table(path, _COLUMNS, required=("date",), other_numbers=lambda column: True)
    warnings: list[str] = []
    rows = _rows(table, history, horizon, warnings)
    length = history.periods + horizon
    groups = _group_codes(history)
    numbers = {
        column: _numbers(table.numbers[column], rows, groups, len(history.series), length)
        for column in table.numbers
    }
    events = _events(table, rows, groups, len(history.series), length) if "event" in table.texts else {}
    for column, values in numbers.items():
        told = np.flatnonzero(np.isfinite(values).any(axis=0))
        if told.size and history.periods <= told[-1] < length - 1:
            day = history.steps.days(int(told[-1]), 1)[0]
            warnings.append(
                _("%(file)s: %(column)s ends on %(day)s, before the forecast does; its last value goes on.")
                % {"file": table.name, "column": column, "day": day}
            )
    return Covariates(numbers, events, tuple(warnings))


def _rows(table: Table, history: History, horizon: int, warnings: list[str]) -> _Rows:
    import numpy as np

    steps: Steps = history.steps
    days = table.days["date"]
    between = ~steps.fits(days.values)[days.codes]
    step = steps.number(days.values)[days.codes]
    inside = (step >= 0) & (step < history.periods + horizon) & ~between
    series = _numbers_of(table, "series", history.series)
    group = _numbers_of(table, "group", _groups(history))
    for column, codes in (("series", series), ("group", group)):
        unknown = np.flatnonzero(codes < _ALL)
        if unknown.size:
            warnings.append(
                _("%(file)s, row %(row)d: %(column)s “%(name)s” is not in %(history)s; left out.")
                % {
                    "file": table.name,
                    "row": int(unknown[0]) + 2,
                    "column": column,
                    "name": table.texts[column].at(int(unknown[0])),
                    "history": history.name,
                }
            )
    if between.any():
        warnings.append(
            _("%(file)s, row %(row)d: %(day)s begins no period of %(history)s; left out.")
            % {
                "file": table.name,
                "row": int(np.argmax(between)) + 2,
                "day": days.at(int(np.argmax(between))),
                "history": history.name,
            }
        )
    kept = np.flatnonzero(inside & (series >= _ALL) & (group >= _ALL))
    rows = _Rows(kept, step[kept], series[kept], group[kept])
    _check_once(table, rows)
    return rows


def _numbers_of(table: Table, column: str, names: Sequence[str]) -> NDArray[np.int64]:
    """For each row the place of its name in `names`, -1 for a blank and -2 for a stranger."""
    import numpy as np

    if column not in table.texts:
        return np.full(table.rows, _ALL)
    place = {name: number for number, name in enumerate(names)}
    texts = table.texts[column]
    known = np.array([*(place.get(name, _ALL - 1) for name in texts.values), _ALL])
    return known[texts.codes]  # code -1 is the last


def _groups(history: History) -> tuple[str, ...]:
    return tuple(sorted(set(history.group) - {""}))


def _group_codes(history: History) -> NDArray[np.int64]:
    import numpy as np

    place = {name: number for number, name in enumerate(_groups(history))}
    return np.array([place.get(name, _ALL - 1) for name in history.group])


def _check_once(table: Table, rows: _Rows) -> None:
    import numpy as np

    order = np.lexsort((rows.kept, rows.step, rows.group, rows.series))
    same = np.ones(max(len(order) - 1, 0), dtype=bool)
    for codes in (rows.series, rows.group, rows.step):
        same &= codes[order[1:]] == codes[order[:-1]]
    if same.any():
        row = int(rows.kept[order[1:][same]].min())
        raise table.fault(
            row,
            "date",
            _("a second row for the same series, group and date %(day)s.")
            % {"day": table.days["date"].at(row)},
        )


def _numbers(
    values: NDArray[np.float64], rows: _Rows, groups: NDArray[np.int64], series: int, length: int
) -> NDArray[np.float32]:
    import numpy as np

    spread = np.full((series, length), np.nan, dtype=np.float32)
    told = values[rows.kept]
    given = np.isfinite(told)
    general = given & (rows.series == _ALL)
    for_all = general & (rows.group == _ALL)
    spread[:, rows.step[for_all]] = told[for_all]
    for_group = general & (rows.group != _ALL)
    if for_group.any():
        by_group = np.full((int(rows.group.max()) + 1, length), np.nan, dtype=np.float32)
        by_group[rows.group[for_group], rows.step[for_group]] = told[for_group]
        member = np.flatnonzero((groups >= 0) & (groups < len(by_group)))
        own = by_group[groups[member]]
        spread[member] = np.where(np.isfinite(own), own, spread[member])
    for_one = given & (rows.series != _ALL)
    spread[rows.series[for_one], rows.step[for_one]] = told[for_one]
    return spread


def _events(
    table: Table, rows: _Rows, groups: NDArray[np.int64], series: int, length: int
) -> dict[str, NDArray[np.bool_]]:

    texts = table.texts["event"]
    codes = texts.codes[rows.kept]
    found: dict[str, NDArray[np.bool_]] = {}
    for code, joined in enumerate(texts.values):
        here = codes == code
        if not here.any():
            continue
        for name in filter(None, (part.strip() for part in joined.split("+"))):
            known = found.get(name)
            found[name] = _marked(known, here, rows, groups, series, length)
    return dict(sorted(found.items()))


def _marked(
    marks: NDArray[np.bool_] | None,
    here: NDArray[np.bool_],
    rows: _Rows,
    groups: NDArray[np.int64],
    series: int,
    length: int,
) -> NDArray[np.bool_]:
    import numpy as np

    general = here & (rows.series == _ALL) & (rows.group == _ALL)
    marks = np.zeros((1, length), dtype=bool) if marks is None else marks
    marks[:, rows.step[general]] = True
    if np.array_equal(here, general):
        return marks
    marks = np.repeat(marks, series, axis=0) if len(marks) == 1 else marks
    for group in np.unique(rows.group[here & (rows.series == _ALL) & ~general]):
        of_group = here & (rows.series == _ALL) & (rows.group == group)
        marks[np.ix_(groups == group, rows.step[of_group])] = True
    one = here & (rows.series != _ALL)
    marks[rows.series[one], rows.step[one]] = True
    return marks
