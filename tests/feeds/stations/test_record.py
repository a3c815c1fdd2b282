"""Readings as stations send them, to rows."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.schemas import WEATHER_READING
from sizao.feeds.jt808.positions import rows_to_batch
from sizao.feeds.stations.form import FORM
from sizao.feeds.stations.record import read_reading
from sizao.feeds.taken import as_tuple
from tests.feeds.test_forms import JSON

NOW_US = 1_790_000_000_000_000
GOOD: dict[str, Any] = {"time": "20260921213000", "能见度": "9999", "road_state": "结冰"}


def read(**changes: Any) -> Any:
    return read_reading(GOOD | changes, source="weather:a", station="a", received_us=NOW_US)


def test_strings_headings_and_words() -> None:
    row = read(rain_mm_h="0.2", air_c=-1.5).row
    assert (row["station"], row["visibility_m"], row["road_state"]) == ("a", 9_999.0, "ice")
    assert (row["rain_mm_h"], row["air_c"], row["wind_ms"]) == (0.2, -1.5, None)


@pytest.mark.parametrize("mark", [999999, "999990", -9999, 9999])
def test_marks_of_no_reading_are_null_and_no_problem(mark: Any) -> None:
    taken = read(rain_mm_h=mark)
    assert (taken.row["rain_mm_h"], taken.problems) == (None, [])


def test_one_broken_sensor_does_not_spoil_the_others() -> None:
    taken = read(air_c=81, wind_ms="gale")
    assert (taken.row["air_c"], taken.row["wind_ms"], taken.row["visibility_m"]) == (
        None,
        None,
        9_999.0,
    )
    assert [one.reason for one in taken.problems] == ["impossible_value", "bad_value"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"time": None}, "missing_field"),
        ({"time": "2026-09-31"}, "bad_value"),
        ({"time": "2027-01-01"}, "future_time"),
        ({"能见度": None, "road_state": None}, "missing_field"),
    ],
)
def test_what_is_no_reading(changes: dict[str, Any], reason: str) -> None:
    taken = read(**changes)
    assert taken.refused
    assert taken.problems[0].reason == reason


@pytest.mark.parametrize("place", [{"lat": 26.5}, {"lat": 0, "lon": 0}, {"lat": 91, "lon": 1}])
def test_half_a_place_is_none(place: dict[str, Any]) -> None:
    row = read(**place).row
    assert (row["lat"], row["lon"]) == (None, None)


@settings(deadline=None)
@given(
    sent=JSON
    | st.dictionaries(st.sampled_from([field.name for field in FORM.fields]), JSON).map(
        lambda some: GOOD | some
    )
)
def test_any_json_is_a_row_or_a_reason(sent: Any) -> None:
    taken = read_reading(sent, source="weather:a", station="a", received_us=NOW_US)
    if taken.refused:
        assert taken.problems
    else:
        rows_to_batch([as_tuple(taken.row, WEATHER_READING)], WEATHER_READING)  # type: ignore[arg-type]  # there is a row
