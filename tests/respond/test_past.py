"""At every moment the past board is what the projection was; costs and review facts."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.respond import past
from sizao.respond.case import apply
from sizao.respond.costs import Span, costs
from sizao.respond.records import State
from sizao.respond.review import facts
from tests.respond.cases import LEADER, OPERATOR, in_state
from tests.respond.plans.test_steps import PLAN, TASKS
from tests.respond.plans.test_steps import moves as task_moves
from tests.respond.plans.test_steps import play as play_tasks
from tests.respond.test_case_properties import SOME, play, sequences


@given(sequences, st.lists(st.floats(0, 1), max_size=6))
@SOME
def test_the_projection_at_any_moment_is_the_events_up_to_it(sequence, shares) -> None:
    found = play(sequence)
    history = [case for case, _ in found]
    events = found[-1][1]
    begin, end = events[0].at_s, events[-1].at_s
    moments = [event.at_s for event in events] + [begin + share * (end - begin) for share in shares]
    for at_s in (begin - 1, *moments, end + 1):
        assert past.as_of(events, at_s) == projection_at_event(history, events, at_s)


def projection_at_event(history, events, at_s):
    """Several events may be one step (a tick); only what was kept at its end is a projection."""
    seqs = [event.seq for event in events if event.at_s <= at_s]
    if not seqs:
        return None
    kept = [state for state in history if state.version == seqs[-1]]
    return kept[0] if kept else past.as_of(events[: seqs[-1]], at_s)


@given(task_moves)
@settings(SOME, max_examples=40)
def test_and_so_are_the_tasks_of_its_plans(wanted) -> None:
    found = list(play_tasks(wanted))
    for case, _ in found:
        assert past.as_of(found[-1][1][: case.version], case.updated_s) == case


def test_a_board_that_peeks_ahead_is_found() -> None:
    """Control: one event too many, and the property above would not hold."""
    case, events = in_state("resolved")
    at_s = events[2].at_s
    assert past.as_of(events, at_s).state is State.CONTROLLED
    peeking = past.as_of(events, at_s + 60)
    assert peeking == case != past.as_of(events, at_s)


def test_the_board_shows_what_was_open_the_worst_first() -> None:
    _, events = in_state("verified")
    assert past.board({"a": events}, events[-1].at_s) == []
    before = past.board({"a": events}, events[-1].at_s - 1)
    assert [one.state for one in before] == [State.RESOLVED]
    assert past.board({"a": events}, 0.0) == []


def test_costs_of_time() -> None:
    found = costs(
        [Span(0, 600), Span(300, None)], [Span(0, 120), Span(60, 300), Span(900, None)], 1200
    )
    assert found.vehicle_min == 10 + 15
    assert found.person_min == 2 * found.vehicle_min
    assert found.closed_min == 5 + 5, "two closures at once count once"
    assert found.going_on
    assert costs([], [], 0).closed_min == 0


def test_the_review_keeps_the_first_promise_and_says_what_was_left() -> None:
    from sizao.respond.plans.steps import start

    case, events = in_state("signed")
    case, one = start(case, PLAN, TASKS, OPERATOR, case.updated_s + 1)
    events.append(one)
    for action, at, extra in (
        ("control", 5_000, {}),
        ("resolve", 9_000, {"reason": "r", "left": "移交"}),
        ("verify", 9_100, {}),
    ):
        actor = LEADER if action == "verify" else OPERATOR
        case, one = apply(case, action, actor, case.updated_s + at, **extra)
        events.append(one)
    found = facts(events)
    late = {one.clock: one.late_s for one in found.clocks}
    assert late["sign"] < 0 < late["first_action"]
    assert late["verify"] is not None
    assert {task.reason for _, task in found.deviations} == {"移交"}
    assert [event.action for event in found.known] == ["raise"]
