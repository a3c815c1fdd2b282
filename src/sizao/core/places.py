"""Road classes and how a place on a road is written."""

from __future__ import annotations

import math

ROAD_CLASSES: dict[str, str] = {
    "expressway": "高速公路",
    "urban_expressway": "城市快速路",
    "national": "国道",
    "provincial": "省道",
    "county": "县道",
    "village": "乡村道路",
    "urban": "城市道路",
    "ramp": "匝道",
}
"""Code to Chinese name, widest first."""

ROAD_CLASS_CODES: dict[str, int] = {name: code for code, name in enumerate(ROAD_CLASSES)}
"""Small integers for columns inside kernels. Order is part of saved files: append only."""

FAST_CLASSES = frozenset({"expressway", "urban_expressway"})
"""The fast roads of the 2022 points order (公安部令163号)."""


def stake(road: str | None, stake_m: float | None, direction: str = "") -> str:
    """A place as the field writes it.

    >>> stake("G5", 120_300.4, "下行")
    'G5 K120+300 下行'
    """
    if not road:
        return ""
    if stake_m is None or math.isnan(stake_m):
        return road
    kilometre, metre = divmod(int(stake_m), 1000)
    return f"{road} K{kilometre}+{metre:03d} {direction}".rstrip()
