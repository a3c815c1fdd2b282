"""A table as a page shows it: conditions in words, a form's fields, a trial's figures."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _

from sizao.core.levels import CommandLevel
from sizao.core.rulebook import CERTAINTIES, entry
from sizao.warn.conditions import AtLeast, Below, Condition, Hours, OneOf, label
from sizao.warn.control import advice
from sizao.warn.table import Row, Table
from sizao.web.pages import words
from sizao.web.tables.editing import NUMBERS
from sizao.web.units.models import Unit

FEW = 4
_SURE = list(CERTAINTIES)


UNITS = {
    "low_visibility": "m", "crash_risk": "ratio", "fatigue": "min", "coach_night_fatigue": "min",
    "coach_day_total": "min",
}  # fmt: skip
"""Kind to the unit of its measured value, where a row bounds one."""


def condition(one: Condition, unit: str = "") -> str:
    """One condition in the reader's language; ``unit`` is that of the measured value."""
    match one:
        case OneOf(name, codes):
            names = sorted(words.pick(*label(name, code)) for code in codes)
            more = len(names) - FEW
            listed = words.pick("、", ", ").join(names[:FEW])
            rest = _("等 %(n)d 种") % {"n": len(names)} if more > 0 else ""
            return f"{_NAMES[name]()}{words.pick('：', ': ')}{listed}{rest}"
        case Hours(start, stop):
            return f"{start:02d}:00–{stop:02d}:00"
        case AtLeast(name, bound):
            said = words.quantity(bound, unit) if name == "min_measured" else f"{bound:g}"
            return f"{_NAMES[name]()} ≥ {said}"
        case Below(name, bound):
            if name == "max_share":
                return f"{_NAMES[name]()} ≤ {bound * 100:.2g}%"
            return f"{_NAMES[name]()} < {words.quantity(bound, unit)}"
    return ""


_NAMES = {
    "origins": lambda: _("来源"),
    "rules": lambda: _("类型"),
    "severities": lambda: _("程度"),
    "vehicle_kinds": lambda: _("车型"),
    "road_classes": lambda: _("道路"),
    "hours": lambda: _("时段"),
    "min_measured": lambda: _("测得值"),
    "below_measured": lambda: _("测得值"),
    "min_repeats": lambda: _("24 小时内此前预警"),
    "min_vehicles": lambda: _("同一处车辆数"),
    "max_share": lambda: _("全网位次"),
    "min_mm_3h": lambda: _("3 小时雨量（毫米）"),
    "min_mm_6h": lambda: _("6 小时雨量（毫米）"),
    "min_mm_12h": lambda: _("12 小时雨量（毫米）"),
}
"""Condition to its name, in the language of the request."""


def typed(row: Mapping[str, Any], given: Mapping[str, str]) -> dict[str, Any]:
    """What stood in the form of this row when it was refused, in place of what the row has; nothing
    if it was another form."""
    if given.get("action") != "row" or given.get("row") != row["id"]:
        return {}
    found: dict[str, Any] = {
        "open": True,
        "command_code": given.get("command_level", row["command_code"]),
        "numbers": [
            {**one, "value": given.get(f"c-{one['name']}", one["value"])} for one in row["numbers"]
        ],
        **{name: given.get(name, row[name]) for name in ("level", "merge_min", "gather_m")},
    }
    if row["hours"]:
        ends = zip(("from", "to"), row["hours"], strict=True)
        found["hours"] = [given.get(f"c-hours-{end}", hour) for end, hour in ends]
    return found


def row(one: Row, raw: Mapping[str, Any]) -> dict[str, Any]:
    """One row with what its form needs."""
    when = raw["when"]
    sources = [entry(name) for name in one.rules]
    return {
        "id": one.id,
        "level": one.level.code,
        "command_level": one.command_level.value,
        "command_code": one.command_level.code,
        "conditions": [condition(each, _unit(one)) for each in one.conditions]
        or [_("其他一切情形")],
        "merge_min": f"{one.merge_s / 60:g}",
        "gather_m": f"{one.gather_m:g}" if one.gather_m else "",
        "reason": words.pick(one.reason_zh, one.reason_en),
        "advice": words.pick(*advice(one.control)) if one.control else "",
        "certainty": max((each.certainty for each in sources), key=_SURE.index)
        if sources
        else "proposed",
        "numbers": [
            {"name": name, "label": _NAMES[name](), "value": when[name]}
            for name in NUMBERS
            if name in when
        ],
        "hours": when.get("hours"),
        "last": not one.conditions,
    }


def _unit(one: Row) -> str:
    """Unit of the measured value of the kinds that a row names; empty if they differ."""
    units = {UNITS.get(kind, "") for kind in one.about}
    return units.pop() if len(units) == 1 else ""


def rows(table: Table, raw: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [row(one, given) for one, given in zip(table.rows, raw, strict=True)]


def command_levels() -> list[tuple[str, str]]:
    return [(level.code, words.command_word(level.value)) for level in CommandLevel]


def replay(said: Mapping[str, Any]) -> dict[str, Any]:
    """What a trial said: counts side by side, and the lists."""
    units = {unit.code: words.pick(unit.name_zh, unit.name_en) for unit in Unit.objects.all()}
    before, after = said["before"], said["after"]
    blocks = [
        (_("等级"), _pairs(before["level"], after["level"], words.LEVEL_CODES, words.level_word)),
        (_("类型"), _pairs(before["kind"], after["kind"], (), words.kind_word)),
        (_("指挥单位"), _pairs(before["unit"], after["unit"], (), lambda one: units.get(one, one))),
    ]  # fmt: skip
    lists = [
        ("added", _("新增的预警"), said["added"]),
        ("removed", _("不再发出的预警"), said["removed"]),
        ("changed", _("等级或层级有变的预警"), said["changed"]),
    ]
    return {
        "facts": said["facts"],
        "total": (before["total"], after["total"], after["total"] - before["total"]),
        "blocks": blocks,
        "lists": [
            (code, title, said["differ"][code], [_line(one, units) for one in found])
            for code, title, found in lists
        ],
        "since": datetime.fromisoformat(said["since"]),
        "at": datetime.fromisoformat(said["at"]),
        "against": said["against"],
    }


def _pairs(
    before: Mapping[str, int], after: Mapping[str, int], order: Any, word: Any
) -> list[tuple[str, str, int, int, int]]:
    keys = [*order, *sorted({*before, *after} - set(order))]
    found = [(key, word(key), before.get(key, 0), after.get(key, 0)) for key in keys]
    return [(key, name, was, now, now - was) for key, name, was, now in found if was or now]


def _line(one: Mapping[str, Any], units: Mapping[str, str]) -> dict[str, Any]:
    return {
        **one,
        "at": datetime.fromtimestamp(one["at_s"], UTC),
        "word": words.kind_word(one["kind"]),
        "unit_name": units.get(one["unit"], one["unit"]),
        "is_detection": one["origin"] == "detection",
    }
