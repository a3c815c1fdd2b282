"""What a roadside sign shows: two lines that a driver reads in passing.

Most signs over a Chinese road show two or three lines of eight characters. Kinds are matched as in
the routing table; whatever is not listed shows the general line. The words are the project's own.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

LINE = 8
"""Characters in a line."""

_FIRST = (
    ("weather_fog*", "前方浓雾"),
    ("fog*", "前方团雾"),
    ("low_visibility*", "前方能见度低"),
    ("ic*", "前方路面结冰"),
    ("weather_ic*", "前方路面结冰"),
    ("weather_snow*", "前方降雪路滑"),
    ("weather_rain*", "前方强降雨"),
    ("weather_wind*", "前方大风"),
    ("landslide*", "前方塌方落石"),
    ("report_landslide", "前方塌方落石"),
    ("*crash*", "前方事故"),
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
