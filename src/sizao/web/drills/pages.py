"""Pages of drills. Views parse, call, render."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.respond.drills import script as scripts
from sizao.web.cases.errors import NotAllowedError
from sizao.web.cases.models import Case
from sizao.web.drills import services
from sizao.web.drills.models import Drill
from sizao.web.drills.scoring import scored
from sizao.web.pages.words import pick

PAGE = 25


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """All drills, and for those who may the form to start one."""
    return _show(request)


def _show(request: HttpRequest, problem: str = "", status: int = 200) -> HttpResponse:
    if not services.may_look(request.user):
        raise PermissionDenied
    page = Paginator(Drill.objects.select_related("started_by"), PAGE)
    found = page.get_page(request.GET.get("page"))
    known = {name: scripts.read(text) for name, text in scripts.texts().items()}
    return render(
        request,
        "drills/drills.html",
        {
            "page_obj": found,
            "drills": [(one, pick(one.zh, one.en)) for one in found],
            "scripts": [(name, pick(one.zh, one.en)) for name, one in known.items()],
            "example": next(iter(scripts.texts().values())),
            "speeds": services.SPEEDS,
            "may_run": services.may_run(request.user),
            "running": Drill.objects.filter(state=Drill.State.RUNNING).first(),
            "notice": {"kind": "refused", "text": problem} if problem else None,
            "given": request.POST,
            "query": "",
        },
        status=status,
    )


@require_POST
def start(request: HttpRequest) -> HttpResponse:
    """Start a drill from a script of the package, a text, or a past case."""
    given = request.POST
    try:
        speed = given.get("speed", "1")
        chosen = int(speed) if speed.isdigit() and int(speed) in services.SPEEDS else 1
        if not services.may_run(request.user):
            raise PermissionDenied
        if number := given.get("case", "").strip():
            script = services.of_name(f"case:{number}")
        elif text := given.get("text", "").strip():
            script = services.checked(text)
        else:
            script = services.of_name(given.get("script", ""))
        drill = services.start(request.user, script, chosen)
    except TransitionError as error:
        return _show(request, pick(error.zh, error.en), 422)
    return redirect("drill", drill.pk)


@require_safe
def one(request: HttpRequest, drill_id: int) -> HttpResponse:
    """One drill: what was played in, its cases, and how the parties did."""
    return _one(request, drill_id)


def _one(request: HttpRequest, drill_id: int, problem: str = "", status: int = 200) -> HttpResponse:
    if not services.may_look(request.user):
        raise PermissionDenied
    drill = get_object_or_404(Drill.objects.select_related("started_by", "ended_by"), pk=drill_id)
    cases = list(Case.every.filter(drill=drill).order_by("pk"))
    return render(
        request,
        "drills/drill.html",
        {
            "drill": drill,
            "name": pick(drill.zh, drill.en),
            "injects": [
                {
                    "what": pick(raw["zh"], raw["en"]),
                    "kind": pick(*scripts.KINDS[raw["kind"]]),
                    "level": raw["level"],
                    "at": services.due_at(drill, index),
                    "played": index < drill.played,
                }
                for index, raw in enumerate(drill.script)
            ],
            "cases": cases,
            "score": scored(cases),
            "may_run": services.may_run(request.user),
            "notice": {"kind": "refused", "text": problem} if problem else None,
        },
        status=status,
    )


@require_POST
def end(request: HttpRequest, drill_id: int) -> HttpResponse:
    """End a drill."""
    drill = get_object_or_404(Drill, pk=drill_id)
    try:
        services.end(request.user, drill)
    except NotAllowedError as error:
        raise PermissionDenied from error
    except TransitionError as error:
        return _one(request, drill_id, pick(error.zh, error.en), 409)
    return redirect("drill", drill_id)
