"""The track that a page was granted: the player's columns, or a file."""

from __future__ import annotations

import logging

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from sizao.core.errors import LogError, UnansweredError
from sizao.web.fleet.access import Sight
from sizao.web.fleet.grants import PURPOSES, redeem
from sizao.web.fleet.tracks import columns, granted
from sizao.web.pages.trackfiles import csv_of, gpx_of
from sizao.web.pages.words import pick
from sizao.web.refusals import unanswered

FILES = {"csv": csv_of, "gpx": gpx_of}

DAMAGED: Promise = _(
    "轨迹存档缺失或损坏，没有读出来，不等于没有来过。请管理员运行 sizao doctor 检查。"
)

log = logging.getLogger("sizao.track")


@require_safe
def show(request: HttpRequest, token: str) -> HttpResponse:
    """403 for a grant that was changed, has run out, or is another account's; and for a file of a
    track that was not looked up with a purpose: evidence is for looking at. 503 in words if
    something in the way is damaged, or the archive gave no answer."""
    grant = redeem(request.user, token)
    if grant is None:
        raise PermissionDenied
    file = FILES.get(request.GET.get("format", ""))
    if file is not None and grant.ground.purpose not in PURPOSES:
        raise PermissionDenied
    try:
        track = granted(request.user, grant)
    except LogError as error:
        log.exception("track of %s", grant.vehicle)
        # Half a track would look like a vehicle that was not there.
        why = _why(error)
        if file is not None:
            return render(request, "trackdamaged.html", {"why": why}, status=503)
        return JsonResponse({"error": why}, status=503)
    if file is not None:
        sight = Sight(request.user)
        plate = sight.plate(grant.vehicle, sight.entry(grant.vehicle).plate)
        answer = file(request, grant, track, plate or grant.vehicle)
    else:
        answer = JsonResponse(columns(track))
    answer["Cache-Control"] = "no-store"
    return answer


def _why(error: LogError) -> str:
    if not isinstance(error, UnansweredError):
        return str(DAMAGED)
    said = unanswered(error)
    return str(pick(said.zh, said.en))
