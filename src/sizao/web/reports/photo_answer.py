"""A photo out of the evidence store."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from sizao.web.evidence.answer import evidence_answer, gone_words, tombstone
from sizao.web.reports.models import ReportPhoto


def photo_answer(request: HttpRequest, photo: ReportPhoto) -> HttpResponse:
    """The bytes, checked against their name; ``?small=1`` a small copy; 410 once it is deleted.

    Raises Http404 if they are missing or were changed.
    """
    return evidence_answer(photo.evidence, photo.format, small=request.GET.get("small") == "1")


def photo_note(photo: ReportPhoto) -> str:
    """Why a photo is no longer there; empty while it is."""
    found = tombstone(photo.evidence)
    return gone_words(found) if found is not None else ""
