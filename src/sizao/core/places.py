"""Road classes, and how a place on a road is written and read."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass

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


@dataclass(frozen=True)
class Stake:
    """A place as somebody said it."""

    road: str
    stake_m: float
    direction: str
    """上行, 下行 or nothing."""
    within_m: float
    """How far beyond ``stake_m`` it may be: "120公里" is anywhere on that kilometre."""


_ROAD = re.compile(r"^\s*([GSXYCZ]\d{1,4})\s*", re.IGNORECASE)
_STAKE = re.compile(
    r"K?\s*(?P<km>\d{1,4})\s*"
    r"(?:\+\s*(?P<plus>\d{1,3})|\.(?P<tenths>\d{1,3})"
    r"|(?:公里|千米|KM)\s*(?:加|零)?\s*(?:(?P<metres>\d{1,3})\s*米?)?)?",
    re.IGNORECASE,
)


def read_stake(text: str) -> Stake | None:
    """A stake as it is typed during a call; None if the text is none.

    >>> read_stake("G5 K120+300 下行")
    Stake(road='G5', stake_m=120300.0, direction='下行', within_m=0.0)
    >>> read_stake("g5京昆高速120公里300米下")
    Stake(road='G5', stake_m=120300.0, direction='下行', within_m=0.0)
    >>> read_stake("Ｇ353 K12.5").stake_m, read_stake("G5 120公里多").within_m
    (12500.0, 1000.0)
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    road = _ROAD.match(plain)
    if road is None:
        return None
    rest = plain[road.end() :]
    found = _STAKE.search(rest)
    if found is None:
        return None
    metres = found["plus"] or found["metres"]
    tenths = found["tenths"]
    beyond = float(metres) if metres else float(f"0.{tenths}") * 1000 if tenths else 0.0
    within = 0.0 if metres else 10.0 ** (3 - len(tenths)) if tenths else 1000.0
    after = rest[found.end() :]
    direction = "上行" if "上" in after else "下行" if "下" in after else ""
    return Stake(road[1].upper(), float(found["km"]) * 1000 + beyond, direction, within)
