"""Starting, playing and ending a drill. What it raises can reach nothing outside the house."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from sizao.core.errors import ConfigError, TransitionError
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond.drills import script as scripts
from sizao.respond.drills.script import Inject, Script
from sizao.respond.records import Event
from sizao.web import audit
from sizao.web.cases.errors import NotAllowedError
from sizao.web.cases.models import Case
from sizao.web.cases.services import add_note
from sizao.web.clock import feed_now
from sizao.web.desk.raising import Notice, raise_warning
from sizao.web.drills.models import Drill
from sizao.web.refusals import untranslated
from sizao.web.units.models import User
from sizao.web.wake import wake_desk
from sizao.web.writing import write

SPEEDS = (1, 2, 5, 10)
COMMANDS = {"blue": 1, "yellow": 2, "orange": 2, "red": 3}
"""Command level by the level of a warning that is played in."""


def may_run(user: User) -> bool:
    """Operators and leaders of the detachment: a drill takes desks of every unit."""
    return user.role in (User.Role.OPERATOR, User.Role.LEADER) and user.sees_all


def may_look(user: User) -> bool:
    return user.sees_all or bool(user.path)


def of_name(name: str) -> Script:
    """A script of the package, or ``case:NUMBER``: a past case. Raises TransitionError."""
    if name.startswith("case:"):
        number = name.removeprefix("case:").strip()
        case = Case.objects.filter(number=number).first()
        if case is None:
            raise TransitionError(f"没有案件 {number}", f"There is no case {number}.")
        events = [Event.from_dict(row.data) for row in case.events.order_by("seq")]
        where = {
            name: getattr(case, name) for name in ("kind", "place", "road", "area", "lat", "lon")
        }
        where["road_class"] = case.warnings.values_list("road_class", flat=True).first() or ""
        return scripts.of_case(case.number, events, where)
    text = scripts.texts().get(name)
    if text is None:
        raise TransitionError("没有这个演练脚本", "There is no such script.")
    return scripts.read(text)


def start(user: User, script: Script, speed: float = 1.0) -> Drill:
    """Start a drill now. Raises NotAllowedError, and TransitionError if one runs already: two at
    once would be taken for one event."""
    if not may_run(user):
        raise NotAllowedError("演练由支队指挥员和领导组织。", "Drills are run by the detachment.")
    now = feed_now()
    with write():
        running = Drill.objects.filter(state=Drill.State.RUNNING).first()
        if running is not None:
            raise TransitionError(
                f"演练 {running.number} 还没有结束，同时只能进行一场。",
                f"Drill {running.number} has not ended; one runs at a time.",
                code="state",
            )
        day = timezone.localtime(now).strftime("%Y%m%d")
        count = Drill.objects.filter(number__startswith=f"YL{day}").count() + 1
        drill = Drill.objects.create(
            number=f"YL{day}-{count:02d}", zh=script.zh, en=script.en, speed=speed,
            script=[one.to_dict() for one in script.injects], started_by=user, started_at=now,
            next_at=now,
        )  # fmt: skip
        told = {"injects": len(script.injects), "speed": speed}
        audit.record(user, "drill.start", "drill", drill.number, told)
    wake_desk()
    return drill


def end(user: User, drill: Drill) -> Drill:
    """End a drill: nothing more is played in and its clocks stop. Raises NotAllowedError,
    TransitionError if it has ended."""
    if not may_run(user):
        raise NotAllowedError("演练由支队指挥员和领导组织。", "Drills are run by the detachment.")
    with write():
        drill = Drill.objects.select_for_update().get(pk=drill.pk)
        if not drill.running:
            raise TransitionError("演练已经结束。", "The drill has ended.", code="state")
        drill.state, drill.ended_by, drill.ended_at = Drill.State.ENDED, user, feed_now()
        drill.next_at = None
        drill.save()
        audit.record(user, "drill.end", "drill", drill.number)
    return drill


def tick(now: datetime) -> int:
    """Play in what is due, each in its own transaction. Returns how many."""
    played = 0
    for key in list(Drill.objects.filter(next_at__lte=now).values_list("pk", flat=True)):
        while _play(key, now):
            played += 1
    return played


def _play(key: int, now: datetime) -> bool:
    """The next inject of a drill, if it is due; it and the position stand or fall together."""
    with write():
        drill = Drill.objects.select_for_update().get(pk=key)
        if not drill.running or drill.next_at is None or drill.next_at > now:
            return False
        _take(drill, Inject(**drill.script[drill.played]), now)
        drill.played += 1
        drill.next_at = due_at(drill, drill.played)
        drill.save()
    return True


def due_at(drill: Drill, index: int) -> datetime | None:
    """When an inject is played in; None after the last."""
    if index >= len(drill.script):
        return None
    return drill.started_at + timedelta(seconds=drill.script[index]["at_s"] / drill.speed)


def _take(drill: Drill, one: Inject, now: datetime) -> None:
    case = Case.every.filter(drill=drill, closed=False).order_by("-pk").first()
    if one.kind == "note":
        if case is not None:
            add_note(case, "inject", f"情况通报：{one.zh}", f"Word comes in: {one.en}")
        return
    raise_warning(
        _notice(drill, one, case),
        now,
        user=None,
        case=case if one.kind == "worse" and case is not None and _open(case) else None,
        drill=drill,
    )


def _open(case: Case) -> bool:
    return case.resolved_at is None


def _notice(drill: Drill, one: Inject, case: Case | None) -> Notice:
    where: dict[str, Any] = dict(one.where or {})
    if one.kind == "worse" and case is not None:
        where = {
            name: getattr(case, name) for name in ("kind", "place", "road", "area", "lat", "lon")
        }
    caution = ("这是演练，不是真实事件。", "This is a drill, not a real event.")
    return Notice(
        origin="manual",
        origin_ref=f"{drill.number}/{drill.played}",
        kind=where.get("kind") or "crash",
        level=WarningLevel.parse(one.level),
        command_level=CommandLevel(COMMANDS[one.level]),
        onset=feed_now(),
        place=where.get("place") or "",
        road=where.get("road") or "",
        road_class=where.get("road_class") or "",
        stake_m=where.get("stake_m"),
        area=where.get("area") or "",
        lat=where.get("lat"),
        lon=where.get("lon"),
        explanation={
            "what_zh": f"【演练】{one.zh}",
            "what_en": f"[DRILL] {one.en}",
            "grade_zh": "等级由演练脚本给定",
            "grade_en": "The grade is given by the script of the drill",
            "caution_zh": caution[0],
            "caution_en": caution[1],
        },
    )


def checked(text: str) -> Script:
    """A script that somebody typed. Raises TransitionError in words that say where and what."""
    try:
        return scripts.read(text)
    except ConfigError as error:
        raise untranslated("演练脚本有误", "The script is wrong", error) from error
