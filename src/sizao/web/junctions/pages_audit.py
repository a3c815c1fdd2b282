"""The audit on a phone: an arm at a time."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from sizao.core.errors import ConfigError, ConflictError
from sizao.web.evidence.answer import evidence_answer
from sizao.web.junctions import access, audits, drawing, forms, register, words
from sizao.web.junctions.items import group_word, items, rule
from sizao.web.junctions.models import Audit, Finding, Junction
from sizao.web.junctions.pages import found, must_look, svg


@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, pk: int) -> HttpResponse:
    """Answers about one arm; saving leads to the next arm that has open items."""
    junction = found(request, pk)
    if not access.may_audit(request.user, junction):
        raise PermissionDenied
    shape = register.shape_of(junction)
    arm = request.GET.get("arm") or shape.arms[0].id
    if arm not in {one.id for one in shape.arms}:
        raise Http404
    if request.method == "POST":
        audit = audits.begin(request.user, junction)
        try:
            audits.answer(request.user, audit.pk, arm, forms.answers(request.POST, request.FILES))
        except (ConfigError, ConflictError) as error:
            return _page(request, junction, arm, audit, words.refusal(error), 422)
        missing = audits.progress(audit).missing
        after = next((name for name, count in missing.items() if count and name != arm), arm)
        return redirect(f"{reverse('junction-audit', args=[junction.pk])}?arm={after}")
    return _page(request, junction, arm, junction.audits.filter(finished_at=None).first())


def _page(
    request: HttpRequest,
    junction: Junction,
    arm: str,
    audit: Audit | None,
    problem: str = "",
    status: int = 200,
) -> HttpResponse:
    shape = register.shape_of(junction)
    missing = (
        audits.progress(audit).missing if audit else {one.id: len(items()) for one in shape.arms}
    )
    given = {one.item: one for one in audit.findings.filter(arm=arm)} if audit else {}
    groups: dict[str, list[dict[str, Any]]] = {}
    for item in items().values():
        kept = given.get(item.code)
        groups.setdefault(item.group, []).append(
            {
                "code": item.code,
                "word": item.word,
                "finding": kept,
                # What was refused stands in the form again; a photo has to be chosen anew.
                "answer": request.POST.get(f"a-{item.code}", kept.answer if kept else ""),
                "note": request.POST.get(f"n-{item.code}", kept.note if kept else ""),
            }
        )
    return render(
        request,
        "junctions/audit.html",
        {
            "junction": junction,
            "audit": audit,
            "arm": shape.arm(arm),
            "arms": [(one, missing.get(one.id, 0)) for one in shape.arms],
            "complete": audit is not None and not any(missing.values()),
            "left": sum(missing.values()),
            "groups": [(group_word(code), rows) for code, rows in groups.items()],
            "drawing": svg(drawing.plan(shape, missing, junction.name)),
            "rule": rule(),
            "problem": problem,
        },
        status=status,
    )


@require_POST
def finish(request: HttpRequest, pk: int) -> HttpResponse:
    """Close the open audit."""
    junction = found(request, pk)
    if not access.may_audit(request.user, junction):
        raise PermissionDenied
    audit = get_object_or_404(junction.audits.filter(finished_at=None))
    try:
        audits.finish(request.user, audit.pk)
    except ConflictError as error:
        arm = register.shape_of(junction).arms[0].id
        return _page(request, junction, arm, audit, words.refusal(error), 409)
    return redirect("junction", junction.pk)


@require_safe
def photo(request: HttpRequest, finding: int) -> HttpResponse:
    """The photo of a finding, to whoever may see the junction."""
    must_look(request)
    seen = Junction.objects.for_user(request.user)
    one = get_object_or_404(Finding.objects.exclude(photo=""), pk=finding, audit__junction__in=seen)
    return evidence_answer(one.photo, one.photo_format, small=request.GET.get("small") == "1")
