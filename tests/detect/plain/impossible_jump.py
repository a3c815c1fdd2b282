"""``impossible_jump``: a place that cannot have been reached since the fix before."""

from __future__ import annotations

import math

from tests.detect.plain.found import Found, place
from tests.detect.plain.sample import Sample, Track
from tests.detect.plain.world import Params, World

MINUTE_US = 60_000_000


def found(track: Track, params: Params, world: World) -> list[Found]:
    """Every jump of one vehicle: both revisions come at once."""
    fixes = [sample for sample in track.samples if sample.lat is not None]
    founds = []
    at = 1
    while at < len(fixes):
        kmh = _jump_kmh(fixes, at, params)
        if kmh is None:
            at += 1
            continue
        # Believed if the next fix does not jump in turn: out and back is a single stray position.
        if at + 1 < len(fixes) and _jump_kmh(fixes, at + 1, params) is None:
            before, after, confirms = fixes[at - 1 : at + 2]
            founds += [
                Found(
                    rule="impossible_jump",
                    vehicle=track.vehicle,
                    revision=revision,
                    start_us=before.time_us,
                    end_us=after.time_us,
                    fired_us=confirms.time_us,
                    received_us=confirms.received_us,
                    measured=kmh,
                    limit=params["max_speed_kmh"],
                    severity="jump",
                    **place(after),
                )
                for revision in (0, 1)
            ]
        at += 2
    return founds


def _jump_kmh(fixes: list[Sample], at: int, params: Params) -> float | None:
    """The speed it would have taken to this fix, None if it is no jump."""
    here, before = fixes[at], fixes[at - 1]
    far_m = metres(before.lat, before.lon, here.lat, here.lon)
    if far_m <= params["min_jump_m"]:
        return None
    # The time counts from when the place before was first reported: the receiver may have hung.
    first = at - 1
    while first > 0 and _same_place(fixes[first - 1], before):
        first -= 1
    since_us = fixes[first].time_us
    if first < at - 1:
        since_us = since_us // MINUTE_US * MINUTE_US
    kmh = far_m / (here.time_us - since_us) * 3.6e6
    return kmh if kmh > params["max_speed_kmh"] else None


def _same_place(one: Sample, other: Sample) -> bool:
    return one.lat == other.lat and one.lon == other.lon


def metres(
    lat_a: float | None, lon_a: float | None, lat_b: float | None, lon_b: float | None
) -> float:
    """Distance on a sphere of 6 371 km, by the haversine formula."""
    assert lat_a is not None
    assert lon_a is not None
    assert lat_b is not None
    assert lon_b is not None
    phi_a, phi_b = math.radians(lat_a), math.radians(lat_b)
    half = (
        math.sin((phi_b - phi_a) / 2) ** 2
        + math.cos(phi_a) * math.cos(phi_b) * math.sin(math.radians(lon_b - lon_a) / 2) ** 2
    )
    return 2 * 6_371_000.0 * math.asin(min(1.0, math.sqrt(half)))
