"""The monthly assessment report: choose a month, read what is in it, take it as PDF or Word."""

from __future__ import annotations

from urllib.parse import quote

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import override
from django.views.decorators.http import require_safe

from sizao.core.errors import ConfigError
from sizao.web import audit
from sizao.web.clock import feed_now
from sizao.web.imports.models import Crash
from sizao.web.risk.models import Assessment
from sizao.web.risk.report.content import build
from sizao.web.risk.report.document import Block, Chart, Document, Table
from sizao.web.risk.report.period import Month, last_whole
from sizao.web.risk.views import with_run
from sizao.web.writing import write

MONTHS = 24
TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


@require_safe
@with_run
def show(request: HttpRequest, run: Assessment) -> HttpResponse:
    """The report on the page, with the files to take away."""
    month = _month(request)
    last = last_whole(feed_now())
    document = _document(request, month, run)
    numbers = "一二三四五六七八九十"
    return render(
        request,
        "risk/report.html",
        {
            "run": run,
            "month": str(month),
            "months": [str(last.back(back)) for back in range(MONTHS)],
            "recorded": Crash.objects.filter(
                time__gte=month.start, time__lt=month.end
            ).exists(),
            "document": document,
            "sections": [
                (f"{numbers[index]}、{section.title}", [_shown(block) for block in section.blocks])
                for index, section in enumerate(document.sections)
            ],
        },
    )  # fmt: skip


@require_safe
@with_run
def file(request: HttpRequest, run: Assessment, name: str) -> HttpResponse:
    """``2026-10.pdf`` or ``2026-10.docx``; taking one away is written down."""
    stem, _dot, suffix = name.partition(".")
    if suffix not in TYPES:
        raise Http404
    try:
        month = Month.parse(stem)
    except ConfigError:
        raise Http404 from None
    document = _document(request, month, run)
    # Loaded here: the typesetter takes a moment, and other pages need none.
    if suffix == "pdf":
        from sizao.web.risk.report.pdf import pdf as made
    else:
        from sizao.web.risk.report.word import word as made

    data = made(document)
    with write():
        audit.record(
            request.user, "export", "risk-report", str(month), {"format": suffix, "run": run.pk}
        )
    answer = HttpResponse(data, content_type=TYPES[suffix])
    called = quote(f"{document.title}{month}.{suffix}")
    answer["Content-Disposition"] = (
        f"attachment; filename=\"assessment-{month}.{suffix}\"; filename*=UTF-8''{called}"
    )
    return answer


def _month(request: HttpRequest) -> Month:
    try:
        return Month.parse(request.GET.get("month", ""))
    except ConfigError:
        return last_whole(feed_now())


def _document(request: HttpRequest, month: Month, run: Assessment) -> Document:
    with override("zh-hans"):
        return build(request.user, month, run)


def _shown(block: Block) -> tuple[str, object]:
    """A block with its kind; a chart's drawing is of numbers and escaped words (charts.py)."""
    if isinstance(block, Chart):
        return "chart", {"caption": block.caption, "svg": mark_safe(block.svg)}
    return ("table" if isinstance(block, Table) else "text"), block
