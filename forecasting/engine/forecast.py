"""The door of the engine: a panel in, its forecasts out.

Factors of calendar, price and promotion are learned over all series; demand without them becomes
levels over many memories; past origins say how candidates would have done on the sums that orders
cover; classes of demand learn the mix; errors of that mix give quantiles. See docs/forecasting.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forecasting.engine import naive, rare, smoothing
from forecasting.engine.calendar import learn_calendar
from forecasting.engine.combine import classes_by_rate, debias, learn_weights
from forecasting.engine.levels import HALF_LIVES, discounts, filter_levels
from forecasting.engine.panel import SEASON, Floats, Panel, PanelForecast, read_only
from forecasting.engine.regression import regression_factors
from forecasting.engine.response import learn_response
from forecasting.engine.spread import learn_spread

# Series forecast together at most; more are cut into parts of about equal size.
CHUNK = 6_000
_LOW = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7)
_HIGH = (0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.965, 0.975, 0.985, 0.99, 0.995, 0.998)
LEVELS = np.array([*_LOW, *_HIGH])
_LEADS = {
    "D": (1, 3, 7, 14, 28, 56, 91, 182),
    "W": (1, 2, 3, 4, 6, 8, 13, 26, 52),
    "M": (1, 2, 3, 4, 6, 9, 12, 18),
}
# Backtest: most origins, periods between them, periods that must lie before the first.
_ORIGINS = {"D": (26, 7, 56), "W": (60, 1, 13), "M": (24, 1, 10)}
# The backtest's origins go by factors learned before them, learned anew for each of so many blocks.
_BLOCKS = {"D": 2, "W": 4, "M": 4}
# Sums of these many periods are what candidates are compared on, and what errors are shown of.
_COMPARED = {"D": (7, 28), "W": (1, 3), "M": (1, 3)}
_ERROR_PERIODS = {"D": 7, "W": 1, "M": 1}
# What an untested series is forecast by: memories between these half-lives.
_USUAL_MEMORY = {"D": (21, 130), "W": (3, 26), "M": (1.5, 10)}
# Days, weeks or months with a sale among the known ones; below it a series is a rare seller.
_RARE = 0.25
# Origins that must speak, and standard errors by which the naive forecast must win, to be kept.
_LEAST_ORIGINS, _CLEARLY = 8, 3.0
# A window with fewer of its periods known is not compared.
_KNOWN_SHARE = 0.7

PathSums = dict[int, NDArray[np.float64]]

METHODS = ("levels", "holt_winters", "mean_rate", "croston", "last_year", "regression", "seasonal_naive")


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    """The backtest: what was sold over `lead` periods after each origin, and whether it is known."""

    origins: NDArray[np.int64]
    sold: NDArray[np.float64]  # prefix sums of known demand, n x (periods + 1)
    count: NDArray[np.int32]
    begins: NDArray[np.int64]
    least_history: int
    known: NDArray[np.bool_]

    @property
    def periods(self) -> int:
        return self.known.shape[1]

    def sums(self, prefix: NDArray, lead: int) -> NDArray[np.float64]:
        last = np.minimum(self.origins + 1 + lead, self.periods)
        return prefix[:, last] - prefix[:, self.origins + 1]

    def valid(self, lead: int) -> NDArray[np.bool_]:
        inside = self.origins + 1 + lead <= self.periods
        enough = self.sums(self.count, lead) >= _KNOWN_SHARE * lead
        old = (self.origins[None, :] - self.begins[:, None]) >= self.least_history
        return inside[None, :] & enough & old

    def path_sums(self, paths: Floats, leads: Sequence[int]) -> PathSums:
        """By lead, sums of a forecast (n x origins x steps) over those periods that became known."""
        found = {}
        total = np.zeros(paths.shape[:2])
        for step in range(max(leads, default=0)):
            period = np.minimum(self.origins + 1 + step, self.periods - 1)
            total += paths[:, :, step] * self.known[:, period]
            if step + 1 in leads:
                found[step + 1] = total.copy()
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _View:
    """What calendar, price and promotion were taken to do when sales were known up to some period.

    origins: those of the backtest that go by it; they lie at or after that period. past, ahead: see
    `response.Response`, times the calendar. exposed: prefix sums of `ahead` where demand is known.
    prior: the level that a series without history begins at.
    """

    origins: NDArray[np.int64]
    past: Floats
    ahead: Floats
    exposed: NDArray[np.float64]
    prior: NDArray[np.float64]


def forecast_panel(panel: Panel, *, leads: Iterable[int] = ()) -> PanelForecast:
    """Forecast `panel.horizon` periods of every series; odd series never spoil the others.

    leads: periods whose sums' quantiles should come straight from the backtest, besides the usual.
    """
    rows = np.lexsort((np.arange(len(panel.keys)), panel.category, panel.group))
    parts = max(-(-len(rows) // CHUNK), 1)
    found = [prepared(panel.part(np.sort(part)), tuple(leads)).run() for part in np.array_split(rows, parts)]
    places = np.concatenate([np.sort(part) for part in np.array_split(rows, parts)])
    return found[0] if parts == 1 else _joined(panel, found, np.argsort(places))


def prepared(panel: Panel, leads: Sequence[int] = ()) -> Engine:
    """What is learned of the calendar and of prices, today and as of each block of origins."""
    given = cleaned(panel)
    origins = origins_of(given)
    blocks = np.array_split(origins, min(_BLOCKS[panel.freq], len(origins))) if len(origins) else []
    views = [_learned(_as_of(given, int(block[0]) + 1), given, block)[0] for block in blocks]
    now, parts = _learned(given, given, np.array([panel.periods - 1]))
    return Engine(given, origins, views, now, parts, leads)


def cleaned(panel: Panel) -> Panel:
    return replace(panel, demand=_without_low_limits(panel), at_least=None)


def origins_of(panel: Panel) -> NDArray[np.int64]:
    """The backtest's origins: the last period that each of them knows."""
    most, stride, least = _ORIGINS[panel.freq]
    last = panel.periods - 1 - min(_ERROR_PERIODS[panel.freq], panel.horizon)
    origins = np.arange(last - (most - 1) * stride, last + 1, stride)
    return origins[origins >= least]


def _as_of(panel: Panel, now: int) -> Panel:
    """The panel as it was after `now` periods; prices and promotions stay as known as they are."""
    demand = panel.demand.copy()
    demand[:, now:] = np.nan
    return replace(panel, demand=demand)


def _learned(known: Panel, panel: Panel, origins: NDArray[np.int64]) -> tuple[_View, dict[str, Floats]]:
    """Factors learned from what is known, and by name; `panel` says where demand may be compared."""
    calendar = learn_calendar(known)
    factors = calendar.total()
    parts = dict(calendar.factors)
    response = learn_response(known, factors)
    past = factors if response is None else factors * response.past
    ahead = factors if response is None else factors * response.ahead
    if response is not None:
        parts["price"] = response.ahead
    exposed = _prefix(np.where(np.isfinite(panel.demand), ahead[:, : panel.periods], 0))
    return _View(origins, past, ahead, exposed, _prior(known, past)), parts


def _prior(panel: Panel, past: Floats) -> NDArray[np.float64]:
    """What siblings sell: the level that a series without history begins at."""
    flat = np.where(np.isfinite(panel.demand), past[:, : panel.periods], 0).sum(axis=1, dtype=float)
    units = np.nansum(panel.demand, axis=1, dtype=float)
    whole = units.sum() / max(flat.sum(), 1e-9)
    codes = panel.group * (int(panel.category.max()) + 1) + panel.category
    _names, pool = np.unique(codes, return_inverse=True)
    prior = (np.bincount(pool, units) + 5 * whole) / (np.bincount(pool, flat) + 5)
    return prior[pool]


def _without_low_limits(panel: Panel) -> Floats:
    """Demand without the periods that ended sold out below what is usual: they say too little."""
    demand = panel.demand.astype(np.float32)
    if panel.at_least is None or not panel.at_least.any():
        return demand
    told = np.isfinite(demand) & ~panel.at_least
    width = {"D": 91, "W": 27, "M": 13}[panel.freq]
    # By the periods before: what comes later must not decide what the backtest knew.
    usual = _lately(np.where(told, demand, 0), width) / np.maximum(_lately(told, width), 1)
    low = panel.at_least & ~(demand > usual)
    # A series that is never told apart from its stock is taken as it is.
    low &= told.any(axis=1, keepdims=True)
    return np.where(low, np.nan, demand).astype(np.float32)


def _lately(values: NDArray, width: int) -> NDArray[np.float64]:
    """Sums over each period and those before it, `width` in all."""
    sums = _prefix(values)
    steps = np.arange(1, sums.shape[1])
    return sums[:, steps] - sums[:, np.maximum(steps - width, 0)]


class Engine:
    """One part of a panel on its way through the steps."""

    def __init__(
        self,
        panel: Panel,
        origins: NDArray[np.int64],
        views: Sequence[_View],
        now: _View,
        factors: dict[str, Floats],
        leads: Sequence[int],
    ) -> None:
        """views: of the origins in their order; now: of today, which the forecast goes by."""
        self.panel, self.views, self.now, self.factors = panel, views, now, factors
        self.known = np.isfinite(panel.demand)
        self.sold = np.nan_to_num(panel.demand)
        self.leads = self._leads(leads)
        self.windows = self._windows(origins)
        self.season = SEASON[panel.freq]

    # ---- setting up ----------------------------------------------------------------------------

    def _leads(self, asked: Sequence[int]) -> tuple[int, ...]:
        horizon = self.panel.horizon
        usual = [lead for lead in _LEADS[self.panel.freq] if lead <= horizon]
        longest = max(usual)
        extra = [lead for lead in asked if lead <= horizon]
        if horizon > 1.3 * longest and horizon <= self.panel.periods // 3:
            extra.append(horizon)
        return tuple(sorted({*usual, *extra}))

    def _windows(self, origins: NDArray[np.int64]) -> _Windows:
        return _Windows(
            origins=origins,
            sold=_prefix(self.sold),
            count=_prefix(self.known).astype(np.int32),
            begins=np.where(self.known.any(axis=1), self.known.argmax(axis=1), self.panel.periods),
            least_history=_ORIGINS[self.panel.freq][2],
            known=self.known,
        )

    def exposed(self, lead: int) -> NDArray[np.float64]:
        """Sums of factors over each window, as they were taken to be at its origin."""
        periods = self.panel.periods
        return np.concatenate(
            [
                view.exposed[:, np.minimum(view.origins + 1 + lead, periods)]
                - view.exposed[:, view.origins + 1]
                for view in self.views
            ],
            axis=1,
        )

    # ---- the run -------------------------------------------------------------------------------

    def run(self) -> PanelForecast:
        panel, windows = self.panel, self.windows
        lanes, paths, path_ahead, has_path = self.candidates()
        names = self._names(has_path)
        rate = self._rate()
        classes = classes_by_rate(rate)
        leads = self._tested_leads()
        path_sums = [windows.path_sums(path, leads) for path in paths]
        weights = self._weights(lanes, path_sums, classes, names)
        mixed = {lead: self._mixed(lanes, path_sums, weights, lead) for lead in leads}
        compared = [lead for lead in mixed if lead <= max(_COMPARED[panel.freq])]
        if compared:
            lead = max(compared)
            ratio = debias(mixed[lead], windows.sums(windows.sold, lead), windows.valid(lead), classes)
            weights = weights * ratio[:, None]
            mixed = {lead: sums * ratio[:, None] for lead, sums in mixed.items()}
        factor_ahead = self.now.ahead[:, panel.periods :]
        level = np.einsum("nc,nc->n", lanes[:, -1], weights[:, : lanes.shape[2]])
        mean = level[:, None] * factor_ahead
        for number, path in enumerate(path_ahead):
            mean = mean + weights[:, lanes.shape[2] + number, None] * path
        naive_sums = path_sums[-1]
        error, naive_error, bias, tested, sold_rate, kept = self._errors(mixed, naive_sums)
        mean[kept] = path_ahead[-1][kept]
        for lead in mixed:
            mixed[lead][kept] = naive_sums[lead][kept]
        shares = self._shares(lanes, path_ahead, weights, kept, names)
        distances, covered = self._spreads(mean, mixed, classes)
        odd = ~self.known.any(axis=1)
        return PanelForecast(
            keys=panel.keys,
            mean=np.maximum(mean, 0).astype(float),
            leads=self.leads,
            levels=LEVELS,
            distances=distances,
            methods=METHODS,
            weights=shares,
            method=self._named(shares, kept),
            error=error,
            naive_error=naive_error,
            bias=bias,
            error_periods=_ERROR_PERIODS[panel.freq],
            tested=tested,
            demand_rate=sold_rate,
            level=np.where(kept, mean.mean(axis=1), self._base_level(mean)),
            factors=read_only(self._parts_ahead(kept)),
            pools=classes,
            covered=covered,
            unknown=((~self.known) & (np.arange(panel.periods)[None] >= windows.begins[:, None])).sum(axis=1),
            closed=self._closed(),
            warnings=tuple(f"{panel.keys[row]}: no period is known" for row in np.flatnonzero(odd)[:5]),
        )

    def _closed(self) -> NDArray[np.int64]:
        shut = self.factors.get("closed")
        begun = np.arange(self.panel.periods)[None] >= self.windows.begins[:, None]
        if shut is None:
            return np.zeros(len(begun), dtype=np.int64)
        return ((shut[:, : self.panel.periods] < 1) & begun).sum(axis=1)

    def _base_level(self, mean: NDArray[np.float64]) -> NDArray[np.float64]:
        """Units a period without the calendar, such that level x factors adds up to the mean."""
        return mean.sum(axis=1) / np.maximum(self.now.ahead[:, self.panel.periods :].sum(axis=1), 1e-9)

    def _rate(self) -> NDArray[np.float64]:
        """Units a period lately, by which series are put into classes."""
        span = {"D": 182, "W": 26, "M": 12}[self.panel.freq]
        recent = slice(max(self.panel.periods - span, 0), self.panel.periods)
        count = self.known[:, recent].sum(axis=1)
        whole = self.sold.sum(axis=1) / np.maximum(self.known.sum(axis=1), 1)
        return np.where(count > 0, self.sold[:, recent].sum(axis=1) / np.maximum(count, 1), whole)

    # ---- candidates ----------------------------------------------------------------------------

    def candidates(self) -> tuple[Floats, list[Floats], list[NDArray], list[str]]:
        """Levels n x (origins + 1) x lanes; paths n x origins x steps with their names; paths ahead."""
        panel, windows = self.panel, self.windows
        origins = np.append(windows.origins, panel.periods - 1)
        lanes = self._by_view(
            lambda view: filter_levels(
                panel.demand, view.past[:, : panel.periods], view.prior, discounts(panel.freq), view.origins
            )
        )
        extra = [
            rare.tsb(panel.demand, origins, size_weight=0.1, chance_weight=self._chance_weight()),
            rare.croston_sba(panel.demand, origins, alpha=0.1),
        ]
        year = {"D": 364, "W": 52, "M": 12}[panel.freq]
        around = {"D": 7, "W": 1, "M": 0}[panel.freq]
        usual = lanes[:, :, self._memory()].mean(axis=2)
        horizon = max(min(panel.horizon, year // 4), 1)
        year_ago = self._by_view(
            lambda view: naive.last_year(
                panel.demand, view.past[:, : panel.periods], year, around, view.origins, horizon
            )
        )
        self.has_year = np.isfinite(year_ago[:, -1])
        extra.append(np.where(np.isfinite(year_ago), year_ago, usual))
        lanes = np.concatenate([lanes, np.stack(extra, axis=2)], axis=2).astype(np.float32)
        steps = max(self._tested_leads(), default=1)
        regular = self._regular()
        smoothed, smoothed_ahead = self._smooth(regular, usual, origins, steps)
        season = self._naive_season()
        before = naive.seasonal_naive(panel.demand, season, origins, max(steps, min(season, panel.horizon)))
        naive_ahead = np.resize(np.arange(season), panel.horizon)
        ahead = before[:, -1][:, naive_ahead % before.shape[2]]
        paths, path_ahead, names = [smoothed], [smoothed_ahead], ["holt_winters"]
        explained = regression_factors(panel, self._fit_to(origins))
        if explained is not None:
            found = self._explained(explained, origins, steps)
            paths.append(found[0])
            path_ahead.append(found[1])
            names.append("regression")
        # The naive forecast is always the last one.
        return lanes, [*paths, before[:, :-1]], [*path_ahead, ahead], [*names, "seasonal_naive"]

    def _by_view(self, made: Callable[[_View], Floats]) -> Floats:
        """What is made at each view's origins, today's last, put together along the origins."""
        return np.concatenate([made(view) for view in (*self.views, self.now)], axis=1)

    def _fit_to(self, origins: NDArray[np.int64]) -> int:
        """Where what is fitted once stops learning, so that most of the backtest is new to it."""
        return max(int(origins[0]) + 1, int(0.6 * self.panel.periods))

    def _explained(
        self, factors: Floats, origins: NDArray[np.int64], steps: int
    ) -> tuple[Floats, NDArray[np.float64]]:
        """The regression's paths: what it multiplies, times levels of the usual memory without it."""
        panel = self.panel
        memory = discounts(panel.freq)[self._memory()]
        prior = (self.views[0] if self.views else self.now).prior
        lanes = filter_levels(panel.demand, factors[:, : panel.periods], prior, memory, origins)
        level = lanes.mean(axis=2)
        period = origins[:-1, None] + 1 + np.arange(steps)[None, :]
        paths = level[:, :-1, None] * factors[:, np.minimum(period, panel.periods - 1)]
        return paths.astype(np.float32), level[:, -1, None].astype(float) * factors[:, panel.periods :]

    def _memory(self) -> NDArray[np.int64]:
        low, high = _USUAL_MEMORY[self.panel.freq]
        return np.flatnonzero([(low <= half <= high) for half in HALF_LIVES[self.panel.freq]])

    def _chance_weight(self) -> float:
        return {"D": 1 / 60, "W": 0.05, "M": 0.1}[self.panel.freq]

    def _regular(self) -> NDArray[np.bool_]:
        """Series that sell often and long enough to be smoothed with season and trend."""
        count = self.known.sum(axis=1)
        share = ((self.sold > 0) & self.known).sum(axis=1) / np.maximum(count, 1)
        return (share >= _RARE) & (count >= {"D": 56, "W": 13, "M": 10}[self.panel.freq])

    def _smooth(
        self, regular: NDArray[np.bool_], usual: Floats, origins: NDArray[np.int64], steps: int
    ) -> tuple[Floats, NDArray[np.float64]]:
        """Holt-Winters where a series is regular, else the usual level on the calendar."""
        panel = self.panel
        horizon = panel.horizon
        flat = self._flat(steps)
        paths = (usual[:, :-1, None] * flat).astype(np.float32)
        ahead = (usual[:, -1, None] * self.now.ahead[:, panel.periods :]).astype(float)
        rows = np.flatnonzero(regular)
        if not rows.size:
            return paths, ahead
        demand = panel.demand[rows]
        if panel.freq == "D":
            # Days have their week; years are in the factors already, so weeks and months go without.
            fit_to = self._fit_to(origins) if len(origins) > 1 else panel.periods
            weights = smoothing.fit(demand[:, :fit_to], SEASON["D"])
            paths[rows] = smoothing.project(demand, weights, SEASON["D"], origins[:-1], steps)
            ahead[rows] = smoothing.project(demand, weights, SEASON["D"], origins[-1:], horizon)[:, 0]
            return paths, ahead

        def even(view: _View) -> Floats:
            return (demand / np.maximum(view.past[rows, : panel.periods], 0.05)).astype(np.float32)

        first = self.views[0] if self.views else self.now
        fit_to = self._fit_to(origins) if self.views else panel.periods
        weights = smoothing.fit(even(first)[:, :fit_to], 1)
        if self.views:
            found = [smoothing.project(even(view), weights, 1, view.origins, steps) for view in self.views]
            paths[rows] = np.concatenate(found, axis=1) * flat[rows]
        ahead[rows] = smoothing.project(even(self.now), weights, 1, origins[-1:], horizon)[:, 0]
        ahead[rows] *= self.now.ahead[rows, panel.periods :]
        return paths, ahead

    def _flat(self, steps: int) -> Floats:
        """Factors of the periods after each origin of the backtest, n x origins x steps."""
        flat = np.empty((len(self.panel.keys), len(self.windows.origins), steps), dtype=np.float32)
        place = 0
        for view in self.views:
            period = view.origins[:, None] + 1 + np.arange(steps)[None, :]
            period = np.minimum(period, self.panel.periods - 1)
            flat[:, place : place + len(view.origins)] = view.ahead[:, period]
            place += len(view.origins)
        return flat

    def _naive_season(self) -> int:
        if self.panel.freq == "D":
            return 7
        if self.panel.freq == "M" and self.panel.periods >= 24:
            return 12
        return 1

    def _names(self, has_path: list[str]) -> list[str]:
        lanes = ["levels"] * len(HALF_LIVES[self.panel.freq]) + ["mean_rate", "croston", "last_year"]
        return lanes + has_path

    # ---- mixing --------------------------------------------------------------------------------

    def _tested_leads(self) -> list[int]:
        """Leads with at least one window that ends in the past."""
        if not len(self.windows.origins):
            return []
        room = self.panel.periods - 1 - int(self.windows.origins[0])
        return [
            lead
            for lead in self.leads
            if lead <= room and lead <= {"D": 91, "W": 26, "M": 18}[self.panel.freq]
        ]

    def _weights(
        self, lanes: Floats, path_sums: list[PathSums], classes: NDArray[np.int64], names: list[str]
    ) -> NDArray[np.float64]:
        start = np.zeros(len(names))
        start[self._memory()] = 1 / len(self._memory())
        compared = [lead for lead in _COMPARED[self.panel.freq] if lead in self._tested_leads()]
        if not compared:
            return np.tile(start, (len(classes), 1))
        windows = self.windows
        columns, sold, scale, valid = [], [], [], []
        for lead in compared:
            exposed = self.exposed(lead)
            from_levels = lanes[:, :-1] * exposed[:, :, None].astype(np.float32)
            from_paths = np.stack([sums[lead] for sums in path_sums], axis=2)
            columns.append(np.concatenate([from_levels, from_paths.astype(np.float32)], axis=2))
            sold.append(windows.sums(windows.sold, lead))
            usual = lanes[:, -1, self._memory()].mean(axis=1)[:, None] * exposed
            # Chance, and a tenth of the mean that large sums vary by.
            scale.append(np.sqrt(np.maximum(usual, 0.5) + (0.1 * usual) ** 2))
            valid.append(windows.valid(lead))
        even = np.full(len(names), 0.0)
        even[: len(HALF_LIVES[self.panel.freq])] = 1 / len(HALF_LIVES[self.panel.freq])
        return learn_weights(
            np.concatenate(columns, axis=1),
            np.concatenate(sold, axis=1).astype(np.float32),
            np.concatenate(scale, axis=1).astype(np.float32),
            np.concatenate(valid, axis=1),
            classes,
            (even + start) / 2,
        )

    def _mixed(
        self, lanes: Floats, path_sums: list[PathSums], weights: NDArray[np.float64], lead: int
    ) -> NDArray[np.float64]:
        width = lanes.shape[2]
        level = np.einsum("noc,nc->no", lanes[:, :-1], weights[:, :width].astype(np.float32))
        total = level * self.exposed(lead)
        for number, sums in enumerate(path_sums):
            total = total + weights[:, width + number, None] * sums[lead]
        return total

    def _shares(
        self,
        lanes: Floats,
        path_ahead: list[NDArray],
        weights: NDArray[np.float64],
        kept: NDArray[np.bool_],
        names: list[str],
    ) -> Floats:
        """What part of the mean comes from which method, n x METHODS."""
        carried = np.concatenate(
            [
                lanes[:, -1] * weights[:, : lanes.shape[2]],
                np.stack(
                    [
                        weights[:, lanes.shape[2] + number] * path.mean(axis=1)
                        / np.maximum(self.now.ahead[:, self.panel.periods :].mean(axis=1), 1e-9)
                        for number, path in enumerate(path_ahead)
                    ],
                    axis=1,
                ),
            ],
            axis=1,
        )  # fmt: skip
        shares = np.zeros((len(carried), len(METHODS)), dtype=np.float32)
        for column, name in enumerate(names):
            shares[:, METHODS.index(name)] += carried[:, column]
        # Without a year of history, or with rare sales, the usual level stood in.
        for name, suits in (("last_year", self.has_year), ("holt_winters", self._regular())):
            place = METHODS.index(name)
            shares[:, METHODS.index("levels")] += np.where(suits, 0, shares[:, place])
            shares[:, place] *= suits
        total = shares.sum(axis=1, keepdims=True)
        shares = np.where(total > 0, shares / np.maximum(total, 1e-12), 0)
        shares[(total <= 0)[:, 0], 0] = 1
        shares[kept] = 0
        shares[kept, METHODS.index("seasonal_naive")] = 1
        return shares.astype(np.float32)

    def _named(self, shares: Floats, kept: NDArray[np.bool_]) -> NDArray[np.int64]:
        """The method that carries most; a mix is never called naive, only a kept naive forecast is."""
        named = shares.copy()
        named[~kept, METHODS.index("seasonal_naive")] = -1
        return named.argmax(axis=1)

    # ---- errors and spread ---------------------------------------------------------------------

    def _errors(self, mixed: dict[int, NDArray], naive_sums: dict[int, NDArray]) -> tuple[NDArray, ...]:
        """Own and naive error, bias, origins, rate, and where the naive forecast is kept."""
        count = len(self.panel.keys)
        lead = min(_ERROR_PERIODS[self.panel.freq], self.panel.horizon)
        nothing = np.full(count, np.nan)
        if lead not in mixed:
            zero = np.zeros(count, dtype=np.int64)
            return nothing, nothing, nothing, zero, nothing, np.zeros(count, dtype=bool)
        valid = self.windows.valid(lead)
        sold = self.windows.sums(self.windows.sold, lead)
        # A window with a period unknown counts at its pace.
        pace = np.where(valid, lead / np.maximum(self.windows.sums(self.windows.count, lead), 1), 0)
        tested = valid.sum(axis=1)
        some = np.maximum(tested, 1)
        own = np.abs(mixed[lead] - sold) * pace
        other = np.abs(naive_sums[lead] - sold) * pace
        error, naive_error = own.sum(axis=1) / some, other.sum(axis=1) / some
        gain = np.where(valid, own - other, 0)
        mean_gain = gain.sum(axis=1) / some
        variance = (np.where(valid, gain - mean_gain[:, None], 0) ** 2).sum(axis=1) / np.maximum(some - 1, 1)
        clearly = mean_gain > _CLEARLY * np.sqrt(variance / some)
        kept = (tested >= _LEAST_ORIGINS) & clearly & (mean_gain > 0) & self._regular()
        units = (sold * pace).sum(axis=1)
        forecast = np.where(kept[:, None], naive_sums[lead], mixed[lead])
        bias = ((forecast - sold) * pace).sum(axis=1) / np.where(units > 0, units, np.nan)
        error = np.where(kept, naive_error, error)
        none = tested == 0
        error, naive_error, bias = (np.where(none, np.nan, values) for values in (error, naive_error, bias))
        return error, naive_error, bias, tested, np.where(none, np.nan, units / some / lead), kept

    def _spreads(
        self, mean: NDArray[np.float64], mixed: dict[int, NDArray], classes: NDArray[np.int64]
    ) -> tuple[Floats, dict[float, float]]:
        stride = _ORIGINS[self.panel.freq][1]
        distances = np.empty((len(mean), len(self.leads), len(LEVELS)), dtype=np.float32)
        covered: dict[float, float] = {}
        tested = self._tested_leads()
        for place, lead in enumerate(self.leads):
            total = mean[:, :lead].sum(axis=1)
            if lead in tested:
                valid = self.windows.valid(lead)
                sold = self.windows.sums(self.windows.sold, lead)
                spread = learn_spread(
                    total, mixed[lead], sold, valid, classes, LEVELS, -(-lead // stride) - 1
                )
                if lead == max(tested) and int(valid.sum()) >= 2:
                    covered = dict(zip(LEVELS.tolist(), spread.covered().tolist(), strict=True))
            elif place and tested:
                distances[:, place] = distances[:, place - 1]
                continue
            else:
                none = np.zeros((len(mean), 1))
                spread = learn_spread(total, none, none, none > 0, classes, LEVELS, 0)
            distances[:, place] = spread.distances
        return distances, covered

    def _parts_ahead(self, kept: NDArray[np.bool_]) -> dict[str, Floats]:
        """The multipliers of the horizon; a kept naive forecast has none."""
        parts = {name: values[:, self.panel.periods :] for name, values in self.factors.items()}
        return {name: np.where(kept[:, None], 1, values).astype(np.float32) for name, values in parts.items()}


def _prefix(values: NDArray) -> NDArray[np.float64]:
    sums = np.zeros((len(values), values.shape[1] + 1))
    np.cumsum(values, axis=1, out=sums[:, 1:])
    return sums


def _joined(panel: Panel, found: Sequence[PanelForecast], order: NDArray[np.int64]) -> PanelForecast:
    """Parts put together again in the order of the panel."""

    def whole(name: str) -> NDArray:
        return np.concatenate([getattr(part, name) for part in found])[order]

    names = list(dict.fromkeys(name for part in found for name in part.factors))
    factors = {}
    for name in names:
        parts = [part.factors.get(name, np.ones_like(part.mean, dtype=np.float32)) for part in found]
        factors[name] = np.concatenate(parts)[order]
    sizes = np.array([len(part.keys) for part in found], dtype=float)
    first = next((part for part in found if part.covered), found[0])
    covered = {
        level: float(
            np.average([part.covered.get(level, first.covered[level]) for part in found], weights=sizes)
        )
        for level in first.covered
    }
    return PanelForecast(
        keys=panel.keys,
        mean=whole("mean"),
        leads=found[0].leads,
        levels=LEVELS,
        distances=whole("distances"),
        methods=METHODS,
        weights=whole("weights"),
        method=whole("method"),
        error=whole("error"),
        naive_error=whole("naive_error"),
        bias=whole("bias"),
        error_periods=found[0].error_periods,
        tested=whole("tested"),
        demand_rate=whole("demand_rate"),
        level=whole("level"),
        factors=read_only(factors),
        pools=whole("pools"),
        covered=covered,
        unknown=whole("unknown"),
        closed=whole("closed"),
        warnings=tuple(warning for part in found for warning in part.warnings),
    )
