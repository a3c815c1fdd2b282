"""What a row advises for the road: a grade of control with its speeds, gaps and bans.

Advice only: who closes a road or sets a limit decides, and is shown whose practice the grade is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sizao.core.errors import ConfigError
from sizao.core.rulebook import CERTAINTIES, entry

_GRADES_ZH = {"1": "一级", "2": "二级", "3": "三级", "special": "特级"}
BANS: Mapping[str, tuple[str, str]] = {
    "hazmat": ("危险货物运输车", "dangerous goods"),
    "large_coach": ("大型客车", "large coaches"),
    "oversize": ("超限运输车", "outsize vehicles"),
    "defective_lights": ("灯光不全的车辆", "vehicles with defective lights"),
    "all_but_rescue": ("执行任务的警车和救援车以外的车辆", "all but police on duty and rescue"),
}
"""Who may not enter, code to names."""

_KEYS = {
    "grade", "rule", "max_speed_kmh", "min_gap_m", "ban", "no_overtaking", "release", "convoy",
    "leave_next_exit",
}  # fmt: skip


@dataclass(frozen=True)
class Control:
    """One grade of control. ``rule`` is the entry of the rule book that it comes from."""

    grade: str
    rule: str
    max_speed_kmh: float | None = None
    min_gap_m: float | None = None
    ban: tuple[str, ...] = ()
    no_overtaking: bool = False
    release: str = ""
    """``interval``: vehicles are let through in groups."""
    convoy: bool = False
    """Police cars lead the traffic; the road is not closed."""
    leave_next_exit: bool = False


def read_control(raw: Any, where: str) -> Control:
    """Check and read what stands under ``control``. Raises ConfigError naming the key."""
    if not isinstance(raw, Mapping):
        raise ConfigError(f"{where}: `control` must be a mapping with `grade` and `rule`")
    extra = sorted(str(key) for key in set(raw) - _KEYS)
    if extra:
        raise ConfigError(f"{where}: `control` has no {extra[0]!r}; known: {sorted(_KEYS)}")
    grade = str(raw.get("grade", ""))
    if grade and grade not in _GRADES_ZH:
        raise ConfigError(f"{where}: control grade {grade!r}; known: {', '.join(_GRADES_ZH)}")
    entry(str(raw.get("rule", "")))
    bans = tuple(raw.get("ban") or ())
    unknown = [one for one in bans if one not in BANS]
    if unknown:
        raise ConfigError(f"{where}: `ban` has no {unknown[0]!r}; known: {', '.join(BANS)}")
    for key in ("max_speed_kmh", "min_gap_m"):
        value = raw.get(key)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise ConfigError(f"{where}: control `{key}` must be a number, got {value!r}")
    return Control(
        grade,
        str(raw["rule"]),
        raw.get("max_speed_kmh"),
        raw.get("min_gap_m"),
        bans,
        bool(raw.get("no_overtaking")),
        str(raw.get("release") or ""),
        bool(raw.get("convoy")),
        bool(raw.get("leave_next_exit")),
    )


def advice(control: Control) -> tuple[str, str]:
    """The grade in one sentence of each language, with whose it is and how sure that is."""
    rule = entry(control.rule)
    parts: list[tuple[str, str]] = []
    if control.max_speed_kmh is not None:
        speed = f"{control.max_speed_kmh:g}"
        parts.append((f"限速{speed} km/h", f"at most {speed} km/h"))
    if control.min_gap_m is not None:
        gap = f"{control.min_gap_m:g}"
        parts.append((f"车距不小于{gap}米", f"gaps of {gap} m or more"))
    if control.ban:
        names = [BANS[one] for one in control.ban]
        parts.append(
            (
                f"禁止{'、'.join(zh for zh, _ in names)}驶入",
                f"no {', '.join(en for _, en in names)}",
            )
        )
    if control.no_overtaking:
        parts.append(("禁止超车", "no overtaking"))
    if control.release == "interval":
        parts.append(("间断放行", "let through in groups"))
    if control.convoy:
        parts.append(("警车带道压速通行", "led by police cars"))
    if control.leave_next_exit:
        parts.append(("从最近的出口驶离", "leave by the next exit"))
    grade_zh = f"{_GRADES_ZH[control.grade]}管制：" if control.grade else ""
    grade_en = f"control grade {control.grade}: " if control.grade else ""
    sure = CERTAINTIES[rule.certainty]
    return (
        f"{grade_zh}{'，'.join(zh for zh, _ in parts)}（{rule.name_zh}，{sure}）",
        f"{grade_en}{', '.join(en for _, en in parts)} ({rule.name_en})".capitalize(),
    )
