"""Which entry of the rule book each parameter of a rule comes from.

Nobody lists it: every value of the book that a rule reads is changed in turn, and what then changes
among its parameters came from there. So the page cannot cite another article than the one that was
read.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from sizao.core.errors import ConfigError
from sizao.core.rulebook import Entry, rulebook
from sizao.web.rules.catalogue import rules


@cache
def origins(rule_id: str) -> Mapping[str, tuple[Entry, ...]]:
    """Parameter to the entries that it depends on, in the book's order."""
    known = rules()[rule_id]
    found: dict[str, dict[str, Entry]] = {name: {} for name in known.defaults}
    for source in known.sources:
        for changed in _changed(source.parameters):
            book = {**rulebook(), source.id: replace(source, parameters=changed)}
            try:
                params = known.rule.params_from(book)
            except (ConfigError, TypeError, ValueError, KeyError):
                continue  # the value that was changed is one the rule checks
            for name, value in known.defaults.items():
                if params.get(name) != value:
                    found[name][source.id] = source
    traced = {entry.id for entries in found.values() for entry in entries.values()}
    # A number that the law writes into its text, and the rule only checks for, changes with none.
    rest = tuple(source for source in known.sources if source.id not in traced)
    return {name: tuple(entries.values()) or rest for name, entries in found.items()}


def _changed(parameters: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The parameters with one leaf changed, or a list shortened (of names of which others would be
    refused)."""
    for path, value in _leaves(parameters):
        made = copy.deepcopy(dict(parameters))
        at: Any = made
        for key in path[:-1]:
            at = at[key]
        if isinstance(at, list) and isinstance(value, str):
            del at[path[-1]]
        else:
            at[path[-1]] = _other(value)
        yield made


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    if isinstance(value, Mapping):
        for key, one in value.items():
            yield from _leaves(one, (*path, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _leaves(one, (*path, number))
    elif path and path[-1] != "unit":
        yield path, value


def _other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + 1
    if isinstance(value, str) and value[2:3] == ":":
        return f"{value[:-2]}59" if not value.endswith("59") else f"{value[:-2]}58"
    return f"{value}~"
