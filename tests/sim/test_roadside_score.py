"""Passages and weighings scored: the truth of a section is length over time, of a load its mass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sizao.core.vehicles import COACHES, HEAVY
from sizao.sim import score
from sizao.sim.check_truth import CheckTruth
from sizao.sim.city import City
from sizao.sim.fleet import Fleet
from sizao.sim.gates import Crossing, Gate
from sizao.sim.passage_truth import PassageTruth
from sizao.sim.played.plates import Plates
from sizao.sim.roadside_checks import BLOOD_S, Case
from sizao.sim.roadside_score import RoadsideScore
from sizao.sim.sections import sections

NOON = score.START_S + 12 * 3600
MIDNIGHT = score.START_S
PLATES = Plates(
    {3: 2},
    (
        {
            "entry": "BK1",
            "plate": "川DI0010",
            "plate_colour": 2,
            "from": NOON * 1_000_000,
            "until": (NOON + 60) * 1_000_000,
        },
    ),
)


@pytest.fixture(scope="module")
def section():
    (one,) = [one for one in sections()["kk-jin-g5"] if one["to"] == "kk-nan-g5"]
    return one


def cross(time_s: int, vehicle: int = 0) -> Crossing:
    return Crossing(Gate(0, 0, 0, 0.0), vehicle, time_s, 80.0)


@pytest.fixture
def truth(city: City, cars: Fleet) -> PassageTruth:
    sites = {site["code"]: site for site in city.checkpoints}
    return PassageTruth(cars.register.to_pylist(), sites, PLATES)


def plate(cars: Fleet, vehicle: int) -> str:
    return str(cars.register.to_pylist()[vehicle]["plate"])


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
def test_a_journey(truth, cars: Fleet, section, over, start_s, read, expected):
    kind = str(cars.register.to_pylist()[0]["kind"])
    limit = section["limits"].get(kind, section["limit_kmh"])
    if kind in ("line_coach", "tour_coach", "highway_passenger") and start_s == MIDNIGHT:
        expected = True
    seconds = round(section["length_m"] * 3.6 / (limit * over))
    truth.passed(cross(start_s), "kk-jin-g5", plate(cars, 0))
    truth.passed(cross(start_s + seconds), "kk-nan-g5", plate(cars, 0) if read else None)
    truth.close(start_s + 3600)
    journeys = [one for one in truth.offences if one.rule == "section_speed"]
    assert [bool(one.visible_s) for one in journeys] == ([] if expected is None else [expected])


@pytest.mark.parametrize(
    ("began", "ended", "expected"),
    [(90.0, 90.0, True), (None, 100.0, True), (89.0, 100.0, False), (100.0, 89.0, False)],
)
def test_a_journey_of_whose_plate_a_camera_was_not_sure_is_not_expected(
    truth, cars: Fleet, section, began, ended, expected
):
    kind = str(cars.register.to_pylist()[0]["kind"])
    limit = section["limits"].get(kind, section["limit_kmh"])
    seconds = round(section["length_m"] * 3.6 / (limit * 1.05))
    truth.passed(cross(NOON), "kk-jin-g5", plate(cars, 0), began)
    truth.passed(cross(NOON + seconds), "kk-nan-g5", plate(cars, 0), ended)
    truth.close(NOON + 3600)
    (journey,) = [one for one in truth.offences if one.rule == "section_speed"]
    assert bool(journey.visible_s) == expected


@pytest.mark.parametrize(
    ("reader", "after_h", "sure"), [(0, 23, False), (0, -23, False), (0, 25, True), (1, 23, True)]
)
def test_a_journey_under_a_plate_in_doubt_is_not_judged(
    truth, cars: Fleet, section, reader, after_h, sure
):
    """Another vehicle read as this one, 80 km away after five minutes; under its own plate, or on
    another day, it is no matter."""
    kind = str(cars.register.to_pylist()[0]["kind"])
    limit = section["limits"].get(kind, section["limit_kmh"])
    seconds = round(section["length_m"] * 3.6 / (limit * 1.05))
    passages = [
        (cross(NOON), "kk-jin-g5", 0),
        (cross(NOON + seconds), "kk-nan-g5", 0),
        (cross(NOON + seconds + after_h * 3600), "kk-bai-g5", 0),
        (cross(NOON + seconds + after_h * 3600 + 300, 1), "kk-nan-g227", reader),
    ]
    for one, device, shown in sorted(passages, key=lambda passage: passage[0].time_s):
        truth.passed(one, device, plate(cars, shown))
    truth.close(NOON + 48 * 3600)
    (journey,) = [one for one in truth.offences if one.rule == "section_speed"]
    assert bool(journey.visible_s) is sure


@pytest.mark.parametrize(("seconds", "sure"), [(690, False), (697, True)])
def test_a_plate_that_came_too_fast_over_a_section_is_in_doubt(
    truth, cars: Fleet, section, seconds, sure
):
    """28.87 km at 150 km/h take 693 s, 2 of them the clocks'; the straight line of some 25 km would
    take 600. The journey itself is ten hours later."""
    assert str(cars.register.to_pylist()[0]["kind"]) in HEAVY | COACHES
    limit = section["limits"].get(str(cars.register.to_pylist()[0]["kind"]), section["limit_kmh"])
    later = NOON + 36_000
    end_s = later + round(section["length_m"] * 3.6 / (limit * 1.05))
    truth.passed(cross(NOON), "kk-jin-g5", plate(cars, 0))
    truth.passed(cross(NOON + seconds, 1), "kk-nan-g5", plate(cars, 0))
    truth.passed(cross(later), "kk-jin-g5", plate(cars, 0))
    truth.passed(cross(end_s), "kk-nan-g5", plate(cars, 0))
    truth.close(end_s + 3600)
    journeys = [one for one in truth.offences if one.start_s == later]
    assert [bool(one.visible_s) for one in journeys if one.rule == "section_speed"] == [sure]


@pytest.mark.parametrize(
    ("device", "at", "gate", "sure"),
    [
        ("kk-jin-g5", -120, 0, False),  # by the first, lawful
        ("kk-jin-g5", -1, 0, True),
        ("kk-jin-g5", -120, 1, True),  # the way back
        ("kk-nan-g5", 120, 0, False),
        ("kk-nan-g5", 1, 0, True),
        ("kk-nan-g5", 120, 1, True),
        ("kk-nan-g5", 7200, 0, True),  # more than two hours after the beginning
    ],
)
def test_a_journey_that_other_passages_make_lawful_is_not_judged(
    truth, cars: Fleet, section, device, at, gate, sure
):
    """Another vehicle is read under the plate ``at`` s before the beginning or after the end. The
    journey is 5 % too fast: some 50 s shorter than a lawful one."""
    kind = str(cars.register.to_pylist()[0]["kind"])
    limit = section["limits"].get(kind, section["limit_kmh"])
    end_s = NOON + round(section["length_m"] * 3.6 / (limit * 1.05))
    other = Crossing(Gate(0, gate, 0, 0.0), 1, (NOON if at < 0 else end_s) + at, 80.0)
    passages = [(cross(NOON), "kk-jin-g5"), (cross(end_s), "kk-nan-g5"), (other, device)]
    for one, where in sorted(passages, key=lambda passage: passage[0].time_s):
        truth.passed(one, where, plate(cars, 0))
    truth.close(NOON + 48 * 3600)
    (journey,) = [one for one in truth.offences if one.rule == "section_speed"]
    assert bool(journey.visible_s) is sure


@pytest.mark.parametrize(
    ("minutes", "again_h", "expected"),
    [(60, 12, None), (5, 0, False), (5, 1, True), (5, 23.9, True), (5, 24.1, False)],
)
def test_one_plate_on_two_vehicles(truth, cars: Fleet, minutes, again_h, expected):
    """Some 80 km by air between the two checkpoints. It is one offence, however often it is seen,
    and is bound to be found once two pairs show it within a day."""
    times = (NOON, NOON + round(again_h * 3600)) if again_h else (NOON,)
    for at in times:
        truth.passed(cross(at, 2), "kk-bai-g5", plate(cars, 2))
        truth.passed(cross(at + minutes * 60, 3), "kk-nan-g227", plate(cars, 2))
    truth._tell_clones(NOON + 30 * 3600)
    assert [(one.vehicle, bool(one.visible_s)) for one in truth.offences] == (
        [] if expected is None else [(cars.phone[2], expected)]
    )


def test_two_doubts_with_one_passage_in_common_are_one(truth, cars: Fleet):
    """The middle one may have been read wrongly."""
    for number, device in enumerate(("kk-bai-g5", "kk-nan-g227", "kk-bai-g5")):
        vehicle = 3 if device == "kk-nan-g227" else 2
        truth.passed(cross(NOON + 300 * number, vehicle), device, plate(cars, 2))
    truth._tell_clones(NOON + 3600)
    (one,) = truth.offences
    assert not one.visible_s


@pytest.mark.parametrize(
    ("misread", "severity", "expected"),
    [("", "exact", True), ("D", "probable", True), ("7", "probable", False)],
)
def test_a_wanted_plate(truth, cars: Fleet, misread, severity, expected):
    own = plate(cars, 9)
    assert own.endswith("0"), "a character that cameras confuse"
    truth.passed(cross(NOON, 9), "kk-jin-g5", own[:-1] + misread if misread else own)
    (one,) = truth.offences
    assert (one.rule, one.severity, bool(one.visible_s)) == ("hot_list", severity, expected)
    assert one.vehicle == (f"plate:2:{own[:-1]}{misread}" if misread else cars.phone[9])


@pytest.mark.parametrize(
    ("sent_min", "found"), [(None, True), (0, False), (10, False), (-10, False), (12, True)]
)
def test_a_silent_passage(truth, cars: Fleet, sent_min, found):
    supervised = next(
        number
        for number, row in enumerate(cars.register.to_pylist())
        if row["kind"] == "heavy_truck" and number > 9
    )
    for minute in range(-30, 40):
        truth.tick(NOON + minute * 60)
        if minute == sent_min:
            at_us = np.array([(NOON + minute * 60) * 1_000_000])
            truth.sent(np.array([supervised], np.int32), at_us)
        if minute == 0:
            truth.passed(cross(NOON, supervised), "kk-jin-g5", plate(cars, supervised))
    assert bool(truth.offences) is found


def case(**changes) -> Case:
    base = Case(0, "kk-nan-g5", NOON, 1.0, False, False, None, None, None)
    return replace(base, **changes)


@pytest.mark.parametrize(
    ("one", "severity"),
    [
        (case(mg=19.9), None),
        (case(mg=20.0), ""),
        (case(mg=85.0, blood_mg=84.0), "drunk"),
        (case(mg=85.0, blood_mg=79.0), ""),
        (case(refused=True, blood_mg=30.0), ""),
    ],
)
def test_blood_decides(city: City, cars: Fleet, one, severity):
    sites = {site["code"]: site for site in city.checkpoints}
    truth = CheckTruth(cars.register.to_pylist(), sites)
    truth.take([one], NOON)
    truth.take([], NOON + BLOOD_S)
    assert [found.severity for found in truth.offences] == ([] if severity is None else [severity])


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
    truth._judge("passages", items, NOON + seconds + 60)
    truth.close(NOON + seconds + 120)
    _, (found,) = truth.take()
    assert (found["rule"], found["vehicle"]) == ("section_speed", known["vehicle"])
