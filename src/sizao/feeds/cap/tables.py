"""Dated tables of this package: the file in force on a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import Any

import yaml

from sizao.core.errors import ConfigError


@cache
def _files(folder: str) -> list[tuple[date, Mapping[str, Any]]]:
    found = []
    for path in (resources.files("sizao.feeds.cap") / folder).iterdir():
        if path.name.endswith(".yaml"):
            table = yaml.safe_load(path.read_text(encoding="utf-8"))
            if f"{table['from']}.yaml" != path.name:
                raise ConfigError(f"cap/{folder}/{path.name}: in force from {table['from']}?")
            found.append((table["from"], table))
    return sorted(found, key=lambda pair: pair[0])


def in_force(folder: str, day: date) -> Mapping[str, Any]:
    """The table of ``incoming`` or ``outgoing`` on a day; the first one before its own day."""
    files = _files(folder)
    return next((table for start, table in reversed(files) if start <= day), files[0][1])


@dataclass(frozen=True)
class Colours:
    """The incoming table, ready for questions."""

    words: Mapping[str, str]
    parameters: frozenset[str]
    severities: Mapping[str, str]
    codes: Mapping[str, str]
    kinds: tuple[tuple[str, str], ...]
    """(word in lower case, kind), the longest word first."""
    names: Mapping[str, str]
    """Event code to the first Chinese word of its row."""


def colours(day: date) -> Colours:
    """How colours and kinds are read on a day."""
    table = in_force("incoming", day)
    words = {
        word.lower(): level for level, list_ in table["colours"]["words"].items() for word in list_
    }
    kinds = [(word.lower(), row["kind"]) for row in table["events"] for word in row["words"]]
    return Colours(
        words=words,
        parameters=frozenset(table["parameters"]["names"]),
        severities=table["severities"]["levels"],
        codes={code: row["kind"] for row in table["events"] for code in row["codes"]},
        kinds=tuple(sorted(kinds, key=lambda pair: -len(pair[0]))),
        names={code: row["words"][0] for row in table["events"] for code in row["codes"]},
    )
