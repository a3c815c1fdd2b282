"""Colours as cameras tell them: ColorType of GA/T 1400.3 (recalled), a code in text."""

from __future__ import annotations

COLOURS: dict[str, str] = {
    "1": "黑",
    "2": "白",
    "3": "灰",
    "4": "红",
    "5": "蓝",
    "6": "黄",
    "7": "橙",
    "8": "棕",
    "9": "绿",
    "10": "紫",
    "11": "青",
    "12": "粉",
    "13": "透明",
    "99": "其他",
}
"""ColorType to its name. Not the codes of JT/T 697.7: 5 is blue here and green there."""

_NO_COLOUR = {"13", "99"}


def body_colour(sent: str | None) -> str | None:
    """Name of a vehicle's colour, one character; None where the camera told none.

    Some makers pad the code with a zero. What is neither a code nor a name tells nothing.
    """
    code = (sent or "").strip().lstrip("0")
    if code in _NO_COLOUR:
        return None
    return COLOURS.get(code) or (code if code in COLOURS.values() and len(code) == 1 else None)
