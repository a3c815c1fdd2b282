"""Pages of a case's review and its files. Views parse, call, render."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.dateparse import parse_date
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.respond.records import Event
from sizao.respond.review import facts
from sizao.web import audit
from sizao.web.cases.access import may_act
from sizao.web.cases.errors import NotAllowedError
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.drills.scoring import scored
from sizao.web.evidence.answer import evidence_answer
from sizao.web.hazards.access import may_enter
from sizao.web.pages import words
from sizao.web.response.rows import party_word
from sizao.web.review import services
from sizao.web.review.document import document
from sizao.web.review.models import Attachment, Finding
from sizao.web.writing import write

TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}


def _case(request: HttpRequest, case_id: int) -> Case:
    return get_object_or_404(
        Case.every.for_user(request.user).select_related("unit", "local_unit", "drill"), pk=case_id
    )


def _found(case: Case) -> dict[str, Any]:
    events = [Event.from_dict(row.data) for row in case.events.order_by("seq")]
    return {
        "facts": facts(events),
        "score": scored([case]),
        "costs": services.costs_of(case),
        "findings": list(case.findings.select_related("by", "done_by")),
    }


@require_safe
def show(request: HttpRequest, case_id: int) -> HttpResponse:
    """The review: what the timeline says, and what people found."""
    return _page(request, _case(request, case_id))


def _page(request: HttpRequest, case: Case, problem: str = "", status: int = 200) -> HttpResponse:
    found = _found(case)
    return render(
        request,
        "review/review.html",
        {
            **found,
            "case": case,
            "what": words.kind_word(case.kind),
            "clocks": [(words.clock_word(one.clock), one) for one in found["facts"].clocks],
            "known": [words.pick(one.zh, one.en) for one in found["facts"].known],
            "known_at": list(
                zip(
                    [one.at_s for one in found["facts"].known],
                    [words.pick(one.zh, one.en) for one in found["facts"].known],
                    strict=True,
                )
            ),
            "deviations": [
                (party_word(task.party), words.pick(task.zh, task.en),
                 words.pick(task.state.zh, task.state.en), task.reason)
                for _, task in found["facts"].deviations
            ],
            "missed": [(one.at_s, words.pick(one.zh, one.en)) for one in found["facts"].missed],
            "may_act": may_act(request.user, case),
            "may_enter_hazard": may_enter(request.user) and case.drill_id is None,
            "notice": {"kind": "refused", "text": problem} if problem else None,
            "given": request.POST,
            "today": feed_now().date(),
        },
        status=status,
    )  # fmt: skip


@require_safe
def file(request: HttpRequest, case_id: int, suffix: str) -> HttpResponse:
    """The review as PDF or Word; taking one away is written down."""
    if suffix not in TYPES:
        raise Http404
    case = _case(request, case_id)
    found = _found(case)
    made = document(
        case, found["facts"], found["score"], found["costs"], found["findings"],
        words.kind_word(case.kind),
    )  # fmt: skip
    if suffix == "pdf":
        from sizao.web.risk.report.pdf import pdf as render_file
    else:
        from sizao.web.risk.report.word import word as render_file
    body = render_file(made)
    with write():
        audit.record(request.user, "case.review_file", "case", case.number, {"format": suffix})
    name = f"review-{case.number}.{suffix}"
    return HttpResponse(
        body,
        content_type=TYPES[suffix],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _do(request: HttpRequest, case: Case, step: Any) -> HttpResponse | None:
    """Run a step; a refusal comes back as the page with the reason on top."""
    try:
        step()
    except NotAllowedError as error:
        raise PermissionDenied from error
    except TransitionError as error:
        return _page(request, case, words.pick(error.zh, error.en), 422)
    return None


@require_POST
def add(request: HttpRequest, case_id: int) -> HttpResponse:
    """Write down a finding."""
    case, given = _case(request, case_id), request.POST
    due = given.get("due", "")
    refused = _do(
        request,
        case,
        lambda: services.find(
            request.user, case, given.get("text", ""), given.get("action", ""),
            given.get("owner", ""), parse_date(due) if due else None,
        ),
    )  # fmt: skip
    return refused or redirect("review", case_id)


@require_POST
def done(request: HttpRequest, case_id: int, finding_id: int) -> HttpResponse:
    """Say that an action is done."""
    case = _case(request, case_id)
    finding = get_object_or_404(Finding.objects.select_related("case"), pk=finding_id, case=case)
    refused = _do(
        request, case, lambda: services.finish(request.user, finding, request.POST.get("note", ""))
    )
    return refused or redirect("review", case_id)


@require_POST
def attach(request: HttpRequest, case_id: int) -> HttpResponse:
    """Put a file to the case."""
    case = _case(request, case_id)
    upload = request.FILES.get("file")

    if not may_act(request.user, case):
        raise PermissionDenied

    def step() -> None:
        if upload is None:
            raise TransitionError("请选择文件。", "Choose a file.")
        if upload.size and upload.size > services.LARGEST:
            raise TransitionError("文件不能大于 30 MB。", "A file may not be larger than 30 MB.")
        services.attach(
            request.user, case, upload.name or "", upload.read(), request.POST.get("note", "")
        )

    return _do(request, case, step) or redirect("review", case_id)


@require_safe
def attached(request: HttpRequest, case_id: int, file_id: int) -> HttpResponse:
    """A file of the case; opening it whole is written down."""
    case = _case(request, case_id)
    one = get_object_or_404(Attachment, pk=file_id, case=case)
    small = request.GET.get("small") == "1" and one.is_image
    if not small:
        with write():
            audit.record(request.user, "case.file", "case", case.number, {"file": one.evidence})
    return evidence_answer(one.evidence, one.format, small=small)
