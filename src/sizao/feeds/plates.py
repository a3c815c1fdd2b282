"""Plates and their colours as cameras and stations write them.

Rows hold colours by JT/T 697.7, as JT/T 808 and 809 do, so that a plate seen by a camera can be
matched with a registered one.
"""

from __future__ import annotations

from typing import Any

from sizao.feeds.forms import text

BLUE, YELLOW, BLACK, WHITE, GREEN, OTHER = 1, 2, 3, 4, 5, 9
"""JT/T 697.7 (2014) plate colours."""

YELLOW_GREEN = 2
"""Plates half yellow, half green (large electric vehicles) are matched as yellow ones: registers
of heavy vehicles keep them so. A choice of ours."""

COLOURS: dict[str, int] = {
    **{str(code): code for code in (BLUE, YELLOW, BLACK, WHITE, GREEN, OTHER)},
    **{"蓝": BLUE, "蓝色": BLUE, "blue": BLUE},
    **{"黄": YELLOW, "黄色": YELLOW, "yellow": YELLOW},
    **{"黑": BLACK, "黑色": BLACK, "black": BLACK},
    **{"白": WHITE, "白色": WHITE, "white": WHITE},
    **{"绿": GREEN, "绿色": GREEN, "渐变绿": GREEN, "green": GREEN},
    **{"黄绿": YELLOW_GREEN, "黄绿色": YELLOW_GREEN, "yellow_green": YELLOW_GREEN},
    **{"其他": OTHER, "other": OTHER},
}
"""Codes of JT/T 697.7 and words, to the code."""

NONE_WORDS = frozenset(
    {"无牌", "无车牌", "未识别", "未知", "车牌", "无", "-", "--", "NULL", "NONE", "UNKNOWN"}
)
"""What cameras write when there is no plate or none could be read."""

LONGEST = 16
_DROPPED = str.maketrans("", "", " \t·•.-－　_")


def plate(value: Any) -> str | None:
    """A plate without dots and blanks, in capitals; None if there is none.

    Raises ValueError if it is no text or longer than any plate.

    >>> plate("川d·I0001"), plate("无牌"), plate("00000000")
    ('川DI0001', None, None)
    """
    words = text(value)
    if words.upper() in NONE_WORDS:
        return None
    found = words.translate(_DROPPED).upper()
    if not found or not found.strip("0"):
        return None
    if len(found) > LONGEST:
        raise ValueError("longer than any plate")
    return found
