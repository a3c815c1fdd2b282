"""Golden records on both sides of every number of the rules of records, held by tables.

Each line: records (or the trucks of a road, for ``slow_traffic``), a number of the rule, the value
with which it fires and the one next to it with which it does not, worked out by hand from what the
records say. In ``WORDS`` a number decides how grave a case is, or how many there are: both values
stand with what is said then. ``test_every_edge`` says that no number is missing.

Edges of the records with the default numbers, by name: ``record_rules/test_over_road_limit`` and
``test_overload`` (a mass at the limit and a kilogram over it, the fourth case, 24 h),
``test_section_speed`` (714.4 and 714.3 s, 22:00), ``test_passages`` (200 km/h, a day),
``test_roadside`` (20 and 80 mg, 183 and 365 days, free children), ``test_dsm_fatigue`` and
``test_capacity_alarm`` (the third alarm, ten minutes), ``test_passage_unreported`` (minutes -10 and
10, half of a source), and ``test_slow_traffic`` beside this file.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from sizao.core.schemas import PASSAGE
from sizao.detect import records, registry
from sizao.detect.names import Names
from sizao.detect.records import Facts, RecordContext, RecordState
from tests.detect import test_slow_traffic as road
from tests.detect.judging import START, passage
from tests.detect.judging import judge as judge_records
from tests.detect.record_rules import test_passage_unreported as reports
from tests.detect.record_rules import test_roadside as roadside
from tests.detect.record_rules import test_section_speed as section
from tests.detect.record_rules.test_dsm_fatigue import LATER, alarm
from tests.detect.tracks import Track, episodes
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
    ("over_road_limit", "axles_6_combination_single_drive_axle_kg", {**MASS, "drive_axles": 1},
     49_999.0, 50_000.0),
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


def late(rows: Sequence[dict[str, Any]], which: int) -> list[dict[str, Any]]:
    """One comes a minute after all others: the last of those, if held for 60 s, is out by then."""
    received = max(row["received"] for row in rows) + timedelta(minutes=1)
    return [{**row, "received": received} if at == which else row for at, row in enumerate(rows)]


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
    # Behind its B, the second A is no beginning of a pair; nor the third case a case, nor the
    # second alarm between its neighbours.
    ("cloned_plate", "hold_s", late(TWICE, 2), 61.0, 60.0),
    ("overload_repeat", "hold_s", late(FOUR, 2), 61.0, 60.0),
    ("dsm_fatigue", "hold_s", [*late(ALARMS, 1), LATER], 61.0, 60.0),
    ("capacity_alarm", "hold_s", [*late(OVERFULL, 1), LATER], 61.0, 60.0),
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

Finder = Callable[[str, dict[str, float]], list[str | None]]


def said(*rows: dict[str, Any], facts: Facts | None = None, column: str = "severity") -> Finder:
    """The last word on each case over these records, by start."""

    def find(rule: str, changes: dict[str, float]) -> list[str | None]:
        found = episodes(judge_records(rule, *rows, facts=facts or FACTS, changes=changes))
        return [row[column] for row in found]

    return find


def unreported(*own: tuple[str, float, str, float], others: int = 15, **known: Any) -> Finder:
    """A passage in minute 0; another vehicle of the source reports for so long on both sides."""
    heard = [one for one in reports.OTHERS if abs(one[1]) <= others]
    return said(passage(30, "A"), facts=reports.facts(*own, *heard, **known))


def overtaken(rule: str, changes: dict[str, float]) -> list[str | None]:
    """The vehicle's report of minute 10 comes in minute 15; what is due by then is judged first."""
    start_us = int(START.timestamp() * 1e6)
    facts = reports.facts(reports.own(-30), *reports.OTHERS)
    facts.heard.until_us = start_us + 15 * 60_000_000
    context = RecordContext.build(
        registry.RECORD_RULES, facts, only=frozenset({rule}), changes={rule: changes}
    )
    batch = pa.RecordBatch.from_pylist([passage(30, "A")], schema=PASSAGE)
    _, state = records.step("passages", batch, RecordState(), context)
    first, state = records.release(facts.heard.until_us, state, context)
    more = reports.heard(reports.own(-30), *reports.OTHERS, reports.own(15, late=5.0))
    facts.heard.restore(more.to_bytes(), Names.of(["10001", "20000"]))
    facts.heard.until_us = start_us + 60 * 60_000_000
    second, _ = records.release(None, state, context)
    return [row["severity"] for row in (*first.to_pylist(), *second.to_pylist())]


def driven(seconds: float, kind: str | None = "heavy_truck", enters: float = 0.0) -> Finder:
    """20 km, 19.9 of them sure, in so long and 2 s for the clocks; the limit is 100."""
    rows = passage(enters, "A"), passage(enters + seconds, "B")
    return said(*rows, facts=section.facts(kind))


def aside(rule: str, changes: dict[str, float]) -> list[str | None]:
    """Seen meanwhile at a checkpoint beside the section: both ways there and back are 20,452 m."""
    places = {**section.facts().places, "C": {**section.C, "lon": 101.74}}
    rows = passage(0, "A"), passage(300, "C"), passage(600, "B")
    return said(*rows, facts=Facts(section.facts().register, places))(rule, changes)


def played(*tracks: Track) -> Finder:
    """A carriageway on which heavy vehicles may drive 100; somebody must let time go on."""

    def find(rule: str, changes: dict[str, float]) -> list[str | None]:
        return [row["severity"] for row in episodes(road.play(*tracks, **changes))]

    return find


def convoy(minute: int = 0) -> list[Track]:
    """Three trucks at 12 km/h, 200 m a minute, on one kilometre for four minutes."""
    return [
        Track(f"3{minute:03}{n}", every_s=20, now_s=60 * minute + 5 * n, east_m=5100).leg(240, 12)
        for n in range(3)
    ]


def free(minute: int) -> Track:
    """One sample of a truck at 80 on that kilometre."""
    return Track(f"4{minute:03}", now_s=60.0 * minute + 5, east_m=5200).sample(80.0)


def reported_late() -> Finder:
    """The third truck's rows come 5 min after their time: its first of a minute, of second 10, in
    second 311."""
    tracks = convoy()
    for row in tracks[2].rows:
        row["received"] = row["time"] + timedelta(seconds=301)
    return played(*tracks, *road.TAIL)


BUS = Facts(
    register_of(
        {"vehicle": "1", "plate": "川DI0001", "plate_colour": 2, "kind": "line_coach", "seats": 10}
    )
)
FLEET = Facts(
    register_of(
        *(
            {"vehicle": f"1{n}", "plate": f"川DI{n:04}", "plate_colour": 2,
             "kind": "heavy_truck", "enterprise": "E1"}
            for n in range(20)
        )
    )
)  # fmt: skip
THREE = [weighing(n, gross_kg=70_000.0, plate=f"川DI{n:04}") for n in range(3)]
THRICE = [*TWICE, passage(9200, "A"), passage(10_040, "B")]
NIGHT_END = 13 * 3600 + 2400.0
"""05:40 of the next day."""
DOUBTED = said(*section.journey(600), *section.clone(7200), facts=section.facts())
TRUCKS = played(*convoy(), *road.TAIL)
QUEUE = played(*road.queue(80.0, 5200.0))
PARTED = played(*convoy(), free(4), free(5), *convoy(6), *road.TAIL)

WORDS: list[tuple[str, str, Finder, float, list[str | None], float, list[str | None]]] = [
    # The edge itself is over it.
    ("drink_driving", "drunk_from", said(roadside.breath(1, 30.0)),
     30.0, ["drunk"], 30.1, ["drink"]),
    # Verified on 1 February, checked on 2 March.
    ("drink_driving", "calibration_valid_d", said(roadside.breath(1, 30.0), column="quality"),
     29.0, [None], 28.0, ["calibration_expired"]),
    # Ten days from the first to the second.
    ("drink_driving", "repeat_within_d",
     said(roadside.breath(1, 30.0), roadside.breath(2, 30.0, 10.0)),
     10.0, ["drink", "drink_again"], 9.9, ["drink", "drink"]),
    # Breath showed 92; blood, ten days later, 30: without the case it refers to it has no plate.
    ("drink_driving", "result_within_d",
     said(roadside.breath(1, 92.0, blood="pending"), roadside.blood(2, 30.0, 10.0)),
     10.0, ["drink"], 9.9, ["drunk"]),
    # 12 on board, two of them free if a fifth of ten seats may be.
    ("over_capacity", "free_children_percent",
     said(roadside.check(1, persons=12, children_free=2), facts=BUS),
     19.9, ["seats_lt20"], 20.0, []),
    # Two hours from the pair that fired to the next.
    ("cloned_plate", "again_h", said(*THRICE), 1.9, ["impossible"] * 2, 2.0, ["impossible"]),
    # Three vehicles of twenty are 0.15.
    ("overload_repeat", "firm_share", said(*THREE, facts=FLEET),
     0.149, ["enterprise"], 0.151, []),
    # Heard in the tenth minute before, and not again.
    ("passage_unreported", "window_min", unreported(reports.own(-10.0)), 9.0, ["silent"], 10.0, []),
    # Judged 10 + 1 + x minutes after second 31, so 5 s before minute 15 or 1 s after it began.
    ("passage_unreported", "late_min", overtaken, 3.4, ["silent"], 3.5, []),
    # The source was heard in 11 of 21 minutes, 52.4 %.
    ("passage_unreported", "source_heard_percent", unreported(reports.own(-30), others=5),
     52.0, ["silent"], 53.0, []),
    # Under it, a heavy truck need not report.
    ("passage_unreported", "min_gross_kg",
     unreported(reports.own(-30), kind="heavy_truck", gross_kg=20_000.0),
     20_000.0, ["silent"], 20_001.0, []),
    # 19.9 km at 100 km/h take 716.4 s.
    ("section_speed", "clock_s", driven(700), 16.0, ["lt10"], 17.0, []),
    # In 702 s, 19.5 km are 100 km/h.
    ("section_speed", "length_error_percent", driven(700), 2.4, ["lt10"], 2.6, []),
    # 402 s are 178.2 km/h, 602 s are 119.0.
    ("section_speed", "max_kmh", driven(400, None), 178.3, ["ge70"], 178.1, []),
    ("section_speed", "max_supervised_kmh", driven(600), 119.1, ["10-20"], 118.9, []),
    # 600 s are ten minutes.
    ("section_speed", "within_min", driven(600), 10.0, ["10-20"], 9.9, []),
    # Behind its B, A begins nothing.
    ("section_speed", "hold_s", said(*late(section.journey(600), 0), facts=section.facts()),
     61.0, ["10-20"], 60.0, []),
    # 802 s are 89.3 km/h, from 22:00 to 22:13, and from 05:40 to 05:53:20.
    ("section_speed", "night_ratio", driven(800, "tour_coach", section.NIGHT),
     0.89, ["lt10"], 0.90, []),
    ("section_speed", "night_start_min", driven(800, "tour_coach", section.NIGHT),
     1320.0, ["10-20"], 1321.0, []),
    ("section_speed", "night_end_min", driven(800, "tour_coach", NIGHT_END),
     354.0, ["10-20"], 353.0, []),
    ("section_speed", "plate_reliability_percent",
     said(*section.journey(600, plate_reliability=90.0), facts=section.facts()),
     90.0, ["10-20"], 90.1, []),
    # Half-way, 3.98 km to the side: 452 m more than 20 km.
    ("section_speed", "detour_m", aside, 453.0, ["10-20"], 451.0, []),
    # The pair ends in second 7,260, 6,660 s or 1.85 h after the journey.
    ("section_speed", "doubt_h", DOUBTED, 1.84, ["10-20"], 1.86, ["withdrawn"]),
    # B and A are 18,835 m apart: at 150 km/h 452 s, 60 of them passed.
    ("section_speed", "doubt_distance_m", DOUBTED, 18_840.0, ["10-20"], 18_830.0, ["withdrawn"]),
    ("section_speed", "doubt_clock_s", DOUBTED, 393.0, ["10-20"], 391.0, ["withdrawn"]),
    # Three trucks.
    ("slow_traffic", "min_vehicles", TRUCKS, 3.0, ["congested"], 4.0, []),
    # 12 of 100; sure of 0.92 x r, and of 0.5 x (1 - m).
    ("slow_traffic", "slow_ratio", TRUCKS, 0.131, ["congested"], 0.130, []),
    ("slow_traffic", "margin_percent", TRUCKS, 75.9, ["congested"], 76.1, []),
    # Minutes 0 to 3.
    ("slow_traffic", "min_minutes", TRUCKS, 4.0, ["congested"], 5.0, []),
    # At 12 km/h, the edge itself is within.
    ("slow_traffic", "standing_kmh", TRUCKS, 12.0, ["standing_traffic"], 11.9, ["congested"]),
    ("slow_traffic", "congested_kmh", TRUCKS, 12.0, ["congested"], 11.9, ["slow"]),
    # Two minutes at 80 of 100 lie between the two convoys.
    ("slow_traffic", "end_minutes", PARTED, 2.0, ["congested"] * 2, 3.0, ["congested"]),
    ("slow_traffic", "free_ratio", PARTED, 0.80, ["congested"] * 2, 0.81, ["congested"]),
    # Heard in minute 3 and again in minute 7: minute 6 is the third of silence.
    ("slow_traffic", "max_gap_min", played(*convoy(), *convoy(7), *road.TAIL),
     3.0, ["congested"] * 2, 4.0, ["congested"]),
    # Some come up at speed on the second kilometre before, in minutes 4 to 7.
    ("slow_traffic", "approach_km", QUEUE,
     2.0, ["standing_traffic", "queue_end"], 1.0, ["standing_traffic"]),
    ("slow_traffic", "queue_minutes", QUEUE,
     4.0, ["standing_traffic", "queue_end"], 5.0, ["standing_traffic"]),
    # 311 s are 251 after the minute's end.
    ("slow_traffic", "hold_s", reported_late(), 252.0, ["congested"], 251.0, []),
]  # fmt: skip


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


@pytest.mark.parametrize(
    ("rule", "name", "find", "value", "words", "beside", "others"),
    WORDS,
    ids=[f"{line[0]}-{line[1]}" for line in WORDS],
)
def test_words(
    rule: str,
    name: str,
    find: Finder,
    value: float,
    words: list[str | None],
    beside: float,
    others: list[str | None],
) -> None:
    assert words != others
    assert find(rule, {name: value}) == words
    assert find(rule, {name: beside}) == others
