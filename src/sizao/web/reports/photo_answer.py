"""A photo out of the evidence store."""

from __future__ import annotations

from django.http import Http404, HttpResponse

from sizao.core.errors import EvidenceError
from sizao.log.evidence import EvidenceStore
from sizao.web.ports import ports
from sizao.web.reports.models import ReportPhoto
from sizao.web.reports.photos import FORMATS


def photo_answer(photo: ReportPhoto) -> HttpResponse:
    """The bytes, checked against their name. Raises Http404 if they are gone or were changed."""
    try:
        data = EvidenceStore(ports().data.evidence).read(photo.evidence)
    except EvidenceError as error:
        raise Http404(str(error)) from error
    return HttpResponse(
        data,
        content_type=FORMATS[photo.format],
        headers={
            # A picture's name never changes its content.
            "Cache-Control": "private, max-age=86400, immutable",
            "Content-Disposition": f'inline; filename="{photo.evidence[:16]}.{photo.format}"',
            "Content-Security-Policy": "default-src 'none'",
        },
    )
