"""Golden records on both sides of every number of the rules of records, held by a table.

Each line: records, a number of the rule, the value with which it fires and the one next to it with
which it does not, worked out by hand from what the records say. ``test_every_edge`` says that no
number is missing. Edges of the records with the default numbers (a mass at the limit and a kilogram
over it, the third passage, ...) are in the rules' own test files, ``record_rules/`` above all.
"""

from __future__ import annotations

from typing import Any

import pytest

from sizao.detect.records import Facts
from tests.detect.judging import START, passage
from tests.detect.judging import judge as judge_records
from tests.detect.record_rules.test_dsm_fatigue import LATER, alarm
from tests.detect.weighings import judge as judge_weighings
from tests.detect.weighings import register_of, weighing

KNOWN = Facts(
    register_of(
        {"vehicle": "1", "plate": "川DI0001", "plate_colour": 2, "kind": "heavy_truck",
         "gross_kg": 49_000.0, "payload_kg": 30_000.0}
    )
)  # fmt: skip
MASS = weighing(gross_kg=50_000.0)
WEIGHINGS: list[tuple[str, str, dict[str, Any], float, float]] = [
    ("over_road_limit", "axles_6_combination_kg", MASS, 49_999.0, 50_000.0),
    ("over_road_limit", "axles_2_truck_kg",
     weighing(gross_kg=20_000.0, axles=2, combination=False), 19_999.0, 20_000.0),
    ("over_road_limit", "axles_3_truck_kg",
     weighing(gross_kg=27_000.0, axles=3, combination=False), 26_999.0, 27_000.0),
    ("over_road_limit", "axles_4_truck_kg",
     weighing(gross_kg=33_000.0, axles=4, combination=False), 32_999.0, 33_000.0),
    ("over_road_limit", "axles_3_combination_kg", weighing(gross_kg=30_000.0, axles=3),
     29_999.0, 30_000.0),
    ("over_road_limit", "axles_4_combination_kg", weighing(gross_kg=40_000.0, axles=4),
     39_999.0, 40_000.0),
    ("over_road_limit", "axles_5_combination_kg", weighing(gross_kg=45_000.0, axles=5),
     44_999.0, 45_000.0),
    # 50 t less 2 % are 49 t.
    ("over_road_limit", "margin_static_percent", MASS, 1.9, 2.0),
    ("over_road_limit", "margin_low_speed_percent", {**MASS, "method": "low_speed"}, 1.9, 2.0),
    ("over_road_limit", "margin_high_speed_percent", {**MASS, "method": "high_speed"}, 1.9, 2.0),
    ("over_road_limit", "margin_unknown_percent", {**MASS, "method": None}, 1.9, 2.0),
    # One 49 t by its register, 19 t of them empty.
    *(
        (rule, f"margin_{method}_percent",
         {**MASS, "combination": False, "method": None if method == "unknown" else method},
         1.9, 2.0)
        for rule in ("over_permitted_mass", "over_rated_payload")
        for method in ("static", "low_speed", "high_speed", "unknown")
    ),
    ("over_dimensions", "height_m", weighing(height_m=4.5), 4.4, 4.5),
    ("over_dimensions", "width_m", weighing(width_m=3.0), 2.9, 3.0),
    ("over_dimensions", "length_m", weighing(length_m=20.0), 19.9, 20.0),
    ("over_dimensions", "margin_m", weighing(height_m=4.5), 0.4, 0.6),
]  # fmt: skip

CHECK = {
    "check": "c1", "station": "S1", "time": START, "received": START, "plate": "川DI0001",
    "plate_colour": 2, "breath_mg_100ml": 30.0, "refused": False,
}  # fmt: skip
ALARMS = [alarm(second) for second in (0, 600, 1200)]
OVERFULL = [{**row, "kind": "video.over_capacity"} for row in ALARMS]
PLACES = {"A": {"lat": 26.5, "lon": 101.7}, "B": {"lat": 26.5, "lon": 102.2}}
TWICE = [passage(*one) for one in ((0, "A"), (840, "B"), (2000, "A"), (2840, "B"))]
FOUR = [weighing(14_400 * k, gross_kg=70_000.0) for k in range(4)]
FACTS = Facts(places=PLACES)
CHECKS: list[tuple[str, str, list[dict[str, Any]], float, float]] = [
    ("drink_driving", "drink_from", [CHECK], 30.0, 30.1),
    # Some 49.75 km in 14 min and 30 s for clocks, 206 km/h; twice, 2,000 s from end to end.
    ("cloned_plate", "max_kmh", TWICE, 205.0, 207.0),
    ("cloned_plate", "min_distance_m", TWICE, 49_000.0, 50_500.0),
    ("cloned_plate", "within_min", TWICE, 14.0, 13.9),
    ("cloned_plate", "clock_s", TWICE, 50.0, 60.0),
    ("cloned_plate", "confirm_h", TWICE, 0.56, 0.55),
    # Four cases, ten days from one to the next.
    ("overload_repeat", "vehicle_count", FOUR, 3.0, 4.0),
    ("overload_repeat", "window_d", FOUR, 31.0, 29.0),
    ("overload_repeat", "apart_h", FOUR, 239.0, 241.0),
    # Three at 60 km/h, ten minutes from one to the next.
    *(
        line
        for rule, rows in (("dsm_fatigue", ALARMS), ("capacity_alarm", OVERFULL))
        for line in (
            (rule, "min_alarms", [*rows, LATER], 3.0, 4.0),
            (rule, "gap_min", [*rows, LATER], 10.0, 9.9),
            (rule, "min_speed_kmh", [*rows, LATER], 60.0, 60.1),
        )
    ),
]


@pytest.mark.parametrize(
    ("rule", "name", "row", "fires", "silent"),
    WEIGHINGS,
    ids=[f"{line[0]}-{line[1]}" for line in WEIGHINGS],
)
def test_weighings(rule: str, name: str, row: dict[str, Any], fires: float, silent: float) -> None:
    assert len(judge_weighings(rule, row, facts=KNOWN, **{name: fires})) == 1
    assert judge_weighings(rule, row, facts=KNOWN, **{name: silent}) == []


@pytest.mark.parametrize(
    ("rule", "name", "rows", "fires", "silent"),
    CHECKS,
    ids=[f"{line[0]}-{line[1]}" for line in CHECKS],
)
def test_checks_and_alarms(
    rule: str, name: str, rows: list[dict[str, Any]], fires: float, silent: float
) -> None:
    found = judge_records(rule, *rows, facts=FACTS, changes={name: fires})
    assert [row["revision"] for row in found].count(0) == 1
    assert judge_records(rule, *rows, facts=FACTS, changes={name: silent}) == []
