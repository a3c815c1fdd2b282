"""A table as it was read, or why it was not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

Cell = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None
"""What a CSV (always str) or a workbook gives; None is empty."""

MAX_BYTES = 64 << 20
MAX_ROWS = 500_000
MAX_COLUMNS = 256
MAX_CELL = 10_000
MAX_CELLS = 60_000_000
"""Cells that are looked at, empty ones included: a workbook can claim millions for a few bytes."""
MAX_UNPACKED = 768 << 20
MAX_STRINGS = 192 << 20
"""Bytes of a workbook's parts when unpacked, all together and the shared texts alone."""


class Words(NamedTuple):
    """A sentence in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Refusal:
    """A file that cannot be read: a code for programs and what to do about it."""

    code: str
    words: Words


class Row(NamedTuple):
    """A row with content: its number in the file, as a spreadsheet shows it, and its cells."""

    number: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Grid:
    """All rows that have content, before anybody knows which of them is the header."""

    rows: list[Row]
    format: str
    """How it was read: ``csv utf-8 ,`` or ``xlsx``."""
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    epoch_1904: bool = False
    """Bare numbers count days from 1904 (old Macintosh workbooks)."""
    uncalculated: int = 0
    """Formulas without a stored result: their cells read as empty."""


@dataclass(frozen=True)
class Table:
    """A header and the rows below it.

    header : a name for each column, made unique; a column without one is named by its letter
    header_row : its number in the file; rows above it are titles and notes
    """

    header: tuple[str, ...]
    header_row: int
    rows: Sequence[Row]
    format: str
    sheet: str = ""
    sheets: tuple[str, ...] = ()
    epoch_1904: bool = False
    uncalculated: int = 0

    def samples(self, column: int, count: int = 3) -> list[Cell]:
        """The first different values of a column that are not empty."""
        found: list[Cell] = []
        for row in self.rows[:500]:
            value = row.cells[column] if column < len(row.cells) else None
            if not blank(value) and value not in found:
                found.append(value)
                if len(found) == count:
                    break
        return found


_BLANKS = frozenset({"", "-", "--", "—", "——", "/", "\\", "null", "none", "n/a", "nan", "空"})


def blank(value: Cell) -> bool:
    """Whether a cell says nothing. 无 is not blank: it may mean no."""
    if value is None:
        return True
    if isinstance(value, str):
        return value.strip().lower() in _BLANKS
    return isinstance(value, float) and value != value


def shown(value: Cell) -> str:
    """A cell as a person would have typed it: 1.0 is 1, a midnight is a date."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    if isinstance(value, dt.datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}".removesuffix(" 00:00:00")
    return str(value)


def letter(column: int) -> str:
    """A column's letter as spreadsheets have it, from 0.

    >>> letter(0), letter(27)
    ('A', 'AB')
    """
    name = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        name = chr(65 + rest) + name
    return name
