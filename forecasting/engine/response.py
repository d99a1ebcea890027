"""What price and promotion multiply demand by: the family's answer, bent towards the series' own.

Poisson regression (log link) on log price against its usual level and on the promotion's strength,
around a moving level, by Newton steps: for each family first, then for each series with the
family's answer as prior.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forecasting.engine.calendar import carried, moving_sums
from forecasting.engine.panel import Floats, Panel

_AROUND = {"D": 91, "W": 27, "M": 13}
_USUAL_PRICE = {"D": 182, "W": 52, "M": 24}
_STEPS = 4
# In squared columns x units: what an own answer needs to stand against the family's.
_OWN_PULL = 8.0
_FAMILY_PULL = 5.0
# Elasticities lie between these; a promotion never multiplies by more than e^3.
_LIMITS = {"price": (-6.0, 0.5), "promo": (-1.0, 3.0)}


@dataclass(frozen=True, slots=True)
class Response:
    """Multipliers n x (periods + horizon).

    past: what explains sold quantities. ahead: what may be expected when forecasting a period; the
    same where price and promotion are known ahead, the mean effect of promotions where they are not.
    """

    past: Floats
    ahead: Floats


def learn_response(panel: Panel, factors: Floats) -> Response | None:
    """None where neither price nor promotion ever changes."""
    columns: list[Floats] = []
    names: list[str] = []
    known_ahead = True
    if panel.price is not None and np.isfinite(panel.price[:, panel.periods :]).any():
        price = _relative_price(panel)
        if np.ptp(price[:, : panel.periods]) > 1e-6:
            columns.append(price)
            names.append("price")
    if panel.promo is not None and (np.nan_to_num(panel.promo[:, : panel.periods]) != 0).any():
        columns.append(np.nan_to_num(panel.promo).astype(np.float32))
        names.append("promo")
        known_ahead = bool(np.isfinite(panel.promo[:, panel.periods :]).any())
    if not columns:
        return None
    design = np.stack(columns, axis=2)
    answers = _answers(panel, factors, design, names)
    effect = np.exp(np.clip(np.einsum("ntk,nk->nt", design, answers), -2.5, 3.0)).astype(np.float32)
    ahead = effect
    if not known_ahead:
        ahead = effect / _of_promo(design, answers, names)
        known = np.isfinite(panel.demand)
        recent = slice(max(panel.told - 2 * _AROUND[panel.freq], 0), panel.told)
        lift = np.where(known, _of_promo(design, answers, names)[:, : panel.periods], np.nan)[:, recent]
        count = np.isfinite(lift).sum(axis=1)
        mean = np.where(count > 0, np.nansum(lift, axis=1) / np.maximum(count, 1), 1.0)
        ahead = ahead * mean[:, None].astype(np.float32)
    return Response(effect, ahead)


def _of_promo(design: Floats, answers: NDArray[np.float64], names: list[str]) -> Floats:
    place = names.index("promo")
    return np.exp(np.clip(design[:, :, place] * answers[:, place, None], -2.5, 3.0)).astype(np.float32)


def _relative_price(panel: Panel) -> Floats:
    """Log of the price against its usual one of the last half year, between -1 and 1."""
    assert panel.price is not None
    price = carried(np.where(panel.price > 0, panel.price, np.nan).astype(float))
    log_price = np.log(np.where(price > 0, price, 1.0))
    recent = log_price[:, max(panel.told - _USUAL_PRICE[panel.freq], 0) : panel.told]
    return np.clip(log_price - np.median(recent, axis=1)[:, None], -1, 1).astype(np.float32)


def _answers(panel: Panel, factors: Floats, design: Floats, names: list[str]) -> NDArray[np.float64]:
    past = design[:, : panel.periods]
    known = np.isfinite(panel.demand)
    sold = np.nan_to_num(panel.demand)
    flat = np.where(known, factors[:, : panel.periods], 0)
    width = _AROUND[panel.freq]
    families = int(panel.category.max()) + 1
    low = np.array([_LIMITS[name][0] for name in names])
    high = np.array([_LIMITS[name][1] for name in names])
    of_family = np.zeros((families, len(names)))
    own = np.zeros((len(sold), len(names)))
    for step in range(2 * _STEPS):
        effect = np.exp(np.clip(np.einsum("ntk,nk->nt", past, own), -2.5, 3.0))
        expected = flat * effect
        around = moving_sums(sold, width) / np.maximum(moving_sums(expected, width), 1e-9)
        expected = expected * around
        # Columns against their mean: a lasting change of price is the level's matter.
        weight = np.maximum(expected.sum(axis=1), 1e-9)
        middle = np.einsum("ntk,nt->nk", past, expected) / weight[:, None]
        centred = past - middle[:, None, :]
        slope = np.einsum("ntk,nt->nk", centred, sold - expected)
        curve = np.einsum("ntk,ntl,nt->nkl", centred, centred, expected, optimize=True)
        # Demand varies more than chance; what one series says counts for that much less.
        noise = np.maximum(((sold - expected) ** 2 * known).sum(1) / weight, 1.0)
        slope, curve = slope / noise[:, None], curve / noise[:, None, None]
        if step < _STEPS:
            slope_f = _sums(slope, panel.category, families)
            curve_f = _sums(curve, panel.category, families) + _FAMILY_PULL * np.eye(len(names))
            move = np.linalg.solve(curve_f, (slope_f - _FAMILY_PULL * of_family)[:, :, None])[:, :, 0]
            of_family = np.clip(of_family + np.clip(move, -1, 1), low, high)
            own = of_family[panel.category]
        else:
            prior = of_family[panel.category]
            curve = curve + _OWN_PULL * np.eye(len(names))
            move = np.linalg.solve(curve, (slope - _OWN_PULL * (own - prior))[:, :, None])[:, :, 0]
            own = np.clip(own + np.clip(move, -1, 1), low, high)
    return own


def _sums(values: NDArray[np.float64], codes: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    sums = np.zeros((count, *values.shape[1:]))
    np.add.at(sums, codes, values)
    return sums
