"""Answering a change of the ground on the case page."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.views.decorators.http import require_POST

from sizao.core.errors import TransitionError
from sizao.web.basis import services
from sizao.web.cases.errors import NotAllowedError
from sizao.web.cases.models import Case
from sizao.web.pages import words
from sizao.web.pages.views.case import refused


@require_POST
def answer(request: HttpRequest, case_id: int) -> HttpResponse:
    """409 when somebody else answered first, 422 without choice or reason."""
    case = get_object_or_404(Case.every.for_user(request.user), pk=case_id)
    upto = request.POST.get("upto", "")
    try:
        services.answer(
            request.user,
            case,
            int(upto) if upto.isdigit() else 0,
            request.POST.get("choice", ""),
            request.POST.get("remark", ""),
        )
    except NotAllowedError as error:
        notice = {"kind": "refused", "text": words.pick(error.zh, error.en)}
        return refused(request, case.pk, notice, 403)
    except TransitionError as error:
        notice = {"kind": "refused", "text": words.pick(error.zh, error.en)}
        return refused(request, case.pk, notice, 409 if error.code == "state" else 422)
    return redirect("case", case.pk)
