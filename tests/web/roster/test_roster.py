"""Planning, swapping with a third person's yes, who is on duty."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from sizao.core.errors import TransitionError
from sizao.web.audit.models import AuditEntry
from sizao.web.roster import services
from sizao.web.roster.models import Shift, Unavailable
from sizao.web.units.models import User
from tests.web.conftest import World


def plan(world: World, who: str = "op-dd", begin: int = 1, hours: int = 8, **over: Any) -> Shift:
    start = world.now + timedelta(hours=begin)
    return services.add(
        world.user("lead-dd"), world.unit("dd"), over.get("post", "commander"), world.user(who),
        start, start + timedelta(hours=hours),
    )  # fmt: skip


def test_who_is_on_duty_now_and_who_answers_for_a_squadron(world: World) -> None:
    shift = plan(world)
    assert services.on_duty(world.unit("dd"), world.now) == []
    world.clock.advance(3600)
    assert services.on_duty(world.unit("dd"), world.now) == [shift]
    assert services.on_duty(world.unit("dd1"), world.now) == []
    assert services.commander_of(world.unit("dd1"), world.now) == shift.person
    assert services.commander_of(world.unit("xd1"), world.now) is None
    world.clock.advance(8 * 3600)
    assert services.on_duty(world.unit("dd"), world.now) == [], "the end is the next one's"


def test_a_swap_needs_somebody_else_and_changes_the_person(world: World) -> None:
    shift = plan(world)
    swap = services.ask_swap(world.user("op-dd"), shift.pk, world.user("off-dd1"))
    with pytest.raises(TransitionError, match="已有换班申请"):
        services.ask_swap(world.user("lead-dd"), shift.pk, world.user("off-dd2"))
    for name in ("op-dd", "off-dd1"):
        with pytest.raises(TransitionError, match="以外的人批准"):
            services.decide_swap(world.user(name), swap.pk, True)
    with pytest.raises(TransitionError, match="没有这项换班"):
        services.decide_swap(world.user("lead-xd"), swap.pk, True)
    services.decide_swap(world.user("lead-dd"), swap.pk, True)
    shift.refresh_from_db()
    assert shift.person.username == "off-dd1"
    with pytest.raises(TransitionError, match="已经有了决定"):
        services.decide_swap(world.user("lead-dd"), swap.pk, False)
    assert AuditEntry.objects.filter(action__startswith="roster.").count() == 3


def test_a_shift_that_has_begun_is_not_swapped(world: World) -> None:
    shift = plan(world)
    swap = services.ask_swap(world.user("op-dd"), shift.pk, world.user("off-dd1"))
    world.clock.advance(3601)
    with pytest.raises(TransitionError, match="已开始"):
        services.decide_swap(world.user("lead-dd"), swap.pk, True)


def test_only_own_people_and_only_by_who_plans(world: World) -> None:
    with pytest.raises(TransitionError, match="在职人员"):
        plan(world, "lead-xd")
    start = world.now
    with pytest.raises(TransitionError, match="不能为该单位排班"):
        services.add(world.user("off-dd1"), world.unit("dd"), "patrol", world.user("off-dd1"),
                     start, start + timedelta(hours=8))  # fmt: skip
    with pytest.raises(TransitionError, match="48 小时"):
        plan(world, hours=49)


def test_no_reason_for_being_away_can_be_stored(world: World) -> None:
    user = world.user("op-dd")
    services.set_away(user, user, world.now, world.now + timedelta(days=2))
    names = {field.name for field in Unavailable._meta.get_fields()}
    assert names == {"id", "person", "start", "end", "noted_by"}
    with pytest.raises(TransitionError, match="不能为他人"):
        services.set_away(world.user("off-dd1"), user, world.now, world.now + timedelta(days=1))
    plan(world)
    found = services.wrong(world.unit("dd"), world.now, world.now + timedelta(days=1))
    assert "away" in [one.kind for one in found]


def test_the_page_by_week_and_month(world: World) -> None:
    shift = plan(world)
    client = world.client("lead-dd")
    for view in ("week", "month"):
        page = client.get(f"/roster/?unit=dd&view={view}").content.decode()
        assert str(shift.person) in page
    given = {"action": "add", "unit": "dd", "post": "operator", "person": "off-dd1",
             "start": "2026-11-24T08:00", "end": "2026-11-24T18:00"}  # fmt: skip
    assert client.post("/roster/act/", given).status_code == 302
    assert client.post("/roster/act/", given).status_code == 302
    assert Shift.objects.filter(post="operator").count() == 1, "twice is once"
    assert client.post("/roster/act/", {**given, "end": "x"}).status_code == 422
    # A brigade's people see who commands above them, and not the neighbours.
    assert not Shift.objects.for_user(User.objects.get(username="lead-xd")).exists()
    assert Shift.objects.for_user(User.objects.get(username="off-dd1")).count() == 2
