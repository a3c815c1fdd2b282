"""What the rules about weather and control say, in words; the numbers come from the rule book."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sizao.core.levels import WarningLevel
from sizao.core.rulebook import Entry


def _fog(rule: Entry) -> tuple[str, str]:
    bands = [
        (WarningLevel.parse(one["colour"]), one["visibility_below_m"])
        for one in rule.value("bands")
    ]
    return (
        "；".join(f"能见度低于{metres}米为{level.zh}" for level, metres in bands),
        "; ".join(f"below {metres} m {level.code}" for level, metres in bands),
    )


def _rain(rule: Entry) -> tuple[str, str]:
    bands = [
        (WarningLevel.parse(one["colour"]), one["hours"], one["mm"]) for one in rule.value("bands")
    ]
    return (
        "；".join(f"{hours}小时{mm}毫米以上为{level.zh}" for level, hours, mm in bands),
        "; ".join(f"{mm} mm in {hours} h {level.code}" for level, hours, mm in bands),
    )


def _ice(rule: Entry) -> tuple[str, str]:
    return (
        "路表温度低于0℃且出现降水，可能出现对交通有影响的道路结冰",
        "Surface below 0 °C with precipitation, so that ice may hinder traffic",
    )


def _driving(rule: Entry) -> tuple[str, str]:
    zh, en = [], []
    for one in rule.value("bands"):
        metres, speed = one["visibility_below_m"], one["max_speed_kmh"]
        gap = one.get("min_gap_m")
        zh.append(
            f"能见度低于{metres}米时车速不超过{speed} km/h"
            + (f"、车距{gap}米以上" if gap else "、从最近的出口尽快驶离")
        )
        en.append(
            f"below {metres} m at most {speed} km/h"
            + (f" and gaps of {gap} m" if gap else " and leave by the next exit")
        )
    return "；".join(zh), "; ".join(en)


def _grades(rule: Entry) -> tuple[str, str]:
    names = {1: "一级", 2: "二级", 3: "三级", "special": "特级"}
    grades = [(one["grade"], *one["visibility_m"]) for one in rule.value("grades")]
    return (
        "；".join(f"{low}至{high}米为{names[grade]}" for grade, low, high in grades),
        "; ".join(f"{low} to {high} m grade {grade}" for grade, low, high in grades),
    )


def _forecast(rule: Entry) -> tuple[str, str]:
    zh, en = [], []
    for code in ("orange", "yellow"):
        level, band = WarningLevel.parse(code), rule.value(code)
        share = f"{band['max_share'] * 100:g}%"
        zh.append(f"{level.zh}：全网最高的{share}且达平常的{band['min_ratio']}倍")
        en.append(f"{code}: the worst {share} and {band['min_ratio']} times the usual")
    return "；".join(zh), "; ".join(en)


def _reach(rule: Entry) -> tuple[str, str]:
    names = {"fog": ("雾", "fog"), "ice": ("结冰", "ice"), "rain": ("降雨", "rain"),
             "stopped": ("停车", "standing vehicles")}  # fmt: skip
    reach = [(names[code], rule.value(code)) for code in names]
    return (
        "；".join(f"{zh}相距{metres:g}米以内视为同一险情" for (zh, _), metres in reach),
        "; ".join(f"{en} within {metres:g} m is one event" for (_, en), metres in reach),
    )


PLACE_TEXTS: Mapping[str, Callable[[Entry], tuple[str, str]]] = {
    "warning.fog": _fog,
    "warning.rain": _rain,
    "warning.road_ice": _ice,
    "limit.expressway_low_visibility": _driving,
    "control.expressway_visibility": _grades,
    "control.expressway_visibility_jiangsu": _grades,
    "warn.forecast_share": _forecast,
    "warn.place_gathering": _reach,
}
"""Rule to what it says, Chinese and English."""
