"""`manage.py forecast_file`: its columns, options, JSON line and exit codes."""

from __future__ import annotations

import csv
import gzip
import json
from io import StringIO

import numpy as np
import pytest
from django.core.management import CommandError, call_command


def history_text(series=3, days=120, extra="", fill=lambda row, day: "") -> str:
    rng = np.random.default_rng(1)
    lines = [f"series,date,quantity{extra}"]
    for row in range(series):
        for day in range(days):
            date = np.datetime64("2026-01-01") + day
            lines.append(f"s{row},{date},{rng.poisson(3 + row)}{fill(row, day)}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def run(tmp_path):
    """Run the command on texts; gives the JSON line and the rows of both outputs."""

    def run_on(text: str, *options: str, output="out.csv", freq="D", horizon="10", covariates=None):
        (tmp_path / "history.csv").write_text(text)
        arguments = [
            f"--history={tmp_path / 'history.csv'}", f"--horizon={horizon}", f"--freq={freq}",
            f"--output={tmp_path / output}", *options,
        ]  # fmt: skip
        if covariates:
            (tmp_path / "ahead.csv").write_text(covariates)
            arguments.append(f"--covariates={tmp_path / 'ahead.csv'}")
        out = StringIO()
        call_command("forecast_file", *arguments, stdout=out)
        line = json.loads(out.getvalue().splitlines()[-1])
        return line, *(rows_of(tmp_path / name) for name in (output, output.replace(".", "_lead.", 1)))

    return run_on


def rows_of(path):
    if not path.exists() or path.suffix == ".parquet":
        return None
    content = path.read_bytes()
    text = gzip.decompress(content) if path.suffix == ".gz" else content
    return list(csv.DictReader(text.decode().splitlines()))


def test_every_series_gets_its_days_in_the_fixed_columns(run):
    line, means, sums = run(history_text())
    assert sums is None
    assert list(means[0]) == ["series", "step", "date", "mean"]
    assert [(row["series"], row["step"], row["date"]) for row in means[:2]] == [
        ("s0", "1", "2026-05-01"),
        ("s0", "2", "2026-05-02"),
    ]
    assert len(means) == 30
    assert np.mean([float(row["mean"]) for row in means[:10]]) == pytest.approx(3, rel=0.25)
    assert {"series", "seconds", "cpu_seconds", "peak_rss_mb", "warnings"} <= set(line)
    assert line["series"] == 3


def test_lead_times_get_a_second_file_with_quantiles_as_typed(run):
    _line, means, sums = run(history_text(), "--lead-times=14,3", "--quantiles=.5,0.90,0.99")
    assert list(sums[0]) == ["series", "lead_time", "q.5", "q0.90", "q0.99"]
    assert [(row["series"], row["lead_time"]) for row in sums[:3]] == [
        ("s0", "14"),
        ("s0", "3"),
        ("s1", "14"),
    ]
    assert len(means) == 30, "a lead time beyond the horizon adds no rows to the first file"
    for row in sums:
        assert float(row["q.5"]) <= float(row["q0.90"]) <= float(row["q0.99"])


def test_equal_input_gives_equal_bytes(run, tmp_path):
    written = []
    for _time in range(2):
        run(history_text(), "--lead-times=7", output="f.csv.gz")
        written.append(((tmp_path / "f.csv.gz").read_bytes(), (tmp_path / "f_lead.csv.gz").read_bytes()))
    assert written[0] == written[1]


def test_parquet_says_the_same_as_csv(run, tmp_path):
    import pyarrow.parquet

    _line, means, _sums = run(history_text())
    run(history_text(), output="f.parquet")
    table = pyarrow.parquet.read_table(tmp_path / "f.parquet").to_pydict()
    assert [str(series) for series in table["series"]] == [row["series"] for row in means]
    assert [f"{value:.6f}" for value in table["mean"]] == [f"{float(row['mean']):.6f}" for row in means]
    assert str(table["date"][0]) == means[0]["date"]


@pytest.mark.parametrize(
    ("freq", "dates", "ahead"),
    [
        ("W", ["2026-01-02", "2026-01-09", "2026-01-30"], ["2026-02-06", "2026-02-13"]),
        ("M", ["2025-10-01", "2025-12-01"], ["2026-01-01", "2026-02-01"]),
    ],
)
def test_weeks_and_months_go_on_in_their_steps(run, freq, dates, ahead):
    text = "series,date,quantity\n" + "".join(f"a,{day},4\n" for day in dates)
    _line, means, _sums = run(text, freq=freq, horizon="2")
    assert [row["date"] for row in means] == ahead


def test_a_promotion_in_the_covariates_lifts_its_days(run):
    lifted = {day for start in range(5, 118, 12) for day in range(start, start + 3)}
    rng = np.random.default_rng(2)
    days = [np.datetime64("2026-01-01") + number for number in range(130)]
    history = "series,date,quantity,promo\n" + "".join(
        f"s{row},{days[day]},{rng.poisson(12 if day in lifted else 4)},{int(day in lifted)}\n"
        for row in range(8)
        for day in range(120)
    )
    ahead = "date,promo\n" + "".join(f"{days[day]},{int(day in (124, 125))}\n" for day in range(120, 130))
    line, means, _sums = run(history, covariates=ahead)
    mean = np.array([float(row["mean"]) for row in means]).reshape(8, 10).mean(axis=0)
    assert mean[[4, 5]].mean() / np.delete(mean, [4, 5]).mean() == pytest.approx(3, rel=0.2)
    assert line["warnings"] == []


def test_days_without_stock_are_not_days_without_demand(run):
    hidden = set(range(20, 120, 4)) | set(range(21, 120, 4))
    text = history_text(
        extra=",in_stock", fill=lambda row, day: f",{int(day not in hidden)}"
    )  # sold on those days all the same, so at least that was wanted
    lines = text.splitlines()
    emptied = [lines[0]]
    for line in lines[1:]:
        series, date, quantity, known = line.split(",")
        emptied.append(",".join([series, date, quantity if known == "1" else "0", known]))
    _line, means, _sums = run("\n".join(emptied) + "\n")
    assert np.mean([float(row["mean"]) for row in means[:10]]) == pytest.approx(3, rel=0.25)


def test_an_odd_series_is_a_warning_and_the_others_have_their_forecasts(run):
    line, means, _sums = run(history_text() + "new,2026-04-30,\nzero,2026-01-01,0\nback,2026-04-01,-5\n")
    assert len(means) == 60
    told = " ".join(line["warnings"])
    assert "1 negative quantity, the first in row 364" in told
    assert "1 series (new) has no known period" in told
    assert all(np.isfinite(float(row["mean"])) for row in means)


@pytest.mark.parametrize(
    ("text", "options", "sentence"),
    [
        ("series,date\na,2026-01-01\n", [], "history.csv, row 1: the column quantity is missing."),
        (
            "series,date,quantity\na,2026-01-01,x\n",
            [],
            "history.csv, row 2, column quantity: “x” is no number.",
        ),
        (history_text(1, 5), ["--covariates=/nowhere/ahead.csv"], "/nowhere/ahead.csv cannot be read"),
        (history_text(1, 5), ["--lead-times=9999"], "9999 periods ahead are too many"),
    ],
)
def test_what_cannot_be_read_is_exit_2_with_a_sentence(run, capsys, text, options, sentence):
    with pytest.raises(SystemExit) as ended:
        run(text, *options)
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", ["--horizon=0", "--freq=Q", "--quantiles=0.5,1", "--quantiles=a", "--lead-times=7,-1"]
)
def test_an_option_that_makes_no_sense_is_refused(run, option):
    with pytest.raises(CommandError):
        run(history_text(1, 5), option)
