"""A table and a mapping -> the good rows, and each bad one with its number and reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from sizao.core.errors import ConfigError
from sizao.feeds.tables.csvfile import BROKEN, overlong
from sizao.feeds.tables.fields import Field, Kind
from sizao.feeds.tables.kinds import kind_named
from sizao.feeds.tables.known import Known
from sizao.feeds.tables.mapping import TableMapping, telephones
from sizao.feeds.tables.personal import Personal, personal_columns, strip_numbers
from sizao.feeds.tables.places import check_places
from sizao.feeds.tables.reasons import REPEATED, Bad, Problem
from sizao.feeds.tables.table import Cell, Row, Table, blank, shown
from sizao.feeds.tables.values.base import Column
from sizao.feeds.tables.values.words import Text

PROGRESS_ROWS = 2000
MEMORY = 20_000
"""Different texts of a column whose meaning is remembered."""


class Good(NamedTuple):
    """A row that can be stored: its number, its key, its fields, and whether the key exists."""

    number: int
    key: str
    values: dict[str, Any]
    exists: bool


@dataclass(frozen=True)
class Checked:
    """What became of every row of a table; the lists are in row order.

    good : rows to store, new or (where existing ones are updated) known
    problems : what is wrong with the rows that are left out
    repeated : rows that are there already, in the file or in the store
    notes : what somebody should look at in rows that are stored
    personal : columns that are not kept
    unused : columns that no field takes
    """

    kind: str
    rows: int
    good: list[Good] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    repeated: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    personal: list[Personal] = field(default_factory=list)
    unused: tuple[str, ...] = ()

    @property
    def bad_rows(self) -> int:
        """Rows left out because something is wrong."""
        return len({problem.row for problem in self.problems})

    def counts(self) -> dict[str, int]:
        """Rows by what became of them; ``rows`` is the sum of good, bad and repeated."""
        return {
            "rows": self.rows,
            "good": len(self.good),
            "new": sum(not one.exists for one in self.good),
            "known": sum(one.exists for one in self.good),
            "bad": self.bad_rows,
            "repeated": len(self.repeated),
            "notes": len(self.notes),
        }

    def reasons(self) -> Counter[str]:
        """How often each code occurs among problems and repetitions."""
        return Counter(one.code for one in (*self.problems, *self.repeated))


class _Plan(NamedTuple):
    """How one field of every row is read. ``seen`` remembers what short cells became."""

    field: Field
    at: int
    column: Column
    words: dict[str, str]
    constant: Any
    seen: dict[str, _Read]


class _Read(NamedTuple):
    """What a cell became: a value and the problem with it, if any."""

    value: Any
    problem: Problem | None = None


def check(
    table: Table,
    mapping: TableMapping,
    known: Known,
    *,
    existing: str = "",
    progress: Callable[[float], None] = lambda share: None,
) -> Checked:
    """Check every row. Nothing in a row raises.

    existing : skip or update records that are there already; "" as the kind has it
    progress : told the share of rows done, 0 to 1

    Raises ConfigError if the mapping names a column that the table has not, or leaves out what
    the kind cannot do without: then no row could be imported.
    """
    kind = kind_named(mapping.kind)
    existing = existing or kind.existing
    personal = personal_columns(table.header, table.rows, telephones(table, kind))
    plans = _plans(table, mapping, kind, {one.column for one in personal})
    column_of = {plan.field.name: plan.column.header for plan in plans if plan.column.header}
    used = set(column_of.values())
    result = Checked(
        kind.name,
        len(table.rows),
        personal=personal,
        unused=tuple(
            name
            for name in table.header
            if name not in used and name not in {one.column for one in personal}
        ),
    )
    drafts: list[Good] = []
    failed: dict[int, list[Problem]] = {}
    notes: list[Problem] = []
    for count, row in enumerate(table.rows):
        if count % PROGRESS_ROWS == 0:
            progress(count / len(table.rows))
        values, problems = _row(row, plans)
        if not any(not problem.is_note for problem in problems):
            problems += [
                replace(problem, column=column_of.get(problem.column, problem.column))
                for problem in kind.finish(values, row.number, known)
            ]
        notes += [problem for problem in problems if problem.is_note]
        if wrong := [problem for problem in problems if not problem.is_note]:
            failed[row.number] = wrong
        else:
            drafts.append(Good(row.number, "", values, False))
    if kind.places:
        for problem in check_places([(one.number, one.values) for one in drafts], mapping, known):
            named = replace(problem, column=column_of.get(problem.column, problem.column))
            if problem.is_note:
                notes.append(named)
            else:
                failed.setdefault(problem.row, []).append(named)
    _sort_out(result, drafts, failed, kind, known, existing, column_of)
    kept = {one.number for one in result.good}
    result.notes.extend(sorted((n for n in notes if n.row in kept), key=lambda n: n.row))
    progress(1.0)
    return result


def _plans(table: Table, mapping: TableMapping, kind: Kind, barred: set[str]) -> list[_Plan]:
    where = {name: index for index, name in enumerate(table.header)}
    plans = []
    for one in kind.fields:
        words = {key.strip(): word for key, word in mapping.values.get(one.name, {}).items()}
        name = mapping.columns.get(one.name)
        if name:
            if name not in where:
                raise ConfigError(
                    f"there is no column {name!r} for {one.name}; the table has: "
                    + ", ".join(table.header)
                )
            if name not in barred:
                plans.append(
                    _Plan(one, where[name], Column(name, table.epoch_1904), words, None, {})
                )
        elif constant := mapping.constants.get(one.name):
            try:
                value = one.parse(constant, Column())
            except Bad as bad:
                reason = Problem(0, one.name, bad.code, constant, bad.parameters).words.en
                raise ConfigError(f"constant of {one.name}: {constant!r} {reason}") from None
            plans.append(_Plan(one, -1, Column(), {}, value, {}))
    given = {plan.field.name for plan in plans}
    for group in kind.groups:
        if not given & set(group):
            names = " or ".join(f"{one} ({kind.by_field[one].zh})" for one in group)
            raise ConfigError(f"no column is mapped to {names}: nothing could be imported")
    return plans


def _row(row: Row, plans: list[_Plan]) -> tuple[dict[str, Any], list[Problem]]:
    values: dict[str, Any] = {}
    problems: list[Problem] = []
    for plan in plans:
        name = plan.field.name
        if plan.at < 0:
            values[name] = plan.constant
            continue
        cell: Cell = row.cells[plan.at] if plan.at < len(row.cells) else None
        if plan.words and not blank(cell):
            cell = plan.words.get(shown(cell).strip(), cell)
        if blank(cell):
            values[name] = None
            if plan.field.required:
                problems.append(Problem(row.number, plan.column.header, "missing"))
            continue
        read = _read(plan, cell)
        values[name] = read.value
        if read.problem is not None:
            problems.append(replace(read.problem, row=row.number))
    return values, problems


def _read(plan: _Plan, cell: Cell) -> _Read:
    """Parse a cell; columns repeat themselves, so texts are parsed once."""
    if not isinstance(cell, str):
        return _parse(plan, cell)
    found = plan.seen.get(cell)
    if found is None:
        found = _parse(plan, cell)
        if len(plan.seen) < MEMORY and len(cell) <= 64:
            plan.seen[cell] = found
    return found


def _parse(plan: _Plan, cell: Cell) -> _Read:
    try:
        value = _value(plan, cell)
    except Bad as bad:
        return _Read(None, _problem(plan, bad, cell))
    if isinstance(plan.field.parse, Text) and value:
        clean = strip_numbers(value)
        if clean is not value:
            return _Read(clean, Problem(0, plan.column.header, "personal_removed"))
    return _Read(value)


def _value(plan: _Plan, cell: Cell) -> Any:
    if isinstance(cell, str):
        if BROKEN in cell:
            raise Bad("encoding")
        if overlong(cell):
            raise Bad("too_long")
    return plan.field.parse(cell, plan.column)


def _problem(plan: _Plan, bad: Bad, cell: Cell) -> Problem:
    code = bad.code
    if plan.field.soft and code in ("unknown_word", "bad_code", "bad_phone", "no_time"):
        code = "kind_unclear" if plan.field.name == "kind" else "not_kept"
    value = strip_numbers(shown(cell))[:80]
    return Problem(0, plan.column.header, code, value, bad.parameters)


def _sort_out(
    result: Checked,
    drafts: list[Good],
    failed: dict[int, list[Problem]],
    kind: Kind,
    known: Known,
    existing: str,
    column_of: dict[str, str],
) -> None:
    """Tell good, bad and repeated rows apart, and drop what helped to make other fields."""
    helpers = [one.name for one in kind.fields if one.helper]
    key_field = kind.fields[0].name
    column = column_of.get(key_field, "")
    first: dict[str, int] = {}
    for draft in drafts:
        if draft.number in failed:
            continue
        key = draft.values[key_field]
        if key in first:
            result.repeated.append(
                Problem(draft.number, column, "twice_in_file", key, {"first": first[key]})
            )
            continue
        first[key] = draft.number
        exists = key in known.keys
        if exists and existing == "skip":
            result.repeated.append(Problem(draft.number, column, "exists", key))
            continue
        for name in helpers:
            draft.values.pop(name, None)
        result.good.append(Good(draft.number, key, draft.values, exists))
    for number in sorted(failed):
        result.problems.extend(failed[number])


def bad_rows(table: Table, checked: Checked) -> Iterator[tuple[Row, list[Problem]]]:
    """Each row that is left out with its problems, in row order, for a file to be mended.

    Repetitions are left out because they are there, not because they are wrong.
    """
    by_row: dict[int, list[Problem]] = {}
    for problem in checked.problems:
        if problem.code not in REPEATED:
            by_row.setdefault(problem.row, []).append(problem)
    for row in table.rows:
        if row.number in by_row:
            yield row, by_row[row.number]
