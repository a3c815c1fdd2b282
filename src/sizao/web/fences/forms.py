"""From the form to a GeoJSON feature as ``roads/fences.py`` takes it, and back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.http import QueryDict
from django.utils import timezone

from sizao.core.errors import TransitionError
from sizao.core.vehicles import KINDS as VEHICLE_KINDS
from sizao.web.fences import typed

WINDOWS = 3
"""Rows of times that the form offers."""

UNORDERED = ("service", "blind")
"""Kinds that need no order: they ask nothing of anybody."""

_REACH = {"Point": "radius_m", "LineString": "half_width_m"}
_SPAN_M = {"Point": (5, 100_000), "LineString": (5, 5_000)}


def feature_of(given: QueryDict) -> dict[str, Any]:
    """What the form says, without a number. Raises TransitionError for what no fence could be."""
    try:
        geometry = json.loads(given.get("geometry", ""))
        kind = geometry["type"]
    except (ValueError, KeyError, TypeError) as error:
        raise TransitionError("请在图上画出围栏", "Draw the fence on the map.") from error
    properties: dict[str, Any] = {
        "name": given.get("name", "").strip(),
        "kind": given.get("kind", ""),
    }
    if reach := _REACH.get(kind):
        properties[reach] = _number(
            given.get("reach", ""), "半径或半宽", "the radius or half width", *_SPAN_M[kind]
        )
    if properties["kind"] in ("limit", "downgrade"):
        properties["limit_kmh"] = _number(given.get("limit_kmh", ""), "限速", "the limit", 5, 120)
    if properties["kind"] == "downgrade":
        properties["grade_pct"] = _number(
            given.get("grade_pct", ""), "平均坡度", "the grade", 0.1, 20
        )
    kinds = [kind for kind in given.getlist("vehicle_kinds") if kind in VEHICLE_KINDS]
    if kinds and properties["kind"] != "route":
        properties["vehicle_kinds"] = kinds
    if properties["kind"] == "route":
        properties["vehicles"] = re.split(r"[\s,，、;；]+", given.get("vehicles", "").strip())
        if not any(properties["vehicles"]):
            raise TransitionError("请填写指定车辆的终端号", "Say which terminals are bound to it.")
    if times := _windows(given):
        properties["times"] = times
    for name in ("dates", "except_dates"):
        if spans := typed.spans(given.get(name, "")):
            properties[name] = spans
    for name in ("valid_from", "valid_until"):
        if text := given.get(name, "").strip():
            properties[name] = _moment(text)
    if properties.get("valid_until", "~") <= properties.get("valid_from", ""):
        raise TransitionError("失效时间须晚于生效时间", "It cannot end before it comes into force.")
    if basis := given.get("legal_basis", "").strip():
        properties["legal_basis"] = basis
    elif properties["kind"] not in UNORDERED:
        raise TransitionError("请填写依据：文件名称与文号", "Fill in the order it goes by.")
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def fields_of(feature: Mapping[str, Any]) -> dict[str, Any]:
    """The form's fields for a fence that is there."""
    given = feature["properties"]
    windows = list(given.get("times") or ())
    return {
        **{name: given.get(name, "") for name in ("name", "kind", "legal_basis", "limit_kmh")},
        "grade_pct": given.get("grade_pct", ""),
        "geometry": json.dumps(feature["geometry"]),
        "reach": given.get("radius_m", given.get("half_width_m", "")),
        "vehicle_kinds": list(given.get("vehicle_kinds") or ()),
        "vehicles": "\n".join(given.get("vehicles") or ()),
        "dates": _lines(given.get("dates")),
        "except_dates": _lines(given.get("except_dates")),
        "valid_from": _local(given.get("valid_from")),
        "valid_until": _local(given.get("valid_until")),
        "windows": [
            {
                "days": windows[row].get("days", list(range(1, 8))) if row < len(windows) else [],
                "from": windows[row]["from"] if row < len(windows) else "",
                "to": windows[row]["to"] if row < len(windows) else "",
            }
            for row in range(max(WINDOWS, len(windows)))
        ],
    }


def echoed(given: QueryDict) -> dict[str, Any]:
    """The form's fields as they were sent, to be shown again beside what is wrong."""
    rows = [
        {
            "days": [int(day) for day in given.getlist(f"w{row}-days") if day.isdigit()],
            "from": given.get(f"w{row}-from", ""),
            "to": given.get(f"w{row}-to", ""),
        }
        for row in range(WINDOWS)
    ]
    return {**given.dict(), "vehicle_kinds": given.getlist("vehicle_kinds"), "windows": rows}


def _windows(given: QueryDict) -> list[dict[str, Any]]:
    windows = []
    row = 0
    while f"w{row}-from" in given:
        days = sorted(int(day) for day in given.getlist(f"w{row}-days") if day.isdigit())
        begin, end = given[f"w{row}-from"].strip(), given.get(f"w{row}-to", "").strip()
        row += 1
        if not (days or begin or end):
            continue
        if not (begin and end):
            raise TransitionError(
                "时段须写明起止时间", "A time of day needs a beginning and an end."
            )
        windows.append(
            {
                "days": days or list(range(1, 8)),
                "from": typed.clock(begin),
                "to": typed.clock(end),
            }
        )
    return windows


def _lines(spans: Any) -> str:
    return "\n".join(first if first == last else f"{first} ~ {last}" for first, last in spans or ())


def _number(text: str, zh: str, en: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError as error:
        raise TransitionError(f"请填写{zh}", f"Fill in {en}.") from error
    if not low <= value <= high:
        raise TransitionError(
            f"{zh}只能填 {low:g} 至 {high:g}", f"{en.capitalize()} takes {low:g} to {high:g}."
        )
    return int(value) if value.is_integer() else value


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise TransitionError(f"时间“{text}”无法识别", f"{text} is no time.") from error
    return (timezone.make_aware(moment) if timezone.is_naive(moment) else moment).isoformat()


def _local(text: Any) -> str:
    if not text:
        return ""
    moment = datetime.fromisoformat(str(text))
    if timezone.is_naive(moment):
        return f"{moment:%Y-%m-%dT%H:%M}"
    return f"{timezone.localtime(moment):%Y-%m-%dT%H:%M}"
