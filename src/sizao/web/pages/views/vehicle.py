"""One vehicle: what is it doing, and what was it warned for? Looking is written down."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from sizao.web import audit
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.enterprises.access import link_of
from sizao.web.evidence import queries
from sizao.web.fleet.models import Vehicle
from sizao.web.hazards.access import may_enter
from sizao.web.pages import words
from sizao.web.pages.evidencewords import tiles
from sizao.web.pages.rows import case_rows, shown_plate
from sizao.web.pages.vehicles import last_seen
from sizao.web.writing import write

TRACK = timedelta(minutes=30)


@require_safe
def show(request: HttpRequest, vehicle_id: str) -> HttpResponse:
    """The page, or with ``?panel=1`` the drawer beside the map.

    404 for a vehicle that is neither in the user's area now nor in one of the user's cases, so
    that the answer does not tell whether it exists.
    """
    seen = last_seen(request.user, vehicle_id)
    cases = Case.objects.for_user(request.user).filter(vehicle=vehicle_id).order_by("-raised_at")
    if seen is None and not cases.exists():
        raise Http404
    vehicle = Vehicle.objects.filter(pk=vehicle_id).select_related("enterprise").first()
    panel = request.GET.get("panel") == "1"
    with write():
        audit.record(
            request.user, "vehicle.read", "vehicle", vehicle_id,
            {"where": "map" if panel else "page", "track_minutes": TRACK.total_seconds() / 60},
        )  # fmt: skip
    now = feed_now()
    window = {"start": (now - TRACK).isoformat(), "end": now.isoformat()}
    return render(
        request,
        "vehicle/_drawer.html" if panel else "vehicle/vehicle.html",
        {
            "id": vehicle_id,
            "vehicle": vehicle,
            "plate": shown_plate(request.user, vehicle.plate if vehicle else ""),
            "kind": words.vehicle_word(vehicle.kind if vehicle else "other"),
            "seen": seen,
            "enterprise_link": link_of(request.user, vehicle.enterprise if vehicle else None),
            "may_enter_hazard": may_enter(request.user),
            "track_url": f"/api/v1/vehicles/{vehicle_id}/track?{urlencode(window)}",
            "rows": case_rows(request.user, cases[:20]),
            "tiles": tiles(queries.of_vehicle(vehicle_id, now), "vehicle-evidence", vehicle_id),
        },
    )
