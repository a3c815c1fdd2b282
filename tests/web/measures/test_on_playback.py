"""A temporary limit in what is looked up later: on the map of that time, and as the limit driven
under."""

from __future__ import annotations

from datetime import timedelta

import pyarrow as pa

from sizao.core.schemas import POSITION
from sizao.web.fleet.tracks import _limits
from sizao.web.measures import services
from sizao.web.measures.exports import limit_features
from sizao.web.measures.models import ControlMeasure

from ..conftest import EAST, World
from .conftest import STEP
from .test_services import put


def passing(world: World, minutes: tuple[float, ...]) -> pa.RecordBatch:
    """One place on the limited kilometre, the same way, at several minutes from now."""
    rows = [
        {
            "vehicle": "truck", "time": world.now + timedelta(minutes=at),
            "received": world.now + timedelta(minutes=at), "lat": EAST[0],
            "lon": EAST[1] - 0.5 * STEP, "speed_kmh": 55.0, "heading_deg": 90.0,
            "positioned": True, "catch_up": False, "source": "jt808",
        }
        for at in minutes
    ]  # fmt: skip
    return pa.RecordBatch.from_pylist(rows, schema=POSITION)


def lifted(roads: World) -> ControlMeasure:
    """40 km/h from now for ten minutes."""
    one = put(roads, direction="下行")
    roads.clock.advance(600)
    return services.act(roads.user("off-dd1"), one.pk, "lift", one.version, reason="融化")


def test_the_chart_of_a_track_has_the_limit_that_stood_then(roads: World) -> None:
    start = roads.now
    batch = passing(roads, (-5, 1, 9, 11))
    lifted(roads)
    found = _limits(batch, "other", start - timedelta(hours=1), start + timedelta(hours=1))
    assert found.tolist() == [60, 40, 40, 60]


def test_a_higher_temporary_limit_raises_nothing(roads: World) -> None:
    start = roads.now
    batch = passing(roads, (1,))
    put(roads, direction="下行", limit_kmh=80.0)
    found = _limits(batch, "other", start - timedelta(hours=1), start + timedelta(hours=1))
    assert found.tolist() == [60]


def test_a_map_of_then_draws_what_stood_then(roads: World) -> None:
    start = roads.now
    one = lifted(roads)
    put(roads, kind="closure")  # limits nobody's speed

    def drawn(since: float, until: float) -> list[int]:
        body = limit_features(
            start + timedelta(minutes=since), start + timedelta(minutes=until)
        )  # fmt: skip
        return [feature["properties"]["id"] for feature in body["features"]]

    assert drawn(-5, 5) == drawn(5, 60) == [one.pk]
    # Up to the moment it was put up, and from that it was taken away.
    assert drawn(-60, 0) == drawn(10, 60) == []
    (feature,) = limit_features(start, start + timedelta(minutes=1))["features"]
    assert feature["properties"]["word"] == "临时限速"
    assert feature["properties"]["effect"] == "40 km/h"
