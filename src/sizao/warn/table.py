"""The dated decision table: facts in, a level and a command level out, with the reason.

``tables/DAY.yaml`` is in force from its day until the next file's, for detections; for facts about
places it is ``place_tables/PROVINCE/DAY.yaml``, because provinces grade differently. :func:`load`
finds the one for a day and checks it; :func:`grade` takes the first row whose conditions all hold.
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
from sizao.warn.conditions import Condition, Match, OneOf, read_conditions
from sizao.warn.control import Control, read_control
from sizao.warn.facts import Facts

_ROW_KEYS = {
    "id",
    "when",
    "level",
    "command_level",
    "merge_min",
    "reason_zh",
    "reason_en",
}
_MAY = {"rules", "gather_m", "control"}
_TABLE_KEYS = {
    "from", "name_zh", "name_en", "source", "certainty", "note", "groups", "rows", "otherwise",
    "stale_min",
}  # fmt: skip
PLACES = "place_tables"
NATIONAL = "national"


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
    gather_m: float = 0.0
    """Within this distance the same is one event, whichever vehicle or station told it."""
    control: Control | None = None
    """What is advised for the road."""

    @property
    def about(self) -> frozenset[str]:
        """The rules and kinds that the row names; empty for any."""
        named = [
            one.codes for one in self.conditions if isinstance(one, OneOf) and one.name == "rules"
        ]
        return frozenset().union(*named)


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
    whole: bool = True
    """Something is made of everything; else what no row matches makes no warning."""
    stale_s: float = float("inf")
    """What is older than this when it comes is kept and makes no warning."""

    def reach(self, rule: str) -> tuple[float, float]:
        """How far and for how long the same by others is one event, 0 and 0 if it is not.

        The widest of the rows about the rule: the number of vehicles in one place has to be known
        before a row is chosen by it.
        """
        rows = [row for row in self.rows if row.gather_m > 0 and rule in row.about]
        return (
            max((row.gather_m for row in rows), default=0.0),
            max((row.merge_s for row in rows), default=0.0),
        )


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
    gather_m: float = 0.0
    control: Control | None = None


def grade(facts: Facts, table: Table | None = None) -> Decision:
    """The first row that matches decides; the last row of a whole table always does.

    Without ``table``, the one in force on the local day on which the rule fired.
    """
    chosen = load(facts.local.date()) if table is None else table
    decision = find(facts, chosen)
    if decision is None:
        raise ConfigError(
            f"decision table {chosen.start}: no row matches, the last must be `when: {{}}`"
        )
    return decision


def find(facts: Facts, chosen: Table) -> Decision | None:
    """The decision of the first row that matches; None where none does."""
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
                row.gather_m,
                row.control,
            )
    return None


@cache
def place_folder(province: str) -> Traversable:
    """The tables of a province (two digits of GB/T 2260); the national ones where it has none."""
    tables = resources.files("sizao.warn") / PLACES
    own = tables / province
    return own if province and own.is_dir() else tables / NATIONAL


@cache
def load(on: date, folder: Traversable | Path | None = None) -> Table:
    """The table in force on a day: the newest that starts on it or before.

    A day before the first table gets the first: a recording from then is graded all the same.

    folder : where the tables are; without it, those of the package for detections

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
    whole = raw.get("otherwise", "a row") != "nothing"
    if "otherwise" in raw and whole:
        raise ConfigError(f"{name}: `otherwise` can only be nothing")
    for row in rows[: -1 if whole else None]:
        if not row.conditions:
            raise ConfigError(f"{name}: row {row.id!r} matches everything, so it must be the last")
    if whole and rows[-1].conditions:
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
        whole,
        _minutes(raw, "stale_min", name) if "stale_min" in raw else float("inf"),
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
    _known(raw, _ROW_KEYS | _MAY, where)
    for key in sorted(_ROW_KEYS):
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
    gather_m = raw.get("gather_m", 0)
    if isinstance(gather_m, bool) or not isinstance(gather_m, int | float) or gather_m < 0:
        raise ConfigError(f"{where}: `gather_m` must be metres, 0 or above, got {gather_m!r}")
    return Row(
        str(raw["id"]),
        read_conditions(raw["when"], groups, where),
        level,
        command_level,
        _minutes(raw, "merge_min", where),
        raw["reason_zh"],
        raw["reason_en"],
        tuple(raw.get("rules") or ()),
        float(gather_m),
        read_control(raw["control"], where) if raw.get("control") else None,
    )


def _minutes(raw: Mapping[str, Any], key: str, where: str) -> float:
    """Seconds of a number of minutes above zero."""
    value = raw[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or value <= 0:
        raise ConfigError(f"{where}: `{key}` must be minutes above zero, got {value!r}")
    return float(value) * 60.0


def _known(raw: Mapping[str, Any], keys: set[str], where: str) -> None:
    extra = sorted(str(key) for key in set(raw) - keys)
    if extra:
        raise ConfigError(f"{where}: unknown key {extra[0]!r}; known: {', '.join(sorted(keys))}")
