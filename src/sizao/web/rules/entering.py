"""Parameters in the fields of a form: how they are written there, and read again."""

from __future__ import annotations

import re
from typing import Any

from sizao.core.errors import TransitionError
from sizao.core.rule_parameters import parameter
from sizao.web.rules import wording


def is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def editable(default: Any) -> bool:
    """Numbers and lists of numbers; everything else changes with the rule book."""
    return is_number(default) or (
        isinstance(default, list) and bool(default) and all(is_number(one) for one in default)
    )


def text(rule: str, name: str, value: Any) -> str:
    """A value as the field shows it."""
    if parameter(rule, name).unit == "clock":
        return wording.clock(value)
    if is_number(value):
        return f"{value:g}" if abs(value) < 1e6 else str(value)
    if editable(value):
        return ", ".join(f"{one:g}" for one in value)
    return wording.value(rule, name, value)


def read(rule: str, name: str, default: Any, given: str) -> Any:
    """What a field means. Raises TransitionError naming the parameter and what is possible."""
    try:
        value = _read(rule, name, default, given.strip())
    except ValueError:
        zh, en = wording.label_pair(rule, name)
        raise TransitionError(
            f"“{zh}”的值“{given}”无法识别", f"{en}: {given!r} is no such value"
        ) from None
    check(rule, name, value)
    return value


def _read(rule: str, name: str, default: Any, given: str) -> Any:
    if not editable(default):
        raise ValueError
    if is_number(default):
        clock = re.fullmatch(r"(\d{1,2}):(\d{2})(?::00)?", given)
        if clock and parameter(rule, name).unit == "clock":
            return type(default)(int(clock[1]) * 60 + int(clock[2]))
        return _like(default, float(given))
    parts = [one for one in re.split(r"[,，、\s]+", given.strip("[]")) if one]
    if not parts:
        raise ValueError
    return [_like(default[0], float(one)) for one in parts]


def _like(default: Any, value: float) -> Any:
    return int(value) if isinstance(default, int) and value.is_integer() else value


def check(rule: str, name: str, value: Any) -> None:
    """Raise TransitionError if a value lies outside what may be entered."""
    if not parameter(rule, name).allows(value):
        zh, en = wording.label_pair(rule, name)
        raise TransitionError(
            f"“{zh}”只能填 {wording.span_pair(rule, name)[0]}",
            f"{en} takes {wording.span_pair(rule, name)[1]}",
        )
