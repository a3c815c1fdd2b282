"""From one detection row to a warning, a repeat, or nothing new. Runs inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sizao.core.ids import content_id
from sizao.warn import merge
from sizao.warn.explain import explain
from sizao.warn.facts import Facts
from sizao.warn.nearness import Spot
from sizao.warn.table import Decision, grade
from sizao.web.basis import record as basis
from sizao.web.cases import services as cases
from sizao.web.cases.projection import moment
from sizao.web.desk.batch import Batch
from sizao.web.gathered import put
from sizao.web.hotlist import hits as hotlist
from sizao.web.live import outbox
from sizao.web.units.territory import territory
from sizao.web.warnings.models import Warning, WarningRepeat
from sizao.web.warnings.services import issue


def deliver_row(row: Mapping[str, Any], now: datetime, known: Batch) -> Warning | None:
    """Grade a detection, merge it, and issue what follows. Returns the new warning, if any.

    known : what was looked up for the batch that the row belongs to

    Delivering the same row again changes nothing: ids are derived from content.
    """
    detection = row["id"]
    if (detection, row["revision"]) in known.counted:
        return None
    facts = Facts.from_row(row, repeats=known.repeats(row))
    held = known.edition(facts.local.date())
    reach_m, within_s = held.table().reach(facts.rule)
    facts = replace(facts, vehicles=known.vehicles_near(facts, reach_m, within_s))
    decision = grade(facts, held.table())
    if facts.rule == hotlist.RULE:
        hotlist.take(row)
    if basis.CORRECTED in facts.quality:
        basis.detection(row, facts, decision)
    if facts.severity == basis.WITHDRAWN:
        return None
    made = known.made.get(detection, [])
    if made and made[0].level >= decision.level.value and not made[0].open:
        return None  # the episode ended after its case did, and no worse than it was
    found = known.decide(facts, decision)
    match found:
        case merge.Repeat():
            _count(found, facts, row, known)
            return None
        case merge.Update():
            refers_to, number = found.refers_to, found.case
        case _:
            refers_to, number = made[0].id if made else None, None
    return _issue(
        row, facts, decision, now, known, refers_to=refers_to, number=number, version=held.name
    )


def _count(found: merge.Repeat, facts: Facts, row: Mapping[str, Any], known: Batch) -> None:
    if any(one.revision == row["revision"] for one in known.made.get(facts.detection, ())):
        return  # the very row that made the warning, delivered again
    put(
        WarningRepeat(
            warning_id=found.of,
            detection=facts.detection,
            revision=row["revision"],
            at=moment(facts.end_s),
            measured=facts.measured,
            counts=found.counts,
            vehicle=facts.vehicle,
            lat=row["lat"],
            lon=row["lon"],
            road=facts.road,
            stake_m=facts.stake_m,
        )
    )
    known.counted.add((facts.detection, row["revision"]))
    of = known.open(found.of)
    spot = Spot(row["lat"], row["lon"], facts.road, facts.stake_m)
    of.add(facts.detection, facts.end_s, facts.vehicle, spot, found.counts)
    if found.counts:
        outbox.repeat_event(found.of, of.case, of.seen.case, known.reach(of), of.counted)


def _issue(
    row: Mapping[str, Any], facts: Facts, decision: Decision, now: datetime, known: Batch, *,
    refers_to: str | None, number: str | None, version: str,
) -> Warning | None:  # fmt: skip
    warning_id = content_id("warning", facts.detection, decision.level.code)
    if any(one.id == warning_id for one in known.made.get(facts.detection, ())):
        return None
    plate, plate_colour = known.vehicles.get(facts.vehicle, ("", None))
    lat, lon = row["lat"], row["lon"]
    squadron = territory().squadron(row["area"] or "", facts.road_class, lat, lon)
    unit = territory().commanding(squadron, decision.command_level)
    place = {
        "vehicle": facts.vehicle,
        "vehicle_kind": facts.vehicle_kind,
        "plate": plate,
        "plate_colour": plate_colour,
        "kind": facts.rule,
        "place": facts.place or f"{squadron.name_zh}辖区",
        "road": facts.road,
        "area": row["area"] or "",
        "lat": lat,
        "lon": lon,
    }
    common = {
        "level": decision.level,
        "command_level": decision.command_level,
        "now": now,
        "unit": unit,
        "local_unit": squadron,
    }
    if number is None:
        case = cases.open_case(
            None,
            origin="detection",
            origin_ref=warning_id,
            facts={**place, "onset_at": row["start"], "fired_at": row["fired"]},
            **common,
        )
    else:
        case = cases.join_warning(known.case(number), warning_id=warning_id, **common)
    warning = Warning(
        id=warning_id,
        level=decision.level.value,
        command_level=decision.command_level.value,
        origin_ref=facts.detection,
        detection=facts.detection,
        revision=row["revision"],
        rule_version=facts.rule_version,
        road_class=facts.road_class,
        stake_m=facts.stake_m,
        onset=row["start"],
        last=row["end"],
        fired=row["fired"],
        received=row["received"],
        issued=now,
        measured=facts.measured,
        limit=facts.limit,
        measured_unit=facts.measured_unit,
        severity=facts.severity,
        quality=",".join(facts.quality),
        evidence=list(row["evidence"] or []),
        row_id=decision.row_id,
        table_date=decision.table_date,
        table_version=version,
        explanation=explain(facts, decision, place=place["place"]).to_dict(),
        refers_to_id=refers_to,
        case=case,
        unit=unit,
        **place,
    )
    issue(warning)
    known.issued(warning)
    return warning
