"""The terms of a file, with their defaults and every refusal at its cell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from common.data_files.history import History
from common.data_files.stock_files import Terms
from common.data_files.tables import cell_fault
from common.units import PRICE_SCALE
from replenishment.queries import DEFAULTS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from replenishment.engine.types import Supplier

# Money in files is taken to a hundredth, a unit price to a ten-thousandth of that.
MINOR = 100
PERIODS_IN_YEAR = {"D": 365.0, "W": 365 / 7, "M": 12.0}
# How far a plan looks beyond the next order.
_LOOK_AHEAD = {"D": 91, "W": 16, "M": 6}
_PERCENT = 100_00
LARGEST = 10**9


class Deal:
    """The terms with their defaults; every refusal names its cell."""

    def __init__(self, terms: Terms, history: History) -> None:
        import numpy as np

        self.terms, self.history = terms, history
        numbers = terms.numbers
        self.year = PERIODS_IN_YEAR[history.steps.freq]
        self.lead = self._whole("lead_time", 0, least=0, most=400)
        self.lead_sd = self._number("lead_time_sd", 0.0)
        self.review = self._whole("review", 1, least=1, most=400)
        self.pack = self._number("pack", 1.0, least=0.001)
        self.moq = self._number("moq", 0.0)
        self.backorder = self._number("backorder", 0.0)
        self._check(~np.isin(self.backorder, (0.0, 1.0)), "backorder", _("write 1 or 0."))
        self.shelf_life = self._number("shelf_life", np.nan)
        self.capacity = self._number("capacity", np.nan)
        self.unit_cost = self._number("unit_cost", np.nan)
        self.price = self._number("price", np.nan)
        self.price = np.where(np.isnan(self.price), _last_price(history), self.price)
        holding = self._number("holding_cost", np.nan)
        self.holding = np.where(
            np.isnan(holding), DEFAULTS.holding / _PERCENT * self.unit_cost / self.year, holding
        )
        self._check(
            np.isnan(self.holding),
            "holding_cost",
            _("neither holding_cost nor unit_cost, from which it could be derived, is given."),
        )
        shortage = self._number("shortage_cost", np.nan)
        margin = np.maximum(self.price - self.unit_cost, 0.0)
        self.shortage = np.where(
            np.isnan(shortage), margin + DEFAULTS.goodwill / _PERCENT * self.unit_cost, shortage
        )
        self._check(
            np.isnan(self.shortage),
            "shortage_cost",
            _("neither shortage_cost nor price and unit_cost, from which it could be derived, are given."),
        )
        for column in ("min_order_value", "order_cost", "freight", "free_freight_from"):
            self._number(column, 0.0)
        self._check(np.isnan(numbers["unit_cost"]) & (numbers["min_order_value"] > 0), "unit_cost", _needed())
        self._check(
            np.isnan(numbers["unit_cost"]) & (numbers["freight"] > 0) & (numbers["free_freight_from"] > 0),
            "unit_cost",
            _needed(),
        )
        self._check_suppliers()

    @property
    def horizon(self) -> int:
        """Periods that the plan may look at."""
        look_ahead = _LOOK_AHEAD[self.history.steps.freq]
        listed = self.terms.listed
        if not listed.any():
            return look_ahead
        cover = self.lead + 3 * self.lead_sd + 2 * self.review
        return int(cover[listed].max()) + look_ahead

    def key(self, row: int) -> str:
        """The supplier of a series; a blank one is one of its own."""
        name = self.terms.supplier[row]
        return f"s {name}" if name else f"r {row}"

    def suppliers(self, rows: list[int], *, with_budget: bool) -> dict[Any, Supplier]:
        import numpy as np

        from replenishment.engine.types import Supplier

        if with_budget:
            costless = np.isnan(self.unit_cost)
            costless[[row for row in range(len(costless)) if row not in set(rows)]] = False
            self._check(costless, "unit_cost", _needed())
        found: dict[Any, Supplier] = {}
        for row in rows:
            figures = {name: self.terms.numbers[name][row] for name in _OF_SUPPLIER}
            free = figures["free_freight_from"]
            found[self.key(row)] = Supplier(
                key=self.key(row),
                minimum_value=_up(figures["min_order_value"]),
                order_cost=_amount(figures["order_cost"]),
                freight=_amount(figures["freight"]),
                free_freight_from=None if np.isnan(free) else _up(free),
            )
        return found

    def _check_suppliers(self) -> None:
        """What belongs to the supplier is equal on its rows."""
        first: dict[str, int] = {}
        for row in sorted(range(len(self.terms.rows)), key=lambda row: self.terms.rows[row]):
            if not self.terms.listed[row] or not self.terms.supplier[row]:
                continue
            other = first.setdefault(self.terms.supplier[row], row)
            for column in _OF_SUPPLIER:
                mine, theirs = (self.terms.numbers[column][one] for one in (row, other))
                if mine != theirs and not (mine != mine and theirs != theirs):
                    raise cell_fault(
                        self.terms.name,
                        int(self.terms.rows[row]),
                        column,
                        _("%(column)s of %(supplier)s is another one in row %(row)d.")
                        % {
                            "column": column,
                            "supplier": self.terms.supplier[row],
                            "row": int(self.terms.rows[other]),
                        },
                    )

    def _number(self, column: str, default: float, *, least: float = 0.0) -> NDArray[np.float64]:
        import numpy as np

        values = self.terms.numbers[column]
        self._check(values < least, column, _("the number is below %(least)s.") % {"least": f"{least:g}"})
        self._check(values > LARGEST, column, _("the number is too large."))
        return np.where(np.isnan(values), default, values)

    def _whole(self, column: str, default: int, *, least: int, most: int) -> NDArray[np.int64]:
        import numpy as np

        values = self._number(column, float(default), least=least)
        self._check(values > most, column, _("the number is too large."))
        return np.rint(values).astype(np.int64)

    def _check(self, wrong: NDArray[np.bool_], column: str, sentence: str) -> None:
        import numpy as np

        rows = np.flatnonzero(wrong & self.terms.listed)
        if rows.size:
            raise cell_fault(self.terms.name, int(self.terms.rows[rows].min()), column, sentence)


_OF_SUPPLIER = ("min_order_value", "order_cost", "freight", "free_freight_from")


def _needed() -> str:
    return _("it is needed here and not given.")


def _last_price(history: History) -> NDArray[np.float64]:
    """What each series sold for last; NaN where the history never says."""
    import numpy as np

    if history.price is None:
        return np.full(len(history.series), np.nan)
    known = np.isfinite(history.price)
    last = history.periods - 1 - np.argmax(known[:, ::-1], axis=1)
    prices = history.price[np.arange(len(known)), last].astype(float)
    return np.where(known.any(axis=1), prices, np.nan)


def _amount(value: float) -> int:
    return 0 if value != value else round(value * MINOR)


def _up(value: float) -> int:
    import math

    return 0 if value != value else math.ceil(value * MINOR - 1e-6)


def unit_cost_of(value: float) -> int:
    return 0 if value != value else round(float(value) * MINOR * PRICE_SCALE)
