"""Classes of reasons with their legal basis and longest term: the rule book's ``hot_list``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sizao.core.rulebook import Entry, rulebook

_BOOK = "hot_list."


@dataclass(frozen=True)
class Reason:
    """Why a plate may be looked for."""

    code: str
    source: Entry
    days: int
    """The longest term; a longer need is a renewal."""

    @property
    def zh(self) -> str:
        return self.source.name_zh

    @property
    def en(self) -> str:
        return self.source.name_en


@cache
def reasons() -> dict[str, Reason]:
    """Code to reason, in the book's order."""
    terms = rulebook()["hot_list.terms"]
    return {
        code: Reason(code, rulebook()[_BOOK + code], int(terms.value(code)))
        for code in terms.parameters
    }
