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

ORIGINS: Mapping[str, tuple[str, str]] = {
    "detection": ("检测", "detection"),
    "forecast": ("风险预报", "risk forecast"),
    "weather": ("气象", "weather"),
    "report": ("群众上报", "report"),
    "neighbour": ("相邻单位通报", "neighbour's notice"),
    "manual": ("人工发布", "manual"),
}
"""What a warning may be made from; a test holds it against ``respond.records.ORIGINS``."""

STATES: Mapping[str, tuple[str, str]] = {
    "signal_blue": ("蓝色预警信号", "blue signal"),
    "signal_yellow": ("黄色预警信号", "yellow signal"),
    "signal_orange": ("橙色预警信号", "orange signal"),
    "signal_red": ("红色预警信号", "red signal"),
    "signal_none": ("预警未标等级", "notice without a level"),
    "ice": ("路面结冰", "ice on the surface"),
    "snow_cover": ("路面积雪", "snow on the surface"),
    "freezing": ("路面潮湿且低于0℃", "wet surface below 0 °C"),
    "platform_alarm": ("平台报警信息", "alarm told by a platform"),
}
"""Severity of a fact about a place to its names, beside ``words.SEVERITIES``."""

CAUSE_UNITS: Mapping[str, tuple[str, str]] = {
    "m": ("米", "m"),
    "mm/h": ("毫米/小时", "mm/h"),
    "degC": ("℃", "°C"),
    "m/s": ("米/秒", "m/s"),
    "ratio": ("倍", "times the usual"),
}
"""Unit of a measured value to how it is said."""
