"""A made-up drill of last week for a demonstration: played, scored, reviewed, and ended.

It goes through the same services as anybody's, each step with its own time, so its timeline,
receipts and score are real and only what it tells is made up.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

AGO = timedelta(days=3)

STEPS = (
    (40, "sign", ""),
    (70, "plan", ""),
    (150, "acknowledge", "scene"),
    (190, "acknowledge", "fire"),
    (260, "finish", "lane"),
    (420, "acknowledge", "ambulance"),
    (540, "finish", "close"),
    (700, "finish", "scene"),
    (1500, "finish", "fire"),
    (1650, "finish", "ambulance"),
    (1700, "deviate", "toll"),
)
"""Seconds after the start, what is done, and to which task."""


@contextmanager
def at(moment: datetime) -> Iterator[None]:
    """Feed time stands at a moment of the past for whatever is called inside."""
    from sizao.core.clock import ManualClock
    from sizao.web import ports as installed

    ports = installed.ports()
    clock = ports.clock
    ports.clock = ManualClock(moment.timestamp())
    try:
        yield
    finally:
        ports.clock = clock


def seed_drill(now: datetime) -> bool:
    """Make the drill, once; whether it was made.

    Call it while nothing else runs in the process: feed time is turned back meanwhile. Django must
    be set up, the database migrated and the web wired.
    """
    from sizao.web.drills import services
    from sizao.web.drills.models import Drill
    from sizao.web.units.models import User

    user = User.objects.filter(username="demo-detachment").select_related("unit").first()
    if user is None or Drill.objects.exists():
        return False
    begin = now - AGO
    with at(begin):
        drill = services.start(user, services.of_name("chain_crash_fire"))
    for seconds, step, task in STEPS:
        moment = begin + timedelta(seconds=seconds)
        with at(moment):
            services.tick(moment)
            _take(user, drill, step, task)
    with at(begin + timedelta(minutes=30)):
        services.end(user, drill)
    return True


def _take(user, drill, step: str, task: str) -> None:  # type: ignore[no-untyped-def]  # below
    """One step of the made-up people. Models load after Django is set up, so they are untyped."""
    from sizao.web.cases.models import Case
    from sizao.web.cases.reading import opened
    from sizao.web.cases.services import act
    from sizao.web.response import services as response
    from sizao.web.response.book import in_force
    from sizao.web.response.models import PlanTask

    case = Case.every.get(drill=drill)
    if step == "sign":
        opened(user, case)
        act(user, case.pk, "sign", case.version)
        return
    if step == "plan":
        seen = f"{in_force()['chain_crash_fire'].version} {case.level_code}"
        facts = ("fire", "injured", "trapped", "blocked")
        response.start(user, case.pk, "chain_crash_fire", facts, seen)
        return
    row = PlanTask.every.filter(case=case, task=task, state__in=("ordered", "acknowledged"))
    found = row.first()
    if found is not None:
        opened(user, case, found.key)
        reason = "入口由收费站先行关闭" if step == "deviate" else ""
        response.answer(user, found.pk, f"task_{step}", found.state, reason)
