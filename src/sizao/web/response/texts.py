"""The plans as texts: what holds, and changing one by two people. Views parse, call, render."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.core.levels import WarningLevel
from sizao.web.pages.words import pick
from sizao.web.response import book, editing
from sizao.web.response.access import may_change, may_look
from sizao.web.response.models import OwnPlan
from sizao.web.response.rows import kind_words, measure_words, party_word, source_words


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """Every plan that holds; those with a text that waits first."""
    _allow(request)
    waiting = {one.plan: one for one in OwnPlan.objects.filter(state=OwnPlan.State.ASKED)}
    held = book.in_force()
    lines = [
        {
            "plan": plan,
            "id": plan.id,
            "name": pick(plan.zh, plan.en),
            "kinds": kind_words(plan),
            "parties": len({task.party for task in plan.tasks}),
            "own": "-" in plan.version[10:],
            "waiting": waiting.get(plan.id),
        }
        for plan in held.values()
    ]
    lines += [
        {"plan": None, "id": name, "name": name, "waiting": one}
        for name, one in waiting.items()
        if name not in held
    ]
    lines.sort(key=lambda line: line["waiting"] is None)
    return render(
        request,
        "response/plans.html",
        {"lines": lines, "waiting": len(waiting), "may_change": may_change(request.user)},
    )


@require_safe
def plan(request: HttpRequest, plan_id: str) -> HttpResponse:
    """One plan: its tasks, its text, what waits and its history."""
    return _page(request, plan_id)


@require_POST
def ask(request: HttpRequest, plan_id: str) -> HttpResponse:
    """Hand in a new text, for another person to approve."""
    _allow(request, change=True)
    try:
        editing.ask(
            request.user, plan_id, request.POST.get("text", ""), request.POST.get("reason", "")
        )
    except TransitionError as error:
        return _page(request, plan_id, notice=pick(error.zh, error.en), status=422)
    return redirect("response", plan_id)


@require_POST
def decide(request: HttpRequest, plan_id: str, text_id: int) -> HttpResponse:
    """Accept, refuse or withdraw a text that waits."""
    _allow(request, change=True)
    text = get_object_or_404(OwnPlan, pk=text_id, plan=plan_id)
    accept = request.POST.get("decision") == "accept"
    try:
        editing.decide(request.user, text, accept, request.POST.get("remark", ""))
    except TransitionError as error:
        return _page(request, plan_id, notice=pick(error.zh, error.en), status=409)
    return redirect("response", plan_id)


def _page(
    request: HttpRequest, plan_id: str, *, notice: str = "", status: int = 200
) -> HttpResponse:
    _allow(request)
    history = list(OwnPlan.objects.filter(plan=plan_id).select_related("asked_by", "decided_by"))
    waiting = next((one for one in history if one.state == OwnPlan.State.ASKED), None)
    shown = book.in_force().get(plan_id)
    if shown is None and waiting is not None:
        shown = book.parse(waiting.text, waiting.version)
    if shown is None and status == 200:
        raise Http404
    text = request.POST.get("text") or editing.text_of(plan_id)
    names = {task.id: pick(task.zh, task.en) for task in shown.tasks} if shown else {}
    return render(
        request,
        "response/plan.html",
        {
            "plan_id": plan_id,
            "plan": shown,
            "name": pick(shown.zh, shown.en) if shown else plan_id,
            "kinds": kind_words(shown) if shown else [],
            "levels": [level.code for level in reversed(WarningLevel)],
            "sources": source_words(shown) if shown else [],
            "tasks": [
                {
                    "task": task,
                    "what": names[task.id],
                    "party": party_word(task.party),
                    "after": [names[one] for one in task.after],
                    "minutes": [
                        (task.acknowledge_min[level], task.finish_min[level])
                        for level in reversed(WarningLevel)
                    ],
                    "measures": measure_words(
                        {"kind": one.kind, **one.parameters} for one in task.measures
                    ),
                }
                for task in (shown.tasks if shown else ())
            ],
            "text": text,
            "waiting": waiting,
            "own": waiting is not None and waiting.asked_by_id == request.user.pk,
            "history": [one for one in history if one.state != OwnPlan.State.ASKED],
            "may_change": may_change(request.user),
            "notice": {"kind": "refused", "text": notice} if notice else None,
            "reason": request.POST.get("reason", ""),
        },
        status=status,
    )


def _allow(request: HttpRequest, *, change: bool = False) -> None:
    if not (may_change(request.user) if change else may_look(request.user)):
        raise PermissionDenied
