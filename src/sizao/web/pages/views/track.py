"""The track that a page was granted: the player's columns, or a file."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from sizao.web.fleet.access import Sight
from sizao.web.fleet.grants import PURPOSES, redeem
from sizao.web.fleet.tracks import columns, granted
from sizao.web.pages.trackfiles import csv_of, gpx_of

FILES = {"csv": csv_of, "gpx": gpx_of}


@require_safe
def show(request: HttpRequest, token: str) -> HttpResponse:
    """403 for a grant that was changed, has run out, or is another account's; and for a file of a
    track that was not looked up with a purpose: evidence is for looking at."""
    grant = redeem(request.user, token)
    if grant is None:
        raise PermissionDenied
    file = FILES.get(request.GET.get("format", ""))
    if file is not None and grant.ground.purpose not in PURPOSES:
        raise PermissionDenied
    track = granted(request.user, grant)
    if file is not None:
        sight = Sight(request.user)
        plate = sight.plate(grant.vehicle, sight.entry(grant.vehicle).plate)
        answer = file(request, grant, track, plate or grant.vehicle)
    else:
        answer = JsonResponse(columns(track))
    answer["Cache-Control"] = "no-store"
    return answer
