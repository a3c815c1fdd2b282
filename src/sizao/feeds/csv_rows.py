"""CSV files as stations and spreadsheets write them, cut into rows that keep their number."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from sizao.feeds.forms import Form, Problem

MAX_ROWS = 200_000
_DELIMITERS = (",", "\t", ";")


@dataclass(frozen=True)
class TableRow:
    """One row. ``number`` counts lines of the file from 1, the heading included, as a spreadsheet
    shows it; ``problem`` if it does not fit under the heading."""

    number: int
    cells: dict[str, str]
    raw: bytes
    problem: Problem | None = None


def read_table(data: bytes, form: Form) -> list[TableRow] | Problem:
    """The rows under a heading that names fields of a form, or why there are none.

    UTF-8 with or without a mark, else GB18030, which is what Chinese spreadsheets save. The
    delimiter is the one under which most headings are known. Never raises.
    """
    if b"\0" in data:
        return Problem("bad_value", "the file holds NUL bytes: no text")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")
        except UnicodeDecodeError:
            return Problem("bad_value", "the file is neither UTF-8 nor GB18030")
    lines = io.StringIO(text, newline="").readlines()
    if not any(line.strip() for line in lines):
        return Problem("bad_value", "the file is empty")
    delimiter = max(_DELIMITERS, key=lambda one: _known(lines[0], one, form))
    if not _known(lines[0], delimiter, form):
        return Problem("bad_value", f"line 1 names none of {', '.join(form.names)}"[:300])
    return _rows(lines, delimiter)


def _known(line: str, delimiter: str, form: Form) -> int:
    return sum(cell.strip().strip('"') in form.names for cell in line.split(delimiter))


def _rows(lines: list[str], delimiter: str) -> list[TableRow] | Problem:
    reader = csv.reader(lines, delimiter=delimiter)
    found: list[TableRow] = []
    try:
        heading = [cell.strip() for cell in next(reader)]
        if len(set(filter(None, heading))) != len(list(filter(None, heading))):
            return Problem("bad_value", "line 1 names a column twice")
        while True:
            begin = reader.line_num
            cells = next(reader, None)
            if cells is None:
                return found
            if not any(cell.strip() for cell in cells):
                continue
            if len(found) >= MAX_ROWS:
                return Problem("bad_value", f"more than {MAX_ROWS:,} rows: send several files")
            raw = "".join(lines[begin : reader.line_num]).encode()
            problem = None
            if len(cells) != len(heading):
                words = f"{len(cells)} cells under {len(heading)} headings"
                problem = Problem("bad_value", words)
            row = dict(zip(heading, cells, strict=False))
            found.append(TableRow(begin + 1, row, raw, problem))
    except csv.Error as error:
        return Problem("bad_value", f"line {reader.line_num}: {error}")
