"""Colours of GA/T 1400 (ColorType, string codes, recalled from GA/T 1400.3) and plate colours."""

from __future__ import annotations

from sizao.feeds import plates

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

_PLATES = {
    "1": plates.BLACK,
    "2": plates.WHITE,
    "5": plates.BLUE,
    "6": plates.YELLOW,
    "9": plates.GREEN,
}

PLATE_COLOURS: dict[str, int] = {
    **{code: _PLATES.get(code, plates.OTHER) for code in COLOURS},
    # Some senders pad the code, some write the colour in words.
    **{f"0{code}": _PLATES.get(code, plates.OTHER) for code in COLOURS if len(code) == 1},
    **{word: code for word, code in plates.COLOURS.items() if not word.isdigit()},
}
"""PlateColor as sent to JT/T 697.7."""

TO_GAT1400: dict[int, str] = {code: sent for sent, code in _PLATES.items()} | {plates.OTHER: "99"}
"""JT/T 697.7 to PlateColor."""
