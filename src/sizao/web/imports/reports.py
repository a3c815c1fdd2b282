"""A check's outcome as rows of the report, and the report as words and files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sizao.feeds.tables.checking import Checked, bad_rows
from sizao.feeds.tables.personal import strip_numbers
from sizao.feeds.tables.reasons import Problem, sentence
from sizao.feeds.tables.report import write_mend_csv
from sizao.feeds.tables.table import Table, shown
from sizao.web.imports.models import Batch, ReportRow

MOST = 20_000
"""Rows of each lot that a report names; the counts are whole. A file with more bad rows than
that has a wrong mapping, not wrong rows."""


def save(batch: Batch, table: Table, checked: Checked) -> None:
    """Replace the batch's report; part of the caller's transaction."""
    ReportRow.objects.filter(batch=batch).delete()
    ReportRow.objects.bulk_create(rows(batch, table, checked), batch_size=1000)


def rows(batch: Batch, table: Table, checked: Checked) -> list[ReportRow]:
    """The report rows of a check, at most MOST of each lot."""
    kept = kept_columns(table, checked)
    found = []
    for count, (row, problems) in enumerate(bad_rows(table, checked)):
        if count == MOST:
            break
        cells = [
            strip_numbers(shown(row.cells[index])) if index < len(row.cells) else ""
            for index in kept
        ]
        found.append(
            ReportRow(
                batch=batch, row=row.number, lot="bad", cells=cells,
                problems=[_as_dict(one) for one in problems],
            )
        )  # fmt: skip
    for lot, problems in (("repeated", checked.repeated), ("note", checked.notes)):
        by_row: dict[int, list[Problem]] = {}
        for problem in problems:
            if len(by_row) < MOST or problem.row in by_row:
                by_row.setdefault(problem.row, []).append(problem)
        found += [
            ReportRow(batch=batch, row=number, lot=lot, problems=[_as_dict(one) for one in few])
            for number, few in by_row.items()
        ]
    return found


def kept_columns(table: Table, checked: Checked) -> list[int]:
    """Columns that a report may repeat: none about persons."""
    dropped = {one.column for one in checked.personal}
    return [index for index, name in enumerate(table.header) if name not in dropped]


def mend_csv(batch: Batch) -> tuple[str, int]:
    """The bad rows as CSV, to be mended and imported again, and how many they are."""
    found = [
        (row.row, row.cells, [from_dict(row.row, one) for one in row.problems])
        for row in ReportRow.objects.filter(batch=batch, lot="bad").order_by("row")
    ]
    return write_mend_csv(batch.look.get("kept", []), found), len(found)


def from_dict(row: int, raw: dict[str, Any]) -> Problem:
    return Problem(row, raw["column"], raw["code"], raw.get("value", ""), raw.get("with", {}))


def worded(row: ReportRow, *, english: bool) -> Iterator[dict[str, str]]:
    """The problems of a report row in one language."""
    for one in row.problems:
        zh, en = sentence(one["code"], one.get("with", {}))
        yield {"column": one["column"], "value": one.get("value", ""), "why": en if english else zh,
               "code": one["code"]}  # fmt: skip


def _as_dict(problem: Problem) -> dict[str, Any]:
    return {"column": problem.column, "code": problem.code, "value": problem.value,
            "with": problem.parameters}  # fmt: skip
