"""Gross mass against the road's limit, on both sides of each edge."""

from __future__ import annotations

import pytest

from sizao.detect.records import Facts
from tests.detect.weighings import judge, register_of, weighing

RULE = "over_road_limit"


@pytest.mark.parametrize(
    ("axles", "combination", "drive_axles", "limit"),
    [
        (2, False, None, 18_000),
        (2, None, None, 18_000),
        (3, False, None, 25_000),
        (3, True, None, 27_000),
        (4, False, None, 31_000),
        (4, True, None, 36_000),
        (5, True, None, 43_000),
        (6, True, 2, 49_000),
        (6, True, 1, 46_000),
        (8, True, None, 49_000),
    ],
)
def test_the_limit_is_the_one_of_the_regulation(axles, combination, drive_axles, limit):
    values = {"axles": axles, "combination": combination, "drive_axles": drive_axles}
    assert judge(RULE, weighing(gross_kg=float(limit), **values)) == []
    (found,) = judge(RULE, weighing(gross_kg=limit + 1.0, **values))
    assert (found["measured"], found["limit"]) == (limit + 1, limit)
    assert (found["severity"], found["measured_unit"], found["final"]) == ("lt30", "kg", True)


def test_a_truck_or_a_combination_nobody_knows_gets_the_lenient_limit_and_it_says_so():
    assert judge(RULE, weighing(axles=4, combination=None, gross_kg=36_000.0)) == []
    (found,) = judge(RULE, weighing(axles=4, combination=None, gross_kg=36_001.0))
    assert found["quality"] == "combination_unknown"


@pytest.mark.parametrize(
    ("gross", "band"),
    [
        (63_699.0, "lt30"),
        (63_700.0, "30-50"),
        (73_499.0, "30-50"),
        (73_500.0, "50-100"),
        (97_999.0, "50-100"),
        (98_000.0, "ge100"),
    ],
)
def test_bands_begin_at_their_edge(gross, band):
    (found,) = judge(RULE, weighing(gross_kg=gross))
    assert found["severity"] == band


def test_what_the_scales_may_err_by_is_taken_off_first():
    # 49,000 kg / 0.95 is 51,578.9 kg.
    high = {"method": "high_speed"}
    assert judge(RULE, weighing(gross_kg=51_578.0, **high)) == []
    (found,) = judge(RULE, weighing(gross_kg=51_579.0, **high))
    assert found["quality"] == "weighed_in_motion"
    assert found["measured"] == 51_579
    (found,) = judge(RULE, weighing(gross_kg=51_579.0, method=None))
    assert found["quality"] == "method_unknown"


@pytest.mark.parametrize("missing", ["plate", "gross_kg", "axles"])
def test_what_is_not_known_is_not_judged(missing):
    assert judge(RULE, weighing(**{"gross_kg": 90_000.0, missing: None})) == []


def test_the_subject_is_the_registered_vehicle_and_else_the_plate():
    known = {"vehicle": "100000001", "plate": "川DI0001", "plate_colour": 2, "kind": "heavy_truck"}
    places = {"S1": {"lat": 26.5, "lon": 101.7, "road": "G5", "stake_m": 120_300.0}}
    row = weighing(gross_kg=60_000.0)
    (found,) = judge(RULE, row, facts=Facts(register_of(known), places))
    assert (found["vehicle"], found["vehicle_kind"]) == ("100000001", "heavy_truck")
    assert (found["road"], found["stake_m"], found["lat"]) == ("G5", 120_300, 26.5)
    assert found["evidence"] == ["weighings:w0"]
    (found,) = judge(RULE, row)
    assert found["vehicle"] == "plate:2:川DI0001"


def test_two_weighings_are_two_detections():
    heavy = {"gross_kg": 60_000.0}
    assert len({row["id"] for row in judge(RULE, weighing(1, **heavy), weighing(2, **heavy))}) == 2
