"""Reports to the levels above, with a settable clock."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sizao.core.errors import TransitionError
from sizao.web.calls import joining, services, upward
from sizao.web.calls.models import Call, Notice
from tests.web.calls.conftest import crash
from tests.web.conftest import World


def fatal(world: World, who: str = "op-dd", **over: str) -> Call:
    return services.take(world.user(who), crash(dead="1", **over), [])


def legs(call: Call) -> list[tuple[int, int, str, str]]:
    return list(call.notices.values_list("round", "step", "sender", "receiver"))


def test_a_fatal_crash_runs_up_level_by_level_each_with_its_clock(roads: World) -> None:
    user = roads.user("op-dd")
    call = fatal(roads)
    first = call.notices.get()
    assert legs(call) == [(1, 1, "brigade", "detachment")]
    assert first.due_at == roads.now + timedelta(hours=1)
    call = services.set_toll(user, call.number, {"dead": "3"}, call.version)
    assert call.tolls.last().grade_2007 == "considerable"
    assert call.tolls.last().class_1991 == "extraordinary"
    call = upward.send(user, call.number, first.pk, {}, call.version)
    first.refresh_from_db()
    assert first.content["said"]["toll"].startswith("死亡 3 人")
    assert first.content["missing"] == ["loss", "measures", "enterprise"]
    roads.clock.advance(600)
    call = upward.receipt(user, call.number, first.pk, "支队值班员", call.version)
    # Three deaths go on to the province: two hours from the receipt.
    second = call.notices.get(step=2)
    assert (second.sender, second.receiver) == ("detachment", "province")
    assert second.due_at == roads.now + timedelta(hours=2)
    call = upward.send(roads.user("op-zd"), call.number, second.pk, {}, call.version)
    upward.receipt(roads.user("op-zd"), call.number, second.pk, "总队", call.version)
    assert len(legs(call)) == 2  # the province passes it on by itself


def test_one_death_ends_at_the_city(roads: World) -> None:
    user = roads.user("op-dd")
    call = fatal(roads)
    call = upward.send(user, call.number, call.notices.get().pk, {}, call.version)
    call = upward.receipt(user, call.number, call.notices.get().pk, "x", call.version)
    assert len(legs(call)) == 1


def test_the_citys_own_desk_reports_to_its_government(roads: World) -> None:
    assert legs(fatal(roads, "op-zd")) == [(1, 1, "detachment", "government")]


def test_a_change_within_seven_days_is_another_round_and_later_none(roads: World) -> None:
    user = roads.user("op-dd")
    call = fatal(roads)
    call = upward.send(user, call.number, call.notices.get().pk, {}, call.version)
    roads.clock.advance(6 * 86400)
    call = services.set_toll(user, call.number, {"dead": "2"}, call.version)
    assert legs(call)[-1] == (2, 1, "brigade", "detachment")
    again = call.notices.get(round=2)
    assert again.start_at == roads.now
    call = upward.send(user, call.number, again.pk, {}, call.version)
    roads.clock.advance(2 * 86400)
    services.set_toll(user, call.number, {"dead": "3"}, call.version)
    assert len(legs(call)) == 2


def test_the_clock_begins_when_it_becomes_one_to_report(roads: World) -> None:
    user = roads.user("op-dd")
    call = services.take(user, crash(injured="1"), [])
    assert not call.notices.exists()
    roads.clock.advance(3 * 3600)
    call = services.set_toll(user, call.number, {"serious": "1"}, call.version)
    assert call.notices.get().due_at == roads.now + timedelta(hours=1)


def test_what_runs_out_is_told_above_once_even_after_the_process_was_down(roads: World) -> None:
    call = fatal(roads)
    roads.clock.advance(86_400 + 3600)  # nobody was there for a day
    roads.round()
    roads.round()
    late = call.events.get(action="late")
    assert "超时未报" in late.text_zh
    assert "提请市交警支队督办" in late.text_zh
    call.refresh_from_db()
    call = upward.send(roads.user("op-dd"), call.number, call.notices.get().pk, {}, call.version)
    assert "已超时限" in call.events.last().text_zh
    roads.clock.advance(31 * 60)
    roads.round()
    assert call.events.filter(action="unanswered").count() == 1


def test_a_clock_that_does_not_look_marks_nothing(roads: World) -> None:
    """The control: without the round, a late report is late and nobody is told."""
    call = fatal(roads)
    roads.clock.advance(86_400)
    assert Notice.objects.get().late_at is None
    assert not call.events.filter(action="late").exists()


def test_no_call_is_closed_over_a_report_that_was_not_sent(roads: World) -> None:
    user = roads.user("op-dd")
    call = fatal(roads)
    with pytest.raises(TransitionError, match="没有报送"):
        services.close(user, call.number, "x", call.version)
    call = upward.send(user, call.number, call.notices.get().pk, {}, call.version)
    assert services.close(user, call.number, "x", call.version).state == "closed"


def test_a_joined_call_reports_nothing_and_the_first_one_does(roads: World) -> None:
    user = roads.user("op-dd")
    first = services.take(user, crash(), [])
    second = services.take(user, crash(dead="1"), [], join=f"call:{first.number}")
    assert not second.notices.exists()
    assert legs(first) == [(1, 1, "brigade", "detachment")]
    first.refresh_from_db()
    assert upward.draft(first)["said"]["toll"] == "死亡 1 人"
    second = joining.unjoin(user, second.number, second.version)
    assert legs(second) == [(1, 1, "brigade", "detachment")]
