"""CSV: whichever encoding and delimiter the sender's Excel, WPS or database used."""

from __future__ import annotations

import csv
import io

from sizao.feeds.tables.table import (
    MAX_CELL,
    MAX_COLUMNS,
    MAX_ROWS,
    Grid,
    Refusal,
    Row,
    Words,
)

DELIMITERS = (",", "\t", ";", "|", "，")
_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_LOOK = 50

BROKEN = "\ufffd"
"""Stands where bytes were no character of the encoding; the row is reported."""


def read_csv(data: bytes) -> Grid | Refusal:
    """All rows with content. Numbers count every row, empty ones too."""
    encoding, body = _encoding(data)
    if b"\0" in body and not encoding.startswith("utf-16"):
        return Refusal(
            "binary",
            Words(
                "这不是文本表格（含有二进制内容）。请用 Excel 或 WPS 打开后另存为 .xlsx 或 CSV。",
                "This is not a text table (it holds binary data). Open it in Excel or WPS and "
                "save it as .xlsx or CSV.",
            ),
        )
    text = body.decode(encoding, errors="replace")
    delimiter = _delimiter(text)
    rows: list[Row] = []
    number = 0
    # A cell longer than the module's own limit (131,072) is an error there; ours is lower and
    # belongs to a row.
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, 1):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) > MAX_COLUMNS:
                return too_wide(number, len(cells))
            if len(rows) >= MAX_ROWS:
                return too_long()
            rows.append(Row(number, tuple(cells)))
    except csv.Error as error:
        return Refusal(
            "csv",
            Words(
                f"第 {number + 1} 行读不下去：很可能有一个引号没有配对（{error}）。",
                f"Row {number + 1} cannot be read: a quotation mark is probably not closed "
                f"({error}).",
            ),
        )
    name = "tab" if delimiter == "\t" else delimiter
    return Grid(rows, f"csv {encoding} {name}")


def too_wide(number: int, columns: int) -> Refusal:
    return Refusal(
        "too_wide",
        Words(
            f"第 {number} 行有 {columns} 列，最多 {MAX_COLUMNS} 列。请删去不用的列。",
            f"Row {number} has {columns} columns; at most {MAX_COLUMNS} are read. Delete the "
            "columns that are not needed.",
        ),
    )


def too_long() -> Refusal:
    return Refusal(
        "too_long",
        Words(
            f"超过 {MAX_ROWS:,} 行。请按年份或地区拆成几个文件。",
            f"More than {MAX_ROWS:,} rows. Split the file by year or by area.",
        ),
    )


def _encoding(data: bytes) -> tuple[str, bytes]:
    """The encoding, and the bytes after a byte order mark.

    What is whole in UTF-8 is UTF-8: text in GB18030 that happens to be is as good as unheard of.
    A file with a few broken bytes is taken for the encoding that explains more of it.
    """
    for mark, name in _BOMS:
        if data.startswith(mark):
            return name, data[len(mark) :]
    for name in ("utf-8", "gb18030"):
        try:
            data.decode(name)
        except UnicodeDecodeError:
            continue
        return name, data
    head = data[: 1 << 20]
    broken = {
        name: head.decode(name, errors="replace").count(BROKEN) for name in ("utf-8", "gb18030")
    }
    return min(broken, key=broken.__getitem__), data


def _delimiter(text: str) -> str:
    """The delimiter that cuts most of the first rows into the same number of pieces, above one."""
    head = "\n".join(text[: 1 << 16].splitlines()[:_LOOK])
    best, best_score = ",", 0.0
    for delimiter in DELIMITERS:
        try:
            widths = [
                len(cells)
                for cells in csv.reader(io.StringIO(head), delimiter=delimiter)
                if any(cell.strip() for cell in cells)
            ]
        except csv.Error:
            continue
        if not widths:
            continue
        usual = max(set(widths), key=widths.count)
        score = widths.count(usual) / len(widths) * min(usual, 8) if usual > 1 else 0.0
        if score > best_score:
            best, best_score = delimiter, score
    return best


def overlong(cell: object) -> bool:
    """A cell that holds more than anybody types, such as rows swallowed by a lost quote."""
    return isinstance(cell, str) and len(cell) > MAX_CELL
