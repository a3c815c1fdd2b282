"""Single things: a case and its steps, a vehicle and its track, units, roads."""

from __future__ import annotations

import gzip
import json
import threading
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router

from sizao.roads.geojson import to_geojson
from sizao.web import ports as ports_module
from sizao.web.api import build, shapes
from sizao.web.api.lists import live_row
from sizao.web.cases import services
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.fleet.access import Sight
from sizao.web.fleet.tracks import track_of
from sizao.web.units.models import Unit

router = Router()

ERRORS = {401: shapes.ErrorOut, 403: shapes.ErrorOut, 404: shapes.ErrorOut}
ACT_ERRORS = {**ERRORS, 409: shapes.ErrorOut, 422: shapes.ErrorOut}


@router.get("/cases/{int:case_id}", response={200: shapes.CaseDetail, **ERRORS})
def case(request: HttpRequest, case_id: int):
    """A case with its warnings, timeline, measures, clocks and the caller's next steps."""
    found = get_object_or_404(
        Case.objects.for_user(request.auth).select_related("unit", "local_unit", "owner"),
        pk=case_id,
    )
    return build.case_detail(found, request.auth, Sight(request.auth))


@router.post("/cases/{int:case_id}/actions", response={200: shapes.CaseDetail, **ACT_ERRORS})
def act(request: HttpRequest, case_id: int, given: shapes.ActionIn):
    """Take one step: sign, dispatch, arrive, control, resolve, verify, dismiss, reopen.

    409 with who did what when, if the case is not at ``version`` any more.
    """
    services.act(
        request.auth,
        case_id,
        given.action,
        given.version,
        reason=given.reason,
        units=given.units,
        measure=given.measure,
        text=given.text,
    )
    return case(request, case_id)


@router.get("/vehicles/{vehicle_id}", response={200: shapes.VehicleOut, **ERRORS})
def vehicle(request: HttpRequest, vehicle_id: str):
    """A vehicle with its last state."""
    sight = Sight(request.auth)
    known = sight.entry(vehicle_id).plate or vehicle_id in sight.board.row_of
    if not known or not sight.may_see(vehicle_id):
        raise Http404
    now = feed_now()
    return build.vehicle_out(vehicle_id, sight, live_row(sight, vehicle_id, now), now)


@router.get(
    "/vehicles/{vehicle_id}/track",
    response={200: shapes.TrackPage, **ACT_ERRORS, 503: shapes.ErrorOut},
)
def track(
    request: HttpRequest,
    vehicle_id: str,
    start: datetime | None = None,
    end: datetime | None = None,
    purpose: str = "",
    case: str = "",
):
    """Positions in time order; without times the last 30 minutes. Each reading is audited.

    More than 2 hours need ``purpose`` (crash, violation, pursuit, rescue, complaint) and the
    number of a ``case`` that the caller sees; at most 48 hours are given.
    """
    end = end or feed_now() + timedelta(seconds=1)
    start = start or end - timedelta(minutes=30)
    found = track_of(request.auth, vehicle_id, start, end, purpose=purpose, case=case)
    if found is None:
        raise Http404
    rows = found.batch.to_pylist()
    for row, limit in zip(rows, found.limit_kmh.tolist(), strict=True):
        row["limit_kmh"] = build.number(limit)
        for name in ("lat", "lon"):
            row[name] = build.number(row[name], 6)
        for name in ("speed_kmh", "recorder_speed_kmh", "heading_deg"):
            row[name] = build.number(row[name])
    return {"items": rows, "count": len(rows)}


@router.get("/units", response=shapes.UnitPage)
def units(request: HttpRequest):
    """The caller's units, parents first, with open cases and patrols."""
    rows = (
        Unit.objects.for_user(request.auth)
        .select_related("parent")
        .prefetch_related("patrols")
        .annotate(open_cases=Count("cases", filter=Q(cases__closed=False)))
    )
    items = [
        {
            "code": unit.code,
            "name": unit.name_zh,
            "name_en": unit.name_en,
            "level": unit.command_level.code,
            "parent": unit.parent.code if unit.parent else None,
            "area": unit.area,
            "lat": unit.lat,
            "lon": unit.lon,
            "open_cases": unit.open_cases,
            "patrols": [
                {"call_sign": one.call_sign, "state": one.state, "vehicle": one.vehicle}
                for one in unit.patrols.all()
            ],
        }
        for unit in rows
    ]
    return {"items": items, "count": len(items)}


_roads: tuple[str, bytes, bytes] | None = None
_turn = threading.Lock()

SIMPLIFY_M = 8.0
"""Vertices that bend a road by less than this are left out of the map: under a pixel at z12."""


def _roads_file() -> tuple[str, bytes, bytes]:
    """ETag, GeoJSON bytes and the same gzipped; made once a network."""
    global _roads
    network = ports_module.ports().network
    if network is None:
        raise Http404
    tag = f'"{network.digest()[:24]}-{SIMPLIFY_M:g}"'
    with _turn:
        if _roads is None or _roads[0] != tag:
            text = json.dumps(
                to_geojson(network, SIMPLIFY_M), ensure_ascii=False, separators=(",", ":")
            ).encode()
            _roads = (tag, text, gzip.compress(text, 6))
        return _roads


@router.get("/roads.geojson", response=None, summary="The road network for a map")
def roads(request: HttpRequest) -> HttpResponse:
    """GeoJSON lines; see ``docs/reference/road-network.md`` for the properties."""
    tag, plain, packed = _roads_file()
    headers = {"ETag": tag, "Cache-Control": "private, max-age=3600", "Vary": "Accept-Encoding"}
    if tag in request.headers.get("If-None-Match", ""):
        return HttpResponse(status=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        headers["Content-Encoding"] = "gzip"
        return HttpResponse(packed, content_type="application/geo+json", headers=headers)
    return HttpResponse(plain, content_type="application/geo+json", headers=headers)
