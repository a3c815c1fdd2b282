"""Warnings about a place: the one way in for every source that is no detection of a vehicle.

A source (weather, a forecast, a report, a neighbour, a person) fills in :class:`Notice` and calls
:func:`raise_warning` inside its transaction; warning, case, timeline, audit and screens follow. The
id is derived from what raised it, so a second delivery changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sizao.core.ids import content_id
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.core.places import stake
from sizao.web.cases import services as cases
from sizao.web.cases.models import Case
from sizao.web.drills.models import Drill
from sizao.web.units.models import Unit, User
from sizao.web.units.territory import territory
from sizao.web.warnings.models import Warning
from sizao.web.warnings.services import issue


@dataclass(frozen=True)
class Notice:
    """What is to be warned of, and why with this grade."""

    origin: str
    """Key of ``respond.records.ORIGINS``."""
    origin_ref: str
    """Which of those: unique within the origin, so that a second delivery is known again."""
    kind: str
    """Key of ``warn.causes.CAUSES``, a detection rule or a kind of report."""
    level: WarningLevel
    command_level: CommandLevel
    onset: datetime
    explanation: Mapping[str, Any]
    """``Explanation.to_dict()``: what happened and why this grade, in both languages."""
    fired: datetime | None = None
    """When it could first be told; without it, the onset."""
    last: datetime | None = None
    received: datetime | None = None
    until: datetime | None = None
    place: str = ""
    """In words; without it, road and stake, else the squadron's name."""
    road: str = ""
    road_class: str = ""
    stake_m: float | None = None
    area: str = ""
    lat: float | None = None
    lon: float | None = None
    outline: Mapping[str, Any] | None = None
    """GeoJSON geometry of the area, WGS-84."""
    measured: float | None = None
    limit: float | None = None
    measured_unit: str = ""
    severity: str = ""
    quality: str = ""
    evidence: tuple[str, ...] = field(default=())
    row_id: str = ""
    table_date: date | None = None
    table_version: str = ""


def local_unit(area: str, road_class: str, lat: float | None, lon: float | None) -> Unit:
    """Whose place it is: the squadron of a position, the brigade of a county, else the root."""
    if lat is None or lon is None:
        return territory().whole(area)
    return territory().squadron(area, road_class, lat, lon)


def raise_warning(
    notice: Notice, now: datetime, *, user: User | None = None, refers_to: str | None = None,
    case: Case | None = None, unit: Unit | None = None, local: Unit | None = None,
    drill: Drill | None = None,
) -> Warning:  # fmt: skip
    """Issue a warning about a place and raise its case, within the caller's transaction.

    user : the person who issues it; None for the system
    refers_to : id of the warning that this one makes worse
    case : an open case it joins; without one it gets its own
    drill : the drill that plays it in: marked everywhere, never mixed with what is real
    unit : who commands; without it, the place's unit at the command level
    local : whose place it is, where that is known already

    Returns the warning, an earlier one if this very notice was delivered before. Raises
    TransitionError if ``case`` is not open any more.
    """
    warning_id = content_id("warning", notice.origin, notice.origin_ref, notice.level.code)
    known = Warning.every.filter(pk=warning_id).first()
    if known is not None:
        return known
    squadron = local or local_unit(notice.area, notice.road_class, notice.lat, notice.lon)
    commanding = unit or territory().commanding(squadron, notice.command_level)
    fired = notice.fired or notice.onset
    place = {
        "kind": notice.kind,
        "origin": notice.origin,
        "place": (notice.place or stake(notice.road, notice.stake_m) or f"{squadron.name_zh}辖区")[
            :96
        ],
        "road": notice.road,
        "area": notice.area,
        "lat": notice.lat,
        "lon": notice.lon,
    }
    common = {
        "level": notice.level,
        "command_level": notice.command_level,
        "now": now,
        "unit": commanding,
        "local_unit": squadron,
    }
    if case is None:
        case = cases.open_case(
            user,
            # A case that answers a report names the report: that is what the reporter asks about.
            origin_ref=notice.origin_ref if notice.origin == "report" else warning_id,
            facts={**place, "onset_at": notice.onset, "fired_at": fired, "drill": drill},
            **{**common, "origin": notice.origin},
        )
    else:
        case = cases.join_warning(case, warning_id=warning_id, **common)
    warning = Warning(
        id=warning_id,
        level=notice.level.value,
        command_level=notice.command_level.value,
        origin_ref=notice.origin_ref,
        road_class=notice.road_class,
        stake_m=notice.stake_m,
        onset=notice.onset,
        last=notice.last or notice.onset,
        fired=fired,
        received=notice.received,
        issued=now,
        until=notice.until,
        measured=notice.measured,
        limit=notice.limit,
        measured_unit=notice.measured_unit,
        severity=notice.severity,
        quality=notice.quality,
        evidence=list(notice.evidence),
        outline=dict(notice.outline) if notice.outline else None,
        row_id=notice.row_id,
        table_date=notice.table_date,
        table_version=notice.table_version,
        explanation=dict(notice.explanation),
        refers_to_id=refers_to,
        case=case,
        unit=commanding,
        drill=drill is not None,
        **place,
    )
    return issue(warning)
