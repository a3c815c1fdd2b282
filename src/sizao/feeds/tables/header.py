"""Which row is the header: tables come with titles, notes and two-storey headers above the data."""

from __future__ import annotations

from collections.abc import Sequence

from sizao.feeds.tables.fields import Kind, normal
from sizao.feeds.tables.table import Row, blank, letter, shown

_LOOK = 20
"""Rows from the top among which the header is sought."""


def choose(rows: Sequence[Row], kind: Kind | None) -> int:
    """Index of the header row: most known names; else the first row as wide as the table."""
    known = [_known(rows, index, kind) for index in range(min(len(rows), _LOOK))]
    if known and max(known) >= 2:
        return known.index(max(known))
    widths = [_texts(row) for row in rows[:_LOOK]]
    wide = max(widths, default=0)
    return next((i for i, width in enumerate(widths) if width >= max(1, wide * 0.8)), 0)


def score(rows: Sequence[Row], kind: Kind) -> int:
    """How many names of the kind the best header row has."""
    return max((_known(rows, i, kind) for i in range(min(len(rows), _LOOK))), default=0)


def named(rows: Sequence[Row], index: int) -> tuple[str, ...]:
    """A name for each column of the table, unique.

    Where the header row is empty the row above may hold the name: a merged cell keeps its text
    in its upper row.
    """
    width = max(len(row.cells) for row in rows[index:])
    names: list[str] = []
    seen: dict[str, int] = {}
    for column in range(width):
        name = _name(rows, index, column) or letter(column)
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(names)


def _name(rows: Sequence[Row], index: int, column: int) -> str:
    own = _text(rows[index], column)
    if own or index == 0 or rows[index - 1].number != rows[index].number - 1:
        return own
    above = rows[index - 1]
    # A title has one text in its row; only a row of several can be the upper storey.
    return _text(above, column) if _texts(above) > 1 else ""


def _known(rows: Sequence[Row], index: int, kind: Kind | None) -> int:
    if kind is None:
        return 0
    width = max(len(rows[index].cells), len(rows[index - 1].cells) if index else 0)
    found = {
        field
        for column in range(width)
        if (name := _name(rows, index, column)) and (field := kind.by_name.get(normal(name)))
    }
    return len(found)


def _text(row: Row, column: int) -> str:
    value = row.cells[column] if column < len(row.cells) else None
    return "" if blank(value) else " ".join(shown(value).split())[:80]


def _texts(row: Row) -> int:
    return sum(1 for value in row.cells if isinstance(value, str) and not blank(value))
