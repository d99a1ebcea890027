"""`manage.py plan_file`: what to order now, from files."""

from __future__ import annotations

import ctypes
import os
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.data_files.report import json_line
from common.data_files.tables import write_table
from common.errors import BadInput
from replenishment.file_plan import check_budget, plan_files


class Command(BaseCommand):
    help = (
        "One ordering decision from files of sales, stock and terms; docs/replenishment.md has the columns."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--history", type=Path, required=True, help="series, date, quantity, ...")
        parser.add_argument("--state", type=Path, required=True, help="series, on_hand, on_order_1, ...")
        parser.add_argument("--terms", type=Path, required=True, help="series, lead_time, unit_cost, ...")
        parser.add_argument(
            "--covariates", type=Path, help="date, what is known ahead: price, promo, event, ..."
        )
        parser.add_argument("--budget", help="the most to spend")
        parser.add_argument("--cache", type=Path, help="a folder that keeps forecasts of the past")
        parser.add_argument("--freq", choices=["D", "W"], required=True)
        parser.add_argument("--output", type=Path, required=True, help="CSV, CSV.GZ or Parquet")

    def handle(self, **options: Any) -> None:
        try:
            with _quiet_stdout():
                answer = plan_files(
                    history=options["history"],
                    state=options["state"],
                    terms=options["terms"],
                    freq=options["freq"],
                    covariates=options["covariates"],
                    budget=check_budget(options["budget"]),
                    cache=options["cache"],
                )
            write_table(options["output"], answer.columns)
        except BadInput as refusal:
            raise CommandError(str(refusal), returncode=2) from None
        self.stdout.write(json_line(len(answer.columns["series"]), answer.warnings, **answer.facts))


@contextmanager
def _quiet_stdout() -> Iterator[None]:
    """Keeps what libraries print by themselves away from the one line that is the answer.

    The solver's own output is buffered in C and would come after that line.
    """
    sys.stdout.flush()
    try:
        kept = os.dup(1)
    except OSError:  # no stdout
        yield
        return
    try:
        os.dup2(2, 1)
        yield
    finally:
        ctypes.CDLL(None).fflush(None)
        os.dup2(kept, 1)
        os.close(kept)
