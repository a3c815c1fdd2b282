"""A change of a warning's ground in words: a line of the timeline, old and new values."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sizao.core.clock import SHANGHAI
from sizao.core.levels import WarningLevel
from sizao.warn.causes import CAUSE_UNITS
from sizao.warn.words import SEVERITIES
from sizao.web.basis.models import BasisChange
from sizao.web.pages import words

Kind = BasisChange.Kind

_WHAT = {
    Kind.WITHDRAWN: ("依据已撤回：后续数据表明检测不成立", "Ground withdrawn: later data show that "
                     "the detection does not hold"),
    Kind.CORRECTED: ("依据已更正", "Ground corrected"),
    Kind.RESTORED: ("依据恢复成立：后续数据表明检测仍成立", "Ground restored: later data show that "
                    "the detection holds after all"),
    Kind.CLEARED: ("测站已恢复正常", "The station reads normal again"),
    Kind.CANCELLED: ("发布单位已解除原预警", "The issuer cancelled its notice"),
}  # fmt: skip

SHORT = {
    Kind.WITHDRAWN: ("依据已撤回", "ground withdrawn"),
    Kind.CORRECTED: ("依据已更正", "ground corrected"),
    Kind.RESTORED: ("依据恢复成立", "ground restored"),
    Kind.CLEARED: ("测站已恢复", "station clear"),
    Kind.CANCELLED: ("原预警已解除", "notice cancelled"),
}

CHOICES = {
    "continue": ("继续处置", "go on"),
    "stand_down": ("停止处置", "stand down"),
}


def line(change: BasisChange) -> tuple[str, str]:
    """What the timeline says, Chinese and English."""
    zh, en = _WHAT[Kind(change.kind)]
    said = change.after.get("said") or change.after.get("station") or ""
    if said:
        zh, en = f"{zh}（{said}）", f"{en} ({said})"
    told = differences(change)
    if told:
        zh += "，" + "，".join(f"{one.zh}由{one.before_zh}改为{one.after_zh}" for one in told)
        en += "; " + ", ".join(f"{one.en} from {one.before_en} to {one.after_en}" for one in told)
    if change.of > 1:
        zh += f"。本案 {change.of} 处依据中仍有 {change.left} 处成立"
        en += f". {change.left} of {change.of} grounds still stand"
    if change.asks:
        zh += "。请值班员确认如何处理，案件不会自动办结"
        en += ". The operator is asked what to do; nothing is closed by itself"
    return f"{zh}。", f"{en}."


class Difference:
    """One value before and after, in both languages."""

    def __init__(self, names: tuple[str, str], before: tuple[str, str], after: tuple[str, str]):
        self.zh, self.en = names
        self.before_zh, self.before_en = before
        self.after_zh, self.after_en = after

    @property
    def name(self) -> str:
        return words.pick(self.zh, self.en)

    @property
    def before(self) -> str:
        return words.pick(self.before_zh, self.before_en)

    @property
    def after(self) -> str:
        return words.pick(self.after_zh, self.after_en)


def differences(change: BasisChange) -> list[Difference]:
    """Values that are not what they were, in the order of a reader's interest."""
    return between(change.before, change.after)


def between(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Difference]:
    """The same of any two sets of values with the names that a change has."""
    found = []
    for key, names in _NAMES.items():
        old, new = before.get(key), after.get(key)
        if old != new and old is not None and new is not None:
            unit = before.get("unit") or ""
            found.append(Difference(names, _value(key, old, unit), _value(key, new, unit)))
    return found


_NAMES: Mapping[str, tuple[str, str]] = {
    "level": ("等级", "level"),
    "measured": ("测得值", "measured"),
    "severity": ("程度", "severity"),
    "end": ("结束时间", "end"),
}


def _value(key: str, value: Any, unit: str) -> tuple[str, str]:
    if key == "level":
        return (WarningLevel(value).zh, WarningLevel(value).code) if value else ("不预警", "none")
    if key == "severity":
        # A band that has no word of its own reads the same in both languages.
        return SEVERITIES.get(value, (value, value))
    if key == "end":
        local = datetime.fromisoformat(value).astimezone(SHANGHAI)
        return f"{local:%H:%M:%S}", f"{local:%H:%M:%S}"
    return _measured(float(value), unit)


def _measured(value: float, unit: str) -> tuple[str, str]:
    if unit == "min":
        hours, minutes = divmod(round(value), 60)
        return f"{hours} 小时 {minutes:02d} 分", f"{hours} h {minutes:02d} min"
    zh, en = CAUSE_UNITS.get(unit, (unit, unit))
    return f"{round(value, 1):g} {zh}".strip(), f"{round(value, 1):g} {en}".strip()
