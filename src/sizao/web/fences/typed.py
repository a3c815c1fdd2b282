"""Times and dates as people type them, and what is wrong with them in their words."""

from __future__ import annotations

import re
import unicodedata
from datetime import date

from sizao.core.errors import TransitionError

_CLOCK = re.compile(r"(\d{1,2})\s*[:.]?\s*(\d{2})")
_DAY = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")


def clock(text: str) -> str:
    """A time of day as ``HH:MM``, of ``7:30``, ``0730`` or ``７：３０``; 24:00 is midnight.

    >>> clock("730"), clock("24:00"), clock("22：05")
    ('07:30', '00:00', '22:05')
    """
    found = _CLOCK.fullmatch(_plain(text))
    hour, minute = (int(part) for part in found.groups()) if found else (99, 99)
    if (hour, minute) == (24, 0):
        hour = 0
    if hour > 23 or minute > 59:
        raise TransitionError(
            f"时刻“{text}”无法识别，请写成 22:30 这样", f"{text} is no time of day; write 22:30."
        )
    return f"{hour:02d}:{minute:02d}"


def spans(text: str) -> list[list[str]]:
    """Lines such as ``2026-09-01 ~ 2027-01-15``; one day alone is a span of itself."""
    found = []
    for line in filter(str.strip, text.splitlines()):
        first, _, last = _plain(line).replace("至", "~").partition("~")
        begin = _day(first)
        end = _day(last) if last.strip() else begin
        if end < begin:
            raise TransitionError(
                f"日期“{line.strip()}”止早于起，请改正", f"{line.strip()} ends before it begins."
            )
        found.append([begin.isoformat(), end.isoformat()])
    return found


def _day(text: str) -> date:
    found = _DAY.fullmatch(text.strip())
    try:
        return date(*(int(part) for part in found.groups())) if found else date(0, 0, 0)
    except ValueError as error:
        raise TransitionError(
            f"日期“{text.strip()}”无法识别，请写成 2026-09-01 这样",
            f"{text.strip()} is no date; write 2026-09-01.",
        ) from error


def _plain(text: str) -> str:
    """Full-width digits and marks, as Chinese keyboards give them, as plain ones."""
    return unicodedata.normalize("NFKC", text).replace("～", "~").strip()
