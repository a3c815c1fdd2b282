"""``GET /api/v1/warnings/ID/cap``: who may see the warning may have its document."""

from __future__ import annotations

from typing import Literal

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from ninja import Router

from sizao.feeds.cap import encode
from sizao.feeds.cap.records import MEDIA_TYPE, Alert
from sizao.web.api import shapes
from sizao.web.cap.document import alert_of, cancel_of
from sizao.web.warnings.models import Warning

router = Router()


@router.get(
    "/warnings/{warning_id}/cap",
    response={200: None, 401: shapes.ErrorOut, 404: shapes.ErrorOut},
    summary="A warning as CAP 1.2",
)
def cap(request: HttpRequest, warning_id: str, type: Literal["alert", "cancel"] = "alert"):
    """application/cap+xml in Chinese and English, without plates. ``type=cancel`` gives the
    document that lifts it, 404 while the case goes on."""
    warning = get_object_or_404(
        Warning.every.for_user(request.auth).select_related("case", "unit", "refers_to"),
        pk=warning_id,
    )
    made = alert_of(warning) if type == "alert" else cancel_of(warning)
    if made is None:
        raise Http404
    return answer(made)


def answer(alert: Alert) -> HttpResponse:
    """The document as a download."""
    found = HttpResponse(encode(alert), content_type=MEDIA_TYPE)
    found["Content-Disposition"] = f'attachment; filename="{alert.identifier}.cap.xml"'
    return found
