"""Turns and hard braking out of tracks."""

from __future__ import annotations

import numpy as np
import pytest

from sizao.plan.signals.junction import Junction
from sizao.plan.signals.observed import Observed, observe
from sizao.roads.geometry import metres_per_degree

AT = (26.5, 101.7)


def track(name: str, start: float, way: list[tuple[float, float]], speeds: list[float]) -> list:
    """Points (east, north) in metres, three seconds apart."""
    return [
        (name, start + 3 * n, e, v, s)
        for n, ((e, v), s) in enumerate(zip(way, speeds, strict=True))
    ]


def seen(junction: Junction, *tracks: list) -> Observed:
    north, east = metres_per_degree(AT[0])
    rows = [row for one in tracks for row in one]
    vehicle = np.array([row[0] for row in rows])
    columns = np.array([row[1:] for row in rows], float).T
    return observe(
        junction, AT, vehicle, columns[0], AT[0] + columns[2] / north, AT[1] + columns[1] / east,
        columns[3],
    )  # fmt: skip


LEFT = [(0, 100), (0, 50), (0, 5), (40, 0), (90, 0)]
"""From the north, out to the east: a left turn."""


def test_a_left_turn_and_a_hard_braking(junction: Junction) -> None:
    found = seen(
        junction,
        track("a", 0, LEFT, [40, 30, 20, 25, 30]),
        track("b", 0, [(0, -100), (0, -40), (0, 3), (0, 60), (0, 120)], [50, 15, 10, 20, 30]),
    )
    assert dict(found.turned) == {"N.L": 1, "S.T": 1}
    # 35 km/h in 3 s is 3.2 m/s2.
    assert (found.hard, found.judged, found.passes, found.vehicles) == (1, 2, 2, 2)
    share, lower, upper = found.hard_share()
    assert share == 0.5
    assert (lower, upper) == pytest.approx((0.0126, 0.9874), abs=1e-3)


def test_one_vehicle_twice_is_two_passes(junction: Junction) -> None:
    found = seen(
        junction,
        track("a", 0, LEFT, [30] * 5),
        track("a", 900, LEFT, [30] * 5),
    )
    assert (found.passes, found.vehicles, found.turned["N.L"]) == (2, 1, 2)


def test_what_fits_no_movement_is_counted_as_unclear(junction: Junction) -> None:
    stops = track("a", 0, LEFT[:3], [30, 20, 0])
    back = track("b", 0, [(0, 100), (0, 5), (3, 100)], [30, 10, 30])
    found = seen(junction, stops, back)
    assert (found.unclear, sum(found.turned.values())) == (2, 0)


def test_sparse_speeds_are_not_judged(junction: Junction) -> None:
    sparse = [(n, t * 10, *rest) for n, t, *rest in track("a", 0, LEFT, [60, 60, 0, 0, 0])]
    found = seen(junction, sparse)
    assert (found.judged, found.hard) == (0, 0)
    assert found.hard_share() == (0, 0, 1)


def test_nobody_near_is_nothing(junction: Junction) -> None:
    far = track("a", 0, [(5000, 0), (6000, 0)], [30, 30])
    assert seen(junction, far).passes == 0
