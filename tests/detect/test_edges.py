"""Golden trajectories on both sides of every number of the position rules, held by a table.

Each line: a trajectory, a number of the rule, the value with which it fires and the one next to it
with which it does not, worked out by hand from what the trajectory shows. Rules that ask where a
vehicle is have theirs in ``test_place_edges``, those of single records in ``test_record_edges``;
``test_every_edge`` says that no number is missing. Edges of the trajectory with the default numbers
(3:59 and 4:01, 21:59 and 22:00, ...) are in the rules' own tests, listed in ``test_named_edges``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.detect.test_reopen import hours, late_at_night
from tests.detect.tracks import METRES_A_DEGREE_EAST, Track, begin, detect, episodes

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


def jump(track: Track, kmh: float, then_kmh: float, recorder_kmh: float | None = None) -> Track:
    """Over from 30 to 60 s if the first of these samples counts, else from 45 to 60 s only."""
    track.leg(30, 50).leg(15, kmh, recorder_speed_kmh=recorder_kmh)
    return track.leg(30, then_kmh).leg(60, 50)


def twice(track: Track) -> Track:
    """75 from 0 to 45 s, 50 at 60 and 75 s, 75 from 90 to 135 s."""
    return track.leg(60, 75).leg(30, 50).leg(60, 75).leg(60, 50)


def town() -> Track:
    return Track(limit_kmh=60)


def town_by_night() -> Track:
    """80 % of 75 are 60."""
    return begin("23:00", limit_kmh=75)


def spiked(track: Track, first: float) -> Track:
    """Twelve minutes of rest, a moving sample 50 m off, twelve more."""
    track.drive(first).stand(12)
    track.sample(90.0, lon=101.7 + (track.east_m + 50) / METRES_A_DEGREE_EAST).silence(1)
    return track.stand(12).drive(first).stand(30)


def told_late(track: Track, first: float, last: float, after: float) -> Track:
    """The minutes from ``first`` on and before ``last`` come ``after`` minutes later: right behind
    the row a minute before that."""
    track.rows = late_at_night(track, (hours(first), hours(last)), hours(after))
    return track


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
    # 100 / 60 is 0.583 more than 65 / 60, so it counts if that much is believed.
    ("speeding", "jump_ratio", lambda: jump(town(), 100, 65), 0.59, 0.58),
    ("coach_night_speed", "jump_ratio", lambda: jump(town_by_night(), 100, 65), 0.59, 0.58),
    # 75 / 60 is 0.2 more than 63 / 60; the tachograph says 60.
    ("speeding", "jump_contradicted_ratio", lambda: jump(town(), 75, 63, 60.0), 0.21, 0.19),
    ("coach_night_speed", "jump_contradicted_ratio",
     lambda: jump(town_by_night(), 75, 63, 60.0), 0.21, 0.19),
    # 15 km/h apart: agreed, and then any jump counts; or contradicted.
    ("speeding", "recorder_agrees_kmh", lambda: jump(town(), 75, 63, 60.0), 15.0, 14.9),
    ("coach_night_speed", "recorder_agrees_kmh",
     lambda: jump(town_by_night(), 75, 63, 60.0), 15.0, 14.9),
    # 50 m off: no spike, two stops of 12 and 13 min; or a spike, and a rest of 25.
    ("fatigue", "spike_displacement_m", lambda: spiked(minutely(), 150), 49.0, 51.0),
    ("coach_night_fatigue", "spike_displacement_m",
     lambda: spiked(begin("22:00", every_s=60), 70), 49.0, 51.0),
    # 64 and 65 min around a silence of 131, which is taken off or ends the run.
    ("coach_night_fatigue", "forget_gap_min",
     lambda: begin("22:00", every_s=60).drive(65).silence(130, 50_000).drive(65).stand(30),
     131.0, 130.9),
    # Late rows come nine minutes after the gap's end: what they tell makes the limit full.
    ("fatigue", "reopen_within_min", lambda: told_late(driven(260), 150, 180, 10), 9.0, 8.9),
    ("coach_night_fatigue", "reopen_within_min",
     lambda: told_late(begin("22:30", every_s=60).drive(130).stand(60), 50, 80, 10), 9.0, 8.9),
    ("coach_curfew", "reopen_within_min",
     lambda: told_late(begin("1 01:40", every_s=60).drive(45).stand(60), 23, 43, 10), 9.0, 8.9),
    # 510 min less 42, and 59 less 22 where 50 are the limit (FIXED).
    ("coach_day_total", "reopen_within_min",
     lambda: told_late(driven(511), 360, 401, 10), 9.0, 8.9),
    ("coach_week_total", "reopen_within_min", lambda: told_late(driven(60), 20, 41, 10), 9.0, 8.9),
]  # fmt: skip

OTHER = list[str | None]
TOLD: list[tuple[str, str, Callable[[], Track], float, OTHER, float, OTHER]] = [
    # The second sample below lies 30 s behind the last one over.
    *(
        line
        for rule, road in (("speeding", town), ("coach_night_speed", town_by_night))
        for line in (
            (rule, "end_below_samples", lambda road=road: twice(road()), 3.0, ["gps_only"],
             2.0, ["gps_only", "gps_only"]),
            (rule, "end_below_s", lambda road=road: twice(road()), 31.0, ["gps_only"],
             30.0, ["gps_only", "gps_only"]),
        )
    ),
    # 400 m farther on after 11 min of silence: it may have been driving, or it stood.
    ("coach_day_total", "rest_displacement_m", lambda: broken(260, 10, -600, 260),
     395.0, ["gap,unknown_min=11"], 405.0, [None]),
    ("coach_week_total", "rest_displacement_m", lambda: broken(30, 10, -600, 60),
     395.0, ["gap,unknown_min=11"], 405.0, [None]),
]  # fmt: skip
"""Numbers that decide not whether a rule fires but what it tells: the quality of each episode with
the one value, and with the other."""


@pytest.mark.parametrize(
    ("rule", "name", "track", "fires", "silent"),
    POSITIONS,
    ids=[f"{line[0]}-{line[1]}" for line in POSITIONS],
)
def test_positions(
    rule: str, name: str, track: Callable[[], Track], fires: float, silent: float
) -> None:
    for value, count in ((fires, 1), (silent, 0)):
        assert len(told(rule, track(), name, value)) == count, f"{name} = {value}"


@pytest.mark.parametrize(
    ("rule", "name", "track", "one", "qualities", "other", "other_qualities"),
    TOLD,
    ids=[f"{line[0]}-{line[1]}" for line in TOLD],
)
def test_what_is_told(
    rule: str,
    name: str,
    track: Callable[[], Track],
    one: float,
    qualities: OTHER,
    other: float,
    other_qualities: OTHER,
) -> None:
    assert told(rule, track(), name, one) == qualities
    assert told(rule, track(), name, other) == other_qualities


def told(rule: str, track: Track, name: str, value: float) -> OTHER:
    """The quality of each episode that a rule finds with this number."""
    kind = COACH if rule.startswith("coach") else "other"
    changes = {**FIXED.get(rule, {}), name: value}
    rows = episodes(detect(track, rule, kind=kind, service="long_distance", **changes))
    return [row["quality"] for row in rows]
