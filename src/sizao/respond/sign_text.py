"""What a roadside sign shows: two lines that a driver reads in passing.

Most signs over a Chinese road show two or three lines of eight characters. Kinds are matched as in
the routing table; whatever is not listed shows the general line. The words are the project's own.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

LINE = 8
"""Characters in a line."""

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
