"""History, covariates, state and terms files: what they say, and how they are refused."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest

from common.data_files.covariates import read_covariates
from common.data_files.history import read_history
from common.data_files.report import json_line
from common.data_files.stock_files import read_state, read_terms
from common.data_files.tables import beside, write_table
from common.errors import BadInput


def written(folder: Path, text: str, name: str = "history.csv") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def history_of(folder: Path, text: str, freq: str = "D"):
    return read_history(written(folder, text), freq)


SMALL = "series,date,quantity\nb,2026-01-02,3\na,2026-01-01,1\na,2026-01-04,2\n"


def test_a_missing_period_sold_nothing_and_before_its_first_row_a_series_is_unknown(tmp_path):
    history = history_of(tmp_path, SMALL)
    assert history.series == ("b", "a")
    np.testing.assert_array_equal(history.sold, [[np.nan, 3, 0, 0], [1, 0, 0, 2]])


def test_codes_stay_texts_and_a_byte_order_mark_is_no_part_of_the_header(tmp_path):
    history = history_of(tmp_path, '﻿series,date,quantity\n007,2026-01-01,1\n"a, b",2026-01-01,1\n')
    assert history.series == ("007", "a, b")


def test_a_blank_quantity_is_unknown_and_a_negative_one_is_zero_and_told(tmp_path):
    history = history_of(tmp_path, "series,date,quantity\na,2026-01-01,\na,2026-01-02,-4\na,2026-01-03,1\n")
    np.testing.assert_array_equal(history.sold, [[np.nan, 0, 1]])
    assert history.warnings == (
        "history.csv: 1 negative quantity, the first in row 3, was read as returns: 0 sold.",
    )


def test_stock_columns_are_spread_like_sales_and_a_blank_means_in_stock(tmp_path):
    history = history_of(
        tmp_path,
        "series,date,quantity,in_stock,stock_end,price,promo,category,group\n"
        "a,2026-01-01,0,0,0,2.5,1,Tea,North\na,2026-01-03,1,,7,,,,\n",
    )
    np.testing.assert_array_equal(history.in_stock, [[False, True, True]])
    np.testing.assert_array_equal(history.stock_end, [[0, np.nan, 7]])
    np.testing.assert_array_equal(history.price, [[2.5, np.nan, np.nan]])
    assert (history.category, history.group) == (("Tea",), ("North",))


def test_weeks_keep_their_weekday_and_months_begin_on_the_first(tmp_path):
    weekly = history_of(tmp_path, "series,date,quantity\na,2026-01-02,1\na,2026-01-16,2\n", "W")
    np.testing.assert_array_equal(weekly.sold, [[1, 0, 2]])
    assert [str(day) for day in weekly.steps.days(3, 2)] == ["2026-01-23", "2026-01-30"]
    monthly = history_of(tmp_path, "series,date,quantity\na,2025-12-01,1\na,2026-02-01,2\n", "M")
    np.testing.assert_array_equal(monthly.sold, [[1, 0, 2]])
    assert [str(day) for day in monthly.steps.days(3, 2)] == ["2026-03-01", "2026-04-01"]


@pytest.mark.parametrize(
    ("text", "freq", "sentence"),
    [
        ("series,date\na,2026-01-01\n", "D", "history.csv, row 1: the column quantity is missing."),
        ("series,date,quantity\n", "D", "history.csv has a header and no rows."),
        ("", "D", "history.csv is empty."),
        (
            "series,date,quantity\na,2026-01-01,1\na,2026-01-02,two\n",
            "D",
            "history.csv, row 3, column quantity: “two” is no number.",
        ),
        (
            "series,date,quantity\na,2026-01-01,inf\n",
            "D",
            "history.csv, row 2, column quantity: “inf” is no number.",
        ),
        (
            "series,date,quantity\na,2026-01-01,1\nb,31.01.2026,2\n",
            "D",
            "history.csv, row 3, column date: “31.01.2026” is no date; write it as 2026-01-31.",
        ),
        ("series,date,quantity\na,,1\n", "D", "history.csv, row 2, column date: the date is missing."),
        (
            "series,date,quantity\n,2026-01-01,1\n",
            "D",
            "history.csv, row 2, column series: the name of the series is missing.",
        ),
        (
            SMALL + "a,2026-01-01,9\n",
            "D",
            "history.csv, row 5, column date: a second row for the series a and the date 2026-01-01.",
        ),
        (
            SMALL,
            "W",
            "history.csv, row 2, column date: 2026-01-02 is not a number of whole weeks after 2026-01-01.",
        ),
        (SMALL, "M", "history.csv, row 2, column date: 2026-01-02 is not the first of a month."),
        (
            "series,date,quantity\na,2026-01-01,1\nb,2026-01-01\n",
            "D",
            "history.csv, row 3, column quantity: the row has not as many cells as the header.",
        ),
        ("series,date,date,quantity\n", "D", "history.csv, row 1: the column date stands there twice."),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_by_file_row_and_column(tmp_path, text, freq, sentence):
    with pytest.raises(BadInput) as refusal:
        history_of(tmp_path, text, freq)
    assert refusal.value.detail == sentence


def test_a_file_that_is_not_there_or_is_no_text_is_refused(tmp_path):
    with pytest.raises(BadInput, match="no such file"):
        read_history(tmp_path / "nothing.csv", "D")
    (tmp_path / "image.csv").write_bytes(b"\xff\xfe\x00series")
    with pytest.raises(BadInput, match="no UTF-8 text"):
        read_history(tmp_path / "image.csv", "D")
    (tmp_path / "table.parquet").write_text("series,date")
    with pytest.raises(BadInput, match="no Parquet file"):
        read_history(tmp_path / "table.parquet", "D")


def test_packed_text_and_parquet_say_the_same_as_text(tmp_path):
    plain = history_of(tmp_path, SMALL)
    packed = tmp_path / "history.csv.gz"
    packed.write_bytes(gzip.compress(SMALL.encode()))
    days = np.array(["2026-01-02", "2026-01-01", "2026-01-04"], dtype="datetime64[D]")
    parquet = tmp_path / "history.parquet"
    write_table(parquet, {"series": ["b", "a", "a"], "date": days, "quantity": [3, 1, 2]})
    moments = tmp_path / "moments.parquet"
    write_table(
        moments,
        {"series": ["b", "a", "a"], "date": days.astype("datetime64[ns]"), "quantity": [3.0, 1.0, 2.0]},
    )
    for path in (packed, parquet, moments):
        same = read_history(path, "D")
        assert same.series == plain.series
        np.testing.assert_array_equal(same.sold, plain.sold)


def test_a_covariate_for_a_series_overrides_its_group_and_that_one_overrides_all(tmp_path):
    history = history_of(
        tmp_path, "series,date,quantity,group\na,2026-01-01,1,N\nb,2026-01-01,1,N\nc,2026-01-01,1,S\n"
    )
    path = written(
        tmp_path,
        "date,series,group,price,event,rain\n2026-01-02,,,5,Easter+Fair,\n2026-01-02,,N,4,Market,\n"
        "2026-01-02,a,,3,,\n2026-01-03,,,,,0.5\n",
        "ahead.csv",
    )
    ahead = read_covariates(path, history, 2)
    np.testing.assert_array_equal(ahead.numbers["price"][:, 1], [3, 4, 5])
    assert set(ahead.events) == {"Easter", "Fair", "Market"}
    assert ahead.events["Easter"].shape == (1, 3)
    np.testing.assert_array_equal(ahead.events["Market"][:, 1], [True, True, False])
    np.testing.assert_array_equal(ahead.numbers["rain"][0], [np.nan, np.nan, np.float32(0.5)])
    assert [warning.split(":")[1] for warning in ahead.warnings] == [
        " price ends on 2026-01-02, before the forecast does; its last value goes on."
    ]


def test_covariates_of_strangers_and_of_other_days_are_left_out_with_a_warning(tmp_path):
    history = history_of(tmp_path, SMALL)
    path = written(tmp_path, "date,series,promo\n2026-01-05,z,1\n2030-01-01,a,1\n", "ahead.csv")
    ahead = read_covariates(path, history, 2)
    assert np.isnan(ahead.numbers["promo"]).all()
    assert ahead.warnings == ("ahead.csv, row 2: series “z” is not in history.csv; left out.",)


def test_two_covariates_for_the_same_series_and_date_are_refused(tmp_path):
    history = history_of(tmp_path, SMALL)
    path = written(tmp_path, "date,series,promo\n2026-01-05,a,1\n2026-01-05,a,0\n", "ahead.csv")
    with pytest.raises(BadInput, match=r"ahead\.csv, row 3, column date: a second row"):
        read_covariates(path, history, 2)


def test_stock_and_terms_are_put_in_the_order_of_the_history(tmp_path):
    history = history_of(tmp_path, SMALL)
    state = read_state(written(tmp_path, "series,on_hand,on_order_2\na,5,1\nb,7,\n", "state.csv"), history)
    np.testing.assert_array_equal(state.on_hand, [7, 5])
    np.testing.assert_array_equal(state.on_order, [[0, 0], [0, 1]])
    terms = read_terms(
        written(tmp_path, "series,supplier,pack,breaks\na,Mill,6,96:0.9;48:0.95\n", "terms.csv"), history
    )
    np.testing.assert_array_equal(terms.listed, [False, True])
    assert terms.supplier == ("", "Mill")
    assert terms.breaks == ((), ((48.0, 0.95), (96.0, 0.9)))
    np.testing.assert_array_equal(terms.numbers["pack"], [np.nan, 6])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("series,on_hand\nz,5\n", "state.csv, row 2, column series: “z” is not in history.csv."),
        ("series,on_hand\na,5\na,5\n", "state.csv, row 3, column series: a second row for the series a."),
    ],
)
def test_a_stranger_or_a_twin_in_the_state_is_refused(tmp_path, text, sentence):
    history = history_of(tmp_path, SMALL)
    with pytest.raises(BadInput) as refusal:
        read_state(written(tmp_path, text, "state.csv"), history)
    assert refusal.value.detail == sentence


def test_equal_columns_give_equal_bytes_in_every_format(tmp_path):
    columns = {"series": ["a", 'x, "y"'], "mean": np.array([0.5, 1.25])}
    for name in ("out.csv", "out.csv.gz", "out.parquet"):
        write_table(tmp_path / name, columns)
        first = (tmp_path / name).read_bytes()
        write_table(tmp_path / name, columns)
        assert (tmp_path / name).read_bytes() == first
    assert (tmp_path / "out.csv").read_text() == 'series,mean\n"a",0.5\n"x, ""y""",1.25\n'


def test_the_second_output_keeps_the_ending_of_the_first():
    assert beside(Path("out/f.csv.gz"), "_lead") == Path("out/f_lead.csv.gz")
    assert beside(Path("f.parquet"), "_lead") == Path("f_lead.parquet")


def test_the_last_line_has_counts_timings_and_warnings():
    line = json.loads(json_line(3, ["late"], orders=1))
    assert list(line) == ["series", "orders", "seconds", "cpu_seconds", "peak_rss_mb", "warnings"]
    assert line["cpu_seconds"] > 0
    assert line["peak_rss_mb"] > 10
