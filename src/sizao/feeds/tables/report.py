"""An import's outcome in words: the same on the command line and in files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from sizao.feeds.tables.checking import Checked, bad_rows
from sizao.feeds.tables.personal import strip_numbers
from sizao.feeds.tables.reasons import Problem
from sizao.feeds.tables.table import Table, shown

REASON_COLUMN = "问题 / problem"
ROW_COLUMN = "原行号 / row"

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def lines(problems: Iterable[Problem]) -> Iterator[str]:
    """A line a problem: row, column, value, why."""
    for one in problems:
        value = f" {one.value!r}" if one.value else ""
        zh, en = one.words
        yield f"row {one.row}, {one.column}{value}: {en} ({zh})"


def mend_csv(table: Table, checked: Checked) -> str:
    """The bad rows as they came, without personal columns, and what is wrong with each.

    Can be mended and imported again: the two columns added are not those of any field.
    """
    dropped = {one.column for one in checked.personal}
    keep = [index for index, name in enumerate(table.header) if name not in dropped]
    rows = (
        (
            row.number,
            [
                strip_numbers(shown(row.cells[index])) if index < len(row.cells) else ""
                for index in keep
            ],
            problems,
        )
        for row, problems in bad_rows(table, checked)
    )
    return write_mend_csv([table.header[index] for index in keep], rows)


def write_mend_csv(
    header: Sequence[str], rows: Iterable[tuple[int, Sequence[str], Sequence[Problem]]]
) -> str:
    """CSV text with a byte order mark, which Excel needs to read Chinese."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([*header, ROW_COLUMN, REASON_COLUMN])
    for number, cells, problems in rows:
        why = "；".join(f"{one.column}：{one.words.zh} / {one.words.en}" for one in problems)
        writer.writerow([*(guarded(cell) for cell in cells), number, why])
    return "\ufeff" + text.getvalue()


def guarded(cell: str) -> str:
    """A cell that a spreadsheet will not take for a formula; numbers stay as they are."""
    if not cell.startswith(_FORMULA):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell
