"""A world with an assessment and, where asked for, one plan of a brigade's squadron."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from sizao.web.plan import compute, files, services
from sizao.web.plan.models import Plan
from tests.web.conftest import World
from tests.web.risk.conftest import assessed

FIRST = date(2026, 11, 30)
_kept: dict[str, bytes] = {}
"""Files of the plan, once computed: which seed it was does not matter to the pages."""


def _computed(place: Path, step: Callable[[str], None]) -> None:
    if not _kept:
        compute.compute(place, step)
        _kept.update({path.name: path.read_bytes() for path in place.iterdir()})
    for name, data in _kept.items():
        if name != "job.json":
            (place / name).write_bytes(data)


def planned(world: World, by: str = "op-dd") -> Plan:
    """One plan that waits for approval; computed by the first test that asks."""
    files.forget()
    assessed(world)
    opened = services.open_plan(world.user(by), first=FIRST, days=2, crews=["dd1"], drink_driving=1)
    found = services.make(opened.pk, _computed)
    assert found.state == "draft", found.error
    return found


@pytest.fixture
def plan(world: World) -> Iterator[Plan]:
    yield planned(world)
    files.forget()
