"""The track that a page was granted, as the player's columns."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe

from sizao.web.fleet.grants import redeem
from sizao.web.fleet.tracks import columns, granted


@require_safe
def show(request: HttpRequest, token: str) -> HttpResponse:
    """403 for a grant that was changed, has run out, or is another account's."""
    grant = redeem(request.user, token)
    if grant is None:
        raise PermissionDenied
    answer = JsonResponse(columns(granted(request.user, grant)))
    answer["Cache-Control"] = "no-store"
    return answer
