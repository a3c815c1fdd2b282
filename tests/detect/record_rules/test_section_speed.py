"""Section speed, on both sides of each edge and against a plain reference."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect.records import Facts
from tests.detect.judging import START, judge, passage, register_of
from tests.detect.tracks import episodes

SECTION = {"to": "B", "length_m": 20_000.0, "limit_kmh": 100.0, "limits": {"hazmat": 80.0}}
PLACES: dict[str, dict[str, Any]] = {
    "A": {"lat": 26.5, "lon": 101.7, "sections": [SECTION]},
    "B": {"lat": 26.67, "lon": 101.7, "road": "G5", "stake_m": 1000.0},
}


def facts(kind: str | None = "heavy_truck", **section: Any) -> Facts:
    rows = (
        []
        if kind is None
        else [{"vehicle": "10001", "plate": "川DI0001", "plate_colour": 2, "kind": kind}]
    )
    places = {**PLACES, "A": {**PLACES["A"], "sections": [{**SECTION, **section}]}}
    return Facts(register_of(*rows) if rows else None, places)


def journey(seconds: float, **values: Any) -> list[dict[str, Any]]:
    return [passage(0, "A", **values), passage(seconds, "B", **values)]


@pytest.mark.parametrize(
    ("kind", "seconds", "severity"),
    [
        # 19.9 km in 714.4 s and the clocks' 2 s are 100 km/h and lawful.
        ("heavy_truck", 714.4, None),
        ("heavy_truck", 714.3, "lt10"),
        # 110 km/h: 651.27 s; 120 km/h: 597 s, so 595 between the passages.
        ("heavy_truck", 649.3, "lt10"),
        ("heavy_truck", 649.2, "10-20"),
        ("heavy_truck", 595.0, "20-50"),
        ("hazmat", 893.5, None),
        ("hazmat", 893.4, "lt10"),
        (None, 714.4, None),
        (None, 714.3, "lt10"),
        # 200 km/h: 358.2 s; faster is no journey of one vehicle.
        (None, 356.2, "ge70"),
        (None, 356.1, None),
        # 150 km/h: 477.6 s; no heavy vehicle is faster.
        ("heavy_truck", 475.6, "50-70"),
        ("heavy_truck", 475.5, None),
        # 2 h are the longest that passages are told to belong together.
        ("heavy_truck", 7200.0, None),
    ],
)
def test_edges(kind, seconds, severity):
    found = judge("section_speed", *journey(seconds), facts=facts(kind))
    assert [row["severity"] for row in found] == ([severity] if severity else [])


def test_what_it_says():
    (found,) = judge("section_speed", *journey(600), facts=facts("hazmat", service_area=True))
    assert found["measured"] == pytest.approx(119.003, abs=1e-3)
    assert (found["limit"], found["vehicle"], found["vehicle_kind"]) == (80, "10001", "hazmat")
    assert (found["start"], found["end"]) == (START, START + timedelta(seconds=600))
    assert (found["road"], found["stake_m"]) == ("G5", 1000)
    assert found["evidence"] == ["passages:A0", "passages:B600"]
    assert found["quality"] == "service_area"
    assert found["final"]


def test_a_vehicle_nobody_registered_gets_the_highest_limit():
    section = {"limit_kmh": 80.0, "limits": {"other": 120.0}}
    (found,) = judge("section_speed", *journey(500), facts=facts(None, **section))
    assert (found["limit"], found["quality"]) == (120, "kind_unknown")


def test_an_instant_measurement_is_the_same_offence():
    rows = [passage(0, "A", speed_kmh=99.0), passage(600, "B", speed_kmh=121.0)]
    (found,) = judge("section_speed", *rows, facts=facts())
    assert found["quality"] == "instant_too"


NIGHT = 6 * 3600.0
"""START is 16:00, so this is 22:00."""


@pytest.mark.parametrize(
    ("enters", "takes", "limit"),
    [(NIGHT, 800, 80), (NIGHT - 1, 800, None), (NIGHT - 1, 700, 100), (NIGHT, 896, None)],
)
def test_a_coach_at_night(enters, takes, limit):
    """80 % only if the whole journey lies in the night; 895.5 s are 80 km/h exactly."""
    rows = [passage(enters, "A"), passage(enters + takes, "B")]
    found = judge("section_speed", *rows, facts=facts("tour_coach"))
    assert [row["limit"] for row in found] == ([limit] if limit else [])


@pytest.mark.parametrize("values", [{"plate": None}, {"plate": "川DI0002"}, {"plate_colour": 1}])
def test_another_plate_is_another_vehicle(values):
    assert judge("section_speed", passage(0, "A"), passage(600, "B", **values), facts=facts()) == []


def test_the_way_back_is_no_section():
    assert judge("section_speed", passage(0, "B"), passage(600, "A"), facts=facts()) == []


LINE_KM = 18.8355
"""From A to B straight on."""


def plain(rows: list[dict[str, Any]], doubt_s: float) -> list[tuple[Any, Any, bool]]:
    """Reference: for each passage at B, the first of those in a row at A since the last at B, the
    doubts about the plate put aside first. Start, end, and whether it was withdrawn."""
    rows = sorted(rows, key=lambda row: row["time"])
    entered, ends, doubts, lawful, in_a_row = [], [], [], [], []
    for before, row in pairwise([None, *rows]):
        same = before and row["direction"] and before["direction"] == row["direction"]
        if before and before["checkpoint"] != row["checkpoint"]:
            seconds = (row["time"] - before["time"]).total_seconds()
            if LINE_KM * 3600 / (seconds + 30) > 150:
                doubts.append(row["time"])
        again = same and before["checkpoint"] == row["checkpoint"]
        in_a_row = [*(in_a_row if again else ()), row["time"]]
        if row["checkpoint"] == "A":
            entered = in_a_row
            continue
        for start, end in ends:
            if end in in_a_row[:-1] and (row["time"] - start).total_seconds() > 714.39:
                lawful.append((start, end))
        if entered:
            if 19.9 * 3600 / ((row["time"] - entered[-1]).total_seconds() + 2) > 150:
                doubts.append(row["time"])
            elif 19.9 * 3600 / ((row["time"] - entered[0]).total_seconds() + 2) > 100:
                ends.append((entered[0], row["time"]))
            entered = []
    found = []
    for start, end in ends:
        if any(0 <= (end - doubt).total_seconds() <= doubt_s for doubt in doubts):
            continue
        later = any(0 < (doubt - end).total_seconds() <= doubt_s for doubt in doubts)
        found.append((start, end, later or (start, end) in lawful))
    return found


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_as_the_reference_however_delayed_and_cut(data):
    moments = data.draw(st.lists(st.integers(0, 3000), unique=True, max_size=12))
    rows = [
        passage(
            moment,
            data.draw(st.sampled_from("AB")),
            direction=data.draw(st.sampled_from(("1", "1", "1", "2", None))),
            received=START + timedelta(seconds=moment + data.draw(st.integers(0, 119))),
        )
        for moment in moments
    ]
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=4))
    hours = data.draw(st.sampled_from((0.0, 0.1, 0.2, 24.0)))
    found = episodes(
        judge("section_speed", *rows, facts=facts(), cuts=cuts, changes={"doubt_h": hours})
    )
    told = [(row["start"], row["end"], row["severity"] == "withdrawn") for row in found]
    assert told == plain(rows, hours * 3600)


def test_the_end_passed_again_withdraws_what_no_doubt_reaches_any_more():
    """19.9 km in 478 s and in 717 s are 149.9 and 99.9 km/h; what is old is swept out meanwhile."""
    rows = [passage(at, where, direction="1") for at, where in ((0, "A"), (476, "B"), (715, "B"))]
    found = judge("section_speed", *rows, facts=facts(), changes={"doubt_h": 0.0})
    assert [row["severity"] for row in found] == ["20-50", "withdrawn"]


C = {"lat": 26.585, "lon": 101.7}
"""Half-way; the length of the section, 20 km, leaves room to one side."""


def seen_between(lon: float) -> list[dict[str, Any]]:
    """Over the section in 600 s, and half-way at a checkpoint so far to the east."""
    places = {**facts().places, "C": {**C, "lon": lon}}
    rows = passage(0, "A"), passage(300, "C"), passage(600, "B")
    return judge("section_speed", *rows, facts=Facts(facts().register, places))


def test_a_plate_seen_off_the_way_has_not_driven_it():
    """Both ways of sqrt(9.418^2 + d^2) km are 20.5 km at d = 4.05 km, so at 101.7406."""
    assert [row["severity"] for row in seen_between(101.7405)] == ["10-20"]
    assert seen_between(101.7407) == []


def test_a_checkpoint_whose_place_nobody_knows_proves_nothing():
    places = {**facts().places, "C": {}}
    rows = passage(0, "A"), passage(300, "C"), passage(600, "B")
    found = judge("section_speed", *rows, facts=Facts(facts().register, places))
    assert [row["severity"] for row in found] == ["10-20"]


def clone(seconds: float) -> list[dict[str, Any]]:
    """One plate at B and a minute later 18.8 km away at A."""
    return [passage(seconds, "B"), passage(seconds + 60, "A")]


DAY = 24 * 3600


@pytest.mark.parametrize(
    ("rows", "severities"),
    [
        # The pair is complete in second 0, so that a day ends with second 86,400.
        ([*clone(-60), passage(DAY - 600, "A"), passage(DAY, "B")], []),
        ([*clone(-60), passage(DAY - 599, "A"), passage(DAY + 1, "B")], ["10-20"]),
        # The journey ends in second 600.
        ([*journey(600), *clone(DAY + 540)], ["10-20", "withdrawn"]),
        ([*journey(600), *clone(DAY + 541)], ["10-20"]),
        # A section driven faster than 150 km/h by a truck is no journey, and says as much.
        ([*journey(600), passage(3600, "A"), passage(4075.5, "B")], ["10-20", "withdrawn"]),
        ([*journey(600), passage(3600, "A"), passage(4075.6, "B")], ["10-20", "50-70"]),
    ],
)
def test_a_plate_in_doubt_accuses_nobody(rows, severities):
    found = judge("section_speed", *rows, facts=facts())
    assert [row["severity"] for row in found] == severities


def test_what_a_withdrawal_says():
    told, gone = judge("section_speed", *journey(600), *clone(7200), facts=facts())
    assert (gone["id"], told["revision"], gone["revision"]) == (told["id"], 0, 1)
    assert gone["evidence"] == ["passages:A0", "passages:B600", "passages:B7200", "passages:A7260"]
    assert gone["quality"] == "plate_doubtful,corrected"
    assert gone["received"] == START + timedelta(seconds=7261)
    assert (gone["measured"], gone["start"]) == (told["measured"], told["start"])


def test_it_is_withdrawn_once():
    found = judge("section_speed", *journey(600), *clone(7200), *clone(9000), facts=facts())
    assert [row["revision"] for row in found] == [0, 1]


def test_control_another_plate_puts_nobody_in_doubt():
    other = [{**row, "plate": "川DI0009"} for row in clone(7200)]
    found = judge("section_speed", *journey(600), *other, facts=facts())
    assert [row["severity"] for row in found] == ["10-20"]


def test_without_holding_a_straggler_is_missed():
    """The control: the passage at A comes a minute late and is looked at after that at B."""
    late = [passage(0, "A", received=START + timedelta(seconds=660)), passage(600, "B")]
    assert len(judge("section_speed", *late, facts=facts())) == 1
    assert judge("section_speed", *late, facts=facts(), changes={"hold_s": 0}) == []


@pytest.mark.parametrize(
    ("begins", "ends", "severities"),
    [
        ("H11", "H15", ["10-20"]),
        ("H11", "Q11", []),
        ("K33", "H11", []),
        ("Q11", None, ["10-20"]),
        ("Q11", "X99", ["10-20"]),  # another sort than all others, or one the camera cannot tell
        ("X99", "Q11", ["10-20"]),
        (None, "", ["10-20"]),
    ],
)
def test_two_cameras_that_saw_another_sort_of_vehicle(begins, ends, severities):
    rows = passage(0, "A", vehicle_class=begins), passage(600, "B", vehicle_class=ends)
    found = judge("section_speed", *rows, facts=facts())
    assert [row["severity"] for row in found] == severities


@pytest.mark.parametrize(
    ("begins", "ends", "severities"),
    [
        ("4", "4", ["10-20"]),
        ("4", "04", ["10-20"]),  # padded
        ("4", "红", ["10-20"]),  # in words
        ("4", "5", []),  # red and blue
        ("4", "2", []),  # red and white
        ("3", "1", ["10-20"]),  # grey and black
        ("3", "2", ["10-20"]),  # grey and white: grey stands in both groups
        ("1", "2", []),  # black and white stand in none together
        ("4", "99", ["10-20"]),  # the camera cannot tell
        ("13", "4", ["10-20"]),
        (None, "4", ["10-20"]),
        ("4", "E", ["10-20"]),  # no ColorType
    ],
)
def test_two_cameras_that_saw_another_colour(begins, ends, severities):
    rows = passage(0, "A", vehicle_colour=begins), passage(600, "B", vehicle_colour=ends)
    assert [row["severity"] for row in judge("section_speed", *rows, facts=facts())] == severities
    cut = judge("section_speed", *rows, facts=facts(), cuts=[1])
    assert [row["severity"] for row in cut] == severities


def test_which_colours_are_alike_is_a_parameter():
    rows = passage(0, "A", vehicle_colour="4"), passage(600, "B", vehicle_colour="5")
    alike = {"colours_alike": ["红蓝"]}
    assert len(judge("section_speed", *rows, facts=facts(), changes=alike)) == 1
    grey = passage(0, "A", vehicle_colour="3"), passage(600, "B", vehicle_colour="1")
    assert judge("section_speed", *grey, facts=facts(), changes=alike) == []


@pytest.mark.parametrize(
    ("begins", "ends", "severities"),
    [
        (90, 90, ["10-20"]),
        (89, 100, []),
        (100, 89, []),
        (89.9, 89.9, []),
        (None, 90, ["10-20"]),  # the camera does not tell
        (None, 89, []),
        (None, None, ["10-20"]),
    ],
)
def test_a_camera_that_is_not_sure_of_the_plate(begins, ends, severities):
    rows = passage(0, "A", plate_reliability=begins), passage(600, "B", plate_reliability=ends)
    assert [row["severity"] for row in judge("section_speed", *rows, facts=facts())] == severities
    cut = judge("section_speed", *rows, facts=facts(), cuts=[1])
    assert [row["severity"] for row in cut] == severities


def test_how_sure_it_must_be_is_a_parameter():
    rows = passage(0, "A", plate_reliability=60), passage(600, "B", plate_reliability=60)
    less = {"plate_reliability_percent": 60}
    assert len(judge("section_speed", *rows, facts=facts(), changes=less)) == 1


def on(*places: str, direction: str | None = "1") -> list[dict[str, Any]]:
    """Passages one way, each as checkpoint and second."""
    return [passage(float(one[1:]), one[0], direction=direction) for one in places]


@pytest.mark.parametrize(
    ("rows", "measured"),
    [
        # Two beginnings in a row: 802 s and not 602 count, and 89.3 km/h are lawful.
        (on("A0", "A200", "B800"), []),
        # 19.9 km in 612 s.
        (on("A0", "A10", "B610"), [117.059]),
        # It may have come back: 602 s.
        ([*on("A0", direction="2"), *on("A200", "B800")], [119.003]),
        (on("A0", "A200", "B800", direction=None), [119.003]),
        (on("A0", "C100", "A200", "B800"), [119.003]),
        # Two hours are the longest that passages are told to belong together.
        (on("A0", "A6600", "B7200"), []),
        (on("A0", "A6600.5", "B7200.5"), [119.003]),
    ],
)
def test_of_beginnings_in_a_row_the_first_counts(rows, measured):
    found = judge("section_speed", *rows, facts=facts())
    assert [row["measured"] for row in found] == pytest.approx(measured, abs=1e-3)


def test_the_journey_begins_with_the_first():
    (found,) = judge("section_speed", *on("A0", "A10", "B610"), facts=facts())
    assert (found["start"], found["evidence"]) == (START, ["passages:A0", "passages:B610"])


@pytest.mark.parametrize(
    ("rows", "severities"),
    [
        # One image twice: 716.3 s are over 100 km/h still, 716.4 are lawful.
        (on("A0", "B600", "B714.3"), ["10-20"]),
        (on("A0", "B600", "B714.4"), ["10-20", "withdrawn"]),
        (on("A0", "B600", "B650", "B720"), ["10-20", "withdrawn"]),
        # It went back, or may have.
        ([*on("A0", "B600"), *on("B1200", direction="2")], ["10-20"]),
        (on("A0", "B600", "B1200", direction=None), ["10-20"]),
        (on("A0", "B600", "C900", "B1200"), ["10-20"]),
        (on("A0", "B600", "C900", "B1200", "B1300"), ["10-20"]),
        # Two journeys: the second end has a beginning of its own.
        (on("A0", "B600", "A1500", "B2100"), ["10-20", "10-20"]),
        (on("A0", "B600", "B7200"), ["10-20", "withdrawn"]),
        (on("A0", "B600", "B7200.5"), ["10-20"]),
    ],
)
def test_an_end_that_is_passed_again_takes_it_back(rows, severities):
    found = judge("section_speed", *rows, facts=facts())
    assert [row["severity"] for row in found] == severities


def test_what_it_says_when_the_end_is_passed_again():
    told, gone = judge("section_speed", *on("A0", "B600", "B1200"), facts=facts())
    assert (gone["id"], gone["revision"], gone["quality"]) == (
        told["id"], 1, "passed_again,corrected",
    )  # fmt: skip
    assert gone["evidence"] == ["passages:A0", "passages:B600", "passages:B1200"]
    assert gone["received"] == START + timedelta(seconds=1201)


def test_a_line_passed_twice_puts_the_plate_in_no_further_doubt():
    rows = on("A0", "B600", "B1200", "A3000", "B3600")
    found = judge("section_speed", *rows, facts=facts())
    assert [row["severity"] for row in found] == ["10-20", "withdrawn", "10-20"]
