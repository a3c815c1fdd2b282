"""The hot list of the demonstration."""

from __future__ import annotations

from sizao.app.demo_hot_list import seed_hot_list
from sizao.log import roadside
from sizao.web.hotlist.models import Entry
from sizao.web.units.models import User
from tests.web.conftest import World


def test_it_is_made_once_and_stands(world: World) -> None:
    assert seed_hot_list(world.now) == 0, "without the demonstration's accounts there is none"
    User.objects.create_user("demo-detachment", role="operator", unit=world.unit("zd"))
    made = seed_hot_list(world.now)
    assert made == 1, "the test's world has one heavy truck"
    assert [one["plate"] for one in roadside.hot_list(world.data.hot_list)] == ["川DA0001"]
    assert seed_hot_list(world.now) == 0
    assert Entry.objects.count() == 1
