"""A junction of the east's first squadron, with a plan that was never set with care."""

from __future__ import annotations

from typing import Any

import pytest

from sizao.web.junctions import audits, register
from sizao.web.junctions.counting import keep
from sizao.web.junctions.items import items
from sizao.web.junctions.models import Audit, Count, Junction
from tests.plan.signals.conftest import FLOWS, crossroads
from tests.web.conftest import EAST, World

PLAN = {
    "phases": [{"movements": [f"{arm}.{turn}" for turn in "LTR"], "green_s": 30} for arm in "NSEW"]
}


def registered(world: World, by: str = "op-dd", name: str = "试验路口") -> Junction:
    """A junction that was just registered, with its plan in force."""
    made = register.register(
        world.user(by), name=name, lat=EAST[0], lon=EAST[1], shape=crossroads()
    )
    return register.change(world.user(by), made.pk, made.version, plan=PLAN)


def counted(world: World, junction: Junction, **more: Any) -> Count:
    """An hour's count."""
    data = {"minutes": 60, "peak": 0.92, "vehicles": FLOWS, **more}
    return keep(world.user("op-dd"), junction, data, source="typed", counted_at=world.now)


def audited(
    world: World, junction: Junction, defects: dict[tuple[str, str], str], by: str = "off-dd1"
) -> Audit:
    """A finished audit: everything good but the defects, (arm, item) to what is wrong."""
    user = world.user(by)
    audit = audits.begin(user, junction)
    for arm in register.shape_of(junction).arms:
        said = [
            audits.Said(item, "defect", defects[arm.id, item])
            if (arm.id, item) in defects
            else audits.Said(item, "good")
            for item in items()
        ]
        audits.answer(user, audit.pk, arm.id, said)
    return audits.finish(user, audit.pk)


@pytest.fixture
def junction(world: World) -> Junction:
    return registered(world)
