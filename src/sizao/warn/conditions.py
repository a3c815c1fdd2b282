"""Conditions of the decision table: each looks at one thing and says in words what it saw."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sizao.core.errors import ConfigError
from sizao.core.places import ROAD_CLASSES
from sizao.core.vehicles import KINDS
from sizao.warn.causes import CAUSES, ORIGINS, STATES
from sizao.warn.facts import Facts
from sizao.warn.words import (
    ROAD_CLASSES_EN,
    RULES,
    SEVERITIES,
    VEHICLE_KINDS_EN,
    number,
    unit,
)


@dataclass(frozen=True)
class Match:
    """A condition that held: its name, what the facts were, and that in words."""

    condition: str
    actual: str
    zh: str
    en: str


class Condition(Protocol):
    """One condition of a row."""

    def match(self, facts: Facts) -> Match | None:
        """What was found if the condition holds, else None."""
        ...


@dataclass(frozen=True)
class OneOf:
    """A code is in a set: origins, rules, severities, vehicle_kinds, road_classes."""

    name: str
    codes: frozenset[str]

    def match(self, facts: Facts) -> Match | None:
        fact, label_zh, label_en = _ONE_OF[self.name]
        code = str(getattr(facts, fact))
        if code not in self.codes:
            return None
        zh, en = _names(self.name).get(code, (code, code))
        return Match(self.name, code, f"{label_zh}：{zh}", f"{label_en}: {en}")


@dataclass(frozen=True)
class Hours:
    """The local hour is in [start, stop); over midnight if start is later than stop."""

    start: int
    stop: int

    def match(self, facts: Facts) -> Match | None:
        hour = facts.local.hour
        if self.start < self.stop:
            inside = self.start <= hour < self.stop
        else:
            inside = hour >= self.start or hour < self.stop
        if not inside:
            return None
        at = f"{facts.local:%H:%M}"
        span = f"{self.start:02d}:00–{self.stop:02d}:00"
        return Match("hours", at, f"时间：{at}，在{span}内", f"Hour: {at}, within {span}")


@dataclass(frozen=True)
class AtLeast:
    """A number has reached a bound: min_measured, min_repeats, min_vehicles, min_mm_3h ..."""

    name: str
    bound: float

    def match(self, facts: Facts) -> Match | None:
        if self.name == "min_repeats":
            if facts.repeats < self.bound:
                return None
            return Match(
                self.name,
                str(facts.repeats),
                f"24小时内此前已有：{facts.repeats}次同类预警",
                f"Earlier warnings of this kind in 24 h: {facts.repeats}",
            )
        if self.name == "min_vehicles":
            if facts.vehicles < self.bound:
                return None
            return Match(
                self.name,
                str(facts.vehicles),
                f"同一处已有：{facts.vehicles}辆",
                f"Vehicles in one place: {facts.vehicles}",
            )
        if self.name in SUMS:
            return self._sum(facts)
        if not facts.measured >= self.bound:
            return None
        zh, en = unit(facts.measured_unit)
        seen, bound = number(facts.measured), number(self.bound)
        return Match(
            self.name,
            seen,
            f"测得值：{seen}{zh}，不低于{bound}{zh}",
            f"Measured: {seen} {en}, at least {bound} {en}",
        )

    def _sum(self, facts: Facts) -> Match | None:
        name = self.name.removeprefix("min_")
        fallen = facts.sums.get(name, 0.0)
        if fallen < self.bound:
            return None
        hours = name.removeprefix("mm_").removesuffix("h")
        return Match(
            self.name,
            number(fallen),
            f"近{hours}小时降雨：{number(fallen)}毫米，不低于{number(self.bound)}毫米",
            f"Rain in {hours} h: {number(fallen)} mm, at least {number(self.bound)} mm",
        )


@dataclass(frozen=True)
class Below:
    """A number is under a bound: below_measured; or not above it: max_share."""

    name: str
    bound: float

    def match(self, facts: Facts) -> Match | None:
        if self.name == "max_share":
            if facts.share > self.bound:
                return None
            seen, most = f"{facts.share * 100:.2g}%", f"{self.bound * 100:.2g}%"
            return Match(
                self.name,
                seen,
                f"在全部路段时段中：最高的{seen}以内（表中为{most}）",
                f"Among all stretches and hours: the worst {seen} (table: {most})",
            )
        if not facts.measured < self.bound:
            return None
        zh, en = unit(facts.measured_unit)
        seen, bound = number(facts.measured), number(self.bound)
        return Match(
            self.name,
            seen,
            f"测得值：{seen}{zh}，低于{bound}{zh}",
            f"Measured: {seen} {en}, below {bound} {en}",
        )


_ONE_OF = {
    "origins": ("origin", "来源", "Origin"),
    "rules": ("rule", "类型", "Kind"),
    "severities": ("severity", "程度", "Severity"),
    "vehicle_kinds": ("vehicle_kind", "车型", "Vehicle"),
    "road_classes": ("road_class", "道路", "Road"),
}
"""Condition to the fact it looks at and its label."""

SUMS = ("min_mm_3h", "min_mm_6h", "min_mm_12h")
_AT_LEAST = ("min_measured", "min_repeats", "min_vehicles", *SUMS)
_BELOW = ("below_measured", "max_share")

CONDITIONS = (*_ONE_OF, "hours", *_AT_LEAST, *_BELOW)
"""Names that may stand under ``when``."""


def _names(name: str) -> Mapping[str, tuple[str, str]]:
    if name == "rules":
        return {**RULES, **CAUSES}
    if name == "severities":
        return {**SEVERITIES, **STATES}
    if name == "origins":
        return ORIGINS
    zh, en = (
        (KINDS, VEHICLE_KINDS_EN) if name == "vehicle_kinds" else (ROAD_CLASSES, ROAD_CLASSES_EN)
    )
    return {code: (text, en[code]) for code, text in zh.items()}


def label(name: str, code: str) -> tuple[str, str]:
    """A code under a condition in both languages; the code itself if it has no name."""
    return _names(name).get(code, (code, code))


def read_conditions(raw: Any, groups: Mapping[str, Any], where: str) -> tuple[Condition, ...]:
    """Check and read what stands under ``when``. Raises ConfigError naming the key."""
    if not isinstance(raw, dict):
        raise ConfigError(f"{where}: `when` must be a mapping; `{{}}` matches everything")
    return tuple(_condition(name, value, groups, where) for name, value in raw.items())


def _condition(name: str, value: Any, groups: Mapping[str, Any], where: str) -> Condition:
    if name in _ONE_OF:
        return OneOf(name, _codes(name, value, groups, where))
    if name == "hours":
        if (
            not isinstance(value, list)
            or len(value) != 2
            or not all(type(hour) is int and 0 <= hour <= 24 for hour in value)
            or value[0] == value[1]
        ):
            raise ConfigError(f"{where}: `hours` must be two different hours 0 to 24, got {value}")
        return Hours(*value)
    if name in (*_AT_LEAST, *_BELOW):
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigError(f"{where}: `{name}` must be a number, got {value!r}")
        return Below(name, float(value)) if name in _BELOW else AtLeast(name, float(value))
    raise ConfigError(f"{where}: unknown condition {name!r}; known: {', '.join(CONDITIONS)}")


def _codes(name: str, value: Any, groups: Mapping[str, Any], where: str) -> frozenset[str]:
    if not isinstance(value, list) or not value:
        raise ConfigError(f"{where}: `{name}` must be a list of codes, got {value!r}")
    mine, known = groups.get(name) or {}, _names(name)
    codes: set[str] = set()
    for item in map(str, value):
        for code in mine.get(item, [item]):
            if code not in known:
                # A misspelt code would never match, and the row would be dead without a word.
                raise ConfigError(
                    f"{where}: `{name}` has no {code!r}; known: {', '.join((*mine, *known))}"
                )
            codes.add(code)
    return frozenset(codes)
