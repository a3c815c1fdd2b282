"""A kind of record as a declared list of fields."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sizao.feeds.tables.reasons import Problem
from sizao.feeds.tables.table import Words

if TYPE_CHECKING:
    from sizao.feeds.tables.known import Known
    from sizao.feeds.tables.values.base import Parser

_BRACKETS = re.compile(r"[(（\[【][^)）\]】]*[)）\]】]")
_NOISE = re.compile(r"[\s_\-·.,:;、，。：；*#/\\\"'“”]+")


def normal(name: str) -> str:
    """A column name for comparing: width, case, spaces and a unit in brackets do not count.

    >>> normal("直接财产损失 （万元）") == normal("直接财产损失")
    True
    """
    text = unicodedata.normalize("NFKC", name).lower()
    return _NOISE.sub("", _BRACKETS.sub("", text)) or whole(name)


def whole(name: str) -> str:
    """As :func:`normal`, with what stands in brackets: 事故等级（493号令） is one of two scales."""
    return _NOISE.sub("", unicodedata.normalize("NFKC", name).lower())


@dataclass(frozen=True)
class Field:
    """One field: its names, what it takes, and how columns that hold it are usually called.

    helper : used to make other fields and not kept itself (the hour of a time in parts)
    soft : a word that is not known drops this value with a note, not the whole row
    telephone : holds numbers of devices or offices, so the look-out for personal data leaves it
    """

    name: str
    zh: str
    en: str
    parse: Parser
    synonyms: tuple[str, ...] = ()
    required: bool = False
    unit: str = ""
    doc: str = ""
    helper: bool = False
    soft: bool = False
    telephone: bool = False

    @cached_property
    def names(self) -> frozenset[str]:
        """All names by which a column is taken for it, normalised."""
        return frozenset(normal(name) for name in self._spellings)

    @cached_property
    def whole_names(self) -> frozenset[str]:
        """The same with what stands in brackets."""
        return frozenset(whole(name) for name in self._spellings)

    @property
    def _spellings(self) -> tuple[str, ...]:
        return (self.name, self.zh, self.en, *self.synonyms)


Finish = Callable[[dict[str, Any], int, "Known"], Iterator[Problem]]
"""Makes the fields that follow from others, in place, and yields what is wrong with the row.

A problem's column is a field's name there; checking puts the file's own name in its place.
"""


@dataclass(frozen=True)
class Kind:
    """A kind of record that can be imported.

    groups : of each group at least one field must have a column, else nothing can be imported
    existing : what happens to records that are there already unless told otherwise: skip, update
    places : it has ``lat`` and ``lon``
    """

    name: str
    words: Words
    fields: tuple[Field, ...]
    finish: Finish
    groups: tuple[tuple[str, ...], ...] = ()
    existing: str = "skip"
    places: bool = False

    @cached_property
    def by_field(self) -> Mapping[str, Field]:
        return {field.name: field for field in self.fields}

    @cached_property
    def by_name(self) -> Mapping[str, str]:
        """Normalised column name to field name; the first field to claim a name has it."""
        found: dict[str, str] = {}
        for field in self.fields:
            for name in field.names:
                found.setdefault(name, field.name)
        return found
