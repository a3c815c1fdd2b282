"""What is known of the weather ahead: measured, lasting a little, noticed, looked out for."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from sizao.core.clock import SHANGHAI
from sizao.risk.weather_hours import KINDS, WeatherHours
from sizao.risk.weather_known import LASTS_H, Station, class_of, hour_of, known

NOW = datetime(2026, 11, 26, 8, 20, tzinfo=SHANGHAI)
HOUR = hour_of(NOW)
HERE, THERE = Station("a", 26.5, 101.7, "510402"), Station("b", 26.9, 101.9, "510421")
FOG, RAIN, HEAVY, ICE = (KINDS.index(name) for name in ("fog", "rain", "heavy_rain", "snow_ice"))


def notice(kind: str, **over):
    row = {"kind": kind, "level": "yellow", "status": "actual", "action": "alert", "polygon": None,
           "area": None, "time": NOW, "until": NOW + timedelta(hours=4)}  # fmt: skip
    return {**row, **over}


def at(weather: WeatherHours, station: int, hours: range) -> list[int]:
    return [int(weather.at(np.array([station]), np.array([HOUR + one]))[0]) for one in hours]


def test_the_worst_that_a_reading_says_counts() -> None:
    row = {"rain_mm_h": 0.0, "visibility_m": 9000.0, "road_state": "dry"}
    assert class_of(row) == 0
    assert class_of({**row, "visibility_m": 120.0}) == FOG
    assert class_of({**row, "road_state": "ice", "rain_mm_h": None}) == ICE
    assert class_of({"rain_mm_h": None, "visibility_m": None, "road_state": None}) == -1


def test_what_was_measured_lasts_a_little_and_no_longer() -> None:
    weather = known([HERE], {("a", HOUR): RAIN}, [], NOW, 24)
    assert at(weather, 0, range(LASTS_H + 3)) == [RAIN] * (LASTS_H + 1) + [-1, -1]
    old = known([HERE], {("a", HOUR - 6): RAIN}, [], NOW, 24)
    assert at(old, 0, range(4)) == [-1] * 4, "six hours old says nothing about now"


def test_a_notice_holds_where_and_while_it_holds() -> None:
    weather = known([HERE, THERE], {}, [notice("fog", area="510402")], NOW, 24)
    assert at(weather, 0, range(6)) == [FOG] * 5 + [-1]
    assert at(weather, 1, range(6)) == [-1] * 6
    city = known([HERE, THERE], {}, [notice("rain", area="510400", level="red")], NOW, 24)
    assert at(city, 1, range(1)) == [HEAVY]
    around = "POLYGON ((101.8 26.8, 102 26.8, 102 27, 101.8 27, 101.8 26.8))"
    drawn = known([HERE, THERE], {}, [notice("snow", polygon=around)], NOW, 24)
    assert (at(drawn, 0, range(1)), at(drawn, 1, range(1))) == ([-1], [ICE])


def test_exercises_and_cancelled_ones_say_nothing() -> None:
    for over in ({"status": "exercise"}, {"action": "cancel"}, {"until": NOW - timedelta(1)}):
        assert at(known([HERE], {}, [notice("fog", **over)], NOW, 24), 0, range(2)) == [-1, -1]


def test_an_outlook_lies_over_what_lasts_and_under_what_is_noticed() -> None:
    outlook = WeatherHours(
        np.array([26.5]), np.array([101.7]), HOUR, np.full((1, 12), RAIN, np.int8)
    )
    weather = known([HERE], {("a", HOUR): 0}, [notice("fog", until=NOW + timedelta(hours=1))],
                    NOW, 24, outlook)  # fmt: skip
    assert at(weather, 0, range(4)) == [FOG, FOG, RAIN, RAIN]
    assert known([], {}, [], NOW, 24) is None
    assert known([], {}, [], NOW, 24, outlook) is outlook
