"""Units and patrols: who is there, and who is free?"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST, require_safe

from sizao.core.errors import TransitionError
from sizao.respond.unit_kinds import BY_HAND, KINDS, SKILLS, STATES
from sizao.web.cases.models import Assignment, Case
from sizao.web.clock import feed_now
from sizao.web.pages import words
from sizao.web.units.models import PatrolUnit, Unit, User
from sizao.web.units.states import set_by_hand


@dataclass
class Node:
    """A unit with its patrols and what it has on its hands."""

    unit: Unit
    name: str
    depth: int
    patrols: list[dict[str, object]] = field(default_factory=list)
    open_cases: int = 0
    overdue: int = 0
    free: int = 0


def _fits(patrol: PatrolUnit, chosen: dict[str, str]) -> bool:
    return (
        chosen.get("kind") in (None, patrol.kind)
        and chosen.get("state") in (None, patrol.state)
        and ("skill" not in chosen or chosen["skill"] in patrol.all_skills)
    )


@require_safe
def show(request: HttpRequest) -> HttpResponse:
    """The user's subtree, or with ``?part=tree`` the tree alone."""
    units = list(Unit.objects.for_user(request.user).order_by("path"))
    base = min((unit.path.count("/") for unit in units), default=0)
    nodes = {
        unit.pk: Node(unit, words.pick(unit.name_zh, unit.name_en), unit.path.count("/") - base)
        for unit in units
    }
    cases = Case.objects.for_user(request.user).open().order_by()
    for row in cases.values("unit").annotate(
        n=Count("pk"), late=Count("pk", filter=Q(deadline__lt=feed_now()))
    ):
        if row["unit"] in nodes:
            nodes[row["unit"]].open_cases, nodes[row["unit"]].overdue = row["n"], row["late"]
    busy = {
        one.patrol_id: one
        for one in Assignment.objects.filter(released_at=None).select_related("case")
    }
    chosen = {
        key: value
        for key in ("kind", "state", "skill")
        if (value := request.GET.get(key, "").strip())
    }
    every = list(PatrolUnit.objects.for_user(request.user).order_by("call_sign"))
    patrols = [patrol for patrol in every if _fits(patrol, chosen)]
    for patrol in patrols:
        node = nodes.get(patrol.unit_id)
        if node is None:
            continue
        task = busy.get(patrol.pk)
        node.patrols.append(
            {
                "patrol": patrol,
                "word": words.patrol_word(patrol.state),
                "task": task,
                "kind": ""
                if patrol.kind == "patrol_car" or KINDS[patrol.kind].zh in patrol.call_sign
                else words.pick(KINDS[patrol.kind].zh, KINDS[patrol.kind].en.capitalize()),
            }
        )
        node.free += patrol.state == PatrolUnit.State.AVAILABLE
    part = request.GET.get("part") == "tree"
    return render(
        request,
        "units/_tree.html" if part else "units/units.html",
        {
            "nodes": [one for one in nodes.values() if one.patrols or not chosen],
            "chosen": chosen,
            "query": request.GET.urlencode(),
            "kinds": [
                (one.code, words.pick(one.zh, one.en.capitalize())) for one in KINDS.values()
            ],
            "states": [(code, words.patrol_word(code)) for code in STATES],
            "skills": [(code, words.pick(*names)) for code, names in SKILLS.items()],
            "free": sum(1 for patrol in patrols if patrol.state == "available"),
            "out": sum(1 for patrol in patrols if patrol.state in ("assigned", "on_scene")),
            "on_duty": sum(1 for patrol in patrols if patrol.state != "off_duty"),
            "patrol_count": len(patrols),
        },
    )


SHOWN = 100
"""States of a unit on its page, the newest first."""


@require_safe
def patrol(request: HttpRequest, patrol_id: int) -> HttpResponse:
    """One unit: what it is, what it does now, and what it did."""
    return _patrol(request, patrol_id)


def _patrol(
    request: HttpRequest, patrol_id: int, notice: dict[str, object] | None = None, status: int = 200
) -> HttpResponse:
    found = get_object_or_404(
        PatrolUnit.objects.for_user(request.user).select_related("unit"), pk=patrol_id
    )
    kind = KINDS[found.kind]
    return render(
        request,
        "units/patrol.html",
        {
            "patrol": found,
            "kind": words.pick(kind.zh, kind.en.capitalize()),
            "word": words.patrol_word(found.state),
            "skills": [words.pick(*SKILLS[code]) for code in SKILLS if code in found.all_skills],
            "task": found.assignments.filter(released_at=None).select_related("case").first(),
            "choices": [
                (code, words.patrol_word(code))
                for code in BY_HAND
                if code in kind.states and code != found.state
            ]
            if _may_set(request.user)
            else [],
            "history": [(one, words.patrol_word(one.state)) for one in found.states.all()[:SHOWN]],
            "notice": notice,
        },
        status=status,
    )


def _may_set(user: User) -> bool:
    return user.acts and bool(user.path)


@require_POST
def set_state(request: HttpRequest, patrol_id: int) -> HttpResponse:
    """Say what a unit does now. 409 if it does something else than the page showed."""
    if not _may_set(request.user):
        raise PermissionDenied
    get_object_or_404(PatrolUnit.objects.for_user(request.user), pk=patrol_id)
    try:
        set_by_hand(
            request.user, patrol_id, request.POST.get("state", ""), request.POST.get("seen", ""),
            request.POST.get("why", ""),
        )  # fmt: skip
    except TransitionError as error:
        said = {"kind": "refused", "text": words.pick(error.zh, error.en)}
        return _patrol(request, patrol_id, said, 409)
    return redirect("patrol", patrol_id)
