"""The life of a control measure: the second person, its clocks, and that it never just ends."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sizao.core.errors import TransitionError
from sizao.core.levels import CommandLevel
from sizao.respond.measure_kinds import KINDS, clock_s, expected_s, grades, needs_second
from sizao.respond.measures import (
    OPEN,
    STEPS,
    Measure,
    MeasureState,
    apply,
    clock,
    escalate,
    order,
    start_due,
    steps,
)
from sizao.respond.records import Actor

OFFICER = Actor("u1", "officer", "李警官")
LEADER = Actor("u2", "leader", "王队长")
AUDITOR = Actor("u3", "auditor")
MINUTE = 60.0


def test_a_limit_is_ordered_put_up_and_lifted_by_a_person() -> None:
    one, line = order("speed_limit", OFFICER, 0.0)
    assert (one.state, one.shown(0.0), line.zh) == ("ordered", "ordered", "下达临时限速")
    assert steps(one, OFFICER) == ("begin", "lift", "extend")
    one, _ = apply(one, "begin", OFFICER, 5 * MINUTE)
    assert one.shown(5 * MINUTE) == "in_force"
    one, line = apply(one, "lift", OFFICER, 60 * MINUTE, reason="雾散")
    assert (one.state, one.ended_s, line.zh) == ("lifted", 60 * MINUTE, "解除：雾散")
    assert steps(one, OFFICER) == ()
    assert clock(one) is None


def test_a_road_closes_only_when_another_person_approved() -> None:
    one, line = order("closure", LEADER, 0.0)
    assert one.shown(0.0) == "waiting"
    assert line.zh == "下达封闭，待另一人批准"
    for actor, action, code in (
        (LEADER, "approve", "same_person"),
        (OFFICER, "approve", "role"),
        (LEADER, "begin", "approval"),
    ):
        with pytest.raises(TransitionError) as caught:
            apply(one, action, actor, 1.0)
        assert caught.value.code == code
    other = Actor("u9", "operator")
    one, _ = apply(one, "approve", other, MINUTE)
    assert one.shown(MINUTE) == "ordered"
    assert apply(one, "begin", LEADER, 2 * MINUTE)[0].shown(2 * MINUTE) == "in_force"


def test_single_lanes_need_no_second_person() -> None:
    assert order("closure", OFFICER, 0.0, whole=False)[0].approval == "none"
    assert needs_second("diversion", whole=False)
    assert not needs_second("convoy", whole=True)


def test_what_is_urgent_stands_at_once_and_is_approved_after() -> None:
    one, _ = order("closure", OFFICER, 0.0, urgent=True)
    assert (one.state, one.approval) == ("in_force", "waiting")
    ahead = clock(one)
    assert ahead is not None
    assert (ahead.name, ahead.at_s) == ("approve", clock_s("approve"))
    refused, _ = apply(one, "refuse", LEADER, MINUTE, reason="可单幅通行")
    assert refused.state is MeasureState.LIFTED  # it stood, so it is taken away
    never, _ = order("closure", OFFICER, 0.0)
    assert apply(never, "refuse", LEADER, MINUTE, reason="不必")[0].state == "refused"


def test_past_its_end_it_stands_and_climbs_until_somebody_lifts_it() -> None:
    one, _ = order("speed_limit", OFFICER, 0.0, urgent=True, until_s=60 * MINUTE)
    assert escalate(one, 60 * MINUTE) is None
    late = 60 * MINUTE + 1
    assert one.shown(late) == "overrun"
    seen = []
    for _ in range(5):
        step = escalate(one, late)
        assert step is not None
        one, line = step
        assert escalate(one, late) is None, "one miss a span"
        seen.append(one.command_level)
        late += clock_s("review") + 1
    assert seen == [CommandLevel.BRIGADE, CommandLevel.DETACHMENT, *[CommandLevel.CITY] * 3]
    assert one.state == "in_force"
    assert "继续督办" in line.zh
    one, _ = apply(one, "extend", OFFICER, late, reason="雾未散", until_s=late + 3600)
    ahead = clock(one)
    assert ahead is not None
    assert ahead.at_s == late + 3600


def test_a_clock_that_ran_out_while_nobody_watched_is_told_once() -> None:
    one, _ = order("speed_limit", OFFICER, 0.0)
    step = escalate(one, 10 * 24 * 3600.0)
    assert step is not None
    assert step[1].action == "escalate"
    assert escalate(step[0], 10 * 24 * 3600.0) is None


def test_a_text_takes_effect_at_its_time_without_anybody() -> None:
    now, _ = order("area_text", LEADER, 0.0)
    assert now.state == "in_force"
    planned, _ = order("area_text", LEADER, 0.0, from_s=600.0)
    assert start_due(planned, 599.0) is None
    step = start_due(planned, 600.0)
    assert step is not None
    assert step[0].state == "in_force"


def test_words_are_asked_for_and_times_are_checked() -> None:
    one, _ = order("speed_limit", OFFICER, 0.0, urgent=True)
    with pytest.raises(TransitionError, match="写明原因"):
        apply(one, "lift", OFFICER, 1.0)
    with pytest.raises(TransitionError, match="晚于"):
        apply(one, "extend", OFFICER, 1.0, reason="x", until_s=2.0)
    for arguments in ({"until_s": -1.0}, {"from_s": 100.0, "until_s": 50.0}):
        with pytest.raises(TransitionError):
            order("speed_limit", OFFICER, 0.0, **arguments)
    with pytest.raises(TransitionError):
        order("speed_limit", AUDITOR, 0.0)
    with pytest.raises(TransitionError):
        order("roadblock", OFFICER, 0.0)


def test_every_kind_has_its_numbers_in_the_rule_book() -> None:
    assert all(expected_s(kind) > 0 for kind in KINDS)
    assert [(one.code, one.limit_kmh, one.closed) for one in grades()] == [
        ("3", 60.0, False),
        ("2", 40.0, False),
        ("1", 20.0, True),
    ]


@given(
    kind=st.sampled_from(sorted(KINDS)),
    urgent=st.booleans(),
    moves=st.lists(
        st.tuples(
            st.sampled_from([*STEPS, "escalate", "start"]),
            st.sampled_from([OFFICER, LEADER, AUDITOR]),
            st.floats(0, 7200),
        ),
        max_size=12,
    ),
)
def test_whatever_happens_an_open_measure_has_a_clock_and_only_people_end_it(
    kind: str, urgent: bool, moves: list[tuple[str, Actor, float]]
) -> None:
    one, _ = order(kind, OFFICER, 0.0, urgent=urgent)
    at = 0.0
    for action, actor, wait in moves:
        at += wait
        before = one
        if action in ("escalate", "start"):
            step = (escalate if action == "escalate" else start_due)(one, at)
            one = step[0] if step else one
            assert one.open == before.open
        else:
            try:
                one, _ = apply(one, action, actor, at, reason="r", until_s=at + 9000)
            except TransitionError:
                assert one is before
        assert (clock(one) is not None) == (one.state in OPEN)
        assert Measure.from_dict(one.to_dict()) == one
