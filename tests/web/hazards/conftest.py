"""A hazard to work on, and one at any point of its way."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from sizao.web.hazards import services
from sizao.web.hazards.intake import Finding, enter
from sizao.web.hazards.models import Hazard
from sizao.web.reports.models import Report
from sizao.web.reports.submit import Given, submit

from ..conftest import EAST, World
from ..reports.conftest import png

ASSIGN = {"grade": "ordinary", "duty_kind": "agency", "duty_name": "虚构养护段"}
Found = Callable[..., Hazard]
Walk = Callable[..., Hazard]


@pytest.fixture
def hand_in(world: World) -> Callable[..., Report]:
    """A citizen's report of a place in the east."""

    def made(**over: Any) -> Report:
        given = {
            "service": "hazard", "lat": str(EAST[0]), "lon": str(EAST[1]),
            "text": "护栏缺了一段", "photos": [png()],
        }  # fmt: skip
        return submit(Given(**{**given, **over}), channel="citizen", source="reports")

    return made


@pytest.fixture
def found(world: World) -> Found:
    """A hazard in the east, entered by the first squadron's officer."""

    def made(who: str = "off-dd1", **over: Any) -> Hazard:
        given: dict[str, Any] = {
            "kind": "barrier", "text": "临崖一侧护栏缺失约十米", "lat": EAST[0], "lon": EAST[1],
            "place": "示意县道弯道", "photos": [png()],
        }  # fmt: skip
        return enter(world.user(who), Finding(**{**given, **over}))

    return made


@pytest.fixture
def take(world: World) -> Walk:
    """Take a step at the hazard's present version, a minute later."""

    def taken(hazard: Hazard, action: str, who: str = "lead-dd", **more: Any) -> Hazard:
        world.clock.advance(60)
        version = Hazard.objects.get(pk=hazard.pk).version
        reason = more.pop("reason", "如实办理")
        return services.act(world.user(who), hazard.number, action, version, reason=reason, **more)

    return taken


@pytest.fixture
def walk(take: Walk) -> Walk:
    """The usual way up to a step."""
    way = {
        "assign": ("lead-dd", {"values": ASSIGN}),
        "protect": ("off-dd1", {"values": {"by": "东区一中队"}, "reason": "锥桶、爆闪灯"}),
        "plan": ("off-dd1", {"reason": "十日内补装"}),
        "rectify": ("off-dd1", {"values": {"by": "虚构养护工"}, "photos": [png(shade=10)]}),
        "accept": ("op-dd", {"reason": "现场查看，已补齐"}),
        "delist": ("lead-dd", {}),
    }

    def walked(hazard: Hazard, upto: str) -> Hazard:
        for action, (who, more) in way.items():
            hazard = take(hazard, action, who, **more)
            if action == upto:
                break
        return hazard

    return walked


def days(count: float) -> float:
    """Seconds of so many days."""
    return timedelta(days=count).total_seconds()
