"""Bytes of a file -> a table, or a refusal that says what to do. Any bytes may come."""

from __future__ import annotations

from dataclasses import replace

from sizao.feeds.tables.csvfile import read_csv
from sizao.feeds.tables.fields import Kind
from sizao.feeds.tables.header import choose, named
from sizao.feeds.tables.table import MAX_BYTES, Grid, Refusal, Table, Words
from sizao.feeds.tables.xlsxfile import read_xlsx

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


def read(
    data: bytes, kind: Kind | None = None, *, sheet: str = "", header_row: int = 0
) -> Table | Refusal:
    """Read a CSV or .xlsx file.

    kind : whose column names help to find the header row below titles and notes
    sheet : of a workbook; "" takes the one whose header fits the kind best
    header_row : its number in the file; 0 finds it
    """
    if refusal := _not_a_table(data):
        return refusal
    if not data.startswith(b"PK\x03\x04"):
        grid = read_csv(data)
    else:
        grid = read_xlsx(data, sheet)
        if isinstance(grid, Grid) and not sheet and kind is not None:
            grid = _best_sheet(data, grid, kind)
    if isinstance(grid, Refusal):
        return grid
    if not grid.rows:
        return Refusal("empty", Words("文件里没有内容。", "There is nothing in the file."))
    numbers = [row.number for row in grid.rows]
    if header_row and header_row not in numbers:
        return Refusal(
            "no_header_row",
            Words(
                f"第 {header_row} 行是空的，不能作表头。",
                f"Row {header_row} is empty and cannot be the header.",
            ),
        )
    index = numbers.index(header_row) if header_row else choose(grid.rows, kind)
    header = named(grid.rows, index)
    return Table(
        header=header,
        header_row=numbers[index],
        rows=grid.rows[index + 1 :],
        format=grid.format,
        sheet=grid.sheet,
        sheets=grid.sheets,
        epoch_1904=grid.epoch_1904,
        uncalculated=grid.uncalculated,
    )


def _best_sheet(data: bytes, first: Grid, kind: Kind) -> Grid | Refusal:
    """Of a workbook with several sheets, the one whose header has the most known names."""
    from sizao.feeds.tables.header import score

    best, best_score = first, score(first.rows, kind)
    for name in first.sheets[:20]:
        if name == first.sheet:
            continue
        other = read_xlsx(data, name)
        if isinstance(other, Refusal):
            continue
        if (found := score(other.rows, kind)) > best_score:
            best, best_score = other, found
    return replace(best)


def _not_a_table(data: bytes) -> Refusal | None:
    if len(data) > MAX_BYTES:
        return Refusal(
            "too_large",
            Words(
                f"文件有 {len(data) >> 20} MiB，上限 {MAX_BYTES >> 20} MiB。请拆成几个文件。",
                f"The file has {len(data) >> 20} MiB; the limit is {MAX_BYTES >> 20} MiB. "
                "Split it.",
            ),
        )
    if not data.strip():
        return Refusal("empty", Words("文件是空的。", "The file is empty."))
    if data.startswith(_OLE):
        return Refusal(
            "xls",
            Words(
                "这是旧式 .xls，或加了密码的工作簿，不能读取。请用 Excel 或 WPS 打开，"
                "去掉密码，另存为 .xlsx。",
                "This is an old .xls or a workbook with a password, which cannot be read. Open "
                "it in Excel or WPS, remove the password and save it as .xlsx.",
            ),
        )
    head = data[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith((b"<html", b"<!doctype", b"<table", b"<?xml", b"<meta")):
        return Refusal(
            "web_page",
            Words(
                "这是网页或 XML（有些系统把它存成 .xls）。请用 Excel 或 WPS 打开后另存为 .xlsx。",
                "This is a web page or XML (some systems call it .xls). Open it in Excel or WPS "
                "and save it as .xlsx.",
            ),
        )
    if head.startswith((b"%pdf", b"\x89png", b"\xff\xd8\xff")):
        return Refusal(
            "not_a_table",
            Words(
                "这是 PDF 或图片，不是表格。请向来源索取 Excel 或 CSV。",
                "This is a PDF or a picture, not a table. Ask its source for Excel or CSV.",
            ),
        )
    return None
