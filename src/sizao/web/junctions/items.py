"""The check list: dated data of the rule book, in the user's language."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sizao.core.rulebook import Entry, entry
from sizao.web.pages.words import pick

GROUPS = {
    "sight": ("视距", "Sight"),
    "markings": ("标线", "Markings"),
    "signs": ("标志", "Signs"),
    "signals": ("信号灯", "Signals"),
    "crossings": ("行人过街", "Crossings"),
    "channelisation": ("渠化", "Channelisation"),
    "lighting": ("照明", "Lighting"),
    "non_motor": ("非机动车与秩序", "Bicycles and order"),
}


@dataclass(frozen=True)
class Item:
    code: str
    group: str
    zh: str
    en: str

    @property
    def word(self) -> str:
        return str(pick(self.zh, self.en))


def rule() -> Entry:
    return entry("junction.audit")


def edition() -> str:
    """Which edition of the list is in force."""
    return str(rule().value("edition"))


@cache
def items() -> dict[str, Item]:
    """Every item by its code, in the order of the list."""
    return {one["code"]: Item(**one) for one in rule().value("items")}


def group_word(group: str) -> str:
    return str(pick(*GROUPS[group]))


def item_word(code: str) -> str:
    """An item of an older edition keeps its code where the words are gone."""
    found = items().get(code)
    return found.word if found else code
