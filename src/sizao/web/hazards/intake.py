"""Entering a hazard: from an inspection, a report, a risk assessment, or by hand."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils import timezone

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel
from sizao.govern.hazards import life
from sizao.govern.hazards.duplicates import Spot, likely
from sizao.govern.hazards.kinds import kinds
from sizao.govern.hazards.records import OPEN
from sizao.web.clock import feed_now
from sizao.web.geo import metres_between
from sizao.web.hazards import photos as pictures
from sizao.web.hazards.access import may_enter
from sizao.web.hazards.models import ORIGINS, Hazard
from sizao.web.hazards.projection import actor_of, keep, project
from sizao.web.reports import services as report_services
from sizao.web.reports.models import Report
from sizao.web.reports.place import place_of
from sizao.web.units.models import User
from sizao.web.wake import wake_desk
from sizao.web.writing import write


@dataclass
class Finding:
    """What somebody found. Texts may be empty, coordinates None."""

    kind: str
    text: str
    lat: float | None = None
    lon: float | None = None
    place: str = ""
    stake: str = ""
    junction: str = ""
    enterprise: str = ""
    origin: str = "inspection"
    origin_ref: str = ""
    origin_data: Mapping[str, Any] = field(default_factory=dict)
    report: str = ""
    """Number of the report that it is made from."""
    report_version: int = -1
    photos: Sequence[bytes] = ()


def enter(user: User, found: Finding, *, now: datetime | None = None) -> Hazard:
    """Put a hazard into the ledger and return it. Photos of a report come with it.

    Raises TransitionError if the finding is not whole or the account may not,
    ReportConflictError if the report was changed meanwhile.
    """
    if not may_enter(user):
        raise TransitionError(
            "您的账号不能登记隐患。", "Your account may not enter hazards.", code="role"
        )
    _check(found)
    kept = pictures.store(found.photos)
    now = now or feed_now()
    where = place_of(found.lat, found.lon)
    with write():
        report = _report(user, found) if found.report else None
        unit = report.unit if report is not None else where.unit
        if found.lat is None and report is None and user.unit is not None:
            unit = user.unit  # without coordinates it is the finder's to place
        hazard = Hazard(
            number=_next_number(now), kind=found.kind, origin=found.origin,
            origin_ref=found.origin_ref or found.report, origin_data=dict(found.origin_data),
            report=report, text=found.text.strip(),
            place=(found.place.strip() or where.words or found.junction or found.enterprise)[:96],
            road=where.road, road_class=where.road_class, stake=found.stake.strip(),
            junction=found.junction.strip(), enterprise=found.enterprise.strip(), area=where.area,
            lat=found.lat, lon=found.lon, local_unit=unit,
        )  # fmt: skip
        state, event = life.open_hazard(
            hazard.number, CommandLevel(unit.level), at_s=now.timestamp(), by=actor_of(user),
            details={"origin": found.origin, "ref": hazard.origin_ref, "kind": found.kind},
        )  # fmt: skip
        project(hazard, state)
        hazard.add_reach(user.unit)
        hazard.save()
        if report is not None:
            kept = [
                *kept, *((one.evidence, one.format, one.size) for one in report.photos.all())
            ]  # fmt: skip
            report.state = Report.State.ACCEPTED
            report_services.keep(
                report, "hazard", f"转入隐患台账 {hazard.number}",
                f"Entered as hazard {hazard.number}", user,
            )  # fmt: skip
        pictures.attach(hazard, kept, "found", event.seq, now)
        keep(hazard, event, user)
    wake_desk()
    return hazard


def _check(found: Finding) -> None:
    if found.kind not in kinds():
        raise TransitionError("请选择隐患类别。", "Choose a kind of hazard.", code="kind")
    if found.origin not in ORIGINS:
        raise TransitionError("没有这种来源。", "No such origin.", code="origin")
    if not found.text.strip():
        raise TransitionError(
            "请写明是什么隐患。", "Say what the hazard is.", code="missing_reason"
        )
    placed = found.lat is not None and found.lon is not None
    if placed and not (
        math.isfinite(found.lat or 0) and abs(found.lat or 0) <= 90 and abs(found.lon or 0) <= 180
    ):
        raise TransitionError("坐标有误。", "The coordinates are wrong.", code="place")
    if not placed and not (found.place.strip() or found.junction.strip() or found.enterprise):
        raise TransitionError(
            "请在地图上选点，或写明路口、桩号或企业。",
            "Choose a place on the map, or name the junction, stake or enterprise.",
            code="place",
        )


def _report(user: User, found: Finding) -> Report:
    report = (
        Report.objects.for_user(user)
        .select_related("unit", "case")
        .select_for_update(of=("self",))
        .filter(number=found.report)
        .first()
    )
    if report is None or not report_services.may_act(user, report):
        raise TransitionError(
            "没有这条上报，或不由您办理。", "There is no such report of yours.", code="report"
        )
    linked = report.hazards.filter(closed=False).exists()
    if not report.is_open or report.case_id is not None or linked:
        raise TransitionError(
            "这条上报已办结、已立案或已转隐患。",
            "The report is closed, has a case, or was entered already.",
            code="report",
        )
    if found.report_version not in (-1, report.version):
        raise TransitionError(
            "这条上报刚被别人办理过，请看过最新情况再转入。",
            "Somebody worked this report meanwhile; look again first.",
            code="report",
        )
    return report


def _next_number(now: datetime) -> str:
    """``YH2026-0001``: a series a year, within the caller's transaction."""
    prefix = timezone.localtime(now).strftime("YH%Y-")
    last = Hazard.objects.filter(number__startswith=prefix).order_by("-number").first()
    count = int(last.number.removeprefix(prefix)) + 1 if last else 1
    return f"{prefix}{count:05d}"


def spot_of(hazard: Hazard) -> Spot:
    """What is compared of a hazard."""
    return Spot(
        hazard.number, hazard.kind, hazard.lat, hazard.lon, hazard.junction, hazard.enterprise
    )


def alike(user: User, spot: Spot) -> list[tuple[Hazard, float | None]]:
    """Open hazards that may be the same, the likeliest first, with metres where known."""
    rows = {
        one.number: one
        for one in Hazard.objects.for_user(user).filter(
            kind=spot.kind, state__in=[state.value for state in OPEN]
        )
    }
    found = likely(
        spot,
        (spot_of(one) for one in rows.values()),
        lambda a, b: float(metres_between(a.lat, a.lon, b.lat, b.lon)),
    )
    return [(rows[like.number], like.metres) for like in found]
