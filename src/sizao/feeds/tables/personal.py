"""Columns and words about persons: found by name and by content, and never kept.

Crash statistics and registers need no driver's name, identity number or telephone. What looks
like one is left out whatever the mapping says, and the report says so.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sizao.feeds.tables.table import Cell, Row, Words, shown

_BY_NAME = re.compile(
    r"姓名|身份证|证件号|驾驶证号|驾照|驾驶证档案|住址|家庭|手机|联系电话|联系人|联系方式|电话|"
    r"法人|法定代表人|负责人|车主|所有人|驾驶人(?!数)|驾驶员(?!数)|当事人(?!数|类型|交通方式)|"
    r"民族|出生|年龄|性别|护照|微信|QQ|邮箱|"
    r"(?:driver|owner|person|party|contact).{0,3}name|id.?card|passport|licen[cs]e.?n|e-?mail|"
    r"mobile|date.?of.?birth|\bsex\b|\bage\b",
    re.IGNORECASE,
)
_ID = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_MOBILE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_LOOK = 300

REMOVED = "［已去除］"


@dataclass(frozen=True)
class Personal:
    """A column that is not kept, and why it is taken for personal."""

    column: str
    why: Words


def is_identity(text: str) -> bool:
    """Whether 18 characters are a citizen identity number: GB 11643 check digit (MOD 11-2).

    >>> is_identity("11010519491231002X")
    True
    """
    if not _ID.fullmatch(text):
        return False
    total = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True))
    return "10X98765432"[total % 11] == text[17].upper()


def strip_numbers(text: str) -> str:
    """The text without identity and mobile numbers; the same object if there were none."""
    if not any(digit in text for digit in "123456789"):
        return text
    clean = _ID.sub(lambda found: REMOVED if is_identity(found[0]) else found[0], text)
    clean = _MOBILE.sub(REMOVED, clean)
    return clean if clean != text else text


def personal_columns(
    header: Sequence[str], rows: Sequence[Row], allowed: frozenset[str]
) -> list[Personal]:
    """Columns that look like persons' data.

    allowed : columns known to be devices' or offices' numbers; their names and mobile numbers
        are no ground, identity numbers still are
    """
    found = []
    for column, name in enumerate(header):
        values = _values(rows, column)
        identities = sum(is_identity(value) for value in values)
        if identities * 5 > len(values):
            found.append(Personal(name, Words("内容像身份证号", "holds identity numbers")))
        elif name in allowed:
            continue
        elif _BY_NAME.search(name):
            found.append(Personal(name, Words("列名是个人信息", "is named as personal data")))
        elif sum(bool(_MOBILE.fullmatch(value)) for value in values) * 2 > len(values):
            found.append(Personal(name, Words("内容像手机号", "holds mobile numbers")))
    return found


def _values(rows: Sequence[Row], column: int) -> list[str]:
    values: list[str] = []
    for row in rows[: _LOOK * 5]:
        value: Cell = row.cells[column] if column < len(row.cells) else None
        text = shown(value).strip()
        if text:
            values.append(text)
            if len(values) == _LOOK:
                break
    return values
