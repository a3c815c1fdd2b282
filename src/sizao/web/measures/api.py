"""``GET /measures`` and ``GET /measures.geojson``."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from ninja import Field, Router, Schema

from sizao.web.api.shapes import ErrorOut
from sizao.web.clock import feed_now
from sizao.web.measures import exports
from sizao.web.measures.models import ControlMeasure

router = Router()

MOST = 500


class MeasureOut(Schema):
    number: str
    kind: str
    state: str = Field(description="waiting, ordered, in_force, overrun, lifted, refused")
    case: str | None
    unit: str
    place: str
    road: str
    direction: str
    stake_from_m: float | None
    stake_to_m: float | None
    lanes: str
    limit_kmh: float | None
    vehicles: str
    text: str
    reason: str
    basis: str
    ordered_at: datetime
    from_at: datetime
    until_at: datetime
    begun_at: datetime | None
    ended_at: datetime | None
    deadline: datetime | None
    version: int


class MeasurePage(Schema):
    items: list[MeasureOut]
    count: int


@router.get("/measures", response={200: MeasurePage, 401: ErrorOut})
def measures(request: HttpRequest, state: str = "open", kind: str = "", limit: int = 100):
    """Control measures, newest first; ``state`` open (default), all, or one of the states kept
    (ordered, in_force, lifted, refused)."""
    found = ControlMeasure.objects.for_user(request.auth).select_related("case", "unit")
    if state == "open":
        found = found.open()
    elif state != "all":
        found = found.filter(state__in=state.split(","))
    if kind:
        found = found.filter(kind__in=kind.split(","))
    at_s = feed_now().timestamp()
    items = [_out(one, at_s) for one in found[: min(max(limit, 0), MOST)]]
    return {"items": items, "count": found.count()}


def _out(one: ControlMeasure, at_s: float) -> dict[str, object]:
    same = {name: getattr(one, name) for name in MeasureOut.model_fields if hasattr(one, name)}
    return same | {
        "state": one.standing.shown(at_s),
        "case": one.case.number if one.case else None,
        "unit": one.unit.code,
    }


@router.get("/measures.geojson", response=None, summary="Measures on roads as a WZDx 4.2 feed")
def measures_feed(request: HttpRequest) -> HttpResponse:
    """GeoJSON, with an ETag; 304 while nothing changed. See ``docs/reference/measures.md``."""
    text = json.dumps(exports.wzdx(feed_now()), ensure_ascii=False).encode()
    tag = f'"{hashlib.blake2b(text, digest_size=12).hexdigest()}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if tag in request.headers.get("If-None-Match", ""):
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(text, content_type="application/geo+json", headers=headers)
