"""Golden trajectories on both sides of every number of the rules that ask where a vehicle is.

A table as in ``test_edges``: closed areas and those with a limit, routes, long slopes, standing and
driving against the traffic on an expressway.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from sizao.roads.geometry import metres_per_degree
from tests.detect import test_areas as areas
from tests.detect import test_downgrade_and_standing as slopes
from tests.detect import test_wrong_way as wrong
from tests.detect.tracks import Row, Track, episodes


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


def wrong_way(track: Track, **changes: float) -> list[Row]:
    return wrong.found(track, **changes)


def downhill(track: Track, **changes: float) -> list[Row]:
    """5 % at 60 km/h: (7.19 - 4) J/kg a second from 0 s on."""
    given = {"cooling_s": 1e12, "limit_j_per_kg": 1900.0, **changes}
    return slopes.found(track, "long_downgrade", slopes.slope(5), **given)


def cooled(track: Track, **changes: float) -> list[Row]:
    """As ``downhill``, 31.9 J/kg more each 10 s, and each 10 s what was there is halved."""
    return downhill(track, **{"cooling_s": 10 / math.log(2), "min_duration_s": 20.0, **changes})


def hot(track: Track, **changes: float) -> list[Row]:
    return cooled(track, limit_j_per_kg=40.0, **changes)


def hotter(track: Track, **changes: float) -> list[Row]:
    return cooled(track, **{"limit_j_per_kg": 50.0, "min_duration_s": 10.0, **changes})


def stopped(kmh: float = 0, every_s: float = 15, seconds: float = 135) -> Track:
    legs = (300, 80), (seconds, kmh), (60, 80)
    return slopes.on_the_road(*legs, every_s=every_s)


def descent(seconds: float = 611, every_s: float = 10) -> Track:
    return Track(every_s=every_s).leg(seconds, 60)


def sampled(every_s: float, kmh: float, *legs: tuple[int, bool], **away: Any) -> Track:
    """So many samples, each leg as it is or with the values of ``away``."""
    track = Track(every_s=every_s)
    for count, here in legs:
        track.leg(count * every_s, kmh, **({} if here else away))
    return track


def against(metres: float = 0.0, *, kmh: float = 60.0) -> Track:
    """East for 300 s, a sample each 250 m, on the carriageway to the west or north of it."""
    north, _ = metres_per_degree(wrong.WEST)
    return wrong.drive((300, wrong.WEST + metres / north), kmh=kmh)


PLACED: list[tuple[str, str, Callable[..., list[Row]], Callable[[], Track], float, float]] = [
    # From 100 to 299 s at 36 km/h; or a sample each 20 s.
    ("area_forbidden", "min_duration_s", closed, inside, 199.0, 200.0),
    ("area_forbidden", "moving_above_kmh", closed, inside, 35.9, 36.0),
    ("area_forbidden", "max_gap_s", closed, lambda: inside(20), 20.0, 19.0),
    # 45 where 30 is allowed, from 0 to 59 s; or each 20 s; or the tachograph says 35.
    ("area_limit", "margin_kmh", school, lambda: inside(1, 45, 60), 14.9, 15.0),
    ("area_limit", "min_duration_s", school, lambda: inside(1, 45, 60), 59.0, 60.0),
    ("area_limit", "max_gap_s", school, lambda: inside(20, 45, 200), 20.0, 19.0),
    ("area_limit", "recorder_agrees_kmh", school,
     lambda: inside(1, 45, 60, recorder_speed_kmh=35.0), 10.0, 9.9),
    # From 100 to 399 s at 36 km/h; or a sample each 20 s.
    ("route_departure", "min_duration_s", routed, inside, 299.0, 300.0),
    ("route_departure", "moving_above_kmh", routed, inside, 35.9, 36.0),
    ("route_departure", "max_gap_s", routed, lambda: inside(20), 20.0, 19.0),
    # From 300 to 420 s at 0 km/h; or at 3; or a sample each minute.
    ("stopped_on_expressway", "min_duration_s", parked, stopped, 120.0, 121.0),
    ("stopped_on_expressway", "standing_below_kmh", parked, lambda: stopped(3), 3.0, 2.9),
    ("stopped_on_expressway", "max_gap_s", parked, lambda: stopped(0, 60, 300), 60.0, 59.0),
    # 1,916.4 after 600 s, 1,948 after 610: both must be over 1,900. 600 s of 0.03 W/kg are 18, and
    # 0.0002 of 10 km 19.6 J/kg; if it cools there are 1,423 in the end.
    ("long_downgrade", "limit_j_per_kg", downhill, descent, 1916.0, 1917.0),
    ("long_downgrade", "engine_w_per_kg", downhill, descent, 4.02, 4.03),
    ("long_downgrade", "rolling", downhill, descent, 0.0061, 0.0062),
    ("long_downgrade", "cooling_s", downhill, descent, 1e12, 900.0),
    ("long_downgrade", "min_duration_s", downhill, descent, 10.0, 11.0),
    # 1,916 after 600 s and 1,980 after 620, if the account is not forgotten each time.
    ("long_downgrade", "max_gap_s", downhill, lambda: descent(621, 20), 20.0, 19.0),
    # One sample between keeps two spells apart that are too short each, or is bridged:
    # 20 samples inside, one not, 20 inside; 30 s are needed.
    ("area_forbidden", "end_samples", closed,
     lambda: sampled(1, 36, (120, True), (1, False), (20, True), (9, False), lat=27.0), 2.0, 1.0),
    # Six over, one at 20 km/h, six over; 10 s are needed.
    ("area_limit", "end_samples", school,
     lambda: inside(1, 45, 6).leg(1, 20).leg(6, 45).leg(9, 20), 2.0, 1.0),
    # 70 off, one on the route, 70 off; 120 s are needed.
    ("route_departure", "end_samples", routed,
     lambda: sampled(1, 36, (170, True), (1, False), (70, True), (9, False), lon=101.7), 2.0, 1.0),
    # From 300 to 360 s, at 375 s 8 km/h, from 390 to 450 s; 120 s are needed.
    ("stopped_on_expressway", "end_samples", parked,
     lambda: slopes.on_the_road((300, 80), (75, 0), (15, 8), (75, 0), (60, 80)), 2.0, 1.0),
    # 0, 31.9, 47.9, 55.9; off the slope 27.9; 45.9, 54.9: over 40 from 20 to 60 s but for 40 s.
    ("long_downgrade", "end_samples", hot,
     lambda: sampled(10, 60, (4, True), (1, False), (2, True), (3, False), lat=27.0), 2.0, 1.0),
    # 0, 31.9, 47.9; off the slope 24.0 and 11.98; 37.9, 50.9, 57.4. Forgotten: 0, 31.9, 47.9.
    ("long_downgrade", "forget_j_per_kg", hotter,
     lambda: sampled(10, 60, (3, True), (2, False), (3, True), (3, False), lat=27.0), 11.9, 12.0),
    # On from 15 to 285 s; the carriageways are 33.2 m apart.
    ("wrong_way", "min_duration_s", wrong_way, against, 270.0, 271.0),
    ("wrong_way", "max_gap_s", wrong_way, against, 15.0, 14.9),
    ("wrong_way", "min_step_m", wrong_way, against, 249.0, 251.0),
    ("wrong_way", "moving_above_kmh", wrong_way, against, 59.9, 60.0),
    ("wrong_way", "margin_m", wrong_way, against, 33.2, 33.3),
    ("wrong_way", "reach_m", wrong_way, lambda: against(10), 10.1, 9.9),
    # 15 and 30 s, on the right one at 45 s, 60 and 75 s; 30 s are needed.
    ("wrong_way", "end_samples", wrong_way,
     lambda: wrong.drive((45, wrong.WEST), (15, wrong.EAST), (30, wrong.WEST), (60, wrong.EAST)),
     2.0, 1.0),
]  # fmt: skip


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
