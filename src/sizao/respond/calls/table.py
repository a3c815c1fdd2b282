"""The dated table by which calls are graded: kinds, questions, rows, resources, limits.

>>> from datetime import date
>>> table = table_of(date(2026, 11, 26))
>>> table.kinds["crash"].zh, table.near_m("expressway")
('交通事故', 2000.0)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from sizao.core.errors import ConfigError
from sizao.core.levels import CommandLevel, WarningLevel

CONDITIONS = frozenset(
    {
        "injured_min", "dead_min", "trapped_min", "vehicles_min", "hazmat", "lanes", "road_class",
        "involved", "on_fire", "tunnel",
    }
)  # fmt: skip
"""What a row's ``when`` may ask: numbers at least, texts one of, sets any of, flags true."""


@dataclass(frozen=True)
class Kind:
    """What a caller reports."""

    code: str
    zh: str
    en: str
    key: str
    family: str
    advice_zh: str
    advice_en: str

    @property
    def case_kind(self) -> str:
        """Kind of the case that it raises."""
        return f"call_{self.code}"


@dataclass(frozen=True)
class Named:
    """A code with its names."""

    code: str
    zh: str
    en: str


@dataclass(frozen=True)
class Resource(Named):
    """Who is told, within how many minutes of the call."""

    tell_min: float


@dataclass(frozen=True)
class Question:
    """Asked while ``field`` is unanswered; of any kind if ``kinds`` is empty."""

    field: str
    kinds: frozenset[str]
    zh: str
    en: str


@dataclass(frozen=True)
class Row:
    """One row: for these kinds (any if empty), under these conditions, at least this grade."""

    id: str
    kinds: frozenset[str]
    when: Mapping[str, Any]
    level: WarningLevel
    command_level: CommandLevel
    resources: tuple[str, ...]
    plan: str
    zh: str
    en: str


@dataclass(frozen=True)
class NoticeWhen:
    """A count that makes a crash one to be reported upward."""

    field: str
    least: int
    zh: str
    en: str


@dataclass(frozen=True)
class CallTable:
    """Everything in force on a day."""

    day: date
    certainty: str
    kinds: Mapping[str, Kind]
    involved: Mapping[str, Named]
    resources: Mapping[str, Resource]
    questions: Sequence[Question]
    rows: Sequence[Row]
    plans: Mapping[str, Named]
    notice_when: Sequence[NoticeWhen]
    near_min: float
    update_h: float
    receipt_min: float
    callback_h: float
    _near_m: Mapping[str, float] = field(repr=False)

    def near_m(self, road_class: str) -> float:
        """How far apart two calls on such a road may be and still be the same."""
        return float(self._near_m.get(road_class, self._near_m["default"]))


def table_of(day: date) -> CallTable:
    """The table in force on a day; the first one before its own day."""
    tables = _tables()
    return next((one for one in reversed(tables) if one.day <= day), tables[0])


def kind_names() -> dict[str, tuple[str, str]]:
    """Kinds of cases that calls raise, of any table, with their names."""
    return {
        kind.case_kind: (f"接警：{kind.zh}", f"Call: {kind.en.lower()}")
        for table in _tables()
        for kind in table.kinds.values()
    }


@cache
def _tables() -> tuple[CallTable, ...]:
    found = []
    for path in (resources.files("sizao.respond.calls") / "tables").iterdir():
        if path.name.endswith(".yaml"):
            raw = yaml.safe_load(path.read_text(encoding="utf-8"))
            if f"{raw['from']}.yaml" != path.name:
                raise ConfigError(f"calls/tables/{path.name}: in force from {raw['from']}?")
            found.append(read(raw))
    return tuple(sorted(found, key=lambda one: one.day))


def read(raw: Mapping[str, Any]) -> CallTable:
    """A table from its YAML. Raises ConfigError naming the row that is wrong."""
    kinds = {one["code"]: _kind(one) for one in raw["kinds"]}
    told = {
        one["code"]: Resource(one["code"], one["zh"], one["en"], float(one["tell_min"]))
        for one in raw["resources"]
    }
    plans = {code: Named(code, one["zh"], one["en"]) for code, one in raw["plans"].items()}
    rows = tuple(_row(one, kinds, told, plans) for one in raw["rows"])
    return CallTable(
        day=raw["from"],
        certainty=raw["certainty"],
        kinds=kinds,
        involved={one["code"]: Named(**one) for one in raw["involved"]},
        resources=told,
        questions=tuple(
            Question(one["field"], frozenset(one.get("kinds", ())), one["zh"], one["en"])
            for one in raw["questions"]
        ),
        rows=rows,
        plans=plans,
        notice_when=tuple(
            NoticeWhen(one["field"], int(one["min"]), one["zh"], one["en"])
            for one in raw["notice_when"]
        ),
        near_min=float(raw["near_min"]),
        update_h=float(raw["update_h"]),
        receipt_min=float(raw["receipt_min"]),
        callback_h=float(raw["callback_h"]),
        _near_m=raw["near_m"],
    )


def _kind(raw: Mapping[str, Any]) -> Kind:
    return Kind(
        raw["code"], raw["zh"], raw["en"], raw["key"], raw["family"],
        raw["advice"]["zh"], raw["advice"]["en"],
    )  # fmt: skip


def _row(
    raw: Mapping[str, Any],
    kinds: Mapping[str, Kind],
    told: Mapping[str, Resource],
    plans: Mapping[str, Named],
) -> Row:
    row = Row(
        id=raw["id"],
        kinds=frozenset(raw.get("kinds", ())),
        when=raw["when"],
        level=WarningLevel.parse(raw["level"]),
        command_level=CommandLevel.parse(raw["command_level"]),
        resources=tuple(raw["resources"]),
        plan=raw.get("plan", ""),
        zh=raw["zh"],
        en=raw["en"],
    )
    wrong = [
        *(set(row.when) - CONDITIONS),
        *(row.kinds - set(kinds)),
        *(set(row.resources) - set(told)),
        *({row.plan} - {"", *plans}),
    ]
    if wrong:
        raise ConfigError(f"call table: row {row.id} names what does not exist: {wrong}")
    return row
