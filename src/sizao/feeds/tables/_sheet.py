"""The cells of one worksheet, read by expat in one pass.

openpyxl opens the workbook (sheets, styles, shared texts); for the cells its own streaming
reader is not used. With defusedxml it runs on the pure-Python XML parser, twenty times slower;
it tells neither merged cells nor formulas without a result; and it makes every empty row that a
file merely claims. Entities are refused here as defusedxml does.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any, BinaryIO
from xml.parsers import expat

from openpyxl.utils.datetime import from_excel

from sizao.feeds.tables.table import MAX_CELLS, MAX_COLUMNS, MAX_ROWS, Cell, Row

LAST_ROW = 1_048_576
_REFERENCE = re.compile(r"\$?([A-Z]{1,3})\$?(\d{1,9})")
_MAX_MERGES = 100_000


class TooWide(Exception):
    """A row has content beyond the last column that is read: row number, columns."""


class TooLong(Exception):
    """More rows or cells than are read."""


class Entities(Exception):
    """The file declares entities, which no spreadsheet does."""


class SheetReader:
    """Collects ``rows``, vertical ``merges`` (column, first row, last row) and ``uncalculated``.

    texts : the workbook's shared strings
    dates, spans : style numbers of dates and of durations
    epoch : day 0 of the workbook
    """

    def __init__(
        self, texts: Sequence[str], dates: frozenset[int], spans: frozenset[int], epoch: dt.datetime
    ) -> None:
        self.rows: list[Row] = []
        self.merges: list[tuple[int, int, int]] = []
        self.uncalculated = 0
        self._texts, self._dates, self._spans, self._epoch = texts, dates, spans, epoch
        self._number = 0
        self._cells: dict[int, Cell] = {}
        self._looked_at = 0
        self._column = -1
        self._kind, self._style = "n", 0
        self._value: list[str] = []
        self._taking = False
        self._formula = False
        self._phonetic = False

    def read(self, file: BinaryIO) -> None:
        """Raises TooWide, TooLong, Entities, or ExpatError for what is no XML."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.EntityDeclHandler = self._entity
        parser.ParseFile(file)

    def _entity(self, *_: Any) -> None:
        raise Entities

    def _start(self, tag: str, given: dict[str, str]) -> None:
        name = tag.rpartition(" ")[2]
        if name == "c":
            self._column = self._place(given.get("r", ""))
            self._kind, self._style = given.get("t", "n"), int(given.get("s") or 0)
            self._value.clear()
            self._formula = False
            self._looked_at += 1
            if self._looked_at > MAX_CELLS:
                raise TooLong
        elif name == "v" or (name == "t" and not self._phonetic):
            self._taking = True
        elif name == "f":
            self._formula = True
        elif name == "rPh":
            self._phonetic = True
        elif name == "row":
            self._number = int(given.get("r") or self._number + 1)
            self._column = -1
            if not 0 < self._number <= LAST_ROW:
                raise TooLong
        elif name == "mergeCell" and len(self.merges) < _MAX_MERGES:
            self._merge(given.get("ref", ""))

    def _end(self, tag: str) -> None:
        name = tag.rpartition(" ")[2]
        if name in ("v", "t"):
            self._taking = False
        elif name == "rPh":
            self._phonetic = False
        elif name == "c":
            self._finish_cell()
        elif name == "row":
            self._finish_row()

    def _text(self, text: str) -> None:
        if self._taking:
            self._value.append(text)

    def _place(self, reference: str) -> int:
        """Column of a cell, from 0; a cell without a reference follows the one before."""
        found = _REFERENCE.match(reference)
        return _column(found[1]) if found else self._column + 1

    def _merge(self, reference: str) -> None:
        first, _, last = reference.partition(":")
        top, bottom = _REFERENCE.match(first), _REFERENCE.match(last)
        if top and bottom and int(bottom[2]) > int(top[2]):
            self.merges.append((_column(top[1]), int(top[2]), int(bottom[2])))

    def _finish_cell(self) -> None:
        text = "".join(self._value)
        if not text:
            self.uncalculated += self._formula
            return
        value = self._convert(text)
        if value is not None and value != "":
            self._cells[self._column] = value

    def _convert(self, text: str) -> Cell:
        if self._kind == "n":
            number = float(text)
            if self._style in self._dates:
                return self._moment(number)
            whole = number.is_integer() and "." not in text and "e" not in text.lower()
            return int(text) if whole else number
        if self._kind == "s":
            return self._texts[int(text)]
        if self._kind == "b":
            return text.strip() == "1"
        if self._kind == "d":
            return dt.datetime.fromisoformat(text)
        return text

    def _moment(self, number: float) -> Cell:
        try:
            moment: Cell = from_excel(number, self._epoch, timedelta=self._style in self._spans)
        except (OverflowError, ValueError):
            return number  # no day of the calendar: left as the number it is
        return moment

    def _finish_row(self) -> None:
        if not self._cells:
            return
        width = max(self._cells) + 1
        if width > MAX_COLUMNS:
            raise TooWide(self._number, width)
        if len(self.rows) >= MAX_ROWS:
            raise TooLong
        get = self._cells.get
        self.rows.append(Row(self._number, tuple([get(column) for column in range(width)])))
        self._cells.clear()


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1
