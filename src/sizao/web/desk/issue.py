"""From one detection row to a warning, a repeat, or nothing new. Runs inside a transaction."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sizao.core.ids import content_id
from sizao.respond.records import OPEN
from sizao.warn import merge
from sizao.warn.explain import explain
from sizao.warn.facts import Facts
from sizao.warn.nearness import Spot
from sizao.warn.table import Decision, grade
from sizao.web.basis import record as basis
from sizao.web.cases import services as cases
from sizao.web.cases.models import Case
from sizao.web.cases.projection import moment
from sizao.web.desk.known import open_rows, open_warnings, vehicles_near
from sizao.web.fleet.models import Vehicle
from sizao.web.live import outbox
from sizao.web.tables.books import edition
from sizao.web.units.territory import territory
from sizao.web.warnings.models import Warning, WarningRepeat

_DAY = timedelta(days=1)


def deliver_row(row: Mapping[str, Any], now: datetime) -> Warning | None:
    """Grade a detection, merge it, and issue what follows. Returns the new warning, if any.

    Delivering the same row again changes nothing: ids are derived from content.
    """
    detection = row["id"]
    if WarningRepeat.objects.filter(detection=detection, revision=row["revision"]).exists():
        return None
    earlier = Warning.objects.filter(
        vehicle=row["vehicle"], kind=row["rule"], fired__gt=row["fired"] - _DAY,
        fired__lte=row["fired"],
    )  # fmt: skip
    facts = Facts.from_row(row, repeats=earlier.exclude(detection=detection).count())
    held = edition("detections", facts.local.date())
    reach_m, within_s = held.table().reach(facts.rule)
    facts = replace(facts, vehicles=vehicles_near(facts, reach_m, within_s))
    decision = grade(facts, held.table())
    if basis.CORRECTED in facts.quality:
        basis.detection(row, facts, decision)
    if facts.severity == basis.WITHDRAWN:
        return None
    made = list(Warning.objects.filter(detection=detection).order_by("-level"))
    if made and made[0].level >= decision.level.value and made[0].case.state not in OPEN:
        return None  # the episode ended after its case did, and no worse than it was
    found = merge.decide(
        merge.Detected(
            detection, facts.vehicle, facts.rule, decision.level, facts.end_s, decision.merge_s,
            Spot(facts.lat, facts.lon, facts.road, facts.stake_m, facts.area), decision.gather_m,
        ),
        open_warnings(
            open_rows(merge.family(facts.rule), "" if decision.gather_m > 0 else facts.vehicle)
        ),
    )  # fmt: skip
    match found:
        case merge.Repeat():
            _count(found, facts, row, made)
            return None
        case merge.Update():
            return _issue(
                row,
                facts,
                decision,
                now,
                refers_to=found.refers_to,
                case_id=found.case,
                version=held.name,
            )
        case _:
            before = made[0].pk if made else None
            return _issue(
                row, facts, decision, now, refers_to=before, case_id=None, version=held.name
            )


def _count(found: merge.Repeat, facts: Facts, row: Mapping[str, Any], made: list[Warning]) -> None:
    if any(one.revision == row["revision"] for one in made):
        return  # the very row that made the warning, delivered again
    warning = Warning.objects.select_related("case").get(pk=found.of)
    WarningRepeat.objects.create(
        warning=warning,
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
    if found.counts:
        outbox.repeat_event(warning, warning.repeats.filter(counts=True).count())


def _issue(
    row: Mapping[str, Any], facts: Facts, decision: Decision, now: datetime, *,
    refers_to: str | None, case_id: str | None, version: str,
) -> Warning:  # fmt: skip
    warning_id = content_id("warning", facts.detection, decision.level.code)
    known = Warning.objects.filter(pk=warning_id).first()
    if known is not None:
        return known
    vehicle = Vehicle.objects.filter(pk=facts.vehicle).first()
    lat, lon = row["lat"], row["lon"]
    squadron = territory().squadron(row["area"] or "", facts.road_class, lat, lon)
    unit = territory().commanding(squadron, decision.command_level)
    place = {
        "vehicle": facts.vehicle,
        "vehicle_kind": facts.vehicle_kind,
        "plate": vehicle.plate if vehicle else "",
        "plate_colour": vehicle.plate_colour if vehicle else None,
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
    if case_id is None:
        case = cases.open_case(
            None,
            origin="detection",
            origin_ref=warning_id,
            facts={**place, "onset_at": row["start"], "fired_at": row["fired"]},
            **common,
        )
    else:
        case = cases.join_warning(
            Case.objects.select_related("unit", "local_unit").get(pk=case_id),
            warning_id=warning_id,
            **common,
        )
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
    warning.save()
    outbox.warning_event(warning)
    return warning
