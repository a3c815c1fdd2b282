"""A scenario for every clock: how it begins, how it is kept, what follows when it is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sizao.core.levels import WarningLevel
from sizao.respond.clocks import limit_s
from sizao.web.cases import services as cases
from sizao.web.cases.models import Case, CaseEvent
from sizao.web.channels import services as channels
from sizao.web.channels.models import Notice
from sizao.web.channels.telling import tell
from sizao.web.writing import write
from tests.web.conftest import World


@dataclass(frozen=True)
class Scenario:
    """``begin`` starts the clock and returns its first deadline, ``keep`` does in time what is
    asked, ``effects`` counts what followed from that deadline's miss."""

    begin: Callable[[World], datetime]
    keep: Callable[[World], Any]
    effects: Callable[[World], int]


def _case(clock: str) -> Scenario:
    """A case that has come as far as to wait for ``clock`` next."""
    before = {"sign": (), "first_action": ("sign",), "feedback": ("sign", "control"),
              "verify": ("sign", "control", "resolve")}[clock]  # fmt: skip
    step = {"sign": "sign", "first_action": "control", "feedback": "resolve",
            "verify": "verify"}[clock]  # fmt: skip

    def begin(world: World) -> datetime:
        world.raise_case(severity="ge70", measured=120.0)
        for action in before:
            take(world, action)
        case = Case.objects.get()
        since = case.resolved_at if clock == "verify" else case.raised_at
        return since + timedelta(seconds=limit_s(clock, WarningLevel(case.level)))

    def take(world: World, action: str, user: str = "op-zd") -> None:
        case = Case.objects.get()
        cases.act(world.user(user), case.pk, action, case.version, reason="已处置",
                  measure="enterprise_call")  # fmt: skip

    def effects(world: World) -> int:
        events = CaseEvent.objects.filter(action="escalate")
        return sum(event.data["details"]["clock"] == clock for event in events)

    return Scenario(begin, lambda world: take(world, step, "lead-zd"), effects)


def _notice() -> Scenario:
    """An agency that is told and asked, with no channel in reserve."""

    def begin(world: World) -> datetime:
        with write():
            notice = tell(
                world.unit("gs"), key=("scenario",), title=("通报", "Notice"), acknowledge_s=900
            )
        return notice.acknowledge_by

    def keep(world: World) -> None:
        notice = Notice.objects.get()
        channels.acknowledge(world.user("pa-gs"), notice.pk, notice.version)

    return Scenario(begin, keep, lambda world: Notice.objects.filter(party__code="zd").count())


SCENARIOS: dict[str, Scenario] = {
    "case.sign": _case("sign"),
    "case.first_action": _case("first_action"),
    "case.feedback": _case("feedback"),
    "case.verify": _case("verify"),
    "notice.acknowledge": _notice(),
}
