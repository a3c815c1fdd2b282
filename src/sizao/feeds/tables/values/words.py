"""Texts, identifiers, words out of a list."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sizao.feeds.tables.reasons import Bad
from sizao.feeds.tables.table import Cell, Words, shown
from sizao.feeds.tables.values.base import ROUNDED, SHEET_ERRORS, Column, plain


@dataclass(frozen=True)
class Text:
    """Free text, cut at ``longest`` characters."""

    longest: int = 200
    takes = Words("文字", "text")

    def __call__(self, value: Cell, column: Column) -> str:
        text = shown(value).strip()
        if text.startswith("#") and text.upper() in SHEET_ERRORS:
            raise Bad("spreadsheet_error")
        return text[: self.longest]


AN_ID = Words("编号", "an identifier")


@dataclass(frozen=True)
class Code:
    """An identifier; a number that the spreadsheet has rounded is refused."""

    pattern: str = r"[^\s]{1,64}"
    what: Words = AN_ID

    @property
    def takes(self) -> Words:
        return self.what

    def __call__(self, value: Cell, column: Column) -> str:
        text = "".join(plain(value).split())
        if ROUNDED.fullmatch(text) or (isinstance(value, float) and abs(value) >= 1e15):
            raise Bad("rounded")
        if not re.fullmatch(self.pattern, text):
            raise Bad("bad_code", what=list(self.what))
        return text


@dataclass(frozen=True)
class Choice:
    """One of a few words. ``words``: code to Chinese, English and other spellings.

    inside : a longer text is taken by the first word that it contains (小雨 is rain)
    """

    words: Mapping[str, tuple[str, ...]]
    inside: bool = False

    @property
    def takes(self) -> Words:
        return Words(
            "、".join(names[0] for names in self.words.values()),
            ", ".join(names[1] for names in self.words.values()),
        )

    @cached_property
    def _codes(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for code, names in self.words.items():
            for name in (code, *names):
                found.setdefault(_squeeze(name), code)
        return found

    def __call__(self, value: Cell, column: Column) -> str:
        text = _squeeze(plain(value))
        if text in self._codes:
            return self._codes[text]
        if self.inside:
            for name, code in self._codes.items():
                if name in text and (len(name) > 1 or not name.isascii()):
                    return code
        raise Bad("unknown_word", allowed=list(self.takes))


def _squeeze(text: str) -> str:
    return re.sub(r"[\s_\-·]+", "", unicodedata.normalize("NFKC", text)).lower()


@dataclass(frozen=True)
class Several:
    """A list of words of a :class:`Choice`, separated by any mark."""

    choice: Choice

    @property
    def takes(self) -> Words:
        zh, en = self.choice.takes
        return Words(f"可多项：{zh}", f"one or more of {en}")

    def __call__(self, value: Cell, column: Column) -> list[str]:
        parts = [one for one in re.split(r"[,;+/、，；与和|]|\s-\s", plain(value)) if one.strip()]
        return [self.choice(part, column) for part in parts]


YES_NO = {
    "yes": ("是", "yes", "有", "y", "true", "1", "√", "✓", "对"),
    "no": ("否", "no", "无", "没有", "n", "false", "0", "×", "✗", "不是"),
}


@dataclass(frozen=True)
class YesNo:
    """Yes or no."""

    takes = Words("是/否、有/无、1/0、√/×", "yes/no, 1/0")

    def __call__(self, value: Cell, column: Column) -> bool:
        if isinstance(value, bool):
            return value
        return Choice(YES_NO)(value, column) == "yes"
