"""Weighings scored: each limit by itself, and what the instruments may hide is not expected."""

from __future__ import annotations

from typing import Any

import pytest

from sizao.sim import score
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.gates import Crossing
from sizao.sim.load_truth import LoadTruth
from sizao.sim.played import loads
from sizao.sim.roadside_score import RoadsideScore
from sizao.sim.weighing import WeighStations

NOON = score.START_S + 12 * 3600
HOUR = 3600
BOTH = [("over_permitted_mass", True), ("over_rated_payload", True)]


@pytest.fixture
def stations(city: City, cars: Fleet, monkeypatch: pytest.MonkeyPatch) -> WeighStations:
    one = WeighStations(city, cars, 1)
    monkeypatch.setattr(one, "measures", lambda crossing: False)
    return one


def truth(city: City, cars: Fleet, stations: WeighStations, **masses: float | None) -> LoadTruth:
    rows = cars.register.to_pylist()
    rows[truck(cars)] |= masses
    return LoadTruth(rows, {site["code"]: site for site in city.weigh_stations}, stations)


def truck(cars: Fleet, kind: str = "heavy_truck") -> int:
    return next(n for n, row in enumerate(cars.register.to_pylist()) if row["kind"] == kind)


def weigh(truth: LoadTruth, vehicle: int, mass: float, at_s: int = NOON) -> list[Any]:
    truth.offences = []
    truth._stations.known[vehicle, at_s] = mass
    truth.weighed(Crossing(truth._stations.watch.places[0], vehicle, at_s, 20.0))
    return [(one.rule, bool(one.visible_s)) for one in truth.offences]


@pytest.mark.parametrize(
    ("mass", "expected"),
    [
        (25_000, []),
        (25_001, [("over_permitted_mass", False), ("over_rated_payload", False)]),
        # 2 % off in motion and the rule's 2.5 % leave 26,165 kg no way out.
        (26_166, BOTH),
        (31_001, [("over_road_limit", False), *BOTH]),
    ],
)
def test_three_limits_kept_apart(city: City, cars: Fleet, stations, mass, expected):
    one = truth(city, cars, stations, gross_kg=25_000.0, payload_kg=13_000.0)
    said = weigh(one, truck(cars), mass)
    assert [item for item in said if item[0] != "overload_repeat"] == expected


def test_a_mass_nobody_entered_is_no_limit(city: City, cars: Fleet, stations):
    assert weigh(truth(city, cars, stations), truck(cars), 30_999) == []


@pytest.mark.parametrize(
    ("height", "expected"), [(4.0, []), (4.01, [False]), (4.08, [False]), (4.09, [True])]
)
def test_too_high(city: City, cars: Fleet, stations, monkeypatch, height, expected):
    monkeypatch.setattr(stations, "measures", lambda crossing: True)
    monkeypatch.setattr(stations, "size_m", lambda vehicle, at_s: (11.0, 2.55, height))
    one = truth(city, cars, stations)
    weigh(one, truck(cars), 20_000)
    assert [bool(found.visible_s) for found in one.offences] == expected
    assert {found.severity for found in one.offences} <= {"height"}


@pytest.mark.parametrize(
    ("hours_before", "found"),
    [
        ((4800, 2400, 24), True),
        ((8760, 4800, 2400), False),  # a year ago to the second
        ((8759, 4800, 2400), True),
        ((4800, 2400, 23), False),  # the same journey
        ((4800, 2400), False),
    ],
)
def test_more_than_three_times_a_year(city: City, cars: Fleet, stations, hours_before, found):
    one = truth(city, cars, stations)
    for hours in hours_before:
        weigh(one, truck(cars), 40_000, NOON - hours * HOUR)
    weigh(one, truck(cars), 40_000)
    said = {item.severity for item in one.offences if item.rule == "overload_repeat"}
    assert ("vehicle" in said) is found


def test_more_than_a_tenth_of_a_fleet_is_said_once(city: City, cars: Fleet, stations):
    one = truth(city, cars, stations)
    rows = cars.register.to_pylist()
    firm = rows[truck(cars)]["enterprise"]
    own = [
        n for n, row in enumerate(rows) if row["enterprise"] == firm and row["kind"] in loads.LADEN
    ]
    said = []
    for number, vehicle in enumerate(own):
        weigh(one, vehicle, 60_000, NOON + 60 * number)
        said += [item for item in one.offences if item.severity == "enterprise"]
    assert [(item.vehicle, item.worst > item.limit) for item in said] == [
        (f"enterprise:{firm}", True)
    ]


def test_the_year_before_is_read_by_the_product_and_nothing_is_found_twice(
    city: City, cars: Fleet, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(loads, "REPEATERS", 0.5)
    roadside = RoadsideScore(city, cars, 1, start_s=score.START_S)
    offences, found = roadside.take()
    assert len(offences) > 20
    assert {one.rule for one in offences} <= {row["rule"] for row in found}
    true = {(one.rule, one.vehicle, one.start_s) for one in offences if one.visible_s}
    seen = [(row["rule"], row["vehicle"], int(row["start"].timestamp())) for row in found]
    assert true <= set(seen)
    assert len(seen) == len(set(seen))
