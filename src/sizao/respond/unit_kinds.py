"""The kinds of units that can be sent, what they can do, and the states of their kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import ceil, isfinite

from sizao.core.rulebook import entry

PATROL = "patrol"

SKILLS: Mapping[str, tuple[str, str]] = {
    PATROL: ("巡逻执法", "patrol"),
    "alcohol": ("酒精检测", "alcohol tests"),
    "weighing": ("称重检查", "weighing"),
    "hazmat": ("危化品处置", "hazardous goods"),
    "medical": ("医疗急救", "medical aid"),
    "tow": ("清障拖车", "towing"),
    "lift": ("起重吊装", "lifting"),
    "drone": ("无人机勘察", "drone survey"),
}
"""Skill to Chinese and English name."""

STATES: Mapping[str, tuple[str, str]] = {
    "available": ("可派", "free"),
    "assigned": ("已派", "sent out"),
    "on_scene": ("到场", "on scene"),
    "transporting": ("转运中", "transporting"),
    "off_duty": ("下勤", "off duty"),
    "out_of_service": ("停用", "out of service"),
}
"""State to Chinese and English name. ``transporting`` is of ambulances, tow trucks and cranes."""

BY_HAND = ("available", "transporting", "off_duty", "out_of_service")
"""States that a person sets; the others follow from assignments."""


@dataclass(frozen=True)
class UnitKind:
    """One kind of unit."""

    code: str
    zh: str
    en: str
    skills: tuple[str, ...]
    """What every unit of the kind can do; a unit may have more."""
    states: tuple[str, ...] = ("available", "assigned", "on_scene", "off_duty", "out_of_service")


_CARRIES = ("available", "assigned", "on_scene", "transporting", "off_duty", "out_of_service")

KINDS: Mapping[str, UnitKind] = {
    kind.code: kind
    for kind in (
        UnitKind("patrol_car", "巡逻车", "patrol car", (PATROL,)),
        UnitKind("motorcycle", "铁骑", "motorcycle", (PATROL,)),
        UnitKind("foot", "步巡", "foot patrol", (PATROL,)),
        UnitKind("drone_team", "无人机组", "drone team", ("drone",)),
        UnitKind("tow_truck", "清障车", "tow truck", ("tow",), _CARRIES),
        UnitKind("ambulance", "救护车", "ambulance", ("medical",), _CARRIES),
        UnitKind("crane", "吊车", "crane", ("lift",), _CARRIES),
        UnitKind("hazmat_expert", "危化专家", "hazmat expert", ("hazmat",)),
        UnitKind("partner", "联动力量", "partner unit", ()),
    )
}
"""Every kind by its code."""


def skills_of(kind: str, more: Iterable[str] = ()) -> frozenset[str]:
    """What a unit can do: by its kind, and its own."""
    known = KINDS[kind].skills if kind in KINDS else ()
    return frozenset(known) | {one for one in more if one in SKILLS}


def wanted(case_kind: str, vehicle_kind: str = "") -> tuple[str, ...]:
    """Skills that a case wants beside a patrol, in the order of the rule book."""
    found: dict[str, None] = {}
    for row in entry("dispatch.skills").value("by_kind"):
        if case_kind in row.get("kinds", ()) or vehicle_kind in row.get("vehicle_kinds", ()):
            found.update(dict.fromkeys(row["wants"]))
    return tuple(found)


def travel_s(kind: str, seconds: float, metres: float | None) -> float:
    """Seconds until a unit is there, from the usual travel time and the length of the way.

    On foot only the length counts; infinite if it is not known.
    """
    rule = entry("dispatch.travel")
    turn_out = float(rule.value("turn_out"))
    if kind == "foot":
        pace_mps = float(rule.value("foot")) / 3.6
        return turn_out + metres / pace_mps if metres is not None else float("inf")
    return turn_out + seconds / float(rule.value("factor").get(kind, 1.0))


def travel_words(kind: str) -> tuple[str, str]:
    """What the time rests on, in Chinese and English."""
    rule = entry("dispatch.travel")
    if kind == "foot":
        pace = float(rule.value("foot"))
        return f"按步行 {pace:g} km/h 估算", f"estimated at {pace:g} km/h on foot"
    factor = float(rule.value("factor").get(kind, 1.0))
    return f"按路网常速×{factor:g} 估算", f"estimated at {factor:g} times the usual speed"


def held_up(promised_s: float | None, passed_s: float) -> int | None:
    """Minutes by which a unit that is not there yet is behind its promise, if it is held up.

    None while it may still be in time, or if nothing was promised.
    """
    if promised_s is None or not isfinite(promised_s):
        return None
    rule = entry("dispatch.held_up")
    late_s = passed_s - promised_s
    limit_s = max(
        promised_s * (float(rule.value("late_factor")) - 1.0), float(rule.value("late_min")) * 60.0
    )
    return ceil(late_s / 60.0) if late_s >= limit_s else None
