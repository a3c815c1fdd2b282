"""The services list: what may be reported, with its attributes, as a dated table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from sizao.core.errors import ConfigError
from sizao.core.levels import CommandLevel, WarningLevel

CHANNELS: dict[str, tuple[str, str]] = {
    "citizen": ("群众", "citizen"),
    "road_staff": ("路政养护", "road staff"),
    "persuader": ("劝导员", "persuader"),
}
"""Who reports, to their names."""

DATATYPES = ("string", "number", "datetime", "text", "singlevaluelist", "multivaluelist")


@dataclass(frozen=True)
class Value:
    """One choice of a list."""

    key: str
    zh: str
    en: str


@dataclass(frozen=True)
class Attribute:
    """A further question of a service (GeoReport v2, GET service definition)."""

    code: str
    datatype: str
    required: bool
    zh: str
    en: str
    values: tuple[Value, ...]

    def keys(self) -> set[str]:
        return {value.key for value in self.values}


@dataclass(frozen=True)
class Grade:
    """Of the case that is raised from a report."""

    level: WarningLevel
    command_level: CommandLevel


@dataclass(frozen=True)
class Service:
    """One thing that may be reported."""

    code: str
    kind: str
    icon: str
    zh: str
    en: str
    description_zh: str
    description_en: str
    keywords: str
    group_zh: str
    group_en: str
    channels: tuple[str, ...]
    grade: Grade
    worse: tuple[tuple[str, frozenset[str], Grade], ...]
    expected_h: float
    near_m: float
    near_h: float
    attributes: tuple[Attribute, ...]

    @property
    def case_kind(self) -> str:
        """Kind of the case that it raises."""
        return f"report_{self.code}"

    def attribute(self, code: str) -> Attribute | None:
        return next((one for one in self.attributes if one.code == code), None)

    def graded(self, answers: Mapping[str, Any]) -> Grade:
        """The grade for these answers: the gravest that any of them gives."""
        grades = [self.grade]
        for attribute, values, grade in self.worse:
            given = answers.get(attribute)
            chosen = set(given) if isinstance(given, list) else {given}
            if chosen & values:
                grades.append(grade)
        return Grade(max(one.level for one in grades), max(one.command_level for one in grades))


def _grade(raw: Mapping[str, Any]) -> Grade:
    return Grade(WarningLevel.parse(raw["level"]), CommandLevel.parse(raw["command_level"]))


def _service(raw: Mapping[str, Any]) -> Service:
    attributes = tuple(
        Attribute(
            one["code"], one["datatype"], one["required"], one["description"]["zh"],
            one["description"]["en"],
            tuple(Value(v["key"], v["zh"], v["en"]) for v in one["values"]),
        )
        for one in raw["attributes"]
    )  # fmt: skip
    for one in attributes:
        if one.datatype not in DATATYPES or one.datatype.endswith("list") != bool(one.values):
            raise ConfigError(f"service {raw['code']}: attribute {one.code}: {one.datatype}?")
    return Service(
        code=raw["code"],
        kind=raw["kind"],
        icon=raw["icon"],
        zh=raw["name"]["zh"],
        en=raw["name"]["en"],
        description_zh=raw["description"]["zh"],
        description_en=raw["description"]["en"],
        keywords=raw["keywords"],
        group_zh=raw["group"]["zh"],
        group_en=raw["group"]["en"],
        channels=tuple(raw.get("channels", CHANNELS)),
        grade=_grade(raw),
        worse=tuple(
            (one["attribute"], frozenset(one["values"]), _grade(one)) for one in raw["worse"]
        ),
        expected_h=float(raw["expected_h"]),
        near_m=float(raw["near_m"]),
        near_h=float(raw["near_h"]),
        attributes=attributes,
    )


@cache
def _tables() -> tuple[tuple[date, dict[str, Service]], ...]:
    found = []
    for path in (resources.files("sizao.web.reports") / "tables").iterdir():
        if path.name.endswith(".yaml"):
            table = yaml.safe_load(path.read_text(encoding="utf-8"))
            if f"{table['from']}.yaml" != path.name:
                raise ConfigError(f"reports/tables/{path.name}: in force from {table['from']}?")
            services = [_service(raw) for raw in table["services"]]
            found.append((table["from"], {service.code: service for service in services}))
    return tuple(sorted(found, key=lambda pair: pair[0]))


def services(day: date) -> Mapping[str, Service]:
    """The services in force on a day, by code; the first table before its own day."""
    tables = _tables()
    return next((table for start, table in reversed(tables) if start <= day), tables[0][1])


def known(code: str) -> Service | None:
    """A service by its code in any table, the newest first: for reports of former times."""
    return next((table[code] for _, table in reversed(_tables()) if code in table), None)


def case_kinds() -> dict[str, tuple[str, str]]:
    """Kinds of cases that reports raise, with their names."""
    return {
        service.case_kind: (f"上报：{service.zh}", f"Report: {service.en.lower()}")
        for _, table in _tables()
        for service in table.values()
    }
