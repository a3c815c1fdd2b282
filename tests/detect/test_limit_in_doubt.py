"""Where a higher limit lies within the error of the position, it is the one that counts.

Worked by hand: at 72 km/h and one report a second a vehicle is at 1000 m after 50 s and 20 m from
there a second before and after. A sign's other side is a rival at odds above 1 in 20: within 2.4
deviations, which are 10 m each for a first report and some 2 m each where the seconds before it and
the speed say the same. So 3 m from a sign are in doubt and 17 m are not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sizao.detect import engine, on_roads
from sizao.detect.engine import Context, EngineState
from sizao.roads.network import Network
from tests.detect.tracks import METRES_A_DEGREE_EAST, Track, at, begin, episodes, shanghai


def way(points: list[tuple[float, float]], limit_kmh: float, **values: Any) -> dict[str, Any]:
    """A one-way road through places in metres east and north of the tracks' start."""
    line = [[101.7 + x / METRES_A_DEGREE_EAST, 26.5 + y / 111_195.0] for x, y in points]
    return {
        "geometry": {"type": "LineString", "coordinates": line},
        "properties": {"road_class": "urban", "oneway": True, "limit_kmh": limit_kmh, **values},
    }


def signed(before_kmh: float, after_kmh: float, sign_m: float = 997.0) -> Network:
    """One street to the east with a sign."""
    street = {"name": "大街"}
    return Network.from_features(
        [
            way([(-100, 0), (sign_m, 0)], before_kmh, **street),
            way([(sign_m, 0), (4000, 0)], after_kmh, **street),
        ]
    )


def found(track: Track, network: Network, rule: str = "speeding", kind: str = "other"):
    context = Context.build(network, only=frozenset({rule}), kinds={track.vehicle: kind})
    rows, state = engine.step(track.batch(), EngineState(), context)
    return episodes(rows.to_pylist() + engine.close(state, context).to_pylist())


@pytest.fixture
def as_likeliest(monkeypatch):
    """The control: every sample is held to the limit of the likeliest road."""
    monkeypatch.setattr(on_roads, "_highest", lambda network, matched, kind, limit: limit)


def test_a_lower_limit_begins_surely_behind_its_sign():
    (row,) = found(Track(every_s=1).leg(120, 72.0), signed(80, 60))
    assert row["start"] == at(51)
    assert (row["limit"], row["quality"]) == (60, "gps_only")


def test_a_higher_limit_begins_before_its_sign():
    (row,) = found(Track(every_s=1).leg(120, 72.0), signed(60, 80, 1003.0))
    assert (row["start"], row["end"], row["limit"]) == (at(0), at(49), 60)


@pytest.mark.usefixtures("as_likeliest")
def test_control_without_doubt_the_sign_is_believed_to_the_metre():
    (row,) = found(Track(every_s=1).leg(120, 72.0), signed(80, 60))
    assert row["start"] == at(50)
    (row,) = found(Track(every_s=1).leg(120, 72.0), signed(60, 80, 1003.0))
    assert row["end"] == at(50)


def test_a_doubtful_sample_does_not_end_an_episode():
    """Over both before and after; at the joint a short piece of a higher limit lies near."""
    street = {"name": "大街"}
    town = Network.from_features(
        [
            way([(-100, 0), (1000, 0)], 60, **street),
            way([(1000, 0), (1030, 0)], 90, **street),
            way([(1030, 0), (4000, 0)], 60, **street),
        ]
    )
    (row,) = found(Track(every_s=1).leg(120, 72.0), town)
    assert (row["start"], row["end"], row["limit"]) == (at(0), at(119), 60)


EXPRESSWAY = way([(-100, 0), (6000, 0)], 100, road_class="expressway", ref="G5")


def beside(metres: float) -> Network:
    """A service road so far to the south of an expressway."""
    return Network.from_features([EXPRESSWAY, way([(-100, -metres), (6000, -metres)], 40)])


def off(track: Track, metres_south: float, noise_m: float = 0.0, seed: int = 0) -> Track:
    chance = np.random.default_rng(seed)
    for row in track.rows:
        row["lat"] -= (metres_south + chance.normal(0, noise_m or 1e-9)) / 111_195.0
    return track


def test_an_expressway_and_its_service_road_do_not_exchange_limits():
    """On the expressway at 90 nobody is accused of 40, whatever the noise; on the service road
    whoever does 90 is, and to its own limit."""
    for seed in range(20):
        lawful = off(Track(every_s=5).leg(240, 90.0), 0, 10.0, seed)
        assert found(lawful, beside(25)) == []
    (row,) = found(off(Track(every_s=5).leg(240, 90.0), 25), beside(25))
    assert row["limit"] == 40


MIDDLE_M = 6.1
"""Between roads 12 m apart, a hand's breadth nearer to the service road, so the likelier one."""


def test_in_the_middle_between_them_only_the_higher_counts():
    between = off(Track(every_s=5).leg(240, 90.0), MIDDLE_M)
    assert found(between, beside(12)) == []
    (row,) = found(off(Track(every_s=5).leg(240, 110.0), MIDDLE_M), beside(12))
    assert (row["limit"], row["quality"]) == (100, "gps_only,limit_doubtful")


@pytest.mark.usefixtures("as_likeliest")
def test_control_in_the_middle_somebody_would_be_accused():
    assert found(off(Track(every_s=5).leg(240, 90.0), MIDDLE_M), beside(12))


def test_a_coach_at_night_by_the_higher_limit_as_well():
    """80 % of 80 and of 60: over 48 for certain only behind the sign, over 64 on both sides."""
    rule = {"rule": "coach_night_speed", "kind": "line_coach"}
    start = shanghai("23:00")
    (row,) = found(begin("23:00", every_s=1).leg(120, 60.0), signed(80, 60), **rule)
    assert start + 60 < (row["start"] - at(0)).total_seconds() <= start + 63
    assert row["limit"] == 48
    (row,) = found(begin("23:00", every_s=1).leg(120, 72.0), signed(80, 60), **rule)
    assert (row["start"], row["limit"]) == (at(start), 48)
