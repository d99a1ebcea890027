"""Public demand data as panels, from the folder that PARSTOCK_DATA names (its README says what is what)."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Data:
    """demand: n x periods, the last ones are there to be forecast from any origin before them."""

    name: str
    freq: str
    horizon: int
    leads: tuple[int, ...]
    first: np.datetime64
    demand: np.ndarray
    category: np.ndarray
    group: np.ndarray
    stride: int  # periods between two origins
    weight: np.ndarray | None = None  # what a unit is worth
    price: np.ndarray | None = None
    promo: np.ndarray | None = None
    events: dict[str, np.ndarray] = field(default_factory=dict)
    drivers: dict[str, np.ndarray] = field(default_factory=dict)


def folder() -> Path:
    named = os.environ.get("PARSTOCK_DATA")
    if not named:
        raise SystemExit("PARSTOCK_DATA names no folder with the data")
    return Path(named)


def _codes(values: Any) -> np.ndarray:
    return pd.factorize(pd.Series(values))[0].astype(np.int64)


def _from_first_sale(demand: np.ndarray) -> np.ndarray:
    begins = np.argmax(np.nan_to_num(demand) > 0, axis=1)
    return np.where(np.arange(demand.shape[1])[None] < begins[:, None], np.nan, demand)


def m5(evaluation: bool = False) -> Data:
    """Four Walmart stores by day. `evaluation` adds the published last 28 days: for scoring only."""
    here = folder()
    table = pd.read_csv(here / "m5_sales_daily_d1495_d1941.csv.gz")
    if evaluation:
        last = pd.read_csv(here / "m5_sales_evaluation_d1942_d1969.csv.gz")
        keys = ["item_id", "store_id"]
        days = [name for name in last if name.startswith("d_")]
        table = table.merge(last[[*keys, *days]], on=keys)
    days = [name for name in table if name.startswith("d_")]
    demand = _from_first_sale(table[days].to_numpy(float))
    calendar = pd.read_csv(here / "m5_calendar.csv.gz").set_index("d").loc[days]
    prices = pd.read_csv(here / "m5_sell_prices.csv.gz")
    prices = prices[prices.wm_yr_wk >= calendar.wm_yr_wk.min()]
    wide = prices.pivot_table(index=["store_id", "item_id"], columns="wm_yr_wk", values="sell_price")
    wide = wide.reindex(pd.MultiIndex.from_frame(table[["store_id", "item_id"]]))
    price = wide[calendar.wm_yr_wk].to_numpy(np.float32)
    known = np.isfinite(demand[:, :447])
    keep = (known.sum(axis=1) >= 200) & (np.nansum(demand[:, :447], axis=1) >= 10)
    events: dict[str, np.ndarray] = {}
    for column in ("event_name_1", "event_name_2"):
        for name in calendar[column].dropna().unique():
            marks = (calendar[column] == name).to_numpy()[None]
            events[name] = events.get(name, np.zeros_like(marks)) | marks
    state = table.store_id.str[:2].map({"CA": 0, "TX": 1, "WI": 2}).to_numpy()[keep]
    snap = calendar[["snap_CA", "snap_TX", "snap_WI"]].to_numpy(np.float32).T[state]
    return Data(
        "m5", "D", 28, (7, 14, 28), np.datetime64("2015-03-03"), demand[keep],
        _codes(table.dept_id)[keep], _codes(table.store_id)[keep], 28,
        weight=np.nan_to_num(price[keep][:, 446], nan=1.0), price=price[keep], events=events,
        drivers={"snap": snap},
    )  # fmt: skip


def storeitem() -> Data:
    table = pd.read_csv(folder() / "store_item_demand_stores_1_5.csv.gz", parse_dates=["date"])
    wide = table.pivot(index=["store", "item"], columns="date", values="sales")
    index = wide.index.to_frame()
    return Data(
        "store item, days", "D", 28, (7, 14, 28), np.datetime64(wide.columns[-1000], "D"),
        wide.to_numpy(float)[:, -1000:], _codes(index["item"]), _codes(index["store"]), 28,
    )  # fmt: skip


def orange_juice(covariates: bool) -> Data:
    table = pd.read_csv(folder() / "dominicks_orange_juice_weekly_dev.csv.gz")
    weeks = range(int(table.week.min()), int(table.week.max()) + 1)

    def wide(column: str) -> np.ndarray:
        pivot = table.pivot(index=["store", "brand"], columns="week", values=column)
        return pivot.reindex(columns=weeks).to_numpy(np.float32)

    index = table.pivot(index=["store", "brand"], columns="week", values="deal").index.to_frame()
    told = {"price": wide("price_per_oz"), "promo": wide("deal")} if covariates else {}
    name = "orange juice, prices and deals known" if covariates else "orange juice, nothing known"
    return Data(
        name, "W", 8, (1, 3, 8), np.datetime64("1990-06-14"), wide("move_oz") / 64.0,
        _codes(index.brand), np.zeros(len(index), dtype=np.int64), 8, **told,
    )  # fmt: skip


def walmart() -> Data:
    table = pd.read_csv(folder() / "walmart_weekly_sales_stores_1_30.csv.gz")
    wide = table.pivot(index=["Store", "Dept"], columns="Date", values="Weekly_Sales")
    wide = wide[(wide.notna().mean(axis=1) > 0.8) & (wide.mean(axis=1) > 200)]
    index = wide.index.to_frame()
    return Data(
        "walmart", "W", 8, (1, 3, 8), np.datetime64("2010-02-05"),
        wide.clip(lower=0).to_numpy(float) / 100, _codes(index.Dept), _codes(index.Store), 8,
    )  # fmt: skip


def carparts() -> Data:
    table = pd.read_csv(folder() / "carparts_monthly.csv.gz").set_index("part_id")
    demand = table[table.notna().all(axis=1)].to_numpy(float)
    none = np.zeros(len(demand), dtype=np.int64)
    return Data("car parts", "M", 6, (1, 3, 6), np.datetime64("1998-01-01"), demand, none, none, 6)


def m4_weekly() -> Data:
    return _competition(
        "m4 weekly", "m4_weekly_long.csv.gz", "W", 13, (1, 4, 13), np.datetime64("2005-01-01"), 600
    )


def m3_monthly() -> Data:
    return _competition(
        "m3 monthly", "m3_competition_long.csv.gz", "M", 18, (1, 6, 18), np.datetime64("1980-01-01"), 162
    )


def _competition(
    name: str, file: str, freq: str, horizon: int, leads: tuple[int, ...], first: np.datetime64, longest: int
) -> Data:
    table = pd.read_csv(folder() / file)
    if "period" in table:
        table = table[table.period == "MONTHLY"]
    rows = []
    for _series, part in table.groupby("series", sort=False):
        values = part.value.to_numpy(float)[-longest:]
        rows.append(np.concatenate([np.full(longest - len(values), np.nan), values]))
    none = np.zeros(len(rows), dtype=np.int64)
    return Data(name, freq, horizon, leads, first, np.array(rows), none, none, horizon)


ALL: dict[str, Callable[[], Data]] = {
    "m5": m5,
    "storeitem": storeitem,
    "oj": lambda: orange_juice(False),
    "oj-known": lambda: orange_juice(True),
    "walmart": walmart,
    "carparts": carparts,
    "m4": m4_weekly,
    "m3": m3_monthly,
}
