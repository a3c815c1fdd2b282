"""The duty officer: who the roster has now, another after the shift, the unit above if nobody."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sizao.core.errors import TransitionError
from sizao.web.audit.models import AuditEntry
from sizao.web.calls import services as calls
from sizao.web.cases import services as cases
from sizao.web.channels import duty, services
from sizao.web.channels.models import Notice
from sizao.web.roster import services as roster

from ..calls.conftest import crash
from ..conftest import World

WORST = {"severity": "ge70", "measured": 120.0}


def shift(
    world: World, who: str, begin: int, hours: int = 8, unit: str = "dd", by: str = "lead-dd"
):
    start = world.now + timedelta(hours=begin)
    return roster.add(
        world.user(by), world.unit(unit), "commander", world.user(who), start,
        start + timedelta(hours=hours),
    )  # fmt: skip


def told(world: World, party: str = "dd", key: str = "a") -> Notice:
    """A notice to the duty officer of a unit, as the table has it told."""
    from sizao.web.channels.telling import tell

    found = duty.officer(world.unit(party), world.now)
    return tell(
        found.unit, key=("test", key), title=("红色预警", "Red"), text=duty.said(found),
        role=duty.ROLE if found.person else "", person=found.person, acknowledge_s=180,
        channels=("inbox", "browser"),
    )  # fmt: skip


def test_who_is_on_duty_answers_and_nobody_else_of_the_unit(world: World):
    shift(world, "op-dd", 0)
    one = told(world)
    assert one.person == world.user("op-dd")
    with pytest.raises(TransitionError, match="不是发给您的"):
        services.acknowledge(world.user("lead-dd"), one.pk, one.version)
    services.acknowledge(world.user("op-dd"), one.pk, one.version)


def test_at_the_shift_change_it_is_the_next_ones(world: World):
    shift(world, "op-dd", 0)
    shift(world, "off-dd1", 8)
    one = told(world)
    world.clock.advance(8 * 3600 + 1)
    with pytest.raises(TransitionError):
        services.acknowledge(world.user("op-dd"), one.pk, one.version)
    world.round()
    one.refresh_from_db()
    assert one.person == world.user("off-dd1")
    assert AuditEntry.objects.get(action="notice.shift").data["now"] == "off-dd1"
    page = world.client("off-dd1").get(f"/partner/{one.pk}/")
    assert page.status_code == 200, "an officer of a unit below sees what is hers to answer"
    services.acknowledge(world.user("off-dd1"), one.pk, one.version)
    world.clock.advance(8 * 3600)
    world.round()
    one.refresh_from_db()
    assert one.person == world.user("off-dd1"), "what is acknowledged stays with who did"


def test_control_without_the_round_the_notice_stays_with_who_went_home(
    world: World, monkeypatch: pytest.MonkeyPatch
):
    from sizao.web.channels import shifts

    shift(world, "op-dd", 0)
    shift(world, "off-dd1", 8)
    one = told(world)
    monkeypatch.setattr(shifts, "follow_shifts", lambda now: 0)
    world.clock.advance(8 * 3600 + 1)
    world.round()
    one.refresh_from_db()
    assert one.person == world.user("op-dd")


def test_nobody_on_duty_says_so_and_goes_up(world: World):
    shift(world, "op-zd", 0, unit="zd", by="lead-zd")
    one = told(world)
    assert (one.party.code, one.person) == ("zd", world.user("op-zd"))
    assert "东区大队现在无人值班" in one.text_zh


def test_nobody_at_all_and_anybody_of_the_unit_may_take_it(world: World):
    one = told(world)
    assert (one.party.code, one.role) == ("dd", "")
    assert "都无人值班" in one.text_zh
    services.acknowledge(world.user("lead-dd"), one.pk, one.version)


def test_a_shift_that_ends_with_nobody_after_it_hands_it_up(world: World):
    shift(world, "op-dd", 0, hours=1)
    shift(world, "op-zd", 0, unit="zd", by="lead-zd", hours=12)
    one = told(world)
    world.clock.advance(3700)
    for _ in range(2):
        world.round()
    above = Notice.objects.get(party__code="zd", role=duty.ROLE)
    assert above.person == world.user("op-zd")
    assert "东区大队现在无人值班" in above.text_zh
    assert Notice.objects.get(pk=one.pk).person is None


def test_an_orange_warning_at_night_asks_the_duty_officer(world: World):
    for unit, who, by in (("dd", "op-dd", "lead-dd"), ("zd", "op-zd", "lead-zd")):
        shift(world, who, 0, hours=20, unit=unit, by=by)
    world.clock.advance(11 * 3600)
    case = world.raise_case(**WORST)
    assert case.level_code == "orange"
    one = Notice.objects.get(warning__case=case, role=duty.ROLE)
    assert one.person is not None
    assert one.party == case.unit


def test_a_case_from_a_call_is_told_to_whom_it_concerns_and_lifted_with_it(world: World):
    call = calls.take(
        world.user("op-zd"),
        crash(stake="", how="", address="G5 南段", injured="4", dead="1", trapped="1"), ["coach"],
    )  # fmt: skip
    call = calls.raise_case(world.user("op-zd"), call.number, call.version)
    case = call.case
    rows = Notice.objects.filter(about=f"case:{case.pk}")
    assert rows.exists()
    assert all(case.number == one.case.number for one in rows)
    assert "接警" in rows.first().title_zh
    cases.act(world.user("op-zd"), case.pk, "sign", case.version)
    case.refresh_from_db()
    cases.act(world.user("op-zd"), case.pk, "dismiss", case.version, reason="误报")
    assert not rows.filter(lifted_at=None).exists()
