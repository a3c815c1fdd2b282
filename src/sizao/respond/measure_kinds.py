"""The kinds of control measures, and what the rule book says about them.

A newcomer adds a kind here, its usual length in ``control.expected`` of the rule book, and its
form field if it needs one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sizao.core.rulebook import Entry, entry

SECTION, POINT, AREA = "section", "point", "area"

LONGEST_TEXT = 200
"""Characters that a terminal speaks and a sign shows (the same as the control form of a case)."""


@dataclass(frozen=True)
class Kind:
    """One kind of measure."""

    code: str
    zh: str
    en: str
    place: str
    """section (a road between stakes), point, or area (a polygon)."""
    needs_limit: bool = False
    needs_text: bool = False
    lanes: bool = False
    """May be for single lanes."""
    acts_at_once: bool = False
    """Nobody has to put anything up: in force from the planned start."""


KINDS: Mapping[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("speed_limit", "临时限速", "temporary speed limit", SECTION, needs_limit=True),
        Kind("closure", "封闭", "closure", SECTION, lanes=True),
        Kind("convoy", "警车带道", "convoy behind a police car", SECTION),
        Kind("diversion", "分流绕行", "diversion", SECTION),
        Kind("hold", "服务区滞留", "hold at a service area", POINT),
        Kind("entrance_control", "入口管制", "entrance control", POINT),
        Kind("area_text", "区域车载提示", "text to vehicles in an area", AREA, needs_text=True,
             acts_at_once=True),
        Kind("sign_text", "情报板发布", "text on roadside signs", SECTION, needs_text=True),
    )
}  # fmt: skip
"""Every kind by its code, in the order of the form."""


@dataclass(frozen=True)
class Grade:
    """A control grade for low visibility or ice, as one province practises it."""

    code: str
    zh: str
    en: str
    limit_kmh: float | None
    closed: bool


def needs_second(kind: str, *, whole: bool) -> bool:
    """Whether another person must approve a measure; ``whole`` is not for single lanes only."""
    rule = entry("control.second_person")
    if kind not in rule.value("kinds"):
        return False
    return whole or kind not in rule.value("whole_road_only")


def expected_s(kind: str) -> float:
    """Seconds that a measure of this kind usually lasts; offered, never enforced."""
    return float(entry("control.expected").value(kind)) * 60.0


def clock_s(name: str) -> float:
    """Seconds of a clock: approve, begin or review."""
    return float(entry("control.clock").value(name)) * 60.0


def grades() -> tuple[Grade, ...]:
    """The grades of ``control.expressway_visibility``, mildest first."""
    found = []
    for raw in entry("control.expressway_visibility").value("grades"):
        low, high = raw["visibility_m"]
        limit = raw.get("max_speed_kmh") or raw.get("inside_max_speed_kmh")
        closed = "closed_except" in raw
        does_zh = "封闭，" if closed else ""
        does_en = "closed, " if closed else ""
        found.append(
            Grade(
                code=f"{raw['grade']}",
                zh=f"{'一二三四'[raw['grade'] - 1]}级管制（能见度 {low}–{high} 米，"
                f"{does_zh}限速 {limit} km/h）",
                en=f"Grade {raw['grade']} (visibility {low}-{high} m, {does_en}{limit} km/h)",
                limit_kmh=float(limit) if limit else None,
                closed=closed,
            )
        )
    return tuple(found)


def basis(grade: str = "") -> Entry:
    """The entry that a measure rests on: the grade's own rule, else the law's authority."""
    return entry("control.expressway_visibility" if grade else "control.authority")
