"""Files as people send them: packed, in any encoding, with columns of any name."""

from __future__ import annotations

import gzip
from datetime import UTC, date, time, timedelta

import pytest

from common.importing.columns import Field, find_columns, refuse_missing
from common.importing.days import BadDay, Order, guess_order, read_moment
from common.importing.faults import FileFault
from common.importing.source import Source, pack

FIELDS = (
    Field("sku", "stockcode sku item", required=True),
    Field("name", "description item"),
    Field("quantity", "quantity qty", required=True),
)


def source_of(content: bytes, name: str = "till.csv") -> Source:
    return Source.of(pack([content], file_name=name, limit_mb=1).content, name)


def rows_of(content: bytes) -> list[list[str]]:
    return [row for _number, row in source_of(content).records()]


# ---- taking a file in ------------------------------------------------------------------------


def test_the_same_table_packed_and_plain_is_the_same_file():
    plain = b"sku,qty\nA1,2\n"
    digests = {pack([body], file_name="t", limit_mb=1).digest for body in (plain, gzip.compress(plain))}
    assert len(digests) == 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty"),
        (gzip.compress(b"", mtime=0), "empty"),
        (gzip.compress(b"sku,qty\n" * 500, mtime=0)[:-9], "damaged"),
        (b"\x1f\x8bnot gzip at all", "damaged"),
        (b"PK\x03\x04 workbook", "workbook"),
        (b"\xd0\xcf\x11\xe0 old workbook", "workbook"),
        (b"%PDF-1.7", "not a table"),
    ],
)
def test_what_is_no_table_is_refused_by_name(content, words):
    with pytest.raises(FileFault, match=words) as refusal:
        source_of(content)
    assert refusal.value.detail.startswith("till.csv: ")


@pytest.mark.parametrize("squeeze", [bytes, gzip.compress])
def test_a_file_beyond_the_limit_is_refused_also_when_it_came_packed(squeeze):
    with pytest.raises(FileFault, match="larger than 1 MB"):
        pack([squeeze(b"a,b\n" * 300_000)], file_name="till.csv", limit_mb=1)


def test_a_nul_byte_is_refused_with_its_row():
    with pytest.raises(FileFault, match=r"till\.csv, row 3: .*NUL"):
        source_of(b"sku,qty\nA1,2\nA\x002,3\n")


@pytest.mark.parametrize(
    ("encoding", "word"),
    [
        ("utf-8", "Décor 茶杯"),
        ("utf-8-sig", "Décor"),
        ("utf-16", "Décor 茶杯"),
        ("cp1252", "Décor à £5"),
        ("gb18030", "青瓷茶杯"),
    ],
)
def test_the_encoding_is_found(encoding, word):
    assert rows_of(f"sku,name\nA1,{word}\n".encode(encoding))[1] == ["A1", word]


@pytest.mark.parametrize(
    ("content", "encoding"), [("a,b\nc,d\0e\n".encode("utf-16"), ""), (b"a,b\nc,d\0e\n", "cp1252")]
)
def test_a_nul_byte_is_found_in_any_encoding_found_or_said(content, encoding):
    packed = pack([content], file_name="till.csv", limit_mb=1).content
    with pytest.raises(FileFault, match=r"till\.csv, row 2: There is a NUL byte"):
        Source.of(packed, "till.csv", encoding=encoding)


def test_a_file_of_thousands_of_columns_is_no_table_to_choose_from():
    with pytest.raises(FileFault, match="row 2: This row has 501 columns"):
        source_of(b"sku,qty\n" + b"," * 500).head()


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found_although_others_stand_in_the_text(delimiter):
    text = "sku,name,qty\nA1,x y,2\nB2,z,3\n".replace(",", delimiter).replace("x y", "x - y")
    assert rows_of(text.encode())[1] == ["A1", "x - y", "2"]


def test_rows_are_counted_as_a_spreadsheet_counts_them():
    numbers = [number for number, _row in source_of(b'sku,qty\n"A\n1",2\n\nB2,3\n').records()]
    assert numbers == [1, 2, 4]


@pytest.mark.parametrize("broken", [b'sku,qty\nA1,2\n"B2,3\nC3,4\n', b'sku,qty\nA1,2\n"B"2,3\nC3,4\n'])
def test_unbalanced_quotes_are_refused_with_the_row_where_they_begin(broken):
    with pytest.raises(FileFault, match=r"row 3: The quotation marks"):
        rows_of(broken)


# ---- columns ---------------------------------------------------------------------------------


def test_columns_are_known_by_many_names_and_none_is_used_twice():
    columns = find_columns(source_of(b"Stock Code,Item,QTY\nA1,Cup,2\n"), FIELDS)
    assert columns.index == {"sku": 0, "name": 1, "quantity": 2}
    assert find_columns(source_of(b"Item,Qty\nA1,2\n"), FIELDS).index == {"sku": 0, "quantity": 1}


def test_the_header_may_stand_below_a_title():
    columns = find_columns(source_of(b"Report of May,,\n,,\nSKU,Description,Qty\nA1,Cup,2\n"), FIELDS)
    assert columns.header_row == 3


def test_what_somebody_said_goes_before_the_guess():
    source = source_of(b"SKU,Article,Qty\nx,A1,2\n")
    assert find_columns(source, FIELDS, {"sku": "article"}).index["sku"] == 1


@pytest.mark.parametrize("chosen", [{}, {"quantity": "Pieces"}])
def test_missing_columns_are_named_beside_those_found(chosen):
    columns = find_columns(source_of(b"SKU,Colour\nA1,red\n"), FIELDS, chosen)
    with pytest.raises(FileFault, match=r"(quantity|Pieces)\. Found: SKU, Colour"):
        refuse_missing("till.csv", columns, FIELDS, chosen)


# ---- dates -----------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["SKU,Qty,sku", "SKU,Qty,qty", "SKU,,Qty,,QTY"])
def test_a_name_that_two_columns_share_is_refused_where_it_is_used(header):
    columns = find_columns(source_of(f"{header}\n".encode()), FIELDS)
    with pytest.raises(FileFault, match="Two columns are called"):
        refuse_missing("till.csv", columns, FIELDS, {})


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["1/2/2010", "12/13/2010"], Order.MONTH_FIRST),
        (["1/2/2010", "13/12/2010"], Order.DAY_FIRST),
        (["13/12/2010", "14/12/2010", "12/13/2010"], Order.DAY_FIRST),
        (["1/2/2010", "3/4/2010"], None),
        (["2010-01-02"], Order.DAY_FIRST),
        (["3/3/2010"], Order.DAY_FIRST),
    ],
)
def test_the_order_of_dates_follows_from_the_whole_column(texts, order):
    assert guess_order(texts).order == order


@pytest.mark.parametrize(
    ("text", "order", "day", "at"),
    [
        ("12/1/2010 8:26", Order.MONTH_FIRST, date(2010, 12, 1), time(8, 26)),
        ("12/1/2010", Order.DAY_FIRST, date(2010, 1, 12), None),
        ("2010-12-01T08:26:59.5", Order.DAY_FIRST, date(2010, 12, 1), time(8, 26, 59)),
        ("20101201", Order.DAY_FIRST, date(2010, 12, 1), None),
        ("1.12.10", Order.DAY_FIRST, date(2010, 12, 1), None),
        ("2010年12月1日", Order.MONTH_FIRST, date(2010, 12, 1), None),
        ("1 Dec 2010 12:05 am", Order.DAY_FIRST, date(2010, 12, 1), time(0, 5)),
        ("1-Dec-10 1:05 PM", Order.DAY_FIRST, date(2010, 12, 1), time(13, 5)),
    ],
)
def test_dates_are_read_as_they_are_written(text, order, day, at):
    assert read_moment(text, order)[:2] == (day, at)


def test_an_offset_from_utc_is_kept():
    assert read_moment("2010-12-01T08:26:00Z", Order.DAY_FIRST)[2] == UTC
    offset = read_moment("2010-12-01 08:26-05:30", Order.DAY_FIRST)[2]
    assert offset is not None
    assert offset.utcoffset(None) == timedelta(hours=-5, minutes=-30)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("21/13/2026", "no month 13. Days come first"),
        ("31/2/2026", "does not exist"),
        ("tomorrow", "not a date"),
        ("", "not a date"),
        ("1/2/026", "four digits"),
        ("1/2/1026", "before 1990"),
        ("1 Foo 2026", "no month “Foo”"),
        ("1/2/2026 25:00", "no such time"),
        ("1/2/2026 13:00 pm", "no such time"),
        ("2026-01-02 10:00+99:00", "no such offset"),
    ],
)
def test_a_bad_date_says_what_is_wrong(text, words):
    with pytest.raises(BadDay, match=words):
        read_moment(text, Order.DAY_FIRST)
