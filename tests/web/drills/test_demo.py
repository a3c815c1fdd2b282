"""The made-up drill of a demonstration goes through the services and leaves nothing running."""

from __future__ import annotations

import pytest

from sizao.app.demo_drills import seed_drill
from sizao.web.cases.models import Case
from sizao.web.cases.timeline import check
from sizao.web.drills.models import Drill
from sizao.web.drills.scoring import scored
from sizao.web.ports import ports
from sizao.web.units.models import User
from tests.web.conftest import World

pytestmark = pytest.mark.django_db


def test_the_drill_of_the_demonstration(world: World):
    assert not seed_drill(world.now), "without the demonstration's accounts there is none"
    user = world.user("op-zd")
    User.objects.create_user("demo-detachment", role="operator", unit=user.unit)
    before = world.now
    assert seed_drill(world.now)
    assert not seed_drill(world.now)
    assert world.now == before
    assert ports().clock is world.clock
    drill = Drill.objects.get()
    assert not drill.running
    case = Case.every.get(drill=drill)
    assert check(case).intact
    assert case.level_code == "red"
    assert scored([case]).kept > 0
    assert not Case.objects.exists()
