"""Parameters of rules: flat mappings of numbers with the unit in the name, and their versions."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
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


def number(book: Book, rule_id: str, name: str) -> float:
    """A parameter of the rule book as a float.

    Raises ConfigError, naming the rule, if it is missing or no number.
    """
    if rule_id not in book:
        raise ConfigError(f"no rule {rule_id!r} in the rule book")
    value = book[rule_id].value(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ConfigError(f"rule {rule_id}: {name} must be a number, got {value!r}")
    return float(value)


def overridden(defaults: Params, changes: Params, rule_id: str) -> Params:
    """Defaults with some values replaced. Raises ConfigError for a name the rule does not know."""
    unknown = sorted(set(changes) - set(defaults))
    if unknown:
        known = ", ".join(sorted(defaults))
        raise ConfigError(f"rule {rule_id} has no parameter {unknown[0]!r}; it has: {known}")
    return {**defaults, **changes}
