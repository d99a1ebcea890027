"""Files as the engine's panels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.data_files.covariates import Covariates
from common.data_files.history import History

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from forecasting.engine.panel import Panel


def panel_of_history(history: History, horizon: int, covariates: Covariates | None = None) -> Panel:
    """The history as the engine takes it, with what is known ahead.

    Periods with nothing in stock are unknown; what was sold in them all the same, and in those that
    ended with nothing, is the least that was wanted. A price or promotion of the covariates stands
    above the history's own.
    """
    import numpy as np

    from forecasting.engine.panel import Panel

    demand = history.sold
    at_least = np.zeros(demand.shape, dtype=bool)
    if history.stock_end is not None:
        at_least |= history.stock_end <= 0
    if history.in_stock is not None:
        at_least |= ~history.in_stock & (demand > 0)
        demand = np.where(history.in_stock | at_least, demand, np.nan)
        # Ended empty and sold nothing: nothing was there.
    if history.stock_end is not None and history.in_stock is None:
        demand = np.where(at_least & (demand == 0), np.nan, demand)
    numbers = dict(covariates.numbers) if covariates else {}
    return Panel(
        keys=history.series,
        demand=demand,
        first=history.steps.first,
        freq=history.steps.freq,
        horizon=horizon,
        category=_codes(history.category),
        group=_codes(history.group),
        at_least=at_least if at_least.any() else None,
        price=_over(history.price, numbers.pop("price", None), horizon),
        promo=_over(history.promo, numbers.pop("promo", None), horizon),
        drivers=numbers,
        events=dict(covariates.events) if covariates else {},
    )


def odd_series(panel: Panel) -> list[str]:
    """A sentence for each kind of series that little can be said about, with one of its names."""
    import numpy as np

    known = np.isfinite(panel.demand).sum(axis=1)
    units = np.nan_to_num(panel.demand).sum(axis=1)
    sentences = []
    nothing = np.flatnonzero(known == 0)
    if nothing.size:
        sentences.append(
            ngettext(
                "%(count)d series (%(name)s) has no known period; it is forecast like its family.",
                "%(count)d series (such as %(name)s) have no known period;"
                " they are forecast like their families.",
                nothing.size,
            )
            % {"count": nothing.size, "name": panel.keys[int(nothing[0])]}
        )
    short = np.flatnonzero((known > 0) & (known < 4))
    if short.size:
        sentences.append(
            ngettext(
                "%(count)d series (%(name)s) has fewer than four known periods; it leans on its family.",
                "%(count)d series (such as %(name)s) have fewer than four known periods;"
                " they lean on their families.",
                short.size,
            )
            % {"count": short.size, "name": panel.keys[int(short[0])]}
        )
    never = np.flatnonzero((known >= 4) & (units == 0))
    if never.size:
        sentences.append(
            ngettext(
                "%(count)d series (%(name)s) never sold anything.",
                "%(count)d series (such as %(name)s) never sold anything.",
                never.size,
            )
            % {"count": never.size, "name": panel.keys[int(never[0])]}
        )
    if panel.promo is not None and not np.isfinite(panel.promo[:, panel.periods :]).any():
        sentences.append(
            _("Promotions are not known ahead; the mean effect of past ones is part of the forecast.")
        )
    return sentences


def _codes(names: Sequence[str]) -> NDArray[np.int64]:
    import numpy as np

    place = {name: number for number, name in enumerate(sorted(set(names)))}
    return np.array([place[name] for name in names], dtype=np.int64)


def _over(
    past: NDArray[np.float32] | None, told: NDArray[np.float32] | None, horizon: int
) -> NDArray[np.float32] | None:
    """The history's column with unknown periods ahead, under what the covariates say."""
    import numpy as np

    if past is None:
        return told
    whole = np.concatenate([past, np.full((len(past), horizon), np.nan, dtype=np.float32)], axis=1)
    return whole if told is None else np.where(np.isfinite(told), told, whole)
