"""One ordering decision on files: forecast, calibrate, optimise. No database.

`Now` is the end of the file's last period. The forecasts that were possible at the end of each of the
last periods are made again, without anything later: what they missed says how far demand spreads, and
replaying their decisions how much of that to plan for.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.data_files.covariates import Covariates, read_covariates
from common.data_files.history import History, read_history
from common.data_files.stock_files import State, read_state, read_terms
from common.errors import BadInput
from common.units import QUANTITY_SCALE
from replenishment import words
from replenishment.file_terms import LARGEST, MINOR, PERIODS_IN_YEAR, Deal, unit_cost_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from forecasting.engine.panel import Panel
    from replenishment.engine.calibrate import Calibration
    from replenishment.engine.types import Item, Plan, Supplier

# Decisions of the past that are forecast again.
_ORIGINS = {"D": 56, "W": 56, "M": 24}
# Origins are thinned out where so many values would take too long; forecasts between go on from the last.
_MOST_VALUES = 9_000_000
# An origin with less before it teaches nothing.
_LEAST_HISTORY = {"D": 56, "W": 13, "M": 10}
# Fewer series of one lead time and review than this are planned by what holds in general.
_LEAST_SERIES = 30
# Up to so many periods until the next order each is taken for itself, beyond only their sum.
_SHORT = 4


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes into the output file and into the JSON line. Amounts as the files write them."""

    columns: dict[str, Any]
    facts: dict[str, Any]
    warnings: list[str] = field(default_factory=list)


def plan_files(
    *,
    history: Path,
    state: Path,
    terms: Path,
    freq: str,
    covariates: Path | None = None,
    budget: float | None = None,
    cache: Path | None = None,
) -> Answer:
    """Raises BadInput for files that cannot be read as described."""
    past = read_history(history, freq)
    stock = read_state(state, past)
    deal = Deal(read_terms(terms, past), past)
    known = read_covariates(covariates, past, deal.horizon) if covariates else None
    return decide(past, stock, deal, known, budget=budget, cache=cache)


def decide(
    past: History,
    stock: State,
    deal: Deal,
    known: Covariates | None = None,
    *,
    budget: float | None = None,
    cache: Path | None = None,
) -> Answer:
    """The same once the files are read."""
    freq = past.steps.freq
    warnings = [*past.warnings, *deal.terms.warnings, *(known.warnings if known else ())]
    rows = _planned_rows(past, stock, deal, warnings)
    forecasts = _Forecasts(past, known, deal.horizon, freq, cache)
    warnings += forecasts.now.warnings
    mean = forecasts.now.mean
    dispersion, calibrations = _calibrate(forecasts, deal, rows)
    whole = _in_whole_units(past)
    items = [
        _item(past, stock, deal, row, mean[row], float(dispersion[row]), calibrations[row], whole=whole)
        for row in rows
    ]
    plan = _decide(items, deal.suppliers(rows, with_budget=budget is not None), budget, freq)
    return _answer(past, plan, warnings)


def _planned_rows(history: History, state: State, deal: Deal, warnings: list[str]) -> list[int]:
    """The series that both files have; others are left out with a warning."""
    rows = []
    missing = []
    for row, name in enumerate(history.series):
        if state.listed[row] and deal.terms.listed[row]:
            rows.append(row)
        else:
            missing.append(name)
    if missing:
        warnings.append(
            ngettext(
                "%(count)d series has no row in %(state)s or %(terms)s and is not ordered: %(first)s.",
                "%(count)d series have no row in %(state)s or %(terms)s and are not ordered;"
                " the first is %(first)s.",
                len(missing),
            )
            % {"count": len(missing), "state": state.name, "terms": deal.terms.name, "first": missing[0]}
        )
    below = [row for row in rows if state.on_hand[row] < 0 and not deal.backorder[row]]
    if below:
        warnings.append(
            _("%(state)s: %(first)s has less than nothing on hand; that is taken as 0.")
            % {"state": state.name, "first": history.series[below[0]]}
        )
    return rows


# ---- forecasts ---------------------------------------------------------------------------------


class _Forecasts:
    """The forecast of now, and those that were possible at the end of each of the last periods."""

    def __init__(
        self, history: History, covariates: Covariates | None, horizon: int, freq: str, cache: Path | None
    ) -> None:
        from forecasting.engine.forecast import forecast_panel

        self.history, self.covariates, self.freq, self.cache = history, covariates, freq, cache
        self.codes = tuple(_codes(names) for names in (history.category, history.group))
        self.now = forecast_panel(self._panel(history.periods, horizon))

    def past(self, steps: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Means of `steps` periods, series x origins x steps, and the first period of each."""
        import numpy as np

        periods = self.history.periods
        first = max(periods - _ORIGINS[self.freq], _LEAST_HISTORY[self.freq])
        origins = np.arange(first, periods)
        values = len(self.history.series) * periods * max(len(origins), 1)
        stride = max(1, -(-values // _MOST_VALUES))
        means = np.zeros((len(self.history.series), len(origins), steps))
        for start in range(0, len(origins), stride):
            made = self._made(int(origins[start]), steps + stride - 1)
            for late in range(min(stride, len(origins) - start)):
                means[:, start + late] = made[:, late : late + steps]
        return means, origins

    def _made(self, periods: int, steps: int) -> NDArray[np.float64]:
        """The means that were possible after so many periods; kept in the cache."""
        import numpy as np

        from forecasting.engine.forecast import forecast_panel

        panel = self._panel(periods, steps)
        if self.cache is None:
            return forecast_panel(panel).mean
        kept = self.cache / f"{_digest(panel)}.npy"
        if kept.exists():
            found: NDArray[np.float64] = np.load(kept)
            return found
        mean = forecast_panel(panel).mean
        self.cache.mkdir(parents=True, exist_ok=True)
        half = kept.with_suffix(".part.npy")
        np.save(half, mean)
        half.replace(kept)
        return mean

    def _panel(self, periods: int, horizon: int) -> Panel:
        """What was known after so many periods. Prices and promotions of the days ahead were known."""
        import numpy as np

        from forecasting.engine.panel import Panel

        history, known = self.history, self.covariates
        demand = history.sold[:, :periods].astype(np.float32)
        if history.in_stock is not None:
            demand = np.where(history.in_stock[:, :periods], demand, np.float32(np.nan))
        at_least = None
        if history.stock_end is not None:
            at_least = (history.stock_end[:, :periods] <= 0) & np.isfinite(demand)
        numbers = dict(known.numbers) if known else {}
        price = _over(history.price, numbers.pop("price", None), periods, horizon, history.periods)
        promo = _over(history.promo, numbers.pop("promo", None), periods, horizon, history.periods)
        whole = periods + horizon
        return Panel(
            keys=history.series,
            demand=demand,
            first=history.steps.first,
            freq=self.freq,
            horizon=horizon,
            category=self.codes[0],
            group=self.codes[1],
            at_least=at_least,
            price=price,
            promo=promo,
            drivers={name: values[:, :whole] for name, values in numbers.items()},
            events={name: marks[:, :whole] for name, marks in (known.events if known else {}).items()},
        )


def _codes(names: tuple[str, ...]) -> NDArray[np.int64]:
    import numpy as np

    return np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)[1].astype(np.int64)


def _over(
    told: NDArray[np.float32] | None,
    ahead: NDArray[np.float32] | None,
    periods: int,
    horizon: int,
    all_periods: int,
) -> NDArray[np.float32] | None:
    """A driver over the past and the horizon: the covariates' word, else the history's, else unknown.

    What the history says of later periods was not known beforehand, so that it is left out.
    """
    import numpy as np

    if told is None and ahead is None:
        return None
    rows = len(told) if told is not None else len(ahead) if ahead is not None else 0
    values = np.full((rows, periods + horizon), np.nan, dtype=np.float32)
    if told is not None:
        values[:, :periods] = told[:, :periods]
    if ahead is not None:
        width = min(ahead.shape[1], periods + horizon)
        values[:, :width] = np.where(np.isfinite(ahead[:, :width]), ahead[:, :width], values[:, :width])
    return values


def _digest(panel: Panel) -> str:
    """What a forecast depends on, as a name."""
    import numpy as np

    digest = hashlib.sha256(f"1 {panel.freq} {panel.first} {panel.horizon} {panel.demand.shape}".encode())
    drivers = [values for name, values in sorted(panel.drivers.items())]
    events = [values for name, values in sorted(panel.events.items())]
    arrays = [panel.demand, panel.category, panel.group, panel.at_least, panel.price, panel.promo]
    for values in [*arrays, *drivers, *events]:
        if values is not None:
            digest.update(np.ascontiguousarray(values).tobytes())
    digest.update(repr((sorted(panel.drivers), sorted(panel.events))).encode())
    return digest.hexdigest()


# ---- deciding ----------------------------------------------------------------------------------


def _calibrate(
    forecasts: _Forecasts, deal: Deal, rows: list[int]
) -> tuple[NDArray[np.float64], dict[int, Calibration]]:
    """By series: variance over mean of a period, and what to plan for; see engine.calibrate."""
    import numpy as np

    from replenishment.engine.calibrate import Calibration, Past, Rules, calibrated, dispersions

    dispersion = np.ones(len(forecasts.history.series))
    groups: dict[tuple[int, int], list[int]] = defaultdict(list)
    for row in rows:
        groups[int(deal.lead[row]), int(deal.review[row])].append(row)
    found = dict.fromkeys(rows, Calibration())
    if not groups:
        return dispersion, found
    steps = max(lead + review for lead, review in groups)
    means, origins = forecasts.past(steps)
    demand = forecasts._panel(forecasts.history.periods, 1).demand.astype(float)
    if not len(origins):
        return dispersion, found
    for (lead, review), members in groups.items():
        chosen = np.array(members)
        past = Past(means[chosen][:, :, : lead + review], origins, demand[chosen])
        dispersion[chosen] = dispersions(past, summed=lead + review > _SHORT)
        if len(members) < _LEAST_SERIES:
            continue
        rules = Rules(
            lead=lead,
            review=review,
            holding=deal.holding[chosen],
            shortage=deal.shortage[chosen],
            pack=deal.pack[chosen],
            backorder=deal.backorder[chosen] == 1,
            whole=np.full(len(members), _in_whole_units(forecasts.history)),
        )
        calibration = calibrated(past, rules, dispersion[chosen])
        found.update(dict.fromkeys(members, calibration))
    return dispersion, found


def _in_whole_units(history: History) -> bool:
    import numpy as np

    sold = history.sold[np.isfinite(history.sold)]
    return bool((sold == np.rint(sold)).all())


def _item(
    history: History,
    state: State,
    deal: Deal,
    row: int,
    mean: NDArray[np.float64],
    dispersion: float,
    calibration: Calibration,
    *,
    whole: bool,
) -> Item:
    import numpy as np

    from replenishment.engine.types import Break, Item

    coming = state.on_order[row]
    on_hand = state.on_hand[row] if deal.backorder[row] else max(state.on_hand[row], 0.0)
    capacity, shelf_life = deal.capacity[row], deal.shelf_life[row]
    return Item(
        key=history.series[row],
        supplier=deal.key(row),
        mean=tuple(float(units) for units in np.nan_to_num(mean)),
        dispersion=1 + calibration.share * max(dispersion - 1, 0.0),
        lead=int(deal.lead[row]),
        lead_sd=float(deal.lead_sd[row]),
        review=int(deal.review[row]),
        in_whole_units=whole and bool(deal.pack[row] == np.rint(deal.pack[row])),
        on_hand=round(on_hand * QUANTITY_SCALE),
        arrivals=tuple(
            (period, round(float(quantity) * QUANTITY_SCALE))
            for period, quantity in enumerate(coming)
            if quantity
        ),
        unit_cost=unit_cost_of(deal.unit_cost[row]),
        holding=float(deal.holding[row]) * MINOR,
        shortage=float(deal.shortage[row]) * MINOR * calibration.dial,
        backorder=bool(deal.backorder[row] == 1),
        pack=round(float(deal.pack[row]) * QUANTITY_SCALE),
        minimum_quantity=round(float(deal.moq[row]) * QUANTITY_SCALE),
        breaks=tuple(
            Break(round(quantity * QUANTITY_SCALE), unit_cost_of(cost))
            for quantity, cost in deal.terms.breaks[row]
        ),
        capacity=None if np.isnan(capacity) else int(capacity * QUANTITY_SCALE),
        shelf_life=None if np.isnan(shelf_life) else int(shelf_life),
    )


def _decide(items: list[Item], suppliers: dict[Any, Supplier], budget: float | None, freq: str) -> Plan:
    from replenishment.engine.plan import plan_orders

    # More paths say more, and take longer: a few hundred series can have all of them.
    draws = 256 if len(items) <= 2_000 else 64
    return plan_orders(
        items,
        suppliers,
        budget=None if budget is None else int(budget * MINOR + 1e-6),
        draws=draws,
        periods_in_year=PERIODS_IN_YEAR[freq],
    )


def _answer(history: History, plan: Plan, warnings: list[str]) -> Answer:
    planned = {item.key: item for item in plan.items}
    quantities, reasons = [], []
    for name in history.series:
        if name in planned:
            quantities.append(planned[name].quantity / QUANTITY_SCALE)
            reasons.append(words.file_reason(planned[name]))
        else:
            quantities.append(0.0)
            reasons.append(_("not ordered: no state or no terms"))
    if all(quantity == int(quantity) for quantity in quantities):
        quantities = [int(quantity) for quantity in quantities]
    return Answer(
        columns={"series": list(history.series), "quantity": quantities, "reason": reasons},
        facts={
            "ordered": sum(bool(quantity) for quantity in quantities),
            "status": plan.status,
            "objective": round(plan.objective / MINOR, 4),
            "bound": round(plan.bound / MINOR, 4),
            "gap": round(plan.gap, 6),
        },
        warnings=[*warnings, *plan.faults],
    )


def check_budget(text: str | None) -> float | None:
    """The `--budget` as a number. Raises BadInput."""
    if text is None:
        return None
    try:
        budget = float(text)
    except ValueError:
        budget = -1.0
    if not 0 <= budget <= LARGEST:
        raise BadInput(_("“%(text)s” is no budget: write an amount from 0 on.") % {"text": text})
    return budget
