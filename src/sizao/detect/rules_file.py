"""Rules from a file of one's own: what ``sizao detect --rules`` takes.

Two forms, told apart by their outermost shape:

- a list, as in ``core/rules/*.yaml``: entries of the rule book, each replacing that of the same id
  or adding one. A folder of such files counts as one list;
- a mapping from rule id to parameters that differ, e.g. ``speeding: {min_duration_s: 60}``. A rule
  set to ``false`` is switched off.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from sizao.core.errors import ConfigError
from sizao.core.rulebook import CERTAINTIES, Entry, rulebook
from sizao.detect import registry
from sizao.detect.params import Book, Params


class OwnRules(NamedTuple):
    """Arguments for ``Context.build``."""

    book: Book
    changes: dict[str, Params]
    only: frozenset[str]


def own_rules(documents: Iterable[tuple[str, Any]]) -> OwnRules:
    """Rules out of parsed YAML documents, each with the name to call it by in an error.

    Raises ConfigError for a document of neither form, an entry with other keys than the rule
    book's, an unknown certainty or a rule that does not exist.
    """
    entries: dict[str, Entry] = dict(rulebook())
    changes: dict[str, Params] = {}
    only = registry.ids()
    for name, document in documents:
        if isinstance(document, list):
            for raw in document:
                entry = _entry(name, raw)
                entries[entry.id] = entry
        elif isinstance(document, dict):
            for rule_id, params in document.items():
                if params is False:
                    only.discard(rule_id)
                elif isinstance(params, dict):
                    changes[rule_id] = params
                else:
                    raise ConfigError(f"{name}: {rule_id} must be parameters or false")
        else:
            raise ConfigError(f"{name}: neither a list of rules nor a mapping of parameters")
    return OwnRules(entries, changes, frozenset(only))


def _entry(name: str, raw: Any) -> Entry:
    try:
        entry = Entry(**raw)
    except TypeError as error:
        raise ConfigError(f"{name}: not an entry of a rule book: {error}") from error
    if entry.certainty not in CERTAINTIES:
        raise ConfigError(f"{name}: {entry.id}: certainty {entry.certainty!r}?")
    return entry
