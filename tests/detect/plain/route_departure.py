"""``route_departure``: a vehicle that is bound to routes drives outside of all of them."""

from __future__ import annotations

from tests.detect.plain.areas import in_force
from tests.detect.plain.found import Found
from tests.detect.plain.sample import Track
from tests.detect.plain.spells import Judged, found_spells
from tests.detect.plain.world import Params, World


def found(track: Track, params: Params, world: World) -> list[Found]:
    """Every episode of one vehicle."""
    routes = world.routes_of(track.vehicle)
    judged = []
    for sample in track.samples if routes else []:
        if sample.lat is None or sample.speed_kmh is None:
            continue
        if sample.speed_kmh <= params["moving_above_kmh"]:
            continue
        binding = [route for route in routes if in_force(route, sample.time_us)]
        if not binding:
            continue
        off = not any(route in sample.fences for route in binding)
        judged.append(Judged(sample, off, fence=min(route.number for route in binding)))
    return found_spells(
        "route_departure", judged, params, lambda measured, limit: "off_route", timed=True
    )
