"""Parameters and versions of rules in words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sizao.core.rule_parameters import UNITS, parameter
from sizao.web.pages import words

Pair = tuple[str, str]
"""Chinese and English."""


def label(rule: str, name: str) -> str:
    """What a parameter is called."""
    known = parameter(rule, name)
    return str(words.pick(known.zh, known.en))


def label_pair(rule: str, name: str) -> Pair:
    """The same in both languages."""
    known = parameter(rule, name)
    return known.zh, known.en


def span(rule: str, name: str) -> str:
    """What may be entered, in words; empty without a range."""
    return str(words.pick(*span_pair(rule, name)))


def span_pair(rule: str, name: str) -> Pair:
    """The same in both languages: ``30 至 480 分钟``."""
    known = parameter(rule, name)
    if not known.ranged:
        return "", ""
    if known.unit not in _PLAIN:
        # In the unit that is typed, said once.
        zh, en = UNITS[known.unit]
        low, high = _number(known.min), _number(known.max)
        return f"{low} 至 {high} {zh}", f"{low} to {high} {en}"
    (low_zh, low_en), (high_zh, high_en) = (
        pair(rule, name, known.min), pair(rule, name, known.max)
    )  # fmt: skip
    return f"{low_zh} 至 {high_zh}", f"{low_en} to {high_en}"


_PLAIN = {"clock", "ratio", "vehicle_kind", "alarm_kind", "service", "characters", "table", "bit"}


def value(rule: str, name: str, given: Any) -> str:
    """A value with its unit, for reading: ``4 小时``, ``22:00``, ``10、20、50 %``."""
    return str(words.pick(*pair(rule, name, given)))


def pair(rule: str, name: str, given: Any) -> Pair:
    """The same in both languages: a change's words are kept as they were decided."""
    code = parameter(rule, name).unit
    if isinstance(given, Mapping):
        told = [
            (f"{key} {_number(one)}" if _plain(one) else key, key) for key, one in given.items()
        ]
        text = "、".join(zh for zh, _ in told)
        return text, text.replace("、", ", ")
    if code == "clock":
        text = clock(given)
        return text, text
    if code == "min" and _plain(given) and given >= 60 and given == int(given):
        hours, minutes = divmod(int(given), 60)
        if not minutes:
            return f"{hours} 小时", f"{hours} h"
        return f"{hours} 小时 {minutes:02d} 分", f"{hours} h {minutes:02d} min"
    zh, en = ("", "") if code in _PLAIN else UNITS[code]
    if isinstance(given, list | tuple):
        names = [_item(code, one) for one in given]
        listed = "、".join(one for one, _ in names), ", ".join(one for _, one in names)
    else:
        listed = _item(code, given)
    return f"{listed[0]} {zh}".strip(), f"{listed[1]} {en}".strip()


def clock(minutes: float) -> str:
    """Minutes after midnight as a time of day."""
    return f"{int(minutes) // 60:02d}:{int(minutes) % 60:02d}"


def _item(code: str, one: Any) -> Pair:
    if code == "vehicle_kind":
        return words.vehicle_pair(str(one))
    text = _number(one) if _plain(one) else str(one)
    return text, text


def _plain(one: Any) -> bool:
    return isinstance(one, int | float) and not isinstance(one, bool)


def _number(one: Any) -> str:
    return f"{one:g}" if abs(one) < 1e6 else json.dumps(one)


def changes(
    rule: str, defaults: Mapping[str, Any], before: Mapping[str, Any] | None,
    after: Mapping[str, Any] | None,
) -> list[Pair]:  # fmt: skip
    """What a version says otherwise than another, a sentence each, in both languages.

    before, after : parameters that differ from ``defaults``; None if the rule is switched off
    """
    told: list[Pair] = []
    if (before is None) != (after is None):
        if after is None:
            told.append(("停用本规则", "the rule is switched off"))
        else:
            told.append(("启用本规则", "the rule is switched on"))
    for name in defaults:
        old = (before or {}).get(name, defaults[name])
        new = (after or {}).get(name, defaults[name])
        if old == new or after is None:
            continue
        known = parameter(rule, name)
        (old_zh, old_en), (new_zh, new_en) = pair(rule, name, old), pair(rule, name, new)
        back = new == defaults[name]
        zh, en = f"{known.zh}由{old_zh}改为{new_zh}", f"{known.en}: {old_en} becomes {new_en}"
        if _plain(old) and _plain(new) and known.unit != "clock":
            zh += "（增大）" if new > old else "（减小）"
            en += " (more)" if new > old else " (less)"
        told.append((zh + "，恢复规则库默认值", f"{en}, the rule book's") if back else (zh, en))
    return told
