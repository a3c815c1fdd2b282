"""Acting on a hazard: one transaction, a version check, ``govern`` decides, all sides recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel
from sizao.govern.hazards import clocks, life
from sizao.govern.hazards.records import GRADES, Event, HazardState
from sizao.web.clock import feed_now
from sizao.web.hazards import photos as pictures
from sizao.web.hazards.access import may_act
from sizao.web.hazards.errors import HazardConflictError
from sizao.web.hazards.models import Hazard
from sizao.web.hazards.projection import actor_of, keep, project, state_of
from sizao.web.hazards.telling import acknowledged, lift, tell, tell_senders
from sizao.web.hazards.workdays import workdays
from sizao.web.units.models import Unit, User
from sizao.web.wake import wake_desk
from sizao.web.writing import write

STAGES = {"protect": "protect", "rectify": "rectify", "accept": "accept", "return": "accept"}
"""Step to the stage that its photos show; any other shows the work."""


def next_steps(user: User, hazard: Hazard) -> tuple[life.NextStep, ...]:
    """The steps this user may take now, the primary one first; empty if none."""
    if not may_act(user, hazard):
        return ()
    return life.next_steps(state_of(hazard), actor_of(user), feed_now().timestamp())


def act(
    user: User,
    number: str,
    action: str,
    expected_version: int,
    *,
    reason: str = "",
    values: Mapping[str, str] | None = None,
    photos: Sequence[bytes] = (),
    now: datetime | None = None,
) -> Hazard:
    """Take one step for a user and return the hazard as it is then.

    values : what the step needs, as text: ``grade``, ``duty_kind``, ``duty_unit`` (code) or
        ``duty_name``, ``deadline`` (day), ``by``, ``until`` (day), ``into`` (number)

    Raises Hazard.DoesNotExist if the user may not see it, TransitionError if the step is not
    theirs or not possible now, HazardConflictError if somebody was faster. Nothing is changed
    then.
    """
    given = {key: value.strip() for key, value in (values or {}).items()}
    # Durable before the row that names them; what a refused step leaves is nobody's.
    hazard = Hazard.objects.for_user(user).get(number=number)
    if photos and may_act(user, hazard):
        refused = life.refusal(state_of(hazard), action, actor_of(user))
        if refused is not None:
            raise refused
    kept = pictures.store(photos) if photos and may_act(user, hazard) else []
    now = now or feed_now()
    with write():
        hazard = _locked(user, number)
        if not may_act(user, hazard):
            raise TransitionError(
                "您可以查看这条隐患，但不能办理。", "You may read this hazard but not work it.",
                code="role",
            )  # fmt: skip
        if hazard.version != expected_version:
            raise HazardConflictError(
                hazard.version, list(hazard.events.filter(seq__gt=expected_version).order_by("seq"))
            )
        before = state_of(hazard)
        details = _details(hazard, before, action, given, now)
        other = _other(user, hazard, action, given, before)
        if other is not None:
            details["into"] = other.number
        state, event = life.apply(
            before, action, actor_of(user), now.timestamp(),
            reason=reason, details=details, photos=len(kept),
        )  # fmt: skip
        if action == "assign":
            hazard.duty_unit, hazard.duty_party = _duty_unit(given), _duty_party(given)
        if action in ("merge", "unmerge"):
            hazard.merged_into = other if action == "merge" else None
        project(hazard, state)
        hazard.save()
        pictures.attach(hazard, kept, STAGES.get(action, "work"), event.seq, now)
        keep(hazard, event, user)
        if other is not None:
            _tell_other(user, hazard, other, action, now)
        if not state.is_open:
            lift(hazard)  # what was told before it ended waits for nobody any more
        tell(hazard, event)
        if action == "receive":
            acknowledged(hazard, user)
        if action in ("delist", "reopen"):
            tell_senders(hazard, action)
    wake_desk()
    return hazard


def _locked(user: User, number: str) -> Hazard:
    return (
        Hazard.objects.for_user(user)
        .select_related("unit", "local_unit", "duty_unit", "duty_party", "merged_into", "report")
        .select_for_update(of=("self",))
        .get(number=number)
    )


def _details(
    hazard: Hazard, state: HazardState, action: str, given: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """The values of a step from the texts of a form."""
    at_s, days = now.timestamp(), workdays()
    match action:
        case "assign":
            grade = given.get("grade", "")
            details: dict[str, Any] = {
                "grade": grade,
                "duty_kind": given.get("duty_kind", ""),
                "duty_name": given.get("duty_name", ""),
            }
            if details["duty_kind"] == "unit":
                unit = _duty_unit(given)
                details["duty_name"] = unit.name_zh if unit else ""
                details["duty_unit"] = unit.code if unit else ""
            if party := _duty_party(given):
                details["duty_party"] = party.code
            if grade in GRADES:
                level = max(clocks.command_level(grade), CommandLevel(hazard.local_unit.level))
                details["command_level"] = level.code
                day = _day(given.get("deadline", "")) or clocks.due_day(grade, at_s, days)
                details.update(_clock(day, at_s))
            return details
        case "extend":
            day = _day(given.get("deadline", ""))
            if day is None:
                return {}
            _not_shorter(state, day)
            return _clock(day, at_s)
        case "ask":
            day = _day(given.get("deadline", ""))
            if day is None:
                return {}
            _not_shorter(state, day)
            return {"deadline_s": clocks.end_of(day), "until": f"{day}"}
        case "reopen":
            if not state.duty_name:
                return {}
            grade = state.grade or "ordinary"
            day = _day(given.get("deadline", "")) or clocks.due_day(grade, at_s, days)
            return _clock(day, at_s)
        case "protect":
            until = _day(given.get("until", ""))
            details = {"by": given.get("by", "")}
            if until is not None:
                details["until_s"] = clocks.end_of(until)
            return details
        case "rectify":
            return {"by": given.get("by", "")}
    return {}


def _clock(day: date, at_s: float) -> dict[str, Any]:
    if day < clocks.day_of(at_s):
        raise TransitionError(
            "整改期限不能早于今天。", "The deadline cannot be before today.", code="deadline"
        )
    return clocks.moments(day, at_s, workdays()).to_details()


def _not_shorter(state: HazardState, day: date) -> None:
    if state.deadline_s is None:
        return
    first = clocks.day_of(state.deadline_s)
    last = clocks.longest_extension(state.deadline_s, workdays())
    if not first < day <= last:
        raise TransitionError(
            f"延期后的期限须在 {first} 之后、不晚于 {last}。",
            f"The new deadline must be after {first} and not after {last}.",
            code="deadline",
        )


def _day(text: str) -> date | None:
    """A day of a form, None if the field is empty. Raises TransitionError for anything else."""
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise TransitionError(
            "日期无法识别。", f"{text[:20]!r} is no date.", code="deadline"
        ) from None


def _duty_unit(given: Mapping[str, str]) -> Unit | None:
    if given.get("duty_kind") != "unit":
        return None
    found = Unit.objects.filter(code=given.get("duty_unit", "")).first()
    if found is None:
        raise TransitionError("请选择责任单位。", "Choose the duty unit.", code="missing_duty_name")
    return found


def _duty_party(given: Mapping[str, str]) -> Unit | None:
    """The partner agency of that name, if it has one here: it then works the hazard itself."""
    if given.get("duty_kind") != "agency":
        return None
    return Unit.parties.filter(name_zh=given.get("duty_name", "")).first()


def _other(
    user: User, hazard: Hazard, action: str, given: Mapping[str, str], state: HazardState
) -> Hazard | None:
    """The hazard that a merge, or its undoing, is about; None for any other step."""
    if action not in ("merge", "unmerge"):
        return None
    number = given.get("into", "") if action == "merge" else state.into
    rows = Hazard.objects.for_user(user).select_related("unit", "local_unit", "duty_unit")
    found = rows.select_for_update(of=("self",)).filter(number=number).first()
    if found is None or found.pk == hazard.pk or (action == "merge" and found.closed):
        raise TransitionError(
            "请选择另一条在账的隐患。", "Choose another hazard that is open.", code="into"
        )
    if not may_act(user, found):
        raise TransitionError(
            "那条隐患不由您办理。", "That hazard is not yours to work.", code="role"
        )
    return found


def _tell_other(user: User, hazard: Hazard, other: Hazard, action: str, now: datetime) -> None:
    """The other side of a merge: its timeline says so too, and whoever saw one sees both."""
    merged = action == "merge"
    zh = f"{hazard.number} 并入本条" if merged else f"{hazard.number} 撤销并入"
    en = f"{hazard.number} was merged in" if merged else f"The merge of {hazard.number} was undone"
    state, event = life.note_event(
        state_of(other), "absorb" if merged else "release", actor_of(user), now.timestamp(), zh,
        en, {"hazard": hazard.number},
    )  # fmt: skip
    project(other, state)
    if merged:
        other.add_reach(*Unit.objects.filter(path__in=hazard.reach.strip("|").split("|")))
    other.save()
    keep(other, event, user)


def ring(hazard: Hazard, now: datetime) -> list[Event]:
    """Remind and escalate as far as it is due, within the caller's transaction.

    Working days come from the calendar of this installation. Returns the events; none if somebody
    acted meanwhile.
    """
    rung: list[Event] = []
    state = state_of(hazard)
    while (found := clocks.ring(state, now.timestamp(), workdays())) is not None:
        state, event = found
        project(hazard, state)
        hazard.save()
        keep(hazard, event, None)
        tell(hazard, event)
        rung.append(event)
    return rung
