"""Accuracy and cost of forecasts against the naive one and AutoETS: `python -m benchmarks.forecast`.

Each origin hides what comes after it; figures are means over origins. `--rival PYTHON` names an
interpreter that has statsforecast (benchmarks/requirements-rivals.txt: it wants an older pandas than
the application) for AutoETS on the same series and origins. `--evaluation` scores the published last
28 days of M5, which nothing was tuned on.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import NormalDist

# Before NumPy is imported: threads that wait for each other count as CPU.
for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[_name] = "1"

import numpy as np  # noqa: E402

from benchmarks import forecast_data  # noqa: E402
from benchmarks.forecast_data import Data  # noqa: E402
from forecasting.engine.forecast import forecast_panel  # noqa: E402
from forecasting.engine.naive import seasonal_naive  # noqa: E402
from forecasting.engine.panel import Panel  # noqa: E402

LEVELS = np.array([0.5, 0.75, 0.9, 0.95, 0.99])
SEASON = {"D": 7, "W": 1, "M": 12}


def panel_at(data: Data, rows: np.ndarray, now: int) -> Panel:
    """What was known after `now` periods, and of prices and events also what was to come."""
    end = now + data.horizon

    def known(values: np.ndarray | None) -> np.ndarray | None:
        return None if values is None else values[rows][:, :end].astype(np.float32)

    return Panel(
        keys=tuple(str(row) for row in rows),
        demand=data.demand[rows][:, :now].astype(np.float32),
        first=data.first,
        freq=data.freq,
        horizon=data.horizon,
        category=data.category[rows],
        group=data.group[rows],
        price=known(data.price),
        promo=known(data.promo),
        events={name: marks[:, :end] for name, marks in data.events.items()},
        drivers={name: values[rows][:, :end] for name, values in data.drivers.items()},
    )


def score(
    past: np.ndarray, came: np.ndarray, mean: np.ndarray, quantiles: dict[int, np.ndarray], weight: np.ndarray
) -> dict[str, float]:
    """RMSSE, weighted RMSSE, pinball of sums scaled by the steps of each series, bias, coverage."""
    steps = np.diff(past, axis=1)
    counted = np.isfinite(steps).sum(axis=1)
    used = np.isfinite(came).all(axis=1) & (counted > 10)
    square = np.where(used, np.nansum(steps**2, axis=1) / np.maximum(counted, 1), 0)
    used &= square > 0
    error = np.sqrt(np.mean((mean - came)[used] ** 2, axis=1) / square[used])
    value = weight[used] * np.nansum(past[used][:, -came.shape[1] :], axis=1)
    found = {
        "rmsse": float(error.mean()),
        "wrmsse": float((error * value).sum() / max(value.sum(), 1e-9)),
        "bias": float(mean[used].sum() / came[used].sum() - 1),
    }
    losses, covered = [], []
    for lead, found_quantiles in quantiles.items():
        sold = came[used][:, :lead].sum(axis=1)[:, None]
        miss = sold - found_quantiles[used]
        scale = np.sqrt(square[used] * lead)
        losses.append((np.maximum(LEVELS * miss, (LEVELS - 1) * miss).mean(axis=1) / scale).mean())
        covered.append((miss <= 1e-6).mean(axis=0))
    found["pinball"] = float(np.mean(losses))
    for level, share in zip(LEVELS, np.mean(covered, axis=0), strict=True):
        found[f"cov {level:g}"] = float(share)
    return found


def ours(data: Data, rows: np.ndarray, now: int) -> tuple[np.ndarray, dict[int, np.ndarray], float]:
    panel = panel_at(data, rows, now)
    begun = time.process_time()
    found = forecast_panel(panel, leads=data.leads)
    quantiles = {lead: found.sum_quantiles(lead, LEVELS.tolist()) for lead in data.leads}
    return found.mean, quantiles, time.process_time() - begun


def naive(data: Data, rows: np.ndarray, now: int) -> tuple[np.ndarray, dict[int, np.ndarray], float]:
    """The seasonal naive mean, with the spread of its own past sums around it."""
    begun = time.process_time()
    past = data.demand[rows][:, :now].astype(np.float32)
    season = SEASON[data.freq]
    mean = seasonal_naive(past, season, np.array([now - 1]), data.horizon)[:, 0].astype(float)
    quantiles = {}
    for lead in data.leads:
        sums = np.cumsum(np.nan_to_num(past), axis=1)
        sums = sums[:, lead:] - sums[:, :-lead]
        lag = -(-lead // season) * season
        spread = sums[:, lag:] - sums[:, :-lag]
        middle = mean[:, :lead].sum(axis=1, keepdims=True)
        quantiles[lead] = np.maximum(middle + np.quantile(spread, LEVELS, axis=1).T, 0)
    return mean, quantiles, time.process_time() - begun


def auto_ets(
    python: str, data: Data, rows: np.ndarray, now: int
) -> tuple[np.ndarray, dict[int, np.ndarray], float]:
    """statsforecast's AutoETS in its own process; sums from independent normal errors of its steps."""
    with tempfile.TemporaryDirectory() as folder:
        given, answer = Path(folder) / "given.npz", Path(folder) / "answer.npz"
        past = data.demand[rows][:, :now]
        season = {"D": 7, "W": 1, "M": 12}[data.freq]
        np.savez(given, demand=past, season=season, horizon=data.horizon)
        rival = Path(__file__).with_name("forecast_rival.py")
        subprocess.run([python, str(rival), str(given), str(answer)], check=True, stderr=subprocess.DEVNULL)
        with np.load(answer) as found:
            mean, sigma, cpu = found["mean"], found["sigma"], float(found["cpu"])
    mean = np.maximum(mean, 0)
    scores = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
    quantiles = {
        lead: np.maximum(
            mean[:, :lead].sum(axis=1)[:, None]
            + np.sqrt((sigma[:, :lead] ** 2).sum(axis=1))[:, None] * scores[None],
            0,
        )
        for lead in data.leads
    }
    return mean, quantiles, cpu


def measure(data: Data, count: int | None, origins: int, python: str | None) -> None:
    rows = np.arange(len(data.demand))
    if count and count < len(rows):
        rows = np.sort(np.random.default_rng(0).choice(rows, count, replace=False))
    weight = np.ones(len(rows)) if data.weight is None else data.weight[rows]
    methods = {"naive": naive, "parstock": ours}
    if python:
        methods["AutoETS"] = lambda *asked: auto_ets(python, *asked)
    found: dict[str, list[dict[str, float]]] = {name: [] for name in methods}
    for number in range(origins):
        now = data.demand.shape[1] - data.horizon - number * data.stride
        past, came = data.demand[rows][:, :now], data.demand[rows][:, now : now + data.horizon]
        for name, method in methods.items():
            mean, quantiles, cpu = method(data, rows, now)
            figures = score(past, came, mean, quantiles, weight)
            found[name].append({"cpu s / 1,000": 1000 * cpu / len(rows), **figures})
    print(f"\n{data.name}: {len(rows)} series, {origins} origins", flush=True)
    names = list(found["naive"][0])
    print("| method | " + " | ".join(names) + " |\n" + "|---" * (len(names) + 1) + "|")
    for method_name, figures in found.items():
        means = [np.mean([row[name] for row in figures]) for name in names]
        print(f"| {method_name} | " + " | ".join(f"{value:.3f}" for value in means) + " |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", nargs="*", choices=list(forecast_data.ALL), default=list(forecast_data.ALL))
    parser.add_argument("--series", type=int, help="at most so many, drawn at random")
    parser.add_argument("--origins", type=int, default=3)
    parser.add_argument("--rival", metavar="PYTHON", help="an interpreter with statsforecast")
    parser.add_argument("--evaluation", action="store_true", help="M5 up to its published last 28 days")
    asked = parser.parse_args()
    if asked.evaluation:
        measure(forecast_data.m5(evaluation=True), asked.series, 1, asked.rival)
        return
    for name in asked.data:
        measure(forecast_data.ALL[name](), asked.series, asked.origins, asked.rival)


if __name__ == "__main__":
    sys.exit(main())
