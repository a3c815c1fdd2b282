"""What the API answers with. Times are ISO 8601 in UTC, levels and units are codes."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from ninja import Schema


class UnitRef(Schema):
    code: str
    name: str
    name_en: str
    level: str


class BasisOut(Schema):
    """A change of what the warning rests on: values before and after."""

    kind: str
    at: datetime
    before: dict[str, Any]
    after: dict[str, Any]
    answered: bool


class WarningOut(Schema):
    id: str
    level: str
    command_level: str
    kind: str
    origin: str
    origin_ref: str
    vehicle: str
    vehicle_kind: str
    plate: str
    detection: str
    rule_version: str
    place: str
    road: str
    road_class: str
    stake_m: float | None
    area: str
    lat: float | None
    lon: float | None
    onset: datetime
    fired: datetime
    issued: datetime
    until: datetime | None
    measured: float | None
    limit: float | None
    measured_unit: str
    severity: str
    quality: list[str]
    evidence: list[str]
    outline: dict[str, Any] | None
    row: str
    table: date | None
    explanation: dict[str, Any]
    refers_to: str | None
    basis: list[BasisOut]
    repeats: int
    unit: UnitRef
    case: int
    case_number: str
    state: str


class EventOut(Schema):
    seq: int
    at: datetime
    actor: str
    actor_name: str
    action: str
    from_state: str
    to_state: str
    text: str
    text_en: str


class ControlOut(Schema):
    command: str
    kind: str
    vehicle: str
    text: str
    state: str
    detail: str
    ordered_by: str
    ordered_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    expires_at: datetime
    lifted_at: datetime | None


class AssignmentOut(Schema):
    call_sign: str
    unit: str
    assigned_at: datetime
    arrived_at: datetime | None
    released_at: datetime | None


class ClockOut(Schema):
    clock: str
    name: str
    name_en: str
    deadline: datetime
    escalated: bool


class StepOut(Schema):
    action: str
    name: str
    name_en: str
    key: str
    primary: bool
    needs_reason: bool
    needs_units: bool


class CaseOut(Schema):
    id: int
    number: str
    state: str
    closed: bool
    level: str
    command_level: str
    kind: str
    origin: str
    origin_ref: str
    vehicle: str
    vehicle_kind: str
    plate: str
    place: str
    road: str
    area: str
    lat: float | None
    lon: float | None
    unit: UnitRef
    local_unit: UnitRef
    owner: str | None
    raised_at: datetime
    signed_at: datetime | None
    first_action_at: datetime | None
    dispatched_at: datetime | None
    on_scene_at: datetime | None
    controlled_at: datetime | None
    resolved_at: datetime | None
    verified_at: datetime | None
    resolved_by: str
    outcome: str
    clock: str
    deadline: datetime | None
    escalations: int
    version: int


class CaseDetail(CaseOut):
    warnings: list[WarningOut]
    events: list[EventOut]
    controls: list[ControlOut]
    assignments: list[AssignmentOut]
    clocks: list[ClockOut]
    next_steps: list[StepOut]


class ActionIn(Schema):
    """One step. ``version`` is the case's version that the caller saw."""

    action: str
    version: int
    reason: str = ""
    units: list[str] = []
    measure: str = "terminal_text"
    text: str = ""


class VehicleOut(Schema):
    id: str
    plate: str
    plate_colour: int | None
    kind: str
    kind_name: str
    enterprise: str
    enterprise_name: str
    area: str
    time: datetime | None = None
    online: bool = False
    lat: float | None = None
    lon: float | None = None
    speed_kmh: float | None = None
    heading_deg: float | None = None
    limit_kmh: float | None = None
    road: str | None = None
    road_class: str | None = None
    stake_m: float | None = None
    place: str = ""
    place_area: str | None = None
    active: list[str] = []


class TrackPoint(Schema):
    time: datetime
    lat: float | None
    lon: float | None
    speed_kmh: float | None
    recorder_speed_kmh: float | None
    heading_deg: float | None
    limit_kmh: float | None = None
    alarm: int | None = None
    catch_up: bool | None = None


class DetectionOut(Schema):
    id: str
    revision: int
    rule: str
    rule_version: str
    vehicle: str
    vehicle_kind: str | None
    plate: str
    start: datetime
    end: datetime
    fired: datetime
    measured: float
    limit: float
    measured_unit: str
    severity: str
    lat: float | None
    lon: float | None
    road: str | None
    road_class: str | None
    stake_m: float | None
    area: str | None
    final: bool
    evidence: list[str]
    quality: list[str]


class IndicatorOut(Schema):
    id: str
    version: int
    name: str
    name_en: str
    unit: str
    better: str
    formula: str
    formula_en: str
    value: float | None
    numerator: int
    denominator: int
    n: int
    low: float | None
    high: float | None
    p95: float | None
    target: float | None
    met: bool | None
    note: str
    note_en: str
    parts: dict[str, int]
    certainty: str
    source: str


class UnitOut(Schema):
    code: str
    name: str
    name_en: str
    level: str
    parent: str | None
    area: str
    lat: float | None
    lon: float | None
    open_cases: int
    patrols: list[dict[str, Any]]


class WarningPage(Schema):
    items: list[WarningOut]
    count: int


class CasePage(Schema):
    items: list[CaseOut]
    count: int


class VehiclePage(Schema):
    items: list[VehicleOut]
    count: int


class DetectionPage(Schema):
    items: list[DetectionOut]
    count: int


class IndicatorPage(Schema):
    items: list[IndicatorOut]
    count: int


class TrackPage(Schema):
    items: list[TrackPoint]
    count: int


class UnitPage(Schema):
    items: list[UnitOut]
    count: int


class ErrorBody(Schema):
    code: str
    message: str
    message_en: str
    detail: Any = None


class ErrorOut(Schema):
    error: ErrorBody
