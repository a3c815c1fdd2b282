"""Cases become records for the indicators: nothing lost on the way."""

from __future__ import annotations

from datetime import timedelta

from sizao.core.clock import now
from sizao.web.cases import services as cases
from sizao.web.indicators.services import indicators, records

from .conftest import World


def test_a_dismissed_case_counts_as_false_alarm_before_and_after_verification(world: World):
    case, user = world.raise_case(), world.user("op-dd")
    world.clock.advance(60)
    case = cases.act(user, case.pk, "sign", case.version)
    case = cases.act(user, case.pk, "dismiss", case.version, reason="平行道路误匹配")
    moment = now(world.clock)
    span = (moment - timedelta(hours=1), moment + timedelta(hours=1))
    [before] = records(world.user("op-zd"), *span)
    assert before.false_alarm
    assert before.signed_s - before.issued_s == 60
    assert before.sign_deadline_s > before.issued_s
    cases.act(world.user("lead-dd"), case.pk, "verify", case.version, reason="属实")
    [after] = records(world.user("op-zd"), *span)
    assert after.false_alarm
    assert after.verified_s is not None


def test_a_resolved_case_is_no_false_alarm(world: World):
    case, user = world.raise_case(), world.user("op-dd")
    case = cases.act(user, case.pk, "sign", case.version)
    cases.act(user, case.pk, "resolve", case.version, reason="已减速")
    moment = now(world.clock)
    [one] = records(world.user("op-zd"), moment - timedelta(hours=1), moment + timedelta(hours=1))
    assert not one.false_alarm
    assert one.unit == "dd1"


def test_other_peoples_cases_do_not_count(world: World):
    world.raise_case()
    ours, theirs = (
        {row.definition.id: row.indicator for row in indicators(world.user(name))}
        for name in ("lead-dd", "lead-xd")
    )
    assert ours["signed_on_time"].n + ours["onset_to_warning"].n >= 1
    assert theirs["onset_to_warning"].n == 0
