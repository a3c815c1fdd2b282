"""Response levels on a case: the criteria, a proposal with its reasons, and who decides."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError

from sizao.core.errors import TransitionError
from sizao.core.rulebook import entry
from sizao.warn.response_level import RULE, Blockage, criteria, proposed
from sizao.web import audit, twoperson
from sizao.web.cases.access import may_act
from sizao.web.cases.models import Case
from sizao.web.clock import feed_now
from sizao.web.places.models import ResponseLevel
from sizao.web.twoperson import TwoPerson
from sizao.web.units.models import User
from sizao.web.writing import write

KINDS = frozenset(
    {"low_visibility", "road_ice", "rain", "snow", "wind", "weather", "closure", "congestion",
     "queue", "crash", "report_crash", "landslide", "obstruction", "hazmat",
     "stopped_on_expressway"}
)  # fmt: skip
"""Kinds of cases in which an expressway may be blocked."""


def concerns(case: Case) -> bool:
    """Whether the levels are shown on a case at all: an expressway may be blocked by it."""
    fast = case.warnings.filter(road_class="expressway").exists()
    return case.kind in KINDS and (fast or case.response_levels.exists())


def shown(user: User, case: Case) -> dict[str, Any] | None:
    """What the case page says: criteria, the level that holds, the proposal that waits."""
    if not concerns(case):
        return None
    levels = list(case.response_levels.select_related("asked_by", "decided_by"))
    waiting = next((one for one in levels if one.state == TwoPerson.State.ASKED), None)
    accepted = [one for one in levels if one.state == TwoPerson.State.ACCEPTED]
    held = accepted[0] if accepted and accepted[0].level else None
    numbers = waiting or held
    rule = entry(RULE)
    return {
        "criteria": criteria(
            Blockage(numbers.hours, numbers.cities, numbers.provinces) if numbers else None
        ),
        "held": held,
        "waiting": waiting,
        "own": waiting is not None and waiting.asked_by_id == user.pk,
        "may": may_act(user, case) and user.role in (User.Role.OPERATOR, User.Role.LEADER),
        "citation": rule.citation(),
        "certainty": rule.certainty,
    }


def ask(user: User, case: Case, given: Mapping[str, str]) -> ResponseLevel:
    """Propose the level that the numbers reach, or the end of the response.

    Raises TransitionError in words for people: no right, a wrong number, no level reached, no
    reason, or a proposal that waits already.
    """
    _allow(user, case)
    reason = given.get("reason", "").strip()
    if not reason:
        raise TransitionError("请写明理由", "Say why")
    ending = given.get("end") == "1"
    blockage = Blockage(0.0, 0, 0) if ending else _blockage(given)
    found = None if ending else proposed(blockage)
    if found is None and not ending:
        raise TransitionError(
            "按所填数字未达到任何响应等级", "These numbers reach no response level"
        )
    try:
        with write():
            made = ResponseLevel.objects.create(
                case=case, level=found.level if found else 0, hours=blockage.hours,
                cities=blockage.cities, provinces=blockage.provinces, reason=reason[:500],
                asked_by=user, asked_at=feed_now(),
            )  # fmt: skip
            audit.record(user, "response.ask", "case", case.number, _told(made))
    except IntegrityError as error:
        raise TransitionError(
            "已有一项响应建议待决定", "A proposal waits for a decision already"
        ) from error
    return made


def decide(user: User, case: Case, accept: bool, remark: str) -> ResponseLevel:
    """Start (or end) the response as proposed, or not; by another person than who proposed it."""
    _allow(user, case)
    with write():
        waiting = case.response_levels.filter(state=TwoPerson.State.ASKED).first()
        if waiting is None:
            raise TransitionError("没有待决定的响应建议", "No proposal waits")
        made = twoperson.decide(user, waiting, accept, remark)
        audit.record(user, f"response.{made.state}", "case", case.number, _told(made))
    return made


def _allow(user: User, case: Case) -> None:
    if not may_act(user, case) or user.role not in (User.Role.OPERATOR, User.Role.LEADER):
        raise TransitionError("您不能建议或决定响应等级", "This is not yours to do", code="role")


def _blockage(given: Mapping[str, str]) -> Blockage:
    try:
        hours = float(given.get("hours", ""))
        cities, provinces = int(given.get("cities", "")), int(given.get("provinces", ""))
    except ValueError:
        raise TransitionError("请填写数字", "Fill in numbers") from None
    if not (0 < hours <= 1000 and 1 <= cities <= 30 and 1 <= provinces <= 34):
        raise TransitionError("数字超出范围", "A number is out of range")
    return Blockage(hours, cities, provinces)


def _told(one: ResponseLevel) -> dict[str, Any]:
    return {
        "level": one.level, "hours": one.hours, "cities": one.cities,
        "provinces": one.provinces, "reason": one.reason, "remark": one.remark,
    }  # fmt: skip
