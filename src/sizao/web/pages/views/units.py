"""Units and patrols: who is there, and who is free?"""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Count, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from sizao.web.cases.models import Assignment, Case
from sizao.web.clock import feed_now
from sizao.web.pages import words
from sizao.web.units.models import PatrolUnit, Unit


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
    patrols = list(PatrolUnit.objects.for_user(request.user).order_by("call_sign"))
    for patrol in patrols:
        node = nodes.get(patrol.unit_id)
        if node is None:
            continue
        task = busy.get(patrol.pk)
        node.patrols.append(
            {"patrol": patrol, "word": words.patrol_word(patrol.state), "task": task}
        )
        node.free += patrol.state == PatrolUnit.State.AVAILABLE
    part = request.GET.get("part") == "tree"
    return render(
        request,
        "units/_tree.html" if part else "units/units.html",
        {
            "nodes": list(nodes.values()),
            "free": sum(1 for patrol in patrols if patrol.state == "available"),
            "out": sum(1 for patrol in patrols if patrol.state in ("assigned", "on_scene")),
            "on_duty": sum(1 for patrol in patrols if patrol.state != "off_duty"),
            "patrol_count": len(patrols),
        },
    )
