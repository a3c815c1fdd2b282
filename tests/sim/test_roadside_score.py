"""Passages and weighings scored: the truth of a section is length over time, of a load its mass."""

from __future__ import annotations

import pytest

from sizao.sim import score
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.gates import Crossing, Gate
from sizao.sim.roadside_score import RoadsideScore
from sizao.sim.sections import sections

NOON = score.START_S + 12 * 3600
MIDNIGHT = score.START_S


@pytest.fixture(scope="module")
def section():
    (one,) = [one for one in sections()["kk-jin-g5"] if one["to"] == "kk-nan-g5"]
    return one


def cross(time_s: int) -> Crossing:
    return Crossing(Gate(0, 0, 0, 0.0), 0, time_s, 80.0)


@pytest.mark.parametrize(
    ("over", "start_s", "read", "expected"),
    [
        (0.999, NOON, True, None),
        (1.001, NOON, True, False),  # within what clocks and lengths may err
        (1.05, NOON, True, True),
        (1.05, NOON, False, False),
        (0.85, MIDNIGHT, True, None),
    ],
)
def test_a_journey(city: City, cars: Fleet, section, over, start_s, read, expected):
    truth = RoadsideScore(city, cars, 1)
    kind = str(cars.register.to_pylist()[0]["kind"])
    limit = section["limits"].get(kind, section["limit_kmh"])
    if kind in ("line_coach", "tour_coach", "highway_passenger") and start_s == MIDNIGHT:
        expected = True
    seconds = round(section["length_m"] * 3.6 / (limit * over))
    truth._passed(cross(start_s), "kk-jin-g5", True)
    truth._passed(cross(start_s + seconds), "kk-nan-g5", read)
    assert [bool(one.visible_s) for one in truth.offences] == (
        [] if expected is None else [expected]
    )


def test_what_is_read_through_the_feeds_is_found(city: City, cars: Fleet, section):
    """The product's side: two messages of one vehicle at twice the limit."""
    from sizao.feeds.gat1400.encode import motor_vehicle
    from sizao.feeds.gat1400.passages import read_passage

    truth = RoadsideScore(city, cars, 1)
    known = cars.register.to_pylist()[0]
    limit = section["limits"].get(str(known["kind"]), section["limit_kmh"])
    seconds = round(section["length_m"] * 3.6 / (1.5 * limit))
    items = []
    for device, time_s in (("kk-jin-g5", NOON), ("kk-nan-g5", NOON + seconds)):
        row = {
            "passage": f"{device}02{time_s}00000",
            "checkpoint": device,
            "time": time_s * 1_000_000,
            "plate": known["plate"],
            "plate_colour": known["plate_colour"],
        }
        received_us = (time_s + 2) * 1_000_000
        message = motor_vehicle(row, [])
        items.append(
            read_passage(message, source="gat1400:x", device=device, received_us=received_us)
        )
    truth._judge("passages", items)
    truth.close()
    (found,) = truth.found
    assert (found["rule"], found["vehicle"]) == ("section_speed", known["vehicle"])
