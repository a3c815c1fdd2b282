"""Parameters of rules: flat mappings of numbers with the unit in the name, and their versions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import time
from typing import Any

from sizao.core.errors import ConfigError
from sizao.core.ids import content_id
from sizao.core.rulebook import Entry

Params = Mapping[str, Any]
Book = Mapping[str, Entry]
ParamsOf = Callable[[Book], Params]


def version_of(code_version: int, params: Params) -> str:
    """Version of code and parameters together: ``1-3fa9c2``.

    The same numbers give the same version on every machine; any other number gives another one.
    """
    return f"{code_version}-{content_id(json.dumps(dict(params), sort_keys=True))[:6]}"


_SECONDS = {"s": 1, "min": 60, "hour": 3600, "day": 86_400}


def number(book: Book, rule_id: str, name: str, unit: str) -> float:
    """A parameter of the rule book as a float in ``unit``; times are converted.

    Raises ConfigError, naming the rule, if it is missing, negative, no number or in a unit that
    cannot be converted: a limit of 4 h must not be read as 4 min.
    """
    if rule_id not in book:
        raise ConfigError(f"no rule {rule_id!r} in the rule book")
    value = book[rule_id].value(name)
    given = book[rule_id].parameters[name]
    given_unit = given.get("unit") if isinstance(given, Mapping) else None
    if not _is_number(value) or value < 0:
        raise ConfigError(f"rule {rule_id}: {name} must be a number, 0 or more, got {value!r}")
    if given_unit == unit:
        return float(value)
    if unit not in _SECONDS or given_unit not in _SECONDS:
        raise ConfigError(f"rule {rule_id}: {name} must be in {unit}, not in {given_unit!r}")
    return float(value) * _SECONDS[given_unit] / _SECONDS[unit]


def local_min(book: Book, rule_id: str, name: str) -> float:
    """A local time of day of the rule book, "22:00", as minutes after midnight.

    Raises ConfigError, naming the rule, if it is missing or no time of day.
    """
    if rule_id not in book:
        raise ConfigError(f"no rule {rule_id!r} in the rule book")
    text = book[rule_id].value(name)
    try:
        moment = time.fromisoformat(text)
    except (TypeError, ValueError):
        raise ConfigError(
            f'rule {rule_id}: {name} must be a time of day like "22:00", got {text!r}'
        ) from None
    return moment.hour * 60.0 + moment.minute


def overridden(defaults: Params, changes: Params, rule_id: str) -> Params:
    """Defaults with some values replaced.

    Raises ConfigError for a name the rule does not know and for a value of another kind.
    """
    unknown = sorted(set(changes) - set(defaults))
    if unknown:
        known = ", ".join(sorted(defaults))
        raise ConfigError(f"rule {rule_id} has no parameter {unknown[0]!r}; it has: {known}")
    for name, value in changes.items():
        if _is_number(defaults[name]) and not (_is_number(value) and value >= 0):
            raise ConfigError(f"rule {rule_id}: {name} must be a number, 0 or more, got {value!r}")
        if not _is_number(defaults[name]) and not isinstance(value, type(defaults[name])):
            kind = type(defaults[name]).__name__
            raise ConfigError(f"rule {rule_id}: {name} must be a {kind}, got {value!r}")
    return {**defaults, **changes}


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
