"""AutoETS of statsforecast on a file of arrays, in an interpreter of its own: see benchmarks.forecast."""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np


def main(given: str, answer: str) -> None:
    from statsforecast.models import AutoETS

    warnings.simplefilter("ignore")
    with np.load(given) as asked:
        demand, season, horizon = asked["demand"], int(asked["season"]), int(asked["horizon"])
    # What is compiled or loaded on the first use is not counted.
    AutoETS(season_length=season).forecast(y=np.arange(60.0) % 7, h=2, level=[90])
    begun = time.process_time()
    means, sigmas = [], []
    for row in demand:
        known = row[np.argmax(np.isfinite(row)) :]
        found = AutoETS(season_length=season).forecast(y=np.nan_to_num(known), h=horizon, level=[90])
        means.append(found["mean"])
        sigmas.append((found["hi-90"] - found["mean"]) / 1.6448536)
    np.savez(answer, mean=means, sigma=sigmas, cpu=time.process_time() - begun)


if __name__ == "__main__":
    main(*sys.argv[1:])
