"""One Poisson regression per product family on all that is known ahead, by scikit-learn.

Demand against its moving level is explained by weekday, part of the month, time of the year, price,
promotion, events and drivers together, where the calendar and the response are learned one after the
other. A second opinion where such things are known; pure calendar needs none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from forecasting.engine.calendar import carried, moving_sums
from forecasting.engine.panel import Floats, Panel

_AROUND = {"D": 91, "W": 27, "M": 13}
# Rows that a family's regression is fitted on at most, drawn with a fixed seed.
_MOST_ROWS = 20_000
_LEAST_ROWS = 100
_SEED = 11
_PULL = 1e-3
_LIMITS = float(np.log(0.05)), float(np.log(20.0))


def regression_factors(panel: Panel, fit_to: int) -> Floats | None:
    """Multipliers n x (periods + horizon) of the moving level; None where nothing is known ahead.

    Learned from the periods before `fit_to` only, so that the backtest after it is fair.
    """
    columns = _columns(panel)
    if columns is None:
        return None
    from sklearn.linear_model import PoissonRegressor

    known = np.isfinite(panel.demand) & (np.arange(panel.periods) < fit_to)
    sold = np.where(known, panel.demand, 0).astype(float)
    width = _AROUND[panel.freq]
    usual = moving_sums(sold, width) / np.maximum(moving_sums(known, width), 1)
    usable = known & (usual > 0.02)
    factors = np.ones((len(sold), panel.periods + panel.horizon), dtype=np.float32)
    rng = np.random.default_rng(_SEED)
    for family in np.unique(panel.category):
        rows = np.flatnonzero(panel.category == family)
        series, period = np.nonzero(usable[rows])
        if len(series) < _LEAST_ROWS:
            continue
        if len(series) > _MOST_ROWS:
            drawn = np.sort(rng.choice(len(series), _MOST_ROWS, replace=False))
            series, period = series[drawn], period[drawn]
        series = rows[series]
        # Each unit counts once, and a large series no more than a hundred small ones.
        weight = np.minimum(usual[series, period], 100.0)
        model = PoissonRegressor(alpha=_PULL, max_iter=200)
        model.fit(_rows(columns, series, period), sold[series, period] / usual[series, period], weight)
        effect = np.full((len(rows), factors.shape[1]), model.intercept_)
        for slope, column in zip(model.coef_, columns, strict=True):
            effect += slope * (column if len(column) == 1 else column[rows])
        factors[rows] = np.exp(np.clip(effect, *_LIMITS))
    return factors


def _columns(panel: Panel) -> list[NDArray[np.float32]] | None:
    """Columns of 1 or n x (periods + horizon); None if neither price, promotion nor driver is told."""
    told: list[NDArray[np.float32]] = []
    past = slice(0, panel.periods)
    if panel.price is not None and np.isfinite(panel.price[:, panel.periods :]).any():
        price = carried(np.where(panel.price > 0, panel.price, np.nan).astype(float))
        log_price = np.log(np.where(price > 0, price, 1.0))
        told.append((log_price - np.median(log_price[:, past], axis=1)[:, None]).astype(np.float32))
    if panel.promo is not None and np.isfinite(panel.promo[:, panel.periods :]).any():
        told.append(np.nan_to_num(panel.promo).astype(np.float32))
    for values in panel.drivers.values():
        if np.isfinite(values[:, panel.periods :]).any():
            filled = carried(values.astype(float))
            spread = filled[:, past].std()
            told.append(((filled - filled[:, past].mean()) / max(spread, 1e-9)).astype(np.float32))
    told = [column for column in told if np.ptp(column[:, past]) > 1e-6]
    if not told:
        return None
    told += [marks.astype(np.float32) for marks in panel.events.values() if marks[:, past].any()]
    days = panel.days()
    calendar: list[NDArray[np.float64]] = []
    if panel.freq == "D":
        calendar += list(np.eye(7)[(days.astype("int64") + 3) % 7].T[1:])
        day = (days - days.astype("datetime64[M]")).astype("int64")
        calendar += list(np.eye(5)[np.minimum(day // 6, 4)].T[1:])
    if panel.periods >= {"D": 400, "W": 60, "M": 20}[panel.freq]:
        turn = (
            2 * np.pi * (days - days.astype("datetime64[Y]")).astype("timedelta64[D]").astype(float) / 365.25
        )
        calendar += [wave(number * turn) for number in (1, 2) for wave in (np.sin, np.cos)]
    return told + [column[None].astype(np.float32) for column in calendar]


def _rows(
    columns: list[NDArray[np.float32]], series: NDArray[np.int64], period: NDArray[np.int64]
) -> NDArray[np.float32]:
    return np.stack(
        [column[0, period] if len(column) == 1 else column[series, period] for column in columns], axis=1
    )
