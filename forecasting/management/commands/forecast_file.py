"""The forecasting engine on any file, without a database."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentTypeError
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils.translation import gettext as _

from common.data_files.calendar import FREQUENCIES
from common.data_files.covariates import read_covariates
from common.data_files.history import read_history
from common.data_files.report import json_line
from common.data_files.tables import beside, write_table
from common.errors import BadInput
from forecasting.panels import odd_series, panel_of_history

if TYPE_CHECKING:
    from common.data_files.history import History
    from forecasting.engine.panel import PanelForecast

LONGEST = {"D": 3_660, "W": 522, "M": 120}
DEFAULT_QUANTILES = "0.5,0.75,0.9,0.95,0.99"
_DECIMALS = 6


class Command(BaseCommand):
    help = "Forecast every series of a history file. Prints one JSON line of counts and timings last."
    requires_system_checks: list[str] = []  # no database is needed

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--history", type=Path, required=True, help="CSV, CSV.GZ or Parquet")
        parser.add_argument("--horizon", type=_whole, required=True, metavar="N", help="periods to forecast")
        parser.add_argument("--freq", choices=FREQUENCIES, required=True)
        parser.add_argument("--covariates", type=Path, help="prices, promotions, events known ahead")
        parser.add_argument("--quantiles", type=_quantiles, default=DEFAULT_QUANTILES, metavar="Q,Q,...")
        parser.add_argument("--lead-times", type=_lead_times, default=[], metavar="L,L,...")
        parser.add_argument("--output", type=Path, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        # One thread: more of them cost more than they bring on arrays of this size.
        for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
            os.environ.setdefault(name, "1")
        try:
            line = _forecast(options)
        except BadInput as refusal:
            self.stderr.write(refusal.detail)
            sys.exit(2)
        self.stdout.write(line)


def _forecast(options: dict[str, Any]) -> str:
    leads: list[int] = options["lead_times"]
    horizon = max([options["horizon"], *leads])
    if horizon > LONGEST[options["freq"]]:
        raise BadInput(
            _("%(horizon)d periods ahead are too many; at most %(most)d can be forecast.")
            % {"horizon": horizon, "most": LONGEST[options["freq"]]}
        )
    history = read_history(options["history"], options["freq"])
    warnings = list(history.warnings)
    covariates = None
    if options["covariates"]:
        covariates = read_covariates(options["covariates"], history, horizon)
        warnings += covariates.warnings
    panel = panel_of_history(history, horizon, covariates)
    warnings += odd_series(panel)

    from forecasting.engine.forecast import forecast_panel

    forecast = forecast_panel(panel, leads=leads)
    _write_means(options["output"], history, forecast, options["horizon"])
    if leads:
        _write_sums(beside(options["output"], "_lead"), history, forecast, leads, options["quantiles"])
    return json_line(len(history.series), warnings, naive_kept=_naive_kept(forecast))


def _naive_kept(forecast: PanelForecast) -> int:
    return int((forecast.method == forecast.methods.index("seasonal_naive")).sum())


def _write_means(path: Path, history: History, forecast: PanelForecast, horizon: int) -> None:
    import numpy as np

    count = len(history.series)
    days = history.steps.days(history.periods, horizon)
    write_table(
        path,
        {
            "series": _repeated(history.series, horizon),
            "step": np.tile(np.arange(1, horizon + 1), count),
            "date": np.tile(days, count),
            "mean": np.round(forecast.mean[:, :horizon], _DECIMALS).ravel(),
        },
    )


def _write_sums(
    path: Path, history: History, forecast: PanelForecast, leads: list[int], quantiles: list[str]
) -> None:
    """One row for each series and lead time; columns are named as the quantiles were typed."""
    import numpy as np

    levels = [float(text) for text in quantiles]
    # series x leads x levels
    found = np.stack([forecast.sum_quantiles(lead, levels) for lead in leads], axis=1)
    columns: dict[str, Any] = {
        "series": _repeated(history.series, len(leads)),
        "lead_time": np.tile(np.array(leads), len(history.series)),
    }
    for place, text in enumerate(quantiles):
        columns[f"q{text}"] = np.round(found[:, :, place], _DECIMALS).ravel()
    write_table(path, columns)


def _repeated(names: tuple[str, ...], times: int) -> Any:
    """Each name `times` times, held once."""
    import numpy as np
    import pyarrow

    codes = np.repeat(np.arange(len(names), dtype=np.int32), times)
    return pyarrow.DictionaryArray.from_arrays(codes, pyarrow.array(names, pyarrow.string()))


def _whole(text: str) -> int:
    if not text.isdecimal() or len(text) > 6 or int(text) < 1:
        raise ArgumentTypeError(_("“%(text)s” is no whole number from 1 on.") % {"text": text})
    return int(text)


def _lead_times(text: str) -> list[int]:
    return list(dict.fromkeys(_whole(part.strip()) for part in text.split(",")))


def _quantiles(text: str) -> list[str]:
    parts = list(dict.fromkeys(part.strip() for part in text.split(",")))
    for part in parts:
        try:
            fits = 0 < float(part) < 1
        except ValueError:
            fits = False
        if not fits:
            raise ArgumentTypeError(_("“%(text)s” does not lie between 0 and 1.") % {"text": part})
    return parts
