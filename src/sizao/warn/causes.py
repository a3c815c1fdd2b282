"""What a warning about a place can be about: kinds beside the detection rules, in both languages.

A kind here is a state of the road or the sky, never something that a vehicle did.
"""

from __future__ import annotations

from collections.abc import Mapping

CAUSES: Mapping[str, tuple[str, str]] = {
    "low_visibility": ("低能见度", "low visibility"),
    "road_ice": ("道路结冰", "ice on the road"),
    "rain": ("强降雨", "heavy rain"),
    "snow": ("降雪", "snow"),
    "wind": ("大风", "strong wind"),
    "weather": ("气象灾害", "severe weather"),
    "crash_risk": ("事故风险偏高", "raised risk of crashes"),
    "queue": ("排队缓行", "queue"),
    "congestion": ("交通拥堵", "congestion"),
    "closure": ("道路阻断", "road blocked"),
    "crash": ("交通事故", "crash"),
    "landslide": ("塌方落石", "landslide"),
    "obstruction": ("道路障碍", "obstruction"),
    "hazmat": ("危险货物泄漏", "dangerous goods spilled"),
    "gathering": ("大型活动", "large event"),
    "neighbour": ("相邻单位通报", "notice from a neighbour"),
    "other_place": ("其他路况", "other condition of the road"),
}
"""Kind to its names. ``neighbour`` is what a platform tells in words that no kind here fits."""

CAUSE_UNITS: Mapping[str, tuple[str, str]] = {
    "m": ("米", "m"),
    "mm/h": ("毫米/小时", "mm/h"),
    "degC": ("℃", "°C"),
    "m/s": ("米/秒", "m/s"),
    "ratio": ("倍", "times the usual"),
}
"""Unit of a measured value to how it is said."""
