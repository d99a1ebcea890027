"""What the calendar does to demand, learned from many series together.

A pool is a product family in one warehouse. Its total against its own moving mean says what a
weekday, a part of the month, an event or a driver multiplies demand by; every pool is drawn towards
what all of them together say, the more the less it sells. The season of the year counts only as far
as it repeats in another year. One's own weekdays are drawn towards the pool's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from forecasting.engine.panel import Floats, Panel

# Periods of the centred moving mean that totals are compared with.
_AROUND = {"D": 28, "W": 13, "M": 13}
# Share of the usual below which a day was closed rather than slow, where that much is usual.
_CLOSED, _TELLING = 0.1, 15.0
# A smaller usual total says nothing about the calendar.
_LEAST_TOTAL = 0.05
_STEPS = 3
_CLOSED_FACTOR = 0.02
# How many units of its own a series needs to have weekdays of its own.
_OWN_WEEKDAYS = 150.0
_LEAST_FACTOR, _MOST_FACTOR = 0.05, 20.0
# Strength of the pull towards all pools together, in squared log errors.
_TO_ALL = 30.0


@dataclass(frozen=True, slots=True)
class Calendar:
    """Multipliers by name, each n x (periods + horizon); their product is the factor of a period."""

    factors: Mapping[str, Floats]

    def total(self) -> Floats:
        total: Floats | None = None
        for values in self.factors.values():
            total = values.copy() if total is None else total * values
        if total is None:
            raise ValueError("no factors")
        return total


def learn_calendar(panel: Panel) -> Calendar:
    _names, pool = np.unique(
        panel.group * (int(panel.category.max()) + 1) + panel.category, return_inverse=True
    )
    pools = int(pool.max()) + 1
    sold = np.nan_to_num(panel.demand)
    length = panel.periods + panel.horizon
    factors: dict[str, Floats] = {}
    season = _season(panel, sold, pool)
    if season is not None:
        factors["season"] = season
    total, middle, open_ = _totals(panel, sold, pool, pools, factors.get("season"))
    blocks = _design(panel, pool, pools)
    if blocks:
        factors |= _effects(panel, pool, pools, total, middle, open_, blocks)
    if panel.freq == "D":
        factors["weekday"] = _own_weekdays(panel, sold, factors)
    closed = ~open_
    if closed.any():
        shut = np.ones((pools, length), dtype=np.float32)
        shut[:, : panel.periods][closed] = _CLOSED_FACTOR
        factors["closed"] = shut[pool]
    if not factors:
        factors["none"] = np.ones((len(panel.keys), length), dtype=np.float32)
    return Calendar(factors)


def _by_pool(values: NDArray, pool: NDArray[np.int64], pools: int) -> NDArray[np.float64]:
    """Sums of rows by pool; np.add.at would take ten times as long."""
    order = np.argsort(pool, kind="stable")
    starts = np.searchsorted(pool[order], np.arange(pools))
    return np.add.reduceat(values[order], starts, axis=0, dtype=np.float64)


def moving_sums(values: NDArray[Any], width: int) -> NDArray[np.float64]:
    """Centred moving sums over `width` periods, cut at both ends."""
    before = width // 2
    sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values, axis=1)], axis=1)
    steps = np.arange(values.shape[1])
    high = np.minimum(steps + width - before, values.shape[1])
    low = np.maximum(steps - before, 0)
    return sums[:, high] - sums[:, low]


def _totals(
    panel: Panel, sold: Floats, pool: NDArray[np.int64], pools: int, season: Floats | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Each pool's total, what it is on a usual period around it, and whether it was open.

    Series that begin, end or are out of stock change the total; the mean of those known corrects it.
    """
    known = np.isfinite(panel.demand)
    rate = sold.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    usual = np.where(known, rate[:, None], 0)
    if season is not None:
        usual = usual * season[:, : panel.periods]
    total, base = _by_pool(sold, pool, pools), _by_pool(usual, pool, pools)
    width = _AROUND[panel.freq]
    around = moving_sums(total, width) / np.maximum(moving_sums(base, width), 1e-9)
    middle = around * base
    # Of a small total nothing may be sold by chance; only a large one tells that a day was closed.
    return total, middle, (total > _CLOSED * middle) | (middle < _TELLING)


def _design(
    panel: Panel, pool: NDArray[np.int64], pools: int
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]]:
    """By name, columns (pools or 1) x periods x columns, and the pull of each column to zero."""
    days = panel.days()
    blocks: dict[str, tuple[NDArray[np.float64], NDArray[np.float64]]] = {}
    if panel.freq == "D":
        weekday = (days.astype("int64") + 3) % 7
        blocks["weekday"] = (np.eye(7)[weekday][None], np.full(7, 1e-3))
        day = (days - days.astype("datetime64[M]")).astype("int64")
        blocks["month_part"] = (np.eye(5)[np.minimum(day // 6, 4)][None, :, :4], np.full(4, 20.0))
    first = np.unique(pool, return_index=True)[1]
    events = []
    for marks in panel.events.values():
        if marks[:, : panel.periods].any():
            # A pool has an event when its first series has; one's own events are the family's.
            events.append(marks.astype(float) if len(marks) == 1 else marks[first].astype(float))
    if events:
        joined = np.stack([np.broadcast_to(marks, (pools, marks.shape[1])) for marks in events], axis=2)
        blocks["events"] = (joined, np.full(len(events), 30.0))
    drivers = [
        _standard(values[first], panel.periods)
        for values in panel.drivers.values()
        if np.isfinite(values[:, : panel.periods]).any()
    ]
    if drivers:
        blocks["drivers"] = (np.stack(drivers, axis=2), np.full(len(drivers), 5.0))
    return blocks


def _standard(values: Floats, periods: int) -> NDArray[np.float64]:
    """A driver with mean 0 and spread 1 in the past; gaps are filled with the value before."""
    filled = carried(values.astype(float))
    past = filled[:, :periods]
    spread = past.std()
    return np.clip((filled - past.mean()) / spread, -4, 4) if spread > 0 else np.zeros(filled.shape)


def carried(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaps take the value before them, those at the beginning the first one; all gaps are zeros."""
    known = np.isfinite(values)
    place = np.where(known, np.arange(values.shape[1]), 0)
    np.maximum.accumulate(place, axis=1, out=place)
    filled = np.take_along_axis(values, place, axis=1)
    begin = known.argmax(axis=1)
    before = np.arange(values.shape[1])[None, :] < begin[:, None]
    filled = np.where(before, np.take_along_axis(values, begin[:, None], axis=1), filled)
    return np.nan_to_num(filled)


def _effects(
    panel: Panel,
    pool: NDArray[np.int64],
    pools: int,
    total: NDArray[np.float64],
    middle: NDArray[np.float64],
    open_: NDArray[np.bool_],
    blocks: Mapping[str, tuple[NDArray[np.float64], NDArray[np.float64]]],
) -> dict[str, Floats]:
    """Poisson regression of the total on the calendar, its usual size given, with a ridge.

    First for all pools, then each pool drawn towards all: Newton's steps (iterated weighted least
    squares), which hold for totals of two units a day as for thousands.
    """
    usable = open_ & (middle > _LEAST_TOTAL)
    base = np.where(usable, middle, 1.0)
    design = [np.broadcast_to(columns, (pools, *columns.shape[1:])) for columns, _pull in blocks.values()]
    columns = np.concatenate(design, axis=2)
    pull = np.concatenate([pull for _columns, pull in blocks.values()])
    past = columns[:, : panel.periods]
    draw = np.minimum(pull + _TO_ALL, 60.0)
    common = np.zeros(len(pull))
    own = np.zeros((pools, len(pull)))
    limits = np.log(_LEAST_FACTOR), np.log(_MOST_FACTOR)
    for step in range(2 * _STEPS):
        effect = np.clip(np.einsum("ptk,pk->pt", past, own), *limits)
        expected = base * np.exp(effect)
        working = effect + np.clip((total - expected) / expected, -2, 4)
        # Poisson noise, and 2 % of error that no calendar explains.
        weight = np.where(usable, expected / (1 + expected * 0.02), 0.0)
        weighted = past * weight[:, :, None]
        normal = np.einsum("ptk,ptl->pkl", weighted, past, optimize=True)
        moment = np.einsum("ptk,pt->pk", weighted, working, optimize=True)
        if step < _STEPS:
            common = np.linalg.solve(normal.sum(0) + np.diag(pull), moment.sum(0))
            own = np.broadcast_to(common, own.shape)
        else:
            own = np.linalg.solve(normal + np.diag(draw), (moment + draw * common)[:, :, None])[:, :, 0]
    found: dict[str, Floats] = {}
    place = 0
    for name, (block, _pull) in blocks.items():
        width = block.shape[2]
        effect = np.einsum("ptk,pk->pt", columns[:, :, place : place + width], own[:, place : place + width])
        found[name] = np.exp(np.clip(effect, *limits)).astype(np.float32)[pool]
        place += width
    return found


def _own_weekdays(panel: Panel, sold: Floats, factors: Mapping[str, Floats]) -> Floats:
    """The pool's weekdays bent towards the series' own of the last year."""
    weekday = (panel.days().astype("int64") + 3) % 7
    span = slice(max(panel.told - 364, 0), panel.told)
    expected = np.isfinite(panel.demand[:, span]).astype(np.float32)
    for values in factors.values():
        expected *= values[:, span]
    hot = np.eye(7, dtype=np.float32)[weekday[span]]
    recent = sold[:, span]
    level = recent.sum(axis=1) / np.maximum(expected.sum(axis=1), 1e-6)
    ratio = (recent @ hot + _OWN_WEEKDAYS) / ((expected @ hot) * level[:, None] + _OWN_WEEKDAYS)
    return factors["weekday"] * ratio[:, weekday].astype(np.float32)


# ---- the season of the year ------------------------------------------------------------------

_SLOTS = {"D": 52, "W": 52, "M": 12}
# Fewer than this many slots are hardly a year and a bit.
_SHORTEST = {"D": 60, "W": 60, "M": 20}
_SMOOTH = {"D": (0.2, 0.6, 0.2), "W": (0.2, 0.6, 0.2), "M": (0.0, 1.0, 0.0)}
_ROUNDS = 3
# A weak belief that three tenths of the variance repeats, worth ten slots.
_PRIOR_SLOTS, _PRIOR_SHARE = 10.0, 0.3


def _season(panel: Panel, sold: Floats, pool: NDArray[np.int64]) -> Floats | None:
    """Multipliers of the slots of a year (weeks, or months), n x (periods + horizon); None: too short.

    For all series first, then for each family: variance that a slot has in common with the same
    slot of other years is season, the rest is chance, and both steps shrink by their ratio.
    """
    per_slot = 7 if panel.freq == "D" else 1
    slots = panel.periods // per_slot
    if panel.told // per_slot < _SHORTEST[panel.freq]:
        return None
    cut = panel.periods - slots * per_slot
    known = np.isfinite(panel.demand[:, cut:])
    values = sold[:, cut:]
    if per_slot > 1:
        known_share = known.reshape(len(values), slots, per_slot).mean(axis=2)
        values = values.reshape(len(values), slots, per_slot).sum(axis=2)
    else:
        known_share = known.astype(float)
    categories = int(panel.category.max()) + 1
    family = _by_family(values.astype(float), panel.category, categories)
    # Demand that the family would have had if all its series had been known, by their mean rates.
    rate = values.sum(axis=1) / np.maximum(known_share.sum(axis=1), 1e-9)
    exposure = _by_family(known_share * rate[:, None], panel.category, categories)
    year = _SLOTS[panel.freq]
    # Slots are counted back from the end, so that the newest year is whole.
    slot = (np.arange(slots) - slots) % year
    shape = season_shape(family, exposure, slot, year, _SMOOTH[panel.freq])
    ahead = -(-panel.horizon // per_slot) + 1
    slot_all = (np.arange(-1, slots + ahead) - slots) % year
    by_slot = shape[:, slot_all]
    if per_slot == 1:
        spread = by_slot[:, 1 : 1 + panel.periods + panel.horizon]
    else:
        # From the middle of one week to that of the next the season moves evenly.
        middles = cut + (np.arange(-1, slots + ahead) + 0.5) * per_slot
        steps = np.arange(panel.periods + panel.horizon) + 0.5
        spread = np.stack([np.interp(steps, middles, row) for row in by_slot])
    return spread.astype(np.float32)[panel.category]


def _by_family(values: NDArray, codes: NDArray[np.int64], count: int) -> NDArray[np.float64]:
    sums = np.zeros((count, values.shape[1]))
    used, inverse = np.unique(codes, return_inverse=True)
    sums[used] = _by_pool(values, inverse, len(used))
    return sums


def season_shape(
    sold: NDArray[np.float64],
    exposure: NDArray[np.float64],
    slot: NDArray[np.int64],
    year: int,
    smooth: tuple[float, float, float],
) -> NDArray[np.float64]:
    """Multipliers of each slot of the year, families x year, mean 1: only what repeats in another year.

    sold, exposure: families x slots in time, units and what they would be without any season.
    """
    families, length = sold.shape
    years = (length - 1 - np.arange(length)) // year
    count = int(years.max()) + 1
    shape = np.ones((families, year))

    def smoothed(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return sum(
            (share * np.roll(values, shift - 1, axis=-1) for shift, share in enumerate(smooth)),
            np.zeros_like(values),
        )

    for _round in range(_ROUNDS):
        flat = exposure * shape[:, slot]
        level = moving_sums(sold, year + 1) / np.maximum(moving_sums(flat, year + 1), 1e-9) * exposure
        seen = np.zeros((count, families, year))
        usual = np.zeros((count, families, year))
        seen[years, :, slot] = sold.T
        usual[years, :, slot] = level.T
        fitted = level * shape[:, slot]
        chance = max(1.0, float(((sold - fitted) ** 2).sum() / max(fitted.sum(), 1e-9)))
        chance *= sum(share * share for share in smooth)
        present = usual.sum(axis=1) > 0
        seen, usual = smoothed(seen), smoothed(usual)
        shape = _shrunk(seen, usual, present, chance)
    return shape


def _shrunk(
    seen: NDArray[np.float64], usual: NDArray[np.float64], present: NDArray[np.bool_], chance: float
) -> NDArray[np.float64]:
    all_seen, all_usual = seen.sum(axis=1), usual.sum(axis=1)
    off = np.where(present, all_seen / np.maximum(all_usual, 1e-9) - 1, 0)
    repeats, variance = _repeating(off, present.astype(float))
    years = np.maximum(present.sum(axis=0), 1)
    share = repeats / np.maximum(repeats + np.maximum(variance - repeats, 0) / years, 1e-9)
    mean_off = (all_seen * present).sum(0) / np.maximum((all_usual * present).sum(0), 1e-9) - 1
    common = np.maximum(1 + share * mean_off, 0.05)
    expected = usual * common
    off = np.where(expected > 1e-9, seen / np.maximum(expected, 1e-9) - 1, 0)
    weight = np.where(present[:, None], expected, 0) / (1 + expected / 50)
    repeats, variance = _repeating(off, weight)
    by_chance = float((weight * chance / np.maximum(expected, 1e-9)).sum() / max(weight.sum(), 1e-9))
    once = max(variance - repeats - by_chance, 0.0)  # weeks of one family's own, such as promotions
    sums = expected.sum(axis=0)
    share = repeats / np.maximum(repeats + once / years + chance / np.maximum(sums, 1e-9), 1e-9)
    own = seen.sum(axis=0) / np.maximum(sums, 1e-9) - 1
    shape = np.maximum(common * (1 + share * np.where(sums > 1e-9, own, 0)), 0.05)
    return shape / shape.mean(axis=1, keepdims=True)


def _repeating(off: NDArray[np.float64], weight: NDArray[np.float64]) -> tuple[float, float]:
    """Covariance of a slot's deviation with that of other years, and its variance."""
    together = pairs = 0.0
    for number in range(len(off)):
        for other in range(number):
            both = np.sqrt(weight[number] * weight[other])
            together += float((both * off[number] * off[other]).sum())
            pairs += float(both.sum())
    variance = float((weight * off * off).sum()) / max(float(weight.sum()), 1e-9)
    given = weight[weight > 0]
    prior = (float(given.mean()) if given.size else 1.0) * _PRIOR_SLOTS
    return max((together + prior * _PRIOR_SHARE * variance) / (pairs + prior), 0.0), variance
