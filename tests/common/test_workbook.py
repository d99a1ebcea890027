"""Workbooks as people and programs save them, and such as nobody should."""

from __future__ import annotations

import io
import zipfile
from datetime import date, datetime

import openpyxl
import pytest

from common.importing import workbook
from common.importing.columns import Field, find_columns
from common.importing.faults import FileFault
from common.importing.source import Source, pack

FIELDS = (Field("sku", "sku", required=True), Field("quantity", "qty"))


def saved(cells, **sheets):
    book = openpyxl.Workbook()
    for name, value in cells.items():
        book.active[name] = value
    for name, more in sheets.items():
        sheet = book.create_sheet(name)
        for place, value in more.items():
            sheet[place] = value
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def source_of(content, **said):
    return Source.of(pack([content], file_name="book.xlsx", limit_mb=100).content, "book.xlsx", **said)


def test_cells_come_as_people_see_them():
    content = saved(
        {
            "A1": 1.0,
            "B1": 0.1 + 0.2,
            "C1": 4006381333931,
            "D1": date(2026, 1, 2),
            "E1": datetime(2026, 1, 2, 3, 4),
            "F1": True,
            "G1": "007",
        }
    )
    cells = ["1", "0.3", "4006381333931", "2026-01-02", "2026-01-02 03:04:00", "TRUE", "007"]
    assert list(source_of(content).records()) == [(1, cells)]


def test_a_number_that_the_spreadsheet_has_rounded_stays_visibly_so():
    assert workbook.as_text(12345678901234567890) == "1.23457E+19"


def test_rows_keep_their_numbers_beneath_titles_and_gaps():
    content = saved({"A1": "Price list", "A4": "SKU", "B4": "Qty", "A6": "A1", "B6": 2})
    source = source_of(content)
    assert [number for number, _row in source.records()] == [1, 4, 6]
    assert find_columns(source, FIELDS).header_row == 4


def test_a_table_that_does_not_begin_in_the_corner_keeps_its_row_numbers():
    assert next(source_of(saved({"C5": "SKU", "D5": "Qty"})).records()) == (5, ["SKU", "Qty"])


def test_the_first_sheet_with_anything_on_it_is_read_unless_another_is_said():
    content = saved({}, May={"A1": "SKU"}, June={"A1": "Other"})
    source = source_of(content)
    assert (source.sheet, source.sheets) == ("May", ["Sheet", "May", "June"])
    assert list(source_of(content, sheet="June").records()) == [(1, ["Other"])]
    with pytest.raises(FileFault, match="no sheet “July”"):
        list(source_of(content, sheet="July").records())


def rewritten(content, member, change):
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            data = old.read(item)
            new.writestr(item.filename, change(data) if item.filename == member else data)
    return out.getvalue()


def test_a_wrong_record_of_the_sheets_size_is_not_believed():
    content = saved({"A1": "SKU", "B1": "Qty", "A2": "A1", "B2": 3})
    wrong = rewritten(
        content, "xl/worksheets/sheet1.xml", lambda data: data.replace(b'ref="A1:B2"', b'ref="A1:A1"')
    )
    assert wrong != content
    assert len(list(source_of(wrong).records())) == 2


def test_a_stray_cell_at_the_far_corner_is_refused_before_it_is_parsed():
    with pytest.raises(FileFault, match="reaches to cell XFD1048576"):
        source_of(saved({"A1": "SKU", "XFD1048576": "x"}))


def test_formats_without_content_reach_as_far_as_they_like():
    book = openpyxl.Workbook()
    book.active["A1"] = "SKU"
    book.active["XFD1048576"].font = openpyxl.styles.Font(bold=True)
    out = io.BytesIO()
    book.save(out)
    assert list(source_of(out.getvalue()).records()) == [(1, ["SKU"])]


def test_a_workbook_that_unpacks_to_far_too_much_is_refused_by_what_comes_out(settings):
    settings.WORKBOOK_LIMIT_MB = 1
    bomb = rewritten(saved({"A1": "SKU"}), "xl/styles.xml", lambda data: data + b" " * (4 << 20))
    assert len(bomb) < 50_000
    with pytest.raises(FileFault, match="larger than 1 MB unpacked"):
        source_of(bomb)


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"content.xml": b""}, "OpenDocument"),
        ({"xl/workbook.bin": b""}, "binary workbook"),
        ({"readme.txt": b""}, "no workbook"),
        ({"xl/workbook.xml": b"<workbook"}, "damaged"),
    ],
)
def test_other_archives_are_named_for_what_they_are(members, words):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    with pytest.raises(FileFault, match=words):
        list(source_of(out.getvalue()).records())


def test_a_workbook_that_was_cut_off_is_damaged():
    with pytest.raises(FileFault, match="damaged"):
        source_of(saved({"A1": "SKU"})[:-200])


def with_rows(rows):
    """A workbook whose sheet is written by a hand that knows XML, but no spreadsheet."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(saved({"A1": 1}))) as archive, zipfile.ZipFile(out, "w") as changed:
        for name in archive.namelist():
            content = archive.read(name)
            if name == "xl/worksheets/sheet1.xml":
                before, _, rest = content.partition(b"<sheetData>")
                content = (
                    before + b"<sheetData>" + rows + b"</sheetData>" + rest.partition(b"</sheetData>")[2]
                )
            changed.writestr(name, content)
    return out.getvalue()


FIRST = b'<row r="1"><c r="A1"><v>1</v></c></row>'


@pytest.mark.parametrize(
    "rows",
    [
        b"<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>",
        b'<row><c r = " xfd1048576 "><v>1</v></c></row>',
        b'<row><c s=">" r="XFD1048576"><v>1</v></c></row>',
        b'<row><c r="XFD1048576"><!-- hidden --><v>1</v></c></row>',
        b'<x:row r="1048576">' + b"<x:c><v>1</v></x:c>" * 9 + b"</x:row>",
        b"<row/>" * 900_000 + b"<row>" + b"<c><v>1</v></c>" * 9 + b"</row>",
    ],
    ids=["single marks", "blanks", "mark in a mark", "remark", "only the row says where", "counted"],
)
def test_a_far_cell_is_found_however_it_is_written(rows):
    with pytest.raises(FileFault, match="reaches to cell"):
        source_of(with_rows(FIRST + rows))


@pytest.mark.parametrize(
    "rows",
    [
        b'<row r="2"><c r="ZZZZZZ99999999999999"><v>1</v></c></row>',
        b'<row r="99999999999999"><c><v>1</v></c></row>',
        b'<row r="2"><c r="A2" r="XFD1048576"><v>1</v></c></row>',
        b'<row r="2"><c r="2A"><v>1</v></c></row>',
    ],
)
def test_a_cell_at_no_place_is_damage(rows):
    with pytest.raises(FileFault, match="damaged"):
        source_of(with_rows(FIRST + rows))


def test_cells_that_name_no_place_are_counted():
    content = with_rows(b"<row><c><v>1</v></c><c><v>2</v></c></row><row><c/><c><v>3</v></c></row>")
    assert list(source_of(content).records()) == [(1, ["1", "2"]), (2, ["", "3"])]


def test_a_nul_byte_in_a_cell_is_refused_with_its_place():
    rows = FIRST + b'<row r="2"><c r="C2" t="inlineStr"><is><t>a\0b</t></is></c></row>'
    with pytest.raises(FileFault, match="row 2, column C: There is a NUL byte"):
        list(source_of(with_rows(rows)).records())


def test_what_people_see_is_read_before_hidden_sheets():
    book = openpyxl.Workbook()
    book.active.append(["old"])
    book.active.sheet_state = "hidden"
    book.create_sheet("Shown").append(["new"])
    out = io.BytesIO()
    book.save(out)
    assert list(source_of(out.getvalue()).records()) == [(1, ["new"])]
