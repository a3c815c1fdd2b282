"""The five lists: warnings, cases, vehicles, detections, indicators."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query, Router

from sizao.web.api import build, shapes
from sizao.web.api.filters import Filters, page
from sizao.web.cases.access import concerning
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.detections import queries
from sizao.web.fleet.access import Sight
from sizao.web.fleet.directory import directory
from sizao.web.indicators.services import indicators
from sizao.web.units.models import Unit
from sizao.web.warnings.models import Warning

router = Router()


def _narrow(
    rows: QuerySet, filters: Filters, unit: Unit | None, moment: str, case: str = ""
) -> QuerySet:
    if filters.since is not None:
        rows = rows.filter(**{f"{moment}__gte": filters.since_utc()})
    if levels := filters.levels():
        rows = rows.filter(level__in=[level.value for level in levels])
    if kinds := filters.kinds():
        rows = rows.filter(kind__in=kinds)
    if unit is not None:
        rows = rows.filter(concerning(unit, case))
    return rows


@router.get("/warnings", response=shapes.WarningPage, summary="Warnings, newest first")
def warnings(request: HttpRequest, filters: Query[Filters]):
    """``since`` is by time of issue, ``unit`` a unit that it concerns: in command, responsible for
    the place, or sent there."""
    user = request.auth
    rows = _narrow(
        Warning.objects.for_user(user), filters, filters.unit_for(user), "issued", "case__"
    )
    sight = Sight(user)
    return page(
        rows.select_related("unit", "case").prefetch_related("repeats", "basis_changes__answer"),
        filters,
        lambda warning: build.warning_out(warning, sight),
    )


@router.get("/cases", response=shapes.CasePage, summary="Cases, newest first")
def cases(request: HttpRequest, filters: Query[Filters], state: str = "", open: bool | None = None):
    """``since`` is by time raised, ``unit`` a unit that it concerns: in command, responsible
    for the place, or sent there."""
    user = request.auth
    rows = _narrow(Case.objects.for_user(user), filters, filters.unit_for(user), "raised_at")
    if state:
        rows = rows.filter(state__in=state.split(","))
    if open is not None:
        rows = rows.filter(closed=not open)
    sight = Sight(user)
    return page(
        rows.select_related("unit", "local_unit", "owner"),
        filters,
        lambda case: build.case_out(case, sight),
    )


@router.get("/vehicles", response=shapes.VehiclePage, summary="Vehicles with their last state")
def vehicles(
    request: HttpRequest, filters: Query[Filters], online: bool | None = None, plate: str = ""
):
    """``since`` is by last report, ``unit`` the unit on whose roads it is now, ``kind`` the
    vehicle kind, ``level`` that of an open case on it."""
    user = request.auth
    sight = Sight(user)
    wanted = filters.unit_for(user)
    board, now = sight.board, feed_now()
    on_roads = board.visible(queries.scope_below(wanted)) if wanted is not None else None
    online_rows = board.online(int(now.timestamp() * 1e6))
    since = filters.since_utc()
    kinds, levels = set(filters.kinds()), filters.levels()
    suspects = (
        set(
            Case.objects.for_user(user)
            .open()
            .filter(level__in=[level.value for level in levels])
            .values_list("vehicle", flat=True)
        )
        if levels
        else None
    )
    plates = plate.strip().upper()
    chosen = []
    names = list(dict.fromkeys([*directory(), *board.vehicle]))
    for name in names:
        row = board.row_of.get(name)
        entry = sight.entry(name)
        if (
            (on_roads is not None and (row is None or not on_roads[row]))
            or (kinds and entry.kind not in kinds)
            or (suspects is not None and name not in suspects)
            or (online is not None and online != (row is not None and bool(online_rows[row])))
            or (plates and plates not in entry.plate.upper())
            or (since and (row is None or board.time_us[row] < since.timestamp() * 1e6))
            or not sight.may_see(name)
        ):
            continue
        chosen.append(name)
    return page(
        chosen,
        filters,
        lambda name: build.vehicle_out(name, sight, live_row(sight, name, now), now),
    )


def live_row(sight: Sight, vehicle: str, now) -> dict | None:
    """The board's row of a vehicle as a dict with ``online``, None if it never reported."""
    row = sight.board.row_of.get(vehicle)
    if row is None:
        return None
    found = sight.board.batch.slice(row, 1).to_pylist()[0]
    online = bool(sight.board.online(int(now.timestamp() * 1e6))[row])
    return {**found, "online": online}


@router.get("/detections", response=shapes.DetectionPage, summary="Detections, newest first")
def detections(request: HttpRequest, filters: Query[Filters], vehicle: str = ""):
    """The last revision of each. ``since`` is by time fired, ``kind`` the rule, ``unit`` the unit
    responsible for the place, ``level`` that of the warning it led to."""
    sight = Sight(request.auth)
    chosen = queries.select(
        request.auth,
        sight,
        since=filters.since_utc(),
        kinds=frozenset(filters.kinds()),
        levels=tuple(filters.levels()),
        vehicle=vehicle,
        unit=filters.unit_for(request.auth),
    )
    return page(list(chosen), filters, lambda row: build.detection_out(row, sight))


@router.get("/indicators", response=shapes.IndicatorPage, summary="Indicators over a period")
def list_indicators(request: HttpRequest, filters: Query[Filters]):
    """Over the cases raised since ``since`` (default: the last 24 hours), as known now."""
    user = request.auth
    levels, kinds = filters.levels(), filters.kinds()
    rows = indicators(
        user,
        filters.since_utc(),
        unit=filters.unit_for(user),
        kind=kinds[0] if kinds else "",
        level=levels[0] if levels else None,
    )
    return page(rows, filters, build.indicator_out)
