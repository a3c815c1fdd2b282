"""An official document as its parts, without saying how it is set.

The parts and their order follow GB/T 9704-2012 (党政机关公文格式), as recalled: head with the
issuing office, number and signer, a red line, title, addressee, body, attachments, date and seal,
and the closing part with copies and the printing office.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

NUMERALS = "一二三四五六七八九十"


@dataclass(frozen=True)
class Sheet:
    """An attachment: a table of facts."""

    title: str
    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Official:
    """One document. Every text is as it is printed."""

    office: str
    """发文机关标志, without the word 文件."""
    number: str
    signer: str
    """Printed at the right of the number where given; GB/T 9704 asks for it on documents to a
    higher office only, many offices print it on all."""
    title: str
    addressee: str
    body: tuple[tuple[int, str], ...]
    """Paragraphs with their level: 0 plain, 1 一、 2 （一） 3 1."""
    unit: str
    """署名."""
    date: str
    copies: str
    printed: str
    """印发日期."""
    sheets: tuple[Sheet, ...] = field(default_factory=tuple)
    phrases: tuple[str, ...] = ()
    """The title in the phrases between which a line may end; none: anywhere."""

    def to_dict(self) -> dict[str, Any]:
        """Values that JSON can hold."""
        return asdict(self)

    @classmethod
    def from_dict(cls, raw: Mapping[str, Any]) -> Official:
        """The document of :meth:`to_dict`."""
        sheets = tuple(
            Sheet(one["title"], tuple((name, value) for name, value in one["rows"]))
            for one in raw["sheets"]
        )
        body = tuple((level, text) for level, text in raw["body"])
        phrases = tuple(raw.get("phrases", ()))  # documents issued before had none
        return cls(**{**raw, "sheets": sheets, "body": body, "phrases": phrases})


TITLE = 18.0
"""Characters of 22 pt on a line of a title."""


def title_lines(document: Official) -> tuple[str, ...]:
    """The title's lines: a line ends where a phrase does (GB/T 9704, 词意完整)."""
    lines: list[str] = []
    for phrase in document.phrases or (document.title,):
        if lines and _wide(lines[-1] + phrase) <= TITLE:
            lines[-1] += phrase
        else:
            lines.append(phrase)
    return tuple(lines)


def _wide(text: str) -> float:
    """Width in Chinese characters; Latin letters and digits are about half of one."""
    return sum(0.5 if character.isascii() else 1.0 for character in text)


def numbered(paragraphs: Sequence[tuple[int, str]]) -> tuple[tuple[int, str], ...]:
    """Paragraphs with their numbers: 一、 then （一） then 1., each level starting anew.

    >>> numbered([(0, "请办。"), (1, "要求"), (2, "期限"), (3, "甲"), (3, "乙"), (2, "人")])[3:]
    ((3, '1. 甲'), (3, '2. 乙'), (2, '（二）人'))
    """
    counts = [0, 0, 0, 0]
    found = []
    for level, text in paragraphs:
        if level:
            counts[level] += 1
            counts[level + 1 :] = [0] * (3 - level)
            zh = NUMERALS[(counts[level] - 1) % 10]
            mark = {1: f"{zh}、", 2: f"（{zh}）", 3: f"{counts[level]}. "}[level]
            text = mark + text
        found.append((level, text))
    return tuple(found)


def zh_date(day: date) -> str:
    """A date as documents print it: Arabic numerals, no zeros before.

    >>> zh_date(date(2026, 3, 5))
    '2026年3月5日'
    """
    return f"{day.year}年{day.month}月{day.day}日"


def document_number(prefix: str, year: int, count: int) -> str:
    """发文字号: the office's word, the year in full in hexagonal brackets, a count without zeros.

    >>> document_number("示交安办督", 2026, 3)
    '示交安办督〔2026〕3号'
    """
    return f"{prefix}〔{year}〕{count}号"
