"""Golden trajectories on both sides of every number of the position rules, held by a table.

Each line: a trajectory, a number of the rule, the value with which it fires and the one next to it
with which it does not, worked out by hand from what the trajectory shows. The rules of single
records have theirs in ``test_record_edges``; ``test_every_edge`` says that no number is missing.
Edges of the trajectory with the default numbers (3:59 and 4:01, 21:59 and 22:00, ...) are in the
rules' own test files.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.detect import test_areas as areas
from tests.detect import test_downgrade_and_standing as slopes
from tests.detect.tracks import Row, Track, begin, detect, episodes

COACH = "line_coach"


def minutely(**values: Any) -> Track:
    return Track(every_s=60, **values)


def driven(minutes: float, kmh: float = 60.0) -> Track:
    return minutely().drive(minutes, kmh).stand(30)


def broken(first: float, away_min: float, metres: float, then: float) -> Track:
    """The last row lies a minute, and a kilometre, before the silence."""
    return minutely().drive(first).silence(away_min, metres).drive(then).stand(30)


def rested(first: float, stood: float, then: float) -> Track:
    return minutely().drive(first).stand(stood).drive(then).stand(30)


def apart(kmh: float, recorder_kmh: float, seconds: float = 600, every_s: float = 15) -> Track:
    return Track(every_s=every_s).leg(seconds, kmh, recorder_speed_kmh=recorder_kmh)


def interrupted() -> Track:
    """Twice 200 s of two speeds apart, one sample of agreement between."""
    return (
        apart(60, 0, 200, 20).leg(20, 60, recorder_speed_kmh=60).leg(200, 60, recorder_speed_kmh=0)
    )


def over(seconds: float, every_s: float = 15) -> Track:
    """75 where 60 is the limit, then 50."""
    return Track(every_s=every_s, limit_kmh=60).leg(seconds, 75).leg(200, 50)


def night(seconds: float, start: str = "23:00", every_s: float = 15) -> Track:
    """75 where 80 is the day's limit, then 50."""
    return begin(start, every_s=every_s, limit_kmh=80).leg(seconds, 75).leg(200, 50)


FIXED: dict[str, dict[str, Any]] = {
    "fatigue": {"reopen_within_min": 0.0},
    "coach_night_fatigue": {"reopen_within_min": 0.0},
    "coach_week_total": {"max_driving_min": 50.0},
}
"""Numbers of a rule that are otherwise in these trajectories."""

POSITIONS: list[tuple[str, str, Callable[[], Track], float, float]] = [
    # 75 > 60 x (1 + t) + m; on from 0 to 45 s.
    ("speeding", "margin_kmh", lambda: over(60), 14.9, 15.0),
    ("speeding", "tolerance_percent", lambda: over(60), 23.0, 24.0),
    ("speeding", "min_duration_s", lambda: over(60), 45.0, 46.0),
    ("speeding", "max_gap_s", lambda: over(180, 40), 40.0, 39.0),
    # The first standing sample is the last that fires: 260 min after the first.
    ("fatigue", "max_continuous_min", lambda: driven(260), 259.0, 260.0),
    ("fatigue", "min_rest_min", lambda: rested(150, 20, 150), 20.1, 20.0),
    ("fatigue", "moving_above_kmh", lambda: driven(260, 6.0), 5.9, 6.0),
    # 250 min with a silence of 11 in it, or 239 without.
    ("fatigue", "max_gap_s", lambda: broken(120, 10, 9000, 120), 660.0, 659.0),
    # 400 m in 26 min: a rest, or 285 less 26 min of driving.
    ("fatigue", "rest_displacement_m", lambda: broken(130, 25, -600, 130), 395.0, 405.0),
    # A silence of 131 min is taken off, or ends the run.
    ("fatigue", "forget_gap_min", lambda: broken(130, 130, 50_000, 130), 131.0, 130.9),
    ("coach_night_fatigue", "max_continuous_min",
     lambda: begin("22:00", every_s=60).drive(140).stand(30), 139.0, 140.0),
    ("coach_night_fatigue", "min_rest_min",
     lambda: begin("22:00", every_s=60).drive(70).stand(20).drive(70).stand(30), 20.1, 20.0),
    ("coach_night_fatigue", "moving_above_kmh",
     lambda: begin("22:00", every_s=60).drive(140, 6.0).stand(30), 5.9, 6.0),
    # From 20:30 to 00:30: 121 min or 120 of the night.
    ("coach_night_fatigue", "night_start_min",
     lambda: begin("20:30", every_s=60).drive(240).stand(30), 1349.0, 1350.0),
    # From 03:00: the last sample before 05:02 lies 121 min later.
    ("coach_night_fatigue", "night_end_min",
     lambda: begin("1 03:00", every_s=60).drive(200), 302.0, 301.0),
    # 130 min with a silence of 11 in it, or 119 without.
    ("coach_night_fatigue", "max_gap_s",
     lambda: begin("22:00", every_s=60).drive(60).silence(10, 9000).drive(60).stand(30),
     660.0, 659.0),
    ("coach_night_fatigue", "rest_displacement_m",
     lambda: begin("22:00", every_s=60).drive(70).silence(25, -600).drive(70).stand(30),
     395.0, 405.0),
    # Nine minutes from sample to sample.
    ("coach_curfew", "min_driving_min", lambda: begin("1 02:10", every_s=60).drive(10), 9.0, 9.1),
    ("coach_curfew", "moving_above_kmh",
     lambda: begin("1 02:10", every_s=60).drive(10), 59.9, 60.0),
    ("coach_curfew", "max_gap_s", lambda: begin("1 02:10", every_s=240).drive(30), 240.0, 239.0),
    # 02:04 to 02:09 are five minutes; 04:50 to 04:55, too.
    ("coach_curfew", "curfew_start_min",
     lambda: begin("1 01:50", every_s=60).drive(20), 124.0, 125.0),
    ("coach_curfew", "curfew_end_min",
     lambda: begin("1 04:50", every_s=60).drive(20), 296.0, 295.0),
    # 75 > 80 x r x (1 + t) + m, by night; on from 0 to 45 s.
    ("coach_night_speed", "ratio", lambda: night(60), 0.92, 0.93),
    ("coach_night_speed", "margin_kmh", lambda: night(60), 10.9, 11.0),
    ("coach_night_speed", "tolerance_percent", lambda: night(60), 15.0, 16.0),
    ("coach_night_speed", "min_duration_s", lambda: night(60), 45.0, 46.0),
    ("coach_night_speed", "max_gap_s", lambda: night(180, every_s=40), 40.0, 39.0),
    ("coach_night_speed", "night_start_min", lambda: night(60, "22:00"), 1320.0, 1321.0),
    ("coach_night_speed", "night_end_min", lambda: night(60, "1 05:58"), 359.0, 358.0),
    # With a limit of 50 min (FIXED) where it is another number's turn.
    ("coach_week_total", "max_driving_min", lambda: driven(101), 99.0, 100.0),
    ("coach_week_total", "moving_above_kmh", lambda: driven(101), 59.9, 60.0),
    ("coach_week_total", "max_gap_s",
     lambda: Track(every_s=120).drive(110).stand(10), 120.0, 119.0),
    ("coach_day_total", "max_driving_min", lambda: driven(501), 499.0, 500.0),
    ("coach_day_total", "moving_above_kmh", lambda: driven(501), 59.9, 60.0),
    ("coach_day_total", "max_gap_s",
     lambda: Track(every_s=120).drive(510).stand(10), 120.0, 119.0),
    # 11 km in two minutes are 330 km/h.
    ("impossible_jump", "max_speed_kmh", lambda: broken(5, 1, 10_000, 5), 325.0, 335.0),
    ("impossible_jump", "min_jump_m", lambda: broken(5, 1, 10_000, 5), 10_900.0, 11_100.0),
    # Silent for 11 min, 6 km away, driving at 60 before.
    ("offline_moving", "silence_min", lambda: broken(10, 10, 5_000, 5), 10.9, 11.0),
    ("offline_moving", "displacement_m", lambda: broken(10, 10, 5_000, 5), 5_900.0, 6_100.0),
    ("offline_moving", "moving_above_kmh", lambda: broken(10, 10, 5_000, 5), 59.9, 60.0),
    ("terminal_moved", "moving_above_kmh", lambda: apart(60, 0), 60.0, 60.1),
    ("terminal_moved", "standing_below_kmh", lambda: apart(60, 5), 5.0, 4.9),
    ("terminal_moved", "min_duration_s", lambda: apart(60, 0), 585.0, 586.0),
    ("terminal_moved", "max_gap_s", lambda: apart(60, 0, 600, 120), 120.0, 119.0),
    ("terminal_moved", "end_samples", interrupted, 2.0, 1.0),
]  # fmt: skip


def inside(every_s: float = 1, kmh: float = 36, seconds: float = 400, **values: Any) -> Track:
    """10 m/s at 36 km/h."""
    return Track(every_s=every_s).leg(seconds, kmh, **values)


def closed(track: Track, **changes: float) -> list[Row]:
    """Inside from 100 to 299 s."""
    return areas.found(track, "area_forbidden", areas.box(7, 1000, 3000), **changes)


def school(track: Track, **changes: float) -> list[Row]:
    return areas.found(track, "area_limit", areas.box(3, -10, 9000, "limit"), **changes)


def routed(track: Track, **changes: float) -> list[Row]:
    """Off the route from 100 to 399 s."""
    return areas.found(track, "route_departure", areas.route(5, -10, 1000), **changes)


def parked(track: Track, **changes: float) -> list[Row]:
    return slopes.found(track, "stopped_on_expressway", network=slopes.expressway(), **changes)


def downhill(track: Track, **changes: float) -> list[Row]:
    """5 % at 60 km/h: (7.19 - 4) J/kg a second, 1,948 after 610 s, 1,916 after 600."""
    given = {"cooling_s": 1e12, "limit_j_per_kg": 1900.0, **changes}
    return slopes.found(track, "long_downgrade", slopes.slope(5), **given)


def stopped(kmh: float = 0, every_s: float = 15, seconds: float = 135) -> Track:
    legs = (300, 80), (seconds, kmh), (60, 80)
    return slopes.on_the_road(*legs, every_s=every_s)


def descent() -> Track:
    return Track(every_s=10).leg(611, 60)


PLACED: list[tuple[str, str, Callable[..., list[Row]], Callable[[], Track], float, float]] = [
    ("area_forbidden", "min_duration_s", closed, inside, 199.0, 200.0),
    ("area_forbidden", "moving_above_kmh", closed, inside, 35.9, 36.0),
    ("area_forbidden", "max_gap_s", closed, lambda: inside(20), 20.0, 19.0),
    ("area_limit", "margin_kmh", school, lambda: inside(1, 45, 60), 14.9, 15.0),
    ("area_limit", "min_duration_s", school, lambda: inside(1, 45, 60), 59.0, 60.0),
    ("area_limit", "max_gap_s", school, lambda: inside(20, 45, 200), 20.0, 19.0),
    ("area_limit", "recorder_agrees_kmh", school,
     lambda: inside(1, 45, 60, recorder_speed_kmh=35.0), 10.0, 9.9),
    ("route_departure", "min_duration_s", routed, inside, 299.0, 300.0),
    ("route_departure", "moving_above_kmh", routed, inside, 35.9, 36.0),
    ("route_departure", "max_gap_s", routed, lambda: inside(20), 20.0, 19.0),
    ("stopped_on_expressway", "min_duration_s", parked, stopped, 120.0, 121.0),
    ("stopped_on_expressway", "standing_below_kmh", parked, lambda: stopped(3), 3.0, 2.9),
    ("stopped_on_expressway", "max_gap_s", parked, lambda: stopped(0, 60, 300), 60.0, 59.0),
    ("long_downgrade", "limit_j_per_kg", downhill, descent, 1900.0, 1940.0),
    ("long_downgrade", "engine_w_per_kg", downhill, descent, 4.0, 4.2),
    ("long_downgrade", "rolling", downhill, descent, 0.006, 0.007),
    ("long_downgrade", "cooling_s", downhill, descent, 1e12, 900.0),
    ("long_downgrade", "min_duration_s", downhill, descent, 10.0, 11.0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "name", "track", "fires", "silent"),
    POSITIONS,
    ids=[f"{line[0]}-{line[1]}" for line in POSITIONS],
)
def test_positions(
    rule: str, name: str, track: Callable[[], Track], fires: float, silent: float
) -> None:
    kind = COACH if rule.startswith("coach") else "other"
    changes = FIXED.get(rule, {})
    for value, count in ((fires, 1), (silent, 0)):
        found = episodes(
            detect(track(), rule, kind=kind, service="long_distance", **{**changes, name: value})
        )
        assert len(found) == count, f"{name} = {value}"


@pytest.mark.parametrize(
    ("rule", "name", "finds", "track", "fires", "silent"),
    PLACED,
    ids=[f"{line[0]}-{line[1]}" for line in PLACED],
)
def test_places(
    rule: str,
    name: str,
    finds: Callable[..., list[Row]],
    track: Callable[[], Track],
    fires: float,
    silent: float,
) -> None:
    assert len(episodes(finds(track(), **{name: fires}))) == 1
    assert finds(track(), **{name: silent}) == []
