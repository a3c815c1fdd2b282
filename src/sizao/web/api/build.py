"""From rows to shapes. Every plate passes through the reader's sight."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import get_language

from sizao.core.places import stake
from sizao.core.vehicles import KINDS
from sizao.respond.clocks import CLOCKS
from sizao.web.cases.models import Case
from sizao.web.cases.queries import next_steps, running_clocks
from sizao.web.fleet.access import Sight
from sizao.web.indicators.services import Row
from sizao.web.units.models import Unit, User
from sizao.web.warnings.models import Warning


def english() -> bool:
    return (get_language() or "").startswith("en")


def number(value: Any, digits: int = 2) -> float | None:
    """A float, or None for NaN: JSON has no NaN, and float32 has no thirteenth digit."""
    return None if value is None or not math.isfinite(value) else round(float(value), digits)


def unit_ref(unit: Unit) -> dict[str, Any]:
    return {
        "code": unit.code,
        "name": unit.name_zh,
        "name_en": unit.name_en,
        "level": unit.command_level.code,
    }


def warning_out(warning: Warning, sight: Sight) -> dict[str, Any]:
    return {
        **{
            name: getattr(warning, name)
            for name in (
                "id", "kind", "origin", "origin_ref", "vehicle", "vehicle_kind", "detection",
                "rule_version", "place", "road", "road_class", "stake_m", "area", "lat", "lon",
                "onset", "fired", "issued", "until", "outline", "measured", "limit",
                "measured_unit", "severity", "evidence", "explanation",
            )
        },
        "level": warning.level_code,
        "command_level": warning.command_level_code,
        "plate": sight.plate(warning.vehicle, warning.plate),
        "quality": [part for part in warning.quality.split(",") if part],
        "row": warning.row_id,
        "table": warning.table_date,
        "refers_to": warning.refers_to_id,
        "basis": [
            {
                "kind": one.kind, "at": one.at, "before": one.before, "after": one.after,
                "answered": hasattr(one, "answer"),
            }
            for one in warning.basis_changes.all()
        ],
        "repeats": sum(one.counts for one in warning.repeats.all()),
        "unit": unit_ref(warning.unit),
        "case": warning.case_id,
        "case_number": warning.case.number,
        "state": warning.case.state,
    }  # fmt: skip


def case_out(case: Case, sight: Sight) -> dict[str, Any]:
    return {
        **{
            name: getattr(case, name)
            for name in (
                "id", "number", "state", "closed", "kind", "origin", "origin_ref",
                "vehicle", "vehicle_kind", "place", "road", "area", "lat", "lon", "raised_at",
                "signed_at", "first_action_at",
                "dispatched_at", "on_scene_at", "controlled_at", "resolved_at", "verified_at",
                "resolved_by", "outcome", "clock", "deadline", "escalations", "version",
            )
        },
        "level": case.level_code,
        "command_level": case.command_level_code,
        "plate": sight.plate(case.vehicle, case.plate),
        "unit": unit_ref(case.unit),
        "local_unit": unit_ref(case.local_unit),
        "owner": case.owner.username if case.owner else None,
    }  # fmt: skip


def case_detail(case: Case, user: User, sight: Sight) -> dict[str, Any]:
    return {
        **case_out(case, sight),
        "warnings": [
            warning_out(warning, sight)
            for warning in case.warnings.select_related("unit", "case").prefetch_related(
                "repeats", "basis_changes__answer"
            )
        ],
        "events": [
            {
                "seq": event.seq,
                "at": event.at,
                "actor": event.actor,
                "actor_name": event.actor_name,
                "action": event.action,
                "from_state": event.from_state,
                "to_state": event.to_state,
                "text": event.text_zh,
                "text_en": event.text_en,
            }
            for event in case.events.order_by("seq")
        ],
        "controls": [
            {
                **{
                    name: getattr(one, name)
                    for name in (
                        "command", "kind", "vehicle", "text", "state", "detail", "ordered_at",
                        "sent_at", "answered_at", "expires_at", "lifted_at",
                    )
                },
                "ordered_by": one.ordered_by.username if one.ordered_by else "",
            }
            for one in case.texts.select_related("ordered_by")
        ],
        "assignments": [
            {
                "call_sign": one.patrol.call_sign,
                "unit": one.patrol.unit.code,
                "assigned_at": one.assigned_at,
                "arrived_at": one.arrived_at,
                "released_at": one.released_at,
            }
            for one in case.assignments.select_related("patrol__unit")
        ],
        "clocks": [
            {
                "clock": one.clock,
                "name": CLOCKS[one.clock][0],
                "name_en": CLOCKS[one.clock][1],
                "deadline": datetime.fromtimestamp(one.at_s, UTC),
                "escalated": one.escalated,
            }
            for one in running_clocks(case)
        ],
        "next_steps": [
            {
                "action": found.step.action,
                "name": found.step.zh,
                "name_en": found.step.en,
                "key": found.step.key,
                "primary": found.primary,
                "needs_reason": found.step.needs_reason,
                "needs_units": found.step.needs_units,
            }
            for found in next_steps(user, case)
        ],
    }  # fmt: skip


def vehicle_out(vehicle: str, sight: Sight, live: Mapping[str, Any] | None, now: datetime):
    """A vehicle of the register with its last state from the board, if it ever reported."""
    entry = sight.entry(vehicle)
    row = {
        "id": vehicle,
        "plate": sight.plate(vehicle, entry.plate),
        "plate_colour": entry.plate_colour,
        "kind": entry.kind,
        "kind_name": KINDS.get(entry.kind, entry.kind),
        "enterprise": entry.enterprise,
        "enterprise_name": entry.enterprise_name,
        "area": entry.area,
    }
    if live is None:
        return row
    return {
        **row,
        "time": live["time"],
        "online": live["online"],
        "lat": number(live["lat"], 6),
        "lon": number(live["lon"], 6),
        "speed_kmh": number(live["speed_kmh"]),
        "heading_deg": number(live["heading_deg"]),
        "limit_kmh": number(live["limit_kmh"]),
        "road": live["road"],
        "road_class": live["road_class"],
        "stake_m": number(live["stake_m"]),
        "place": stake(live["road"], live["stake_m"]),
        "place_area": live["area"],
        "active": [name for name in (live["active"] or "").split(",") if name],
    }


def detection_out(row: Mapping[str, Any], sight: Sight) -> dict[str, Any]:
    entry = sight.entry(row["vehicle"])
    return {
        **{
            name: row[name]
            for name in (
                "id", "revision", "rule", "rule_version", "vehicle", "vehicle_kind", "start",
                "end", "fired", "severity", "measured_unit", "road", "road_class", "area", "final",
            )
        },
        "plate": sight.plate(row["vehicle"], entry.plate),
        "measured": number(row["measured"]) or 0.0,
        "limit": number(row["limit"]) or 0.0,
        "lat": number(row["lat"], 6),
        "lon": number(row["lon"], 6),
        "stake_m": number(row["stake_m"]),
        "evidence": row["evidence"] or [],
        "quality": [part for part in (row["quality"] or "").split(",") if part],
    }  # fmt: skip


def indicator_out(row: Row) -> dict[str, Any]:
    about, found = row.definition, row.indicator
    return {
        "id": about.id,
        "version": about.version,
        "name": about.name_zh,
        "name_en": about.name_en,
        "unit": about.unit,
        "better": about.better,
        "formula": about.formula_zh,
        "formula_en": about.formula_en,
        "value": found.value,
        "numerator": found.numerator,
        "denominator": found.denominator,
        "n": found.n,
        "low": found.low,
        "high": found.high,
        "p95": found.p95,
        "target": found.target,
        "met": found.met,
        "note": found.note_zh,
        "note_en": found.note_en,
        "parts": dict(found.parts),
        "certainty": about.certainty,
        "source": about.citation,
    }
