"""The life of a hazard: the way through, who may not, and that the timeline gives the state."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel
from sizao.core.workdays import announced
from sizao.govern.hazards import clocks, life
from sizao.govern.hazards.records import Actor, Event, HazardState, State
from sizao.govern.hazards.steps import STEPS

MONDAY = clocks.end_of(date(2026, 11, 22)) + 1
"""00:00 in China on Monday 23 November 2026."""
DAY = 86_400.0

OFFICER = Actor("u-officer", "officer", "甲某", "dd1", CommandLevel.SQUADRON)
SECOND = Actor("u-second", "officer", "乙某", "dd2", CommandLevel.SQUADRON)
BRIGADE = Actor("u-brigade", "leader", "丙某", "dd", CommandLevel.BRIGADE)
DESK = Actor("u-desk", "operator", "丁某", "zd", CommandLevel.DETACHMENT)
CHIEF = Actor("u-chief", "leader", "戊某", "zd", CommandLevel.DETACHMENT)
AUDITOR = Actor("u-audit", "auditor", "己某", "zd", CommandLevel.DETACHMENT)


def assignment(grade: str = "ordinary", at_s: float = MONDAY, **over: Any) -> dict[str, Any]:
    days = announced()
    clock = clocks.moments(clocks.due_day(grade, at_s, days), at_s, days)
    return {
        "grade": grade, "duty_kind": "agency", "duty_name": "虚构公路养护段",
        "command_level": clocks.command_level(grade).code, **clock.to_details(), **over,
    }  # fmt: skip


def found(at_s: float = MONDAY) -> tuple[HazardState, list[Event]]:
    hazard, event = life.open_hazard("YH1", CommandLevel.SQUADRON, at_s=at_s, by=OFFICER)
    return hazard, [event]


def walk(*steps: tuple[str, Actor, dict[str, Any]], start: HazardState | None = None):
    """Take steps an hour apart; returns the state and the events."""
    hazard, events = (start, []) if start is not None else found()
    at_s = hazard.updated_s
    for action, actor, more in steps:
        at_s += 3600
        hazard, event = life.apply(hazard, action, actor, at_s, **more)
        events.append(event)
    return hazard, events


ASSIGN = ("assign", BRIGADE, {"details": assignment()})
PROTECT = ("protect", OFFICER, {"reason": "锥桶和爆闪灯", "details": {"by": "东区一中队"}})
PLAN = ("plan", OFFICER, {"reason": "本周内补装护栏"})
RECTIFY = (
    "rectify",
    OFFICER,
    {"reason": "护栏已补齐", "details": {"by": "虚构养护工"}, "photos": 2},
)
ACCEPT = ("accept", SECOND, {"reason": "现场查看，已补齐"})
DELIST = ("delist", BRIGADE, {})


def refused(hazard: HazardState, action: str, actor: Actor, **more: Any) -> str:
    with pytest.raises(TransitionError) as caught:
        life.apply(hazard, action, actor, hazard.updated_s + 60, **more)
    return caught.value.code


def test_the_whole_way() -> None:
    hazard, events = walk(ASSIGN, PROTECT, PLAN, RECTIFY, ACCEPT, DELIST)
    assert hazard.state is State.DELISTED
    assert [event.after.value for event in events] == [
        "found", "assigned", "assigned", "rectifying", "rectified", "accepted", "delisted",
    ]  # fmt: skip
    assert hazard.people == ("u-officer", "u-brigade", "u-second")
    assert life.replay(events) == hazard
    assert HazardState.from_dict(json.loads(json.dumps(hazard.to_dict()))) == hazard
    again = [Event.from_dict(json.loads(json.dumps(event.to_dict()))) for event in events]
    assert life.replay(again) == hazard


def test_acceptance_is_never_by_who_did_or_recorded_it() -> None:
    hazard, _ = walk(ASSIGN, PLAN, RECTIFY)
    reason = {"reason": "看过了"}
    assert refused(hazard, "accept", OFFICER, **reason) == "same_person"
    # The one who did the work, named by the one who recorded it, though another account.
    worker = replace(SECOND, name="虚构养护工")
    assert refused(hazard, "accept", worker, **reason) == "same_person"
    # The recorder under a second account of the same name.
    assert refused(hazard, "accept", replace(OFFICER, id="u-other"), **reason) == "same_person"
    assert refused(hazard, "return", OFFICER, **reason) == "same_person"
    accepted, _ = walk(ACCEPT, start=hazard)
    assert refused(accepted, "delist", replace(OFFICER, role="leader")) == "same_person"


def test_control_without_the_safeguard_the_rectifier_would_accept(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Switched off, the harm happens: one person finds, does and accepts."""
    monkeypatch.setitem(STEPS, "accept", replace(STEPS["accept"], by_another=False))
    hazard, _ = walk(ASSIGN, PLAN, RECTIFY, ("accept", OFFICER, {"reason": "自己验收"}))
    assert hazard.state is State.ACCEPTED
    assert hazard.accepted_by == hazard.recorded_by == "u-officer"


def test_a_unit_does_not_accept_its_own_work() -> None:
    own = assignment(duty_kind="unit", duty_unit="dd2", duty_name="东区二中队")
    hazard, _ = walk(("assign", BRIGADE, {"details": own}), PLAN, RECTIFY)
    assert refused(hazard, "accept", SECOND, reason="看过了") == "same_unit"
    hazard, _ = walk(("accept", BRIGADE, {"reason": "现场查看"}), start=hazard)
    assert hazard.state is State.ACCEPTED


def test_recording_it_done_needs_a_photo_a_name_and_words() -> None:
    hazard, _ = walk(ASSIGN, PLAN)
    whole = {"reason": "好了", "details": {"by": "某"}, "photos": 1}
    assert refused(hazard, "rectify", OFFICER, **{**whole, "photos": 0}) == "missing_photo"
    assert refused(hazard, "rectify", OFFICER, **{**whole, "details": {}}) == "missing_by"
    assert refused(hazard, "rectify", OFFICER, **{**whole, "reason": " "}) == "missing_reason"
    assert refused(hazard, "rectify", AUDITOR, **whole) == "role"


@pytest.mark.parametrize(
    ("field", "code"),
    [("grade", "missing_grade"), ("duty_name", "missing_duty_name"),
     ("deadline_s", "missing_deadline_s"), ("duty_kind", "missing_duty_kind")],
)  # fmt: skip
def test_an_assignment_is_whole(field: str, code: str) -> None:
    hazard, _ = found()
    assert refused(hazard, "assign", BRIGADE, details={**assignment(), field: ""}) == code
    if field in ("grade", "duty_kind"):
        assert refused(hazard, "assign", BRIGADE, details={**assignment(), field: "huge"}) == code


def test_protection_comes_first_and_runs_out() -> None:
    hazard, _ = walk(ASSIGN)
    assert life.wish(hazard, hazard.updated_s)[0] == "protect"
    until = hazard.updated_s + DAY
    bare = {"reason": "锥桶", "details": {"by": "中队", "until_s": until}}
    hazard, _ = walk(("protect", OFFICER, bare), start=hazard)
    assert hazard.protected_at(until)
    assert not hazard.protected_at(until + 1)
    assert life.wish(hazard, until)[0] == "plan"
    assert life.wish(hazard, until + 1)[0] == "protect"


def test_extension_once_and_by_the_level_above() -> None:
    hazard, _ = walk(ASSIGN)
    days = announced()
    later = clocks.moments(date(2027, 1, 15), hazard.updated_s, days).to_details()
    ask = {"reason": "材料未到", "details": later}
    same = Actor("u-same", "operator", "庚某", "dd1", CommandLevel.SQUADRON)
    assert refused(hazard, "extend", same, **ask) == "level"
    hazard, _ = walk(("extend", BRIGADE, ask), start=hazard)
    assert hazard.extended == 1
    assert hazard.deadline_s == later["deadline_s"]
    assert hazard.promised_s == assignment()["deadline_s"]  # what was promised does not move
    assert refused(hazard, "extend", CHIEF, **ask) == "extended"


def test_at_the_detachment_the_leader_extends() -> None:
    hazard, _ = walk(("assign", DESK, {"details": assignment("major")}))
    assert hazard.command_level is CommandLevel.DETACHMENT
    later = clocks.moments(date(2027, 4, 15), hazard.updated_s, announced()).to_details()
    ask = {"reason": "汛期", "details": later}
    assert refused(hazard, "extend", BRIGADE, **ask) == "level"
    assert refused(hazard, "extend", DESK, **ask) == "level"
    assert walk(("extend", CHIEF, ask), start=hazard)[0].extended == 1


def test_merge_and_unmerge_keep_the_history() -> None:
    hazard, events = walk(ASSIGN, PLAN, ("merge", BRIGADE, {"details": {"into": "YH2"}}))
    assert (hazard.state, hazard.into, hazard.is_open) == (State.MERGED, "YH2", False)
    hazard, more = walk(("unmerge", BRIGADE, {"reason": "不是一处"}), start=hazard)
    assert (hazard.state, hazard.into, hazard.plan) == (State.RECTIFYING, "", "本周内补装护栏")
    assert life.replay([*events, *more]) == hazard
    target, _ = found()
    target, _ = life.note_event(target, "absorb", BRIGADE, MONDAY, "并入", "In", {"hazard": "YH9"})
    assert target.holds == ("YH9",)
    assert refused(target, "merge", BRIGADE, details={"into": "YH3"}) == "holds"
    target, _ = life.note_event(target, "release", BRIGADE, MONDAY, "撤", "Out", {"hazard": "YH9"})
    assert target.holds == ()


def test_a_listed_hazard_is_not_delisted_before_the_listing_is_lifted() -> None:
    hazard, _ = walk(ASSIGN, PLAN, RECTIFY, ACCEPT)
    hazard, _ = life.note_event(hazard, "list", CHIEF, MONDAY, "挂牌", "Listed", {"level": "city"})
    assert refused(hazard, "delist", BRIGADE) == "listed"
    hazard, _ = life.note_event(hazard, "unlist", CHIEF, MONDAY, "解除", "Lifted", {})
    assert walk(DELIST, start=hazard)[0].state is State.DELISTED


def test_reopening_starts_anew_and_remembers() -> None:
    hazard, events = walk(ASSIGN, PROTECT, PLAN, RECTIFY, ACCEPT, DELIST)
    closed = hazard.closed_s
    again = {"reason": "护栏又坏了", "details": assignment(at_s=hazard.updated_s)}
    assert refused(hazard, "reopen", BRIGADE) == "missing_reason"
    hazard, more = walk(("reopen", BRIGADE, again), start=hazard)
    assert (hazard.state, hazard.reopened, hazard.accepted_by) == (State.ASSIGNED, 1, "")
    assert not hazard.protected_at(hazard.updated_s)
    assert hazard.first_closed_s == closed
    assert life.replay([*events, *more]) == hazard
    dismissed, _ = walk(("dismiss", BRIGADE, {"reason": "不属交警职责"}))
    assert walk(("reopen", BRIGADE, {"reason": "再核"}), start=dismissed)[0].state is State.FOUND


def test_a_broken_timeline_is_refused() -> None:
    _, events = walk(ASSIGN, PLAN)
    for broken in ([], events[1:], [events[0], events[2]]):
        with pytest.raises(TransitionError):
            life.replay(broken)


ACTORS = (OFFICER, SECOND, BRIGADE, DESK, CHIEF)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(sorted(STEPS)), st.sampled_from(ACTORS)), max_size=25))
def test_whatever_people_do_the_timeline_gives_the_state(pairs: list[tuple[str, Actor]]) -> None:
    hazard, events = found()
    for number, (action, actor) in enumerate(pairs):
        at_s = MONDAY + number * DAY
        details = {**assignment(at_s=at_s), "by": actor.name, "into": "YH2"}
        try:
            hazard, event = life.apply(
                hazard, action, actor, at_s, reason="因", details=details, photos=1
            )
        except TransitionError:
            continue
        events.append(event)
        if hazard.state in (State.ACCEPTED, State.DELISTED):
            done = [one for one in events if one.action == "rectify"][-1]
            checked = [one for one in events if one.action == "accept"][-1]
            assert checked.actor != done.actor
    assert life.replay(events) == hazard
