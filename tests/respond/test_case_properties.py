"""What holds for every sequence of steps, by anybody, at any time.

Each property is also tried on a machine with the safeguard taken out, and has to fail there: a
property that no broken machine breaks proves nothing.
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel, WarningLevel
from sizao.respond import steps
from sizao.respond.case import apply, join, next_steps, open_case, refusal, replay
from sizao.respond.clocks import deadline, deadlines, limit_s, promised_s, unmet
from sizao.respond.escalation import escalate_all
from sizao.respond.records import RUNGS, Actor, CaseState, Event, State
from sizao.respond.steps import STEPS
from tests.respond.cases import EVERYBODY

TICK, JOIN = "tick", "join"

GUIDED = "guided"
# A busy machine generates slowly; that says nothing about the case.
SOME = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# The first broken sequence will do; making it short takes seconds and shows nothing more.
ANY = settings(SOME, max_examples=5000, phases=[Phase.generate], database=None)

moves = st.tuples(
    # Half of the moves take whatever step is allowed, or sequences would hardly get anywhere.
    st.one_of(st.just(GUIDED), st.sampled_from([*STEPS, TICK, JOIN])),
    st.integers(0, 99),
    # Mostly seconds to hours later; sometimes a clock that was set back.
    st.one_of(st.floats(0, 7200), st.floats(-600, 0), st.just(0.0)),
    st.sampled_from(WarningLevel),
)
starts = st.tuples(st.sampled_from(WarningLevel), st.sampled_from(CommandLevel))
sequences = st.tuples(starts, st.lists(moves, max_size=40))

History = list[tuple[CaseState, list[Event]]]


def play(sequence) -> History:
    """Every state on the way and all events up to it; refused moves change nothing."""
    (level, command_level), wanted = sequence
    now = 1_000_000.0
    case, event = open_case("c", level, command_level, at_s=now, warning="w0")
    events = [event]
    history: History = [(case, list(events))]
    for number, (action, pick, later, other_level) in enumerate(wanted):
        now += later
        actor = EVERYBODY[pick % len(EVERYBODY)]
        if action == GUIDED:
            able = [(one, name) for one in EVERYBODY for name in STEPS if _may(case, name, one)]
            actor, action = able[pick % len(able)]
        try:
            if action == TICK:
                case, new = escalate_all(case, now)
            elif action == JOIN:
                case, one = join(
                    case,
                    warning=f"w{number + 1}",
                    level=other_level,
                    command_level=CommandLevel(other_level.value),
                    at_s=now,
                )
                new = [one]
            else:
                case, one = apply(case, action, actor, now, reason="r", units=("u",))
                new = [one]
        except TransitionError:
            continue
        events.extend(new)
        history.append((case, list(events)))
    return history


def _may(case: CaseState, action: str, actor: Actor) -> bool:
    return refusal(case, action, actor) is None


def closed_alone(sequence) -> bool:
    """Somebody's own report was verified by the same person, or none was made at all."""
    for case, events in play(sequence):
        if case.state is not State.VERIFIED:
            continue
        reports = [event for event in events if event.action in ("resolve", "dismiss")]
        checks = [event for event in events if event.action == "verify"]
        if not reports or reports[-1].actor == checks[-1].actor:
            return True
        if not any(event.action == "sign" for event in events):
            return True
    return False


@given(sequences)
@SOME
def test_nobody_closes_a_case_alone(sequence) -> None:
    assert not closed_alone(sequence)


def test_nobody_closes_a_case_alone_control(monkeypatch: pytest.MonkeyPatch) -> None:
    careless = {**STEPS, "verify": replace(STEPS["verify"], by_another=False)}
    monkeypatch.setattr("sizao.respond.allowed.STEPS", careless)
    monkeypatch.setattr("sizao.respond.case.STEPS", careless)
    found = find(sequences, closed_alone, settings=ANY)
    assert any(case.state is State.VERIFIED for case, _ in play(found))


@given(sequences)
@SOME
def test_the_timeline_alone_gives_every_state_again(sequence) -> None:
    for case, events in play(sequence):
        stored = json.loads(json.dumps([event.to_dict() for event in events]))
        assert replay(Event.from_dict(raw) for raw in stored) == case
        assert CaseState.from_dict(json.loads(json.dumps(case.to_dict()))) == case
        assert [event.seq for event in events] == list(range(1, case.version + 1))
        moments = [event.at_s for event in events]
        assert moments == sorted(moments), "even after a clock was set back"


@given(sequences)
@SOME
def test_a_case_never_slips_down_the_ladder(sequence) -> None:
    history = play(sequence)
    for (before, _), (after, events) in pairwise(history):
        if events[-1].action == "reopen":
            assert after.state is State.SIGNED
            assert after.resolved_s is after.verified_s is None
        elif before.is_open and after.is_open:
            assert RUNGS.index(after.state) >= RUNGS.index(before.state)
        else:
            assert before.is_open or not after.is_open
        assert after.level >= before.level
        assert after.command_level >= before.command_level


def buys_time(sequence) -> bool:
    """Something moved a promise away. (``verify`` runs from the report, and so from each.)"""
    history = play(sequence)
    for (before, _), (after, _) in pairwise(history):
        for clock in ("sign", "first_action", "feedback"):
            old, new = promised_s(before, clock), promised_s(after, clock)
            if old is not None and new is not None and new > old:
                return True
    return False


@given(sequences)
@SOME
def test_deadlines_are_monotone(sequence) -> None:
    assert not buys_time(sequence)
    history = play(sequence)
    for case, _ in history:
        promised = [promised_s(case, clock) for clock in ("sign", "first_action", "feedback")]
        assert promised == sorted(promised), "each step is due no earlier than the one before"
        for one in deadlines(case):
            first = promised_s(case, one.clock)
            assert first is not None
            if one.escalated:
                assert one.at_s > one.start_s
            elif case.reopened:
                assert one.at_s >= first
            else:
                assert one.at_s == first
    for (before, _), (after, events) in pairwise(history):
        if events[-1].action == "join":
            known = {one.clock: one.at_s for one in deadlines(before)}
            for one in deadlines(after):
                assert one.at_s <= known[one.clock], "getting worse never buys time"
        if events[-1].action == "escalate":
            known = {one.clock: one.at_s for one in deadlines(before)}
            for one in deadlines(after):
                assert one.at_s >= known[one.clock], "an escalation gives time, it takes none"


def test_deadlines_are_monotone_control(monkeypatch: pytest.MonkeyPatch) -> None:
    def newest_only(case: CaseState, clock: str) -> float | None:
        return None if clock == "verify" else case.gradings[-1][0] + limit_s(clock, case.level)

    monkeypatch.setattr("tests.respond.test_case_properties.promised_s", newest_only)
    found = find(sequences, buys_time, settings=ANY)
    assert len(play(found)) > 1


@given(sequences)
@SOME
def test_a_clock_escalates_at_most_once_between_reopenings(sequence) -> None:
    for case, events in play(sequence):
        since: list[str] = []
        for event in events:
            if event.action == "reopen":
                since = []
            elif event.action == "escalate":
                since.append(event.details["clock"])
        assert len(since) == len(set(since))
        assert [name for name, _ in case.escalations] == since
        assert escalate_all(case, case.updated_s)[0].version >= case.version


@given(sequences)
@SOME
def test_what_is_offered_can_be_done_and_what_is_not_is_refused(sequence) -> None:
    case, _ = play(sequence)[-1]
    for actor in EVERYBODY:
        offered = {one.step.action for one in next_steps(case, actor)}
        for action in STEPS:
            if action in offered:
                apply(case, action, actor, case.updated_s, reason="r", units=("u",))
                continue
            with pytest.raises(TransitionError) as refused:
                apply(case, action, actor, case.updated_s, reason="r", units=("u",))
            assert refused.value.zh.endswith("。")
            assert refused.value.en.endswith(".")


@given(sequences)
@SOME
def test_a_case_is_never_without_a_clock_or_a_way_out(sequence) -> None:
    """Until it is verified, a deadline runs and somebody of the desk can take a step."""
    case, _ = play(sequence)[-1]
    if case.state is State.VERIFIED:
        assert unmet(case) == ()
        assert deadline(case) is None
        return
    assert deadline(case) is not None
    primary = [one for actor in EVERYBODY for one in next_steps(case, actor) if one.primary]
    assert primary, "two people of the desk are enough to bring any case to its end"


def test_the_strategy_reaches_every_state_and_step() -> None:
    """Guards the tests above against sequences in which nothing happens."""
    seen_states: set[State] = set()
    seen_actions: set[str] = set()

    @given(sequences)
    @settings(SOME, derandomize=True)
    def collect(sequence) -> None:
        for case, events in play(sequence):
            seen_states.add(case.state)
            seen_actions.update(event.action for event in events)

    collect()
    assert seen_states == set(State)
    assert seen_actions == {"raise", "join", "escalate", *steps.STEPS}
