"""Colours of made-up vehicles' bodies, and what cameras make of them.

Shares are made up: trucks are mostly red, white, blue or green, coaches mostly white. As real
cameras do, they take some colours for like ones (``detect.section_speed`` names which), cannot tell
a few, and tell two in a thousand anyhow.
"""

from __future__ import annotations

from bisect import bisect
from itertools import accumulate

from sizao.core.colours import COLOURS
from sizao.core.rulebook import entry
from sizao.sim.chance import share

ALIKE, UNTOLD, WRONG = 0.04, 0.03, 0.002
"""Shares told as a like colour, not told, told as any."""

_GOODS = {
    "红": 0.28,
    "白": 0.20,
    "蓝": 0.18,
    "绿": 0.12,
    "黄": 0.08,
    "灰": 0.06,
    "橙": 0.04,
    "黑": 0.04,
}
_PASSENGERS = {"白": 0.40, "蓝": 0.15, "绿": 0.15, "红": 0.12, "黄": 0.10, "灰": 0.08}
_SHARES: dict[str, dict[str, float]] = {
    "heavy_truck": _GOODS,
    "semi_tractor": _GOODS,
    "hazmat": _GOODS,
    "school_bus": {"黄": 1.0},
    "police": {"白": 1.0},
}
_CODES = {name: code for code, name in COLOURS.items()}
_TOLD = [name for name in _CODES if len(name) == 1]

RGB: dict[str, tuple[int, int, int]] = {
    "黑": (40, 40, 40),
    "白": (235, 235, 235),
    "灰": (130, 132, 136),
    "红": (190, 45, 40),
    "蓝": (40, 90, 200),
    "黄": (225, 175, 30),
    "橙": (225, 120, 30),
    "绿": (60, 140, 80),
}
"""Body colour to the box that is drawn of it."""


def body(seed: int, vehicle: int, kind: str) -> str:
    """Colour of a vehicle's body, by its name in ColorType."""
    shares = _SHARES.get(kind, _PASSENGERS)
    edges = list(accumulate(shares.values()))
    at = bisect(edges, share(seed, vehicle, "body") * edges[-1])
    return list(shares)[min(at, len(shares) - 1)]


def seen(colour: str, words: tuple[object, ...]) -> str:
    """ColorType that a camera tells of a body of a colour."""
    chance = share(*words, "body")
    likes = sorted(
        {
            other
            for group in entry("detect.section_speed").value("colours_alike")
            if colour in group
            for other in group
        }
        - {colour}
    )
    if chance < UNTOLD:
        return "99"
    told = share(*words, "told")
    if chance < UNTOLD + ALIKE and likes:
        return _CODES[likes[int(told * len(likes))]]
    if chance > 1 - WRONG:
        return _CODES[_TOLD[int(told * len(_TOLD))]]
    return _CODES[colour]
