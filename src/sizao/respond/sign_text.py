"""What a roadside sign shows: two lines that a driver reads in passing.

Most signs over a Chinese road show two or three lines of eight characters. Kinds are matched as in
the routing table; whatever is not listed shows the general line. The words are the project's own.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase

LINE, LINES = 8, 3
"""Characters in a line, and lines."""

_FIRST = (
    ("low_visibility", "前方能见度低"),
    ("road_ice", "前方路面结冰"),
    ("snow", "前方降雪路滑"),
    ("rain", "前方强降雨"),
    ("wind", "前方大风"),
    ("*landslide", "前方塌方落石"),
    ("obstruction", "前方有障碍物"),
    ("queue", "前方排队缓行"),
    ("congestion", "前方拥堵"),
    ("closure", "前方道路阻断"),
    ("hazmat", "前方危化品泄漏"),
    ("*_crash", "前方事故"),
    ("crash", "前方事故"),
    ("stopped_on_expressway", "前方有车停驶"),
    ("wrong_way", "前方车辆逆行"),
)

_SECOND = {
    "blue": "谨慎驾驶",
    "yellow": "减速慢行",
    "orange": "减速保持车距",
    "red": "减速 听从指挥",
}


def sign_lines(kind: str, level: str) -> tuple[str, ...]:
    """The lines for a kind and level of warning.

    >>> sign_lines("wrong_way", "red")
    ('前方车辆逆行', '减速 听从指挥')
    """
    first = next((text for pattern, text in _FIRST if fnmatchcase(kind, pattern)), "前方路况异常")
    return (first, _SECOND.get(level, "谨慎驾驶"))


def wrapped(text: str) -> tuple[str, ...]:
    """A person's words as the lines of a sign; empty if they do not fit.

    A phrase begins a line of its own as long as there are lines for that.

    >>> wrapped("前方塌方，请从G353绕行")
    ('前方塌方', '请从G353绕行')
    >>> wrapped("前方施工，请减速，注意避让，依次通行")
    ('前方施工请减速注', '意避让依次通行')
    >>> wrapped("字" * 25)
    ()
    """
    phrases = [phrase for phrase in re.split(r"[\s，。；、！,;!]+", text) if phrase]
    lines = [line for phrase in phrases for line in _cut(phrase)]
    if len(lines) > LINES:
        lines = _cut("".join(phrases))
    return tuple(lines) if len(lines) <= LINES else ()


def _cut(text: str) -> list[str]:
    return [text[start : start + LINE] for start in range(0, len(text), LINE)]
