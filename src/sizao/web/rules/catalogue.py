"""Every rule with its text, sources and numbers, drawn from the rules themselves.

Which entries of the rule book a rule goes by is not listed anywhere: it is what the rule reads when
it is asked for its parameters.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sizao.core.rulebook import CERTAINTIES, Entry, rulebook
from sizao.detect import registry
from sizao.warn.words import RULES

_SURE = list(CERTAINTIES)


class _Read(Mapping[str, Entry]):
    """The rule book, remembering what was read of it."""

    def __init__(self) -> None:
        self.book = rulebook()
        self.ids: dict[str, None] = {}

    def __getitem__(self, name: str) -> Entry:
        self.ids[name] = None
        return self.book[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.book)

    def __len__(self) -> int:
        return len(self.book)


@dataclass(frozen=True)
class Described:
    """One rule as a page shows it. ``sources`` begin with the surest."""

    id: str
    zh: str
    en: str
    unit: str
    topic: str
    definition: str
    """The module's docstring, in English: the exact definition."""
    sources: tuple[Entry, ...]
    defaults: Mapping[str, Any]
    rule: Any

    @property
    def certainty(self) -> str:
        """The weakest of its sources: found, recalled or proposed."""
        return self.sources[-1].certainty


@cache
def rules() -> dict[str, Described]:
    """Rule id to description, in the order of the registry."""
    return {rule.id: _describe(rule) for rule in registry.every()}


def _describe(rule: Any) -> Described:
    book = _Read()
    defaults = rule.params_from(book)
    zh, en = RULES[rule.id]
    module = importlib.import_module(type(rule).__module__)
    return Described(
        id=rule.id,
        zh=zh,
        en=en,
        unit=rule.measured_unit,
        topic=getattr(rule, "topic", "positions"),
        definition=inspect.cleandoc(module.__doc__ or ""),
        sources=tuple(
            sorted(
                (rulebook()[name] for name in book.ids), key=lambda one: _SURE.index(one.certainty)
            )
        ),
        defaults=defaults,
        rule=rule,
    )
