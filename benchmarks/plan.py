"""Weekly ordering decisions on real demand: the plan against the rules that shops go by.

For each data set a panel of weekly demand, some stock-outs hidden in it, and several start dates. From
each start six orders are placed a week apart, with lead time 2 and lost sales; what weeks 3 to 8 cost is
counted, with stock and pipeline left by the reference rule: order up to four times the mean of the last
13 known weeks. All figures are cost / cost of that rule. Every decision sees the weeks before it only;
the plan is decided by the same code as `manage.py plan_file`, calibration and all.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "inventory_site.settings")
import django

django.setup()

from common.data_files.calendar import Steps  # noqa: E402
from common.data_files.history import History  # noqa: E402
from common.data_files.stock_files import TERM_NUMBERS, State, Terms  # noqa: E402
from replenishment.engine.rules import (  # noqa: E402
    economic_order_quantity,
    newsvendor_level,
    order_up_to,
    reorder_point,
)
from replenishment.file_plan import decide  # noqa: E402
from replenishment.file_terms import Deal  # noqa: E402

Floats = NDArray[np.float64]
LEAD, ORDERS, WEEKS = 2, 6, 8
SHORTAGE = 1.0


@dataclass
class Panel:
    """demand: true, NaN before a series begins. sold, known: what a shop would have seen of it."""

    name: str
    demand: Floats
    sold: Floats
    known: NDArray[np.bool_]
    category: list[str]
    group: list[str]
    first: np.datetime64
    starts: list[int]


# ---- data ----------------------------------------------------------------------------------------


def panels(folder: Path, count: int) -> dict[str, Callable[[], Panel]]:
    makers = (m5, oranges, walmart, store_item, online, car_parts)
    return {maker.__name__: lambda maker=maker: maker(folder, count) for maker in makers}


def m5(folder: Path, count: int) -> Panel:
    table = pd.read_csv(folder / "m5_sales_daily_d1495_d1941.csv.gz")
    days = [column for column in table if column.startswith("d_")][-441:]
    weekly = table[days].to_numpy(float).reshape(len(table), 63, 7).sum(2)
    mean = weekly[:, :40].mean(1)
    rng = np.random.default_rng(11)
    rows = rng.choice(np.flatnonzero((mean > 0.3) & (mean < 25)), count, replace=False)
    demand = from_first_sale(weekly[rows])
    return made(rng, "m5", demand, table.dept_id.iloc[rows], table.store_id.iloc[rows], "2015-03-09", 40)


def oranges(folder: Path, count: int) -> Panel:
    table = pd.read_csv(folder / "dominicks_orange_juice_weekly_dev.csv.gz")
    wide = table.assign(units=table.move_oz / 64).pivot(
        index=["store", "brand"], columns="week", values="units"
    )
    wide = wide.reindex(columns=range(int(wide.columns.min()), int(wide.columns.max()) + 1))
    rng = np.random.default_rng(12)
    rows = rng.permutation(len(wide))[:count]
    index = wide.index.to_frame().iloc[rows]
    demand = thinned(rng, wide.to_numpy(float)[rows])
    return made(rng, "oranges", demand, index.brand, index.store, "1990-06-14", demand.shape[1] - 50)


def walmart(folder: Path, count: int) -> Panel:
    table = pd.read_csv(folder / "walmart_weekly_sales_stores_1_30.csv.gz")
    wide = table.pivot(index=["Store", "Dept"], columns="Date", values="Weekly_Sales")
    wide = wide[(wide.notna().mean(axis=1) > 0.8) & (wide.mean(axis=1) > 200)]
    rng = np.random.default_rng(13)
    rows = rng.permutation(len(wide))[:count]
    index = wide.index.to_frame().iloc[rows]
    demand = counted(rng, wide.to_numpy(float)[rows])
    return made(rng, "walmart", demand, index.Dept, index.Store, str(wide.columns[0]), 95)


def store_item(folder: Path, count: int) -> Panel:
    table = pd.read_csv(folder / "store_item_demand_stores_1_5.csv.gz", parse_dates=["date"])
    wide = table.pivot(index=["store", "item"], columns="date", values="sales")
    weekly = wide.to_numpy(float)[:, 1 : 1 + 260 * 7].reshape(len(wide), 260, 7).sum(2)[:, -170:]
    first = str(wide.columns[1 + 90 * 7].date())
    rng = np.random.default_rng(14)
    copies = -(-count // len(wide))
    weekly = np.repeat(weekly, copies, 0)[:count]
    index = wide.index.to_frame().iloc[np.repeat(np.arange(len(wide)), copies)[:count]]
    return made(rng, "store_item", counted(rng, weekly), index.item, index.store, first, 120)


def online(folder: Path, count: int) -> Panel:
    table = pd.read_csv(folder / "online_retail_2010_12_to_2011_08.csv.gz")
    sales = (table.Quantity > 0) & (table.UnitPrice > 0) & ~table.InvoiceNo.astype(str).str.startswith("C")
    table = table[sales]
    days = (pd.to_datetime(table.InvoiceDate, format="%m/%d/%Y %H:%M") - pd.Timestamp("2010-11-29")).dt.days
    wide = table.assign(week=days // 7, code=table.StockCode.str.upper())
    wide = wide.groupby(["code", "week"]).Quantity.sum().unstack(fill_value=0)
    wide = wide.reindex(columns=range(39), fill_value=0)
    wide = wide[(wide > 0).sum(axis=1) >= 15]
    rng = np.random.default_rng(15)
    rows = rng.permutation(len(wide))[:count]
    demand = thinned(rng, from_first_sale(wide.to_numpy(float)[rows]))
    nothing = pd.Series([""] * len(demand))
    return made(rng, "online", demand, nothing, nothing, "2010-11-29", 21)


def car_parts(folder: Path, count: int) -> Panel:
    """Months, played as weeks."""
    table = pd.read_csv(folder / "carparts_monthly.csv.gz").set_index("part_id")
    table = table[table.notna().all(axis=1)]
    rng = np.random.default_rng(16)
    demand = table.to_numpy(float)[rng.permutation(len(table))[:count]]
    nothing = pd.Series([""] * len(demand))
    return made(rng, "car_parts", demand, nothing, nothing, "2001-01-01", 28)


def from_first_sale(weekly: Floats) -> Floats:
    begins = np.argmax(weekly > 0, axis=1)
    return np.where(np.arange(weekly.shape[1])[None] < begins[:, None], np.nan, weekly)


def rates(rng: np.random.Generator, count: int) -> Floats:
    """A small shop's: median 1.4 units a week."""
    return np.exp(rng.normal(0.35, 1.0, count)).clip(0.25, 60)


def thinned(rng: np.random.Generator, weekly: Floats) -> Floats:
    """Each unit kept by chance: a smaller shop with the same season and spikes."""
    kept = np.minimum(1, rates(rng, len(weekly)) / np.maximum(np.nanmean(weekly, 1), 1e-9))
    found = np.full(weekly.shape, np.nan)
    there = np.isfinite(weekly)
    chances = np.broadcast_to(kept[:, None], weekly.shape)[there]
    found[there] = rng.binomial(np.round(weekly[there]).astype(int), chances)
    return found


def counted(rng: np.random.Generator, weekly: Floats) -> Floats:
    """Money or large sums as a small shop's pieces: negative binomial around them."""
    mean = (
        np.maximum(weekly, 0) * (rates(rng, len(weekly)) / np.maximum(np.nanmean(weekly, 1), 1e-9))[:, None]
    )
    spread = np.broadcast_to(rng.uniform(1.02, 2.2, len(weekly))[:, None], weekly.shape)
    found = np.full(weekly.shape, np.nan)
    there = np.isfinite(weekly) & (mean > 0)
    found[there] = rng.negative_binomial(
        np.maximum(mean[there] / (spread[there] - 1), 1e-6), 1 / spread[there]
    )
    found[np.isfinite(weekly) & ~(mean > 0)] = 0
    return found


def made(
    rng: np.random.Generator,
    name: str,
    demand: Floats,
    category: pd.Series,
    group: pd.Series,
    first: str,
    first_start: int,
) -> Panel:
    """With stock-outs of about 8 % of the weeks hidden in it, half of which begin inside a week."""
    known, sold = np.isfinite(demand), np.nan_to_num(demand)
    for row in range(len(demand)):
        week = 0
        while week < demand.shape[1]:
            if rng.random() >= 0.03:
                week += 1
                continue
            length = int(rng.geometric(1 / 3))
            if rng.random() < 0.5:
                sold[row, week] = rng.binomial(int(sold[row, week]), rng.random())
                week += 1
            known[row, week : week + length] = False
            sold[row, week : week + length] = 0
            week += length
    last = demand.shape[1] - WEEKS
    starts = [int(start) for start in np.linspace(first_start, last, 6)]
    return Panel(
        name, demand, sold, known, [str(x) for x in category], [str(x) for x in group],
        np.datetime64(first, "D"), starts,
    )  # fmt: skip


# ---- rules ---------------------------------------------------------------------------------------

# Given week, on hand, the two orders under way: whole units to order.
Rule = Callable[[int, Floats, Floats, Floats], Floats]


def mean_of(panel: Panel, week: int) -> Floats:
    known = panel.known[:, max(0, week - 13) : week]
    sold = panel.sold[:, max(0, week - 13) : week]
    return (sold * known).sum(1) / np.maximum(known.sum(1), 1)


def spread_of(panel: Panel, week: int) -> Floats:
    known = panel.known[:, max(0, week - 13) : week]
    off = (panel.sold[:, max(0, week - 13) : week] - mean_of(panel, week)[:, None]) ** 2
    return np.sqrt((off * known).sum(1) / np.maximum(known.sum(1) - 1, 1))


def rules(panel: Panel, holding: float, cache: Path) -> dict[str, Rule]:
    one = np.ones(len(panel.demand))

    def reference(week: int, stock: Floats, first: Floats, second: Floats) -> Floats:
        return np.round(np.maximum(0, 4 * mean_of(panel, week) - stock - first - second))

    def buffer(week: int, stock: Floats, first: Floats, second: Floats) -> Floats:
        mean = mean_of(panel, week)
        left = np.maximum(np.maximum(stock + first - mean, 0) + second - mean, 0)
        return np.round(np.maximum(0, mean + 0.5 * np.sqrt(3 * mean) - left))

    def newsvendor(week: int, stock: Floats, first: Floats, second: Floats) -> Floats:
        mean, spread = mean_of(panel, week), spread_of(panel, week)
        level = newsvendor_level(0, 1, holding, SHORTAGE) * spread * 3**0.5 + 3 * mean
        return order_up_to(stock + first + second, level, one)

    def min_max(week: int, stock: Floats, first: Floats, second: Floats) -> Floats:
        mean = mean_of(panel, week)
        position = stock + first + second
        return np.where(position < np.ceil(3 * mean), order_up_to(position, np.ceil(5 * mean), one), 0)

    def eoq(week: int, stock: Floats, first: Floats, second: Floats) -> Floats:
        mean, spread = mean_of(panel, week), spread_of(panel, week)
        point = 3 * mean + newsvendor_level(0, 1, holding, SHORTAGE) * spread * 3**0.5
        sizes = np.array([max(1.0, economic_order_quantity(rate, 0.5, holding)) for rate in mean])
        return reorder_point(stock + first + second, point, np.round(sizes), one)

    def plan(week: int, stock: Floats, first: Floats, second: Floats) -> Floats:
        return planned(panel, week, stock, np.stack([first, second], 1), holding, cache)

    return {
        "reference": reference,
        "buffer": buffer,
        "newsvendor": newsvendor,
        "min_max": min_max,
        "eoq": eoq,
        "plan": plan,
    }


def planned(panel: Panel, week: int, stock: Floats, coming: Floats, holding: float, cache: Path) -> Floats:
    count = len(panel.demand)
    begun = np.cumsum(panel.known[:, :week], axis=1) > 0
    history = History(
        name=panel.name,
        steps=Steps("W", panel.first),
        series=tuple(str(row) for row in range(count)),
        sold=np.where(begun, panel.sold[:, :week], np.nan).astype(np.float32),
        in_stock=panel.known[:, :week],
        stock_end=None,
        price=None,
        promo=None,
        category=tuple(panel.category),
        group=tuple(panel.group),
        warnings=(),
    )
    everyone, places = np.ones(count, dtype=bool), np.arange(count) + 2
    numbers = {column: np.full(count, np.nan) for column in TERM_NUMBERS}
    numbers["lead_time"][:] = LEAD
    numbers["holding_cost"][:] = holding
    numbers["shortage_cost"][:] = SHORTAGE
    terms = Terms("terms", everyone, ("",) * count, numbers, ((),) * count, places, ())
    state = State("state", everyone, stock, coming, places)
    answer = decide(history, state, Deal(terms, history), cache=cache)
    return np.array(answer.columns["quantity"], dtype=float)


# ---- the game ------------------------------------------------------------------------------------


def start_state(panel: Panel, start: int) -> tuple[Floats, Floats, Floats]:
    """Stock and pipeline that the reference rule leaves after eight weeks."""
    week = max(start - 8, 5)
    mean = mean_of(panel, week)
    stock, first, second = np.ceil(1.5 * mean), np.round(mean), np.round(mean)
    for now in range(week, start):
        order = np.round(np.maximum(0, 4 * mean_of(panel, now) - stock - first - second))
        stock = np.maximum(stock + first - np.nan_to_num(panel.demand[:, now]), 0)
        first, second = second, order
    return stock, first, second


def play(panel: Panel, start: int, rule: Rule, holding: float) -> float:
    stock, first, second = start_state(panel, start)
    on_sale = np.isfinite(panel.demand[:, max(0, start - 6)])
    cost = np.zeros(len(stock))
    for number in range(WEEKS):
        week = start + number
        order = rule(week, stock, first, second) if number < ORDERS else np.zeros(len(stock))
        stock = stock + first
        wanted = np.nan_to_num(panel.demand[:, week])
        short = np.maximum(wanted - stock, 0)
        stock = np.maximum(stock - wanted, 0)
        if number >= LEAD:
            cost += holding * stock + SHORTAGE * short
        first, second = second, order
    return float(cost[on_sale].sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", nargs="*", help="data sets, else all")
    parser.add_argument("--series", type=int, default=600)
    parser.add_argument("--starts", type=int, default=6)
    parser.add_argument("--holding", type=float, nargs="*", default=[0.2])
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    folder = os.environ.get("PARSTOCK_DATA")
    if not folder:
        sys.exit("PARSTOCK_DATA has to name the folder with the data sets.")
    found: dict[str, dict[str, float]] = {}
    for name, make in panels(Path(folder), options.series).items():
        if options.sets and name not in options.sets:
            continue
        panel = make()
        panel.starts = panel.starts[-options.starts :]
        for holding in options.holding:
            found[f"{name} {holding:g}"] = one_set(panel, holding)
    if options.json:
        options.json.write_text(json.dumps(found, indent=1))


def one_set(panel: Panel, holding: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as cache:
        totals: dict[str, float] = {}
        seconds: dict[str, float] = {}
        for name, rule in rules(panel, holding, Path(cache)).items():
            began = time.process_time()
            totals[name] = sum(play(panel, start, rule, holding) for start in panel.starts)
            seconds[name] = time.process_time() - began
    shares = {name: round(total / totals["reference"], 3) for name, total in totals.items()}
    shown = " ".join(f"{name} {share:.3f}" for name, share in shares.items())
    print(
        f"{panel.name} h={holding:g} {panel.demand.shape}: {shown}; plan {seconds['plan']:.0f} CPU s",
        flush=True,
    )
    return shares


if __name__ == "__main__":
    main()
