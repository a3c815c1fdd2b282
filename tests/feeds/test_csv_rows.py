"""CSV files as stations and spreadsheets write them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.feeds.csv_rows import read_table
from sizao.feeds.forms import Problem
from sizao.feeds.weighing.form import FORM

PLAIN = "检测时间,总重(kg),轴重(kg)\r\n2026-09-21 21:30:00,18000,6000;12000\r\n"


@pytest.mark.parametrize(
    "data",
    [
        PLAIN.encode(),
        PLAIN.encode("utf-8-sig"),
        PLAIN.encode("gb18030"),
        PLAIN.replace(",", "\t").encode(),
        PLAIN.replace("轴重(kg)", '"轴重(kg)"').encode(),
        PLAIN.replace("\r\n", "\n").encode(),
    ],
)
def test_encodings_and_delimiters(data: bytes) -> None:
    rows = read_table(data, FORM)
    assert isinstance(rows, list)
    (row,) = rows
    assert (row.number, row.problem) == (2, None)
    assert row.cells["总重(kg)"] == "18000"
    assert row.cells["轴重(kg)"] == "6000;12000"


def test_rows_keep_their_line_numbers() -> None:
    data = 'time,gross_kg,plate\n\n2026-09-21,1,"a\nb\u2028"\n1,2\n1,2,3,4\n'.encode()
    rows = read_table(data, FORM)
    assert isinstance(rows, list)
    assert [(row.number, row.problem is None) for row in rows] == [
        (3, True),
        (5, False),
        (6, False),
    ]
    assert rows[0].raw == '2026-09-21,1,"a\nb\u2028"\n'.encode()


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"", "empty"),
        (b"\n \n", "empty"),
        (b"a,b\n1,2\n", "names none of"),
        (b"time\n\x00\n", "NUL"),
        (b"time\n\xff\xff\xff\n", "neither UTF-8 nor GB18030"),
        (b"time,gross_kg,time\n", "twice"),
        (b"time\n" + b"x" * 200_000, "line 2"),
    ],
)
def test_files_that_are_no_tables(data: bytes, word: str) -> None:
    found = read_table(data, FORM)
    assert isinstance(found, Problem)
    assert word in found.detail


@settings(deadline=None)
@given(data=st.binary() | st.binary().map(lambda rest: b"time,gross_kg\n" + rest))
def test_any_bytes_are_rows_or_a_reason(data: bytes) -> None:
    assert isinstance(read_table(data, FORM), list | Problem)
