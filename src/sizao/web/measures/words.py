"""Words of control measures in the reader's language."""

from __future__ import annotations

from datetime import datetime

from sizao.core.rulebook import entry
from sizao.respond.measure_kinds import KINDS, grades
from sizao.respond.measures import CLOCKS, STATE_NAMES, STEPS
from sizao.web.measures.models import ControlMeasure
from sizao.web.pages.words import citation, pick


def kind_word(code: str) -> str:
    kind = KINDS.get(code)
    return code if kind is None else pick(kind.zh, kind.en[0].upper() + kind.en[1:])


def state_word(shown: str) -> str:
    zh, en = STATE_NAMES[shown]
    return pick(zh, en[0].upper() + en[1:])


def step_word(action: str) -> str:
    return pick(*STEPS[action][:2])


def clock_word(name: str) -> str:
    zh, en = CLOCKS[name]
    return pick(zh, f"{en} by")


def grade_word(code: str) -> str:
    return next((pick(one.zh, one.en) for one in grades() if one.code == code), "")


def basis_of(measure: ControlMeasure) -> dict[str, str]:
    """The rule that it rests on, with its certainty."""
    rule = entry(measure.basis)
    return {
        "id": rule.id,
        "name": pick(rule.name_zh, rule.name_en),
        "citation": citation(rule.citation()),
        "certainty": rule.certainty,
    }


def effect(measure: ControlMeasure) -> str:
    """What it means on the road, in a few words."""
    parts = []
    if measure.limit_kmh is not None:
        parts.append(f"{measure.limit_kmh:g} km/h")
    if measure.kind == "closure":
        lanes = measure.lanes.replace(",", pick("、", ", "))
        parts.append(pick(f"第 {lanes} 车道", f"lanes {lanes}") if lanes else pick("全幅", "all"))
    if measure.text:
        parts.append(pick(f"“{measure.text}”", f"“{measure.text}”"))
    return pick("，", ", ").join(parts)


def needs_a_person(shown: str) -> bool:
    """Whether the map and the list make it bright."""
    return shown in ("waiting", "ordered", "overrun")


def row(measure: ControlMeasure, now: datetime) -> dict[str, object]:
    """What a list shows of one measure."""
    shown = measure.standing.shown(now.timestamp())
    ahead = measure.clock
    return {
        "measure": measure,
        "kind": kind_word(measure.kind),
        "shown": shown,
        "state": state_word(shown),
        "effect": effect(measure),
        "bright": needs_a_person(shown),
        "clock": ahead,
        "clock_word": clock_word(ahead.name) if ahead else "",
    }
