"""What every parser is and shares."""

from __future__ import annotations

import re
import unicodedata
from typing import Any, NamedTuple, Protocol

from sizao.feeds.tables.reasons import Bad
from sizao.feeds.tables.table import Cell, Words, shown


class Column(NamedTuple):
    """What a parser may know of its column: the header's text, and the workbook's epoch."""

    header: str = ""
    epoch_1904: bool = False


class Parser(Protocol):
    """Turns cells of one field into values."""

    @property
    def takes(self) -> Words:
        """What it takes, for the reference page and the mapping screen."""
        ...

    def __call__(self, value: Cell, column: Column) -> Any:
        """The value. Raises Bad."""
        ...


def plain(value: Cell) -> str:
    """A cell as trimmed text of normal width. Raises Bad for a spreadsheet's error value.

    >>> plain("　川Ｄ１２３ ")
    '川D123'
    """
    text = unicodedata.normalize("NFKC", shown(value)).strip()
    if text.startswith("#") and text.upper() in SHEET_ERRORS:
        raise Bad("spreadsheet_error")
    return text


SHEET_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!"}
)
ROUNDED = re.compile(r"\d(?:\.\d+)?[eE]\+\d+")
