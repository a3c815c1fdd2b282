"""A piece of evidence as an answer: whole, small, or the sentence that says why it is not there."""

from __future__ import annotations

from datetime import UTC, datetime

from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from sizao.core.errors import EvidenceError
from sizao.feeds.images import sniff
from sizao.log.deletions import Deletions, Tombstone
from sizao.log.evidence import EvidenceStore
from sizao.web.evidence.thumbs import thumb
from sizao.web.ports import ports

TYPES = {
    "jpg": "image/jpeg",
    "jpeg": "image/jpeg",
    "png": "image/png",
    "webp": "image/webp",
    "gif": "image/gif",
    "bmp": "image/bmp",
    "mp4": "video/mp4",
    "wav": "audio/wav",
    "mp3": "audio/mpeg",
}
"""What a browser may show; all else is a download."""


def store() -> EvidenceStore:
    return EvidenceStore(ports().data.evidence)


def tombstone(name: str) -> Tombstone | None:
    """Why a piece is not there; None if it is, or if nobody deleted it."""
    return None if store().has(name) else Deletions(ports().data.evidence).find(name)


def format_of(name: str) -> str:
    """Format of a piece of which no record says it, by its first bytes; empty if it is gone."""
    try:
        return sniff(store().read(name)) or ""
    except EvidenceError:
        return ""


def gone_words(found: Tombstone) -> str:
    """What a page says where a picture was."""
    at = timezone.localtime(datetime.fromtimestamp(found.at_s, UTC))
    return _("已按期删除（%(day)s）") % {"day": f"{at:%Y-%m-%d}"}


def evidence_answer(name: str, format: str, *, small: bool = False) -> HttpResponse:
    """The bytes, checked against their name; 410 with the reason if they were deleted.

    Raises Http404 if they are missing without a tombstone or were changed.
    """
    kept = store()
    try:
        data = thumb(kept, name) if small else kept.read(name)
    except EvidenceError as error:
        found = tombstone(name)
        if found is None:
            raise Http404(str(error)) from error
        return HttpResponse(gone_words(found), status=410, content_type="text/plain; charset=utf-8")
    if data is None:
        raise Http404("no picture")
    kind = "image/jpeg" if small else TYPES.get(format, "application/octet-stream")
    shown = "inline" if kind != "application/octet-stream" else "attachment"
    return HttpResponse(
        data,
        content_type=kind,
        headers={
            # Its name never changes its content; but what is deleted must not linger for long.
            "Cache-Control": "private, max-age=3600",
            "Content-Disposition": f'{shown}; filename="{name[:16]}.{"jpg" if small else format}"',
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        },
    )
