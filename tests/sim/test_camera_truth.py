"""Alarms of cameras scored: the plan's truth by hand, and the way from bytes to episodes."""

from __future__ import annotations

import pytest

from sizao.sim import cameras
from sizao.sim.camera_truth import CameraTruth
from sizao.sim.cameras import Shown
from sizao.sim.city import City
from sizao.sim.fleet import Fleet, fleet
from sizao.sim.intake import Intake
from sizao.sim.terminal import Terminals
from sizao.sim.traffic import Traffic

from .conftest import MORNING_S


def nod(second: int, kind: str = "dsm.fatigue", level: int = 1, kmh: float = 60.0) -> Shown:
    return Shown(0, MORNING_S + second, kind, level, kmh)


@pytest.mark.parametrize(
    ("alarms", "onset"),
    [
        ([nod(0), nod(15)], None),
        ([nod(0), nod(15), nod(30)], 30),
        ([nod(0), nod(600), nod(1200)], 1200),
        ([nod(0), nod(601), nod(1200)], None),
        ([nod(0), nod(15, level=2)], 15),
        ([nod(0), nod(15), nod(15)], None),  # one alarm sent twice
        ([nod(0), nod(15), nod(30, kmh=4.9)], None),
        ([nod(0), nod(15), nod(30, kmh=5.0)], 30),
        ([nod(0, "dsm.phone", level=2)], None),
        ([nod(30), nod(0), nod(15)], 30),  # in any order
        ([nod(s, "video.over_capacity", 0) for s in (0, 15, 30)], 30),
    ],
)
def test_what_is_an_episode(cars: Fleet, alarms, onset):
    truth = CameraTruth(cars.register.to_pylist())
    for one in alarms:
        truth.take(one)
    truth.close()
    assert [one.onset_s - MORNING_S for one in truth.offences] == ([] if onset is None else [onset])


def test_what_is_staged_is_sent_and_read(city: City) -> None:
    """Every alarm of the plan comes out of the bytes, in both families, and no other."""
    cars = fleet(city, 400, 7)
    terminals = Terminals(city.network, cars, 7)
    terminals.staged = True
    intake = Intake()
    frames = terminals.feed(Traffic(city, cars, 7, MORNING_S, 2 * 3600).advance(3600))
    intake.take(frames)
    shown = sorted((cars.phone[one.vehicle], one.time_s, one.kind) for one in terminals.shown)
    read = sorted((row[0], row[1] // 1_000_000, row[3]) for row in intake.alarms)
    assert read == shown
    assert {"dsm.fatigue", "video.over_capacity"} <= {kind for _, _, kind in shown}


def test_nothing_is_staged_in_the_demonstration(city: City, cars: Fleet) -> None:
    terminals = Terminals(city.network, cars, 7)
    intake = Intake()
    intake.take(terminals.feed(Traffic(city, cars, 7, MORNING_S, 2 * 3600).advance(600)))
    assert terminals.shown == []
    assert {row[3] for row in intake.alarms} <= set(cameras.KINDS)
