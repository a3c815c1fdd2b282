"""Reading: encodings, delimiters, titles, broken and hostile files."""

from __future__ import annotations

import datetime as dt
import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from sizao.feeds.tables import _sheet, reading, table, xlsxfile
from sizao.feeds.tables.checking import check
from sizao.feeds.tables.csvfile import read_csv
from sizao.feeds.tables.kinds import KINDS
from sizao.feeds.tables.known import Known
from sizao.feeds.tables.mapping import TableMapping, propose
from sizao.feeds.tables.reading import read
from sizao.feeds.tables.table import Refusal, Table
from sizao.feeds.tables.xlsxfile import read_xlsx
from tests.feeds.tables import files

CRASH = KINDS["crash"]
NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)


def opened(data: bytes, kind=CRASH, **how) -> Table:
    found = read(data, kind, **how)
    assert isinstance(found, Table), found
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_every_encoding_and_delimiter_reads_the_same(encoding, delimiter):
    data = files.csv_bytes(files.CRASH_HEADER, files.CRASHES, encoding, delimiter)
    found = opened(data)
    assert found.header == files.CRASH_HEADER
    assert len(found.rows) == len(files.CRASHES) - 1  # one line is empty
    assert found.rows[1].cells[9] == "小雨"


def test_row_numbers_are_those_of_a_spreadsheet():
    data = b'a,b\n\n1,"two\nlines"\n3,4\n'
    found = opened(data, None)
    assert [row.number for row in found.rows] == [3, 4]


def test_a_few_broken_bytes_are_reported_with_their_row():
    data = bytearray(files.crash_csv("gb18030"))
    at = data.index("小雨".encode("gb18030"))
    data[at] = 0xFF
    found = opened(bytes(data))
    result = check(found, propose(found, CRASH).mapping, Known(NOW))
    assert ("encoding", 3) in {(one.code, one.row) for one in result.problems}


def test_the_header_is_found_below_title_and_note():
    found = opened(files.vehicle_xlsx(), KINDS["vehicle"])
    assert found.header_row == 3
    assert found.header == files.VEHICLE_HEADER
    assert found.rows[0].number == 4
    chosen = opened(files.vehicle_xlsx(), KINDS["vehicle"], header_row=4)
    assert chosen.header[0] == "川DI0001"
    refused = read(files.vehicle_xlsx(), KINDS["vehicle"], header_row=99)
    assert isinstance(refused, Refusal)
    assert "99" in refused.words.zh


def test_a_header_of_two_storeys():
    book = Workbook()
    sheet = book.active
    sheet.append(["事故编号", "事故时间", "位置", None, "伤亡", None])
    sheet.append([None, None, "经度", "纬度", "死亡人数", "受伤人数"])
    sheet.append(["1", "2024-01-01 10:00", 101.7, 26.5, 0, 1])
    sheet.merge_cells("A1:A2")
    sheet.merge_cells("B1:B2")
    sheet.merge_cells("C1:D1")
    found = opened(files.saved(book))
    assert found.header == ("事故编号", "事故时间", "经度", "纬度", "死亡人数", "受伤人数")
    exported = (
        "事故编号,事故时间,位置,,伤亡,\n,,经度,纬度,死亡人数,受伤人数\n1,2024-01-01,1,2,0,0\n"
    )
    assert opened(exported.encode()).header == found.header


def test_the_sheet_with_the_fitting_header_is_taken():
    book = Workbook()
    book.active.title = "说明"
    book.active.append(["本表由虚构单位填报"])
    hidden = book.create_sheet("隐藏")
    hidden.sheet_state = "hidden"
    hidden.append(list(files.CRASH_HEADER))
    sheet = book.create_sheet("明细")
    sheet.append(list(files.CRASH_HEADER))
    sheet.append(list(files.CRASHES[0]))
    data = files.saved(book)
    found = opened(data)
    assert (found.sheet, found.sheets) == ("明细", ("说明", "明细"))
    assert opened(data, sheet="说明").header == ("本表由虚构单位填报",)
    refused = read(data, CRASH, sheet="隐藏")
    assert isinstance(refused, Refusal)
    assert "明细" in refused.words.en


def test_formulas_are_values_and_uncalculated_ones_are_counted():
    book = Workbook()
    book.active.append(["事故编号", "事故时间", "死亡人数"])
    book.active.append(["1", "2024-01-01", "=1+1"])
    book.active.append(["2", "2024-01-01", "=1+1"])
    found = opened(files.saved(book))
    assert found.uncalculated == 2
    assert found.rows[0].cells == ("1", "2024-01-01")
    stored = _rewritten(files.saved(book), "xl/worksheets/sheet1.xml",
                        lambda text: text.replace(b"<f>1+1</f><v></v>", b"<f>1+1</f><v>2</v>")
                        .replace(b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
                        .replace(b"<f>1+1</f><v/>", b"<f>1+1</f><v>2</v>"))  # fmt: skip
    found = opened(stored)
    assert found.uncalculated == 0
    assert found.rows[0].cells == ("1", "2024-01-01", 2)


def _rewritten(data: bytes, name: str, change) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for part in old.namelist():
            body = old.read(part)
            new.writestr(part, change(body) if part == name else body)
    return out.getvalue()


REFUSED = {
    b"": "empty",
    b"\n \n": "empty",
    b",,,\n,,\n": "empty",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest of an old workbook": "xls",
    b"<html><table><tr><td>1</td></tr></table></html>": "web_page",
    b"\xef\xbb\xbf<?xml version='1.0'?><Workbook/>": "web_page",
    b"%PDF-1.7 ...": "not_a_table",
    b"a,b\n\0\1\2\n": "binary",
    b"PK\x03\x04 no archive at all": "damaged",
    b"a,b\n" + b",".join([b"1"] * 300): "too_wide",
    b'a,b\n1,"' + b"x" * 200_000: "csv",
}


@pytest.mark.parametrize(("data", "code"), REFUSED.items(), ids=list(REFUSED.values()))
def test_files_that_are_no_table_are_refused_in_a_sentence(data, code):
    refused = read(data, CRASH)
    assert isinstance(refused, Refusal)
    assert refused.code == code
    assert len(refused.words.zh) > 5
    assert len(refused.words.en) > 15


def test_other_archives_are_told_from_workbooks():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    refused = read(out.getvalue(), CRASH)
    assert isinstance(refused, Refusal)
    assert refused.code == "not_a_workbook"


def test_limits_on_size_rows_and_what_an_archive_unpacks_to(monkeypatch):
    monkeypatch.setattr(reading, "MAX_BYTES", 100)
    assert read(b"x" * 101, CRASH).code == "too_large"
    monkeypatch.undo()
    monkeypatch.setattr("sizao.feeds.tables.csvfile.MAX_ROWS", 3)
    assert read_csv(b"a\n" * 4).code == "too_long"
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * (4 << 20))
    assert len(bomb.getvalue()) < 20_000
    monkeypatch.setattr(xlsxfile, "MAX_UNPACKED", 1 << 20)
    refused = read(bomb.getvalue(), CRASH)
    assert refused.code == "unpacks_too_large"


def test_rows_and_columns_that_a_workbook_only_claims(monkeypatch: pytest.MonkeyPatch):
    """A row may say it is number four thousand million; nobody makes the empty ones before it."""
    book = Workbook()
    book.active.append(list(files.CRASH_HEADER))
    book.active.append(list(files.CRASHES[0]))
    data = files.saved(book)
    far = _rewritten(data, "xl/worksheets/sheet1.xml",
                     lambda text: text.replace(b'<row r="2"', b'<row r="4000000000"')
                     .replace(b'r="A2"', b'r="A4000000000"'))  # fmt: skip
    refused = read_xlsx(far)
    assert isinstance(refused, Refusal)
    assert refused.code == "too_long"
    last = _rewritten(data, "xl/worksheets/sheet1.xml",
                      lambda text: text.replace(b'<row r="2"', b'<row r="1048576"'))  # fmt: skip
    assert [row.number for row in opened(last).rows] == [1_048_576]
    wide = _rewritten(data, "xl/worksheets/sheet1.xml",
                      lambda text: text.replace(b'r="B2"', b'r="XFD2"'))  # fmt: skip
    assert read_xlsx(wide).code == "too_wide"
    monkeypatch.setattr(_sheet, "MAX_CELLS", 10)
    assert read_xlsx(data).code == "too_long"


def test_a_dimension_that_lies_hides_no_rows():
    book = Workbook()
    book.active.append(["事故编号", "死亡人数"])
    for number in range(5):
        book.active.append([str(number), 0])
    data = _rewritten(files.saved(book), "xl/worksheets/sheet1.xml",
                      lambda text: text.replace(b'ref="A1:B6"', b'ref="A1:A2"'))  # fmt: skip
    assert len(opened(data).rows) == 5


def test_entities_in_a_workbook_are_refused():
    book = Workbook()
    book.active.append(["事故编号"])
    data = _rewritten(files.saved(book), "xl/workbook.xml",
                      lambda text: b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + text)  # fmt: skip
    cells = _rewritten(files.saved(book), "xl/worksheets/sheet1.xml",
                       lambda text: b'<!DOCTYPE x [<!ENTITY a "aaaa">]>' + text)  # fmt: skip
    for one in (data, cells):
        refused = read(one, CRASH)
        assert isinstance(refused, Refusal)
        assert refused.code == "damaged"


WHOLE = files.vehicle_xlsx()


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=2000))
def test_any_bytes_give_a_table_or_a_refusal(data):
    for start in (b"", b"PK\x03\x04", "事故编号,事故时间,经度,纬度\n".encode()):
        found = read(start + data, CRASH)
        assert isinstance(found, Table | Refusal)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(0, 255), st.integers(0, len(WHOLE)))
def test_a_workbook_with_any_byte_changed_or_cut_off(at, byte, cut):
    damaged = bytearray(WHOLE)
    damaged[at] = byte
    for data in (bytes(damaged), WHOLE[:cut]):
        found = read(data, KINDS["vehicle"])
        assert isinstance(found, Table | Refusal)


CELLS = st.one_of(
    st.none(), st.text(max_size=12), st.integers(), st.floats(), st.booleans(),
    st.datetimes(), st.dates(), st.times(), st.timedeltas(),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.data())
@pytest.mark.parametrize("kind", list(KINDS))
def test_any_cells_are_checked_without_an_exception(kind, data):
    """Every field gets every kind of cell; a row is good, bad or repeated, never lost."""
    fields = KINDS[kind].fields
    header = tuple(one.zh for one in fields)
    rows = data.draw(st.lists(st.tuples(*[CELLS] * len(fields)), max_size=4))
    made = Table(
        header, 1, [table.Row(number, cells) for number, cells in enumerate(rows, 2)], "test"
    )
    mapping = TableMapping(kind, {one.name: one.zh for one in fields})
    result = check(made, mapping, Known(NOW))
    counts = result.counts()
    assert counts["rows"] == counts["good"] + counts["bad"] + counts["repeated"] == len(rows)
    for problem in (*result.problems, *result.notes, *result.repeated):
        assert problem.words.zh
        assert "{" not in problem.words.en.replace("{", "", problem.value.count("{"))
