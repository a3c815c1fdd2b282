"""``/api/v1/hazards``: the ledger, one hazard, its steps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from ninja import Field, Query, Router, Schema

from sizao.web.api.build import unit_ref
from sizao.web.api.filters import page
from sizao.web.api.shapes import ErrorOut, EventOut, StepOut, UnitRef
from sizao.web.clock import feed_now
from sizao.web.hazards import narrowing, services
from sizao.web.hazards.models import Hazard

router = Router()
ERRORS = {401: ErrorOut, 404: ErrorOut}


class HazardFilters(Schema):
    """Query parameters of the list; those of the page have the same names and meaning."""

    since: datetime | None = Field(None, description="Entered since; ISO 8601")
    q: str = ""
    state: str = ""
    kind: str = ""
    grade: str = Field("", description="ordinary, considerable, major")
    listed: str = Field("", description="county, city, province, or any")
    unit: str = Field("", description="Code of a unit: it and the units below it")
    junction: str = ""
    duty: str = Field("", description="Name of the duty body")
    only: str = Field("", description="open, late, week, bare, reopened")
    limit: int = Field(100, ge=1, le=1000)
    offset: int = Field(0, ge=0)


class HazardOut(Schema):
    number: str
    state: str
    closed: bool
    kind: str
    grade: str
    origin: str
    place: str
    road: str
    junction: str
    enterprise: str
    area: str
    lat: float | None
    lon: float | None
    unit: UnitRef
    local_unit: UnitRef
    duty_kind: str
    duty_name: str
    found_at: datetime
    deadline: datetime | None
    promised: datetime | None = Field(description="The first deadline; an extension moves it not")
    overdue: bool
    protected: bool = Field(description="Something protects people until it is gone")
    listed: str
    escalations: int
    extended: int
    reopened: int
    closed_at: datetime | None
    version: int


class HazardPage(Schema):
    items: list[HazardOut]
    count: int


class HazardDetail(HazardOut):
    text: str
    protection: str
    merged_into: str | None
    events: list[EventOut]
    photos: int
    next_steps: list[StepOut]


class HazardActionIn(Schema):
    action: str
    version: int = Field(description="The version the caller saw")
    reason: str = ""
    values: dict[str, str] = Field(
        default_factory=dict,
        description="What the step needs: grade, duty_kind, duty_name, duty_unit, deadline, by, "
        "until, into. Photos come by the page only, so that rectify is not for the API.",
    )


@router.get("/hazards", response={200: HazardPage, **ERRORS}, summary="Hazards, newest first")
def hazards(request: HttpRequest, filters: Query[HazardFilters]):
    """The hazards that the caller may see, without the words people wrote."""
    now = feed_now()
    given = {
        name: value
        for name, value in filters.dict().items()
        if isinstance(value, str) and value.strip()
    }
    rows = narrowing.narrowed(request.auth, given, now)
    if filters.since is not None:
        rows = rows.filter(found_at__gte=filters.since)
    return page(rows.select_related("unit", "local_unit"), filters, lambda one: out(one, now))


@router.get(
    "/hazards/{number}", response={200: HazardDetail, **ERRORS}, url_name="hazard", summary="One"
)
def hazard(request: HttpRequest, number: str):
    """A hazard with its timeline and the caller's next steps."""
    rows = Hazard.objects.for_user(request.auth).select_related("unit", "local_unit", "merged_into")
    return detail(get_object_or_404(rows, number=number), request.auth)


@router.post(
    "/hazards/{number}/actions",
    response={200: HazardDetail, **ERRORS, 403: ErrorOut, 409: ErrorOut, 422: ErrorOut},
    url_name="hazard-action",
    summary="Take a step",
)
def take(request: HttpRequest, number: str, given: HazardActionIn):
    """409 with who did what when, if the hazard is not at ``version`` any more."""
    services.act(
        request.auth, number, given.action, given.version, reason=given.reason,
        values=given.values,
    )  # fmt: skip
    return hazard(request, number)


def out(one: Hazard, now: datetime) -> dict[str, Any]:
    """A hazard as the list gives it."""
    names = (
        "number", "state", "closed", "kind", "grade", "origin", "place", "road", "junction",
        "enterprise", "area", "lat", "lon", "duty_kind", "duty_name", "found_at", "deadline",
        "promised", "listed", "escalations", "extended", "reopened", "closed_at", "version",
    )  # fmt: skip
    return {
        **{name: getattr(one, name) for name in names},
        "unit": unit_ref(one.unit),
        "local_unit": unit_ref(one.local_unit),
        "overdue": one.late_at(now),
        "protected": one.protected_at(now),
    }


def detail(one: Hazard, user) -> dict[str, Any]:
    """A hazard with all that a program may want."""
    return {
        **out(one, feed_now()),
        "text": one.text,
        "protection": one.protection,
        "merged_into": one.merged_into.number if one.merged_into else None,
        "photos": one.photos.count(),
        "events": [
            {
                "seq": event.seq, "at": event.at, "actor": event.actor,
                "actor_name": event.actor_name, "action": event.action,
                "from_state": event.from_state, "to_state": event.to_state,
                "text": event.text_zh, "text_en": event.text_en,
            }
            for event in one.events.order_by("seq")
        ],
        "next_steps": [
            {
                "action": found.step.action, "name": found.step.zh, "name_en": found.step.en,
                "key": "", "primary": found.primary, "needs_reason": found.step.needs_reason,
                "needs_units": False,
            }
            for found in services.next_steps(user, one)
        ],
    }  # fmt: skip
