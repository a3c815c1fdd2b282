"""Names, units and ranges of the parameters of detection rules, for people: data beside the rules.

>>> parameter("fatigue", "max_continuous_min").zh
'连续驾驶时间上限'
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from sizao.core.errors import ConfigError

UNITS: Mapping[str, tuple[str, str]] = {
    "percent": ("%", "%"),
    "km/h": ("km/h", "km/h"),
    "km": ("公里", "km"),
    "m": ("米", "m"),
    "kg": ("千克", "kg"),
    "s": ("秒", "s"),
    "min": ("分钟", "min"),
    "h": ("小时", "h"),
    "day": ("天", "days"),
    "clock": ("时刻", "time of day"),
    "ratio": ("比例", "ratio"),
    "sample": ("个样本", "samples"),
    "vehicle": ("辆", "vehicles"),
    "time": ("次", "times"),
    "alarm": ("次", "alarms"),
    "bit": ("位", "bit"),
    "W/kg": ("W/kg", "W/kg"),
    "J/kg": ("J/kg", "J/kg"),
    "mg/100mL": ("mg/100mL", "mg/100 mL"),
    "vehicle_kind": ("车辆类型", "vehicle kinds"),
    "alarm_kind": ("报警种类", "alarm kinds"),
    "service": ("班线类型", "services"),
    "characters": ("字符", "characters"),
    "table": ("表", "table"),
}
"""Unit code to its Chinese and English name. Numbers of ``clock`` are minutes after midnight."""


@dataclass(frozen=True)
class Parameter:
    """What one parameter is called and what may be entered. No range: not to be edited here."""

    zh: str
    en: str
    unit: str
    min: float | None = None
    max: float | None = None

    @property
    def ranged(self) -> bool:
        return self.min is not None and self.max is not None

    def allows(self, value: Any) -> bool:
        """Whether a number, or every number of a list or table, lies within the range."""
        if isinstance(value, Mapping):
            return all(self.allows(one) for one in value.values())
        if isinstance(value, list | tuple):
            return all(self.allows(one) for one in value)
        if self.min is None or self.max is None or isinstance(value, str | bool):
            return True
        return bool(self.min <= value <= self.max)


@cache
def _table() -> tuple[dict[str, Parameter], dict[tuple[str, str], Parameter]]:
    text = (resources.files("sizao.core") / "rule_parameters.yaml").read_text(encoding="utf-8")
    raw = yaml.safe_load(text)
    own = raw.pop("rules")
    shared = {name: Parameter(**said) for name, said in raw.items()}
    special = {
        (rule, name): Parameter(**said)
        for rule, names in own.items()
        for name, said in names.items()
    }
    for name, one in [*shared.items(), *((key[1], value) for key, value in special.items())]:
        if one.unit not in UNITS:
            raise ConfigError(f"rule_parameters.yaml: {name}: unit {one.unit!r}?")
    return shared, special


def parameter(rule: str, name: str) -> Parameter:
    """What a rule's parameter is called. Raises ConfigError if nobody has named it."""
    shared, special = _table()
    found = special.get((rule, name)) or shared.get(name)
    if found is None:
        raise ConfigError(f"rule_parameters.yaml: parameter {name!r} of {rule} has no name")
    return found


def names() -> tuple[set[str], set[tuple[str, str]]]:
    """Everything that the file names: parameters, and those of single rules."""
    shared, special = _table()
    return set(shared), set(special)
