"""Alcohol tests and counts of persons: both sides of each edge, corrections, free children."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.detect.records import Facts
from tests.detect.judging import START, judge, register_of

PLACES = {"P1": {"lat": 26.5, "lon": 101.7, "road": "G5", "stake_m": 1000.0, "area": "510402"}}


def check(number: int, days: float = 0.0, **values: Any) -> dict[str, Any]:
    time = START + timedelta(days=days)
    return {
        "check": f"c{number}",
        "station": "P1",
        "time": time,
        "received": time + timedelta(seconds=number),
        "plate": "川DI0001",
        "plate_colour": 2,
        "how": "officer",
        **values,
    }


def breath(number: int, value: float, days: float = 0.0, **values: Any) -> dict[str, Any]:
    calibrated = {"calibrated": "2026-02-01"} if "calibrated" not in values else {}
    return check(number, days, breath_mg_100ml=value, **calibrated, **values)


def drink(*rows: dict[str, Any], **more: Any) -> list[tuple[str, int, bool]]:
    found = judge("drink_driving", *rows, facts=Facts(places=PLACES), **more)
    return [(row["severity"], row["revision"], row["final"]) for row in found]


@pytest.mark.parametrize(
    ("value", "severity", "limit"),
    [
        (0.0, None, 0),
        (19.9, None, 0),
        (20.0, "drink", 20),
        (79.9, "drink", 20),
        (80.0, "drunk", 80),
    ],
)
def test_thresholds(value, severity, limit):
    found = judge("drink_driving", breath(1, value), facts=Facts(places=PLACES))
    assert [(row["severity"], row["limit"]) for row in found] == (
        [(severity, limit)] if severity else []
    )
    for row in found:
        assert row["measured"] == value
        assert row["evidence"] == ["roadside_checks:c1"]
        assert (row["vehicle"], row["road"], row["area"]) == ("plate:2:川DI0001", "G5", "510402")
        assert row["driver"] is None


def test_a_refusal_and_a_check_of_something_else():
    assert drink(check(1, refused=True)) == [("refusal", 0, True)]
    assert drink(check(1, persons=5)) == []
    assert drink(breath(1, 90.0, plate=None)) == []


def quality(*rows: dict[str, Any]) -> str | None:
    return judge("drink_driving", *rows, facts=Facts(places=PLACES))[-1]["quality"]


@pytest.mark.parametrize(
    ("calibrated", "says"),
    [
        ("2025-08-31", None),  # 183 days before 2026-03-02
        ("2025-08-30", "calibration_expired"),
        ("2026-03-02", None),
        ("2026-03-03", "calibration_expired"),
        (None, "calibration_unknown"),
    ],
)
def test_the_testers_verification(calibrated, says):
    assert quality(breath(1, 90.0, calibrated=calibrated)) == says


def blood(number: int, value: float, days: float, refers_to: str = "c1") -> dict[str, Any]:
    return check(
        number, days, blood="result", blood_mg_100ml=value, refers_to=refers_to, plate=None
    )


@pytest.mark.parametrize(
    ("value", "severity"), [(85.0, "drunk"), (79.9, "drink"), (19.9, "cleared")]
)
def test_blood_corrects_breath(value, severity):
    rows = [breath(1, 92.0, blood="pending"), blood(2, value, 2.0)]
    assert drink(*rows) == [("drunk", 0, False), (severity, 1, True)]
    first, second = judge("drink_driving", *rows, facts=Facts(places=PLACES))
    for same in ("id", "vehicle", "start", "fired", "received"):
        assert first[same] == second[same]
    assert second["evidence"] == ["roadside_checks:c1", "roadside_checks:c2"]
    assert (first["quality"], second["quality"]) == ("blood_pending", "by_blood")


def test_blood_may_show_what_breath_did_not():
    rows = [breath(1, 15.0, blood="pending"), blood(2, 81.0, 2.0)]
    assert drink(*rows) == [("drunk", 0, True)]
    (found,) = judge("drink_driving", *rows, facts=Facts(places=PLACES))
    assert found["start"] == START
    assert found["fired"] == START + timedelta(days=2)


def test_a_correction_of_nothing_stands_for_itself():
    late = check(2, 91.1, blood="result", blood_mg_100ml=85.0, refers_to="c1")
    assert drink(breath(1, 92.0), late)[1] == ("drunk", 0, True)
    assert quality(breath(1, 92.0), late) == "by_blood,refers_unknown"
    in_time = check(2, 90.0, blood="result", blood_mg_100ml=85.0, refers_to="c1")
    assert drink(breath(1, 92.0), in_time)[1] == ("drunk", 1, True)


@pytest.mark.parametrize(
    ("days", "severity"), [(1.0, "drink_again"), (365.0, "drink_again"), (366.1, "drink")]
)
def test_the_same_plate_again(days, severity):
    assert drink(breath(1, 30.0), breath(2, 30.0, days))[1] == (severity, 0, True)
    assert drink(breath(1, 19.0), breath(2, 30.0, days))[0] == ("drink", 0, True)
    other = breath(2, 30.0, days, plate="川DI0002")
    assert drink(breath(1, 30.0), other)[1] == ("drink", 0, True)


def test_a_correction_of_one_case_is_no_repeat_and_a_cleared_one_counts_for_nothing():
    corrected = [breath(1, 30.0, blood="pending"), blood(2, 40.0, 2.0)]
    assert drink(*corrected)[1] == ("drink", 1, True)
    cleared = [breath(1, 30.0, blood="pending"), blood(2, 10.0, 2.0), breath(3, 30.0, 3.0)]
    assert drink(*cleared)[2] == ("drink", 0, True)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_cuts_do_not_matter(data):
    rows = []
    for number in range(data.draw(st.integers(1, 8))):
        value = data.draw(st.sampled_from([10.0, 30.0, 90.0]))
        refers = data.draw(st.sampled_from([None, *(f"c{one}" for one in range(number))]))
        days = float(data.draw(st.integers(0, 100)))
        pending = data.draw(st.sampled_from([None, "pending"]))
        rows.append(breath(number, value, days, refers_to=refers, blood=pending))
    cuts = data.draw(st.lists(st.integers(0, len(rows)), max_size=4))
    whole, pieces = (
        sorted(
            judge("drink_driving", *rows, facts=Facts(places=PLACES), cuts=some),
            key=lambda row: (row["id"], row["revision"]),
        )
        for some in ((), cuts)
    )
    assert pieces == whole
    keys = [(row["id"], row["revision"]) for row in whole]
    assert len(keys) == len(set(keys))


def capacity(kind: str, seats: int | None, **values: Any) -> list[Any]:
    known = {
        "vehicle": "10001",
        "plate": "川DI0001",
        "plate_colour": 2,
        "kind": kind,
        "seats": seats,
    }
    return judge("over_capacity", check(1, **values), facts=Facts(register_of(known), PLACES))


@pytest.mark.parametrize(
    ("kind", "persons", "children", "severity"),
    [
        ("minivan", 10, None, None),
        ("minivan", 11, None, "seats_lt20"),
        ("minivan", 12, None, "seats_20_50"),
        ("minivan", 15, None, "seats_50_100"),
        ("minivan", 20, None, "seats_ge100"),
        ("minivan", 11, 1, "seats_lt20"),
        ("line_coach", 11, 1, None),
        ("line_coach", 12, 2, "seats_lt20"),
        ("school_bus", 11, 1, "seats_lt20"),
    ],
)
def test_seats(kind, persons, children, severity):
    found = capacity(kind, 10, persons=persons, children_free=children)
    assert [row["severity"] for row in found] == ([severity] if severity else [])


def test_free_children_are_a_tenth_of_the_seats_rounded_down():
    assert capacity("line_coach", 39, persons=42, children_free=3) == []
    (found,) = capacity("line_coach", 39, persons=43, children_free=4)
    assert (found["measured"], found["limit"], found["severity"]) == (40, 39, "seats_lt20")


def test_what_is_not_known_is_said():
    assert capacity("minivan", None, persons=99) == []
    assert capacity("minivan", 7, persons=None, breath_mg_100ml=90.0) == []
    (found,) = capacity("tour_coach", 39, persons=41, how="door_counter")
    assert found["quality"] == "children_unknown,counted_by_device"
