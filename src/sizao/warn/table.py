"""The dated decision table: facts in, a level and a command level out, with the reason.

``tables/DAY.yaml`` is in force from its day until the next file's. :func:`load` finds the one for
a day and checks it; :func:`grade` takes the first row whose conditions all hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

from sizao.core.errors import ConfigError
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.warn.conditions import Condition, Match, read_conditions
from sizao.warn.facts import Facts

_ROW_KEYS = {
    "id",
    "when",
    "level",
    "command_level",
    "merge_min",
    "reason_zh",
    "reason_en",
    "rules",
}
_TABLE_KEYS = {"from", "name_zh", "name_en", "source", "certainty", "note", "groups", "rows"}


@dataclass(frozen=True)
class Row:
    """One row: if all conditions hold, this grade."""

    id: str
    conditions: tuple[Condition, ...]
    level: WarningLevel
    command_level: CommandLevel
    merge_s: float
    reason_zh: str
    reason_en: str
    rules: tuple[str, ...]
    """Ids in the rule book that the row leans on, for the explanation."""


@dataclass(frozen=True)
class Table:
    """One file, checked."""

    start: date
    name_zh: str
    name_en: str
    certainty: str
    source: Mapping[str, Any]
    note: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Decision:
    """How a detection was graded, and by what."""

    level: WarningLevel
    command_level: CommandLevel
    row_id: str
    table_date: date
    merge_s: float
    """A later detection within this time joins the same case."""
    reason_zh: str
    reason_en: str
    matched: tuple[Match, ...]
    """Each condition of the row with what was found, in words."""
    rules: tuple[str, ...]
    certainty: str


def grade(facts: Facts, table: Table | None = None) -> Decision:
    """The first row that matches decides; the last row of a checked table always does.

    Without ``table``, the one in force on the local day on which the rule fired.
    """
    chosen = load(facts.local.date()) if table is None else table
    for row in chosen.rows:
        matches = [condition.match(facts) for condition in row.conditions]
        found = [match for match in matches if match is not None]
        if len(found) == len(row.conditions):
            return Decision(
                row.level,
                row.command_level,
                row.id,
                chosen.start,
                row.merge_s,
                row.reason_zh,
                row.reason_en,
                tuple(found),
                row.rules,
                chosen.certainty,
            )
    raise ConfigError(
        f"decision table {chosen.start}: no row matches, the last must be `when: {{}}`"
    )


@cache
def load(on: date, folder: Path | None = None) -> Table:
    """The table in force on a day: the newest that starts on it or before.

    A day before the first table gets the first: a recording from then is graded all the same.

    folder : where the tables are; without it, those of the package

    Raises ConfigError if there is none, or if the file has a mistake; the message names file,
    row and key.
    """
    place: Traversable = resources.files("sizao.warn") / "tables" if folder is None else folder
    days: dict[date, Traversable] = {}
    for item in place.iterdir():
        if item.name.endswith(".yaml"):
            try:
                days[date.fromisoformat(item.name.removesuffix(".yaml"))] = item
            except ValueError:
                raise ConfigError(f"{item.name}: name it YEAR-MONTH-DAY.yaml") from None
    if not days:
        raise ConfigError(f"no decision table in {place}")
    start = max((day for day in days if day <= on), default=min(days))
    chosen = days[start]
    table = read_table(chosen.read_text(encoding="utf-8"), name=chosen.name)
    if table.start != start:
        raise ConfigError(f"{chosen.name}: `from` says {table.start}, the file name another day")
    return table


def read_table(text: str, *, name: str) -> Table:
    """Check and read one file. Raises ConfigError naming file, row and key."""
    try:
        raw = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigError(f"{name}: not YAML: {error}") from error
    if not isinstance(raw, dict):
        raise ConfigError(f"{name}: expected a mapping with `from` and `rows`")
    _known(raw, _TABLE_KEYS, name)
    if not isinstance(raw.get("from"), date):
        raise ConfigError(f"{name}: `from` must be a day such as 2026-01-01")
    if raw.get("certainty") not in ("found", "recalled", "proposed"):
        raise ConfigError(f"{name}: `certainty` must be found, recalled or proposed")
    groups = raw.get("groups") or {}
    rows = tuple(
        _row(item, groups, name, number) for number, item in enumerate(_rows(raw, name), 1)
    )
    ids = [row.id for row in rows]
    twice = sorted({row_id for row_id in ids if ids.count(row_id) > 1})
    if twice:
        raise ConfigError(f"{name}: row id {twice[0]!r} appears twice")
    for row in rows[:-1]:
        if not row.conditions:
            raise ConfigError(f"{name}: row {row.id!r} matches everything, so it must be the last")
    if rows[-1].conditions:
        raise ConfigError(
            f"{name}: the last row, {rows[-1].id!r}, must match everything: `when: {{}}`"
        )
    return Table(
        raw["from"],
        raw.get("name_zh", ""),
        raw.get("name_en", ""),
        raw["certainty"],
        raw.get("source") or {},
        raw.get("note", ""),
        rows,
    )


def _rows(raw: Mapping[str, Any], name: str) -> list[Any]:
    rows = raw.get("rows")
    if not isinstance(rows, list) or not rows:
        raise ConfigError(f"{name}: `rows` must be a list with at least one row")
    return rows


def _row(raw: Any, groups: Mapping[str, Any], name: str, number: int) -> Row:
    if not isinstance(raw, dict):
        raise ConfigError(f"{name}: row {number} is not a mapping")
    where = f"{name}: row {raw.get('id', number)!r}"
    _known(raw, _ROW_KEYS, where)
    for key in sorted(_ROW_KEYS - {"rules"}):
        if key not in raw:
            raise ConfigError(f"{where}: `{key}` is missing")
    for key in ("reason_zh", "reason_en"):
        if not isinstance(raw[key], str) or not raw[key].strip():
            raise ConfigError(f"{where}: `{key}` must be a sentence")
    try:
        level = WarningLevel.parse(str(raw["level"]))
        command_level = CommandLevel.parse(str(raw["command_level"]))
    except KeyError as error:
        raise ConfigError(f"{where}: unknown level {error.args[0].lower()!r}") from None
    merge_min = raw["merge_min"]
    if isinstance(merge_min, bool) or not isinstance(merge_min, int | float) or merge_min <= 0:
        raise ConfigError(f"{where}: `merge_min` must be minutes above zero, got {merge_min!r}")
    return Row(
        str(raw["id"]),
        read_conditions(raw["when"], groups, where),
        level,
        command_level,
        float(merge_min) * 60.0,
        raw["reason_zh"],
        raw["reason_en"],
        tuple(raw.get("rules") or ()),
    )


def _known(raw: Mapping[str, Any], keys: set[str], where: str) -> None:
    extra = sorted(str(key) for key in set(raw) - keys)
    if extra:
        raise ConfigError(f"{where}: unknown key {extra[0]!r}; known: {', '.join(sorted(keys))}")
