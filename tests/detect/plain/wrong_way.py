"""``wrong_way``: against the traffic of an expressway, by the geometry of all roads near."""

from __future__ import annotations

import math
from collections import defaultdict
from typing import NamedTuple

from tests.detect.plain.areas import box_of, metres_per_degree, square_of, squares_of
from tests.detect.plain.found import Found
from tests.detect.plain.sample import Sample, Track
from tests.detect.plain.spells import Judged, found_spells
from tests.detect.plain.world import Params, World

LOOK_M = 60.0


class Way(NamedTuple):
    """A straight piece of road in its driving direction."""

    lat_a: float
    lon_a: float
    lat_b: float
    lon_b: float
    expressway: bool
    one_way: bool


def found(track: Track, params: Params, world: World) -> list[Found]:
    """Every episode of one vehicle."""
    judged = []
    for sample in track.samples if world.network is not None else []:
        course = _course(sample, params)
        if course is not None:
            judged.append(Judged(sample, _is_against(sample, course, params, world)))
    return found_spells(
        "wrong_way", judged, params, lambda measured, limit: "wrong_way", timed=True
    )


def _course(sample: Sample, params: Params) -> float | None:
    """Degrees clockwise from north, from the fix before to this one; None if not usable."""
    if sample.lat is None or sample.lon is None or sample.speed_kmh is None:
        return None
    if sample.speed_kmh <= params["moving_above_kmh"]:
        return None
    if sample.prev_fix_us is None or sample.prev_lat is None or sample.prev_lon is None:
        return None
    if sample.time_us - sample.prev_fix_us > params["max_gap_s"] * 1e6:
        return None
    north, east = metres_per_degree(sample.lat)
    dy, dx = (sample.lat - sample.prev_lat) * north, (sample.lon - sample.prev_lon) * east
    if math.hypot(dy, dx) < params["min_step_m"]:
        return None
    course = math.degrees(math.atan2(dx, dy))
    if sample.heading_deg is not None and _apart(sample.heading_deg, course) > 45:
        return None
    return course


def _apart(one_deg: float, other_deg: float) -> float:
    """Angle between two directions, 0 to 180 degrees."""
    return abs((one_deg - other_deg + 180) % 360 - 180)


def _is_against(sample: Sample, course: float, params: Params, world: World) -> bool:
    assert sample.lat is not None
    assert sample.lon is not None
    against = along = math.inf
    north, east = metres_per_degree(sample.lat)  # a plane fitted to where the vehicle is
    for piece in _near(sample.lat, sample.lon, world):
        dy, dx = (piece.lat_b - piece.lat_a) * north, (piece.lon_b - piece.lon_a) * east
        if dy == dx == 0:
            continue
        metres = _from_piece(sample.lat, sample.lon, piece, north, east)
        if metres > LOOK_M:
            continue
        apart = _apart(math.degrees(math.atan2(dx, dy)), course)
        if apart <= 60 or (not piece.one_way and apart >= 120):
            along = min(along, metres)
        if apart >= 135 and piece.one_way and piece.expressway:
            against = min(against, metres)
    return against <= params["reach_m"] and along > against + params["margin_m"]


def _from_piece(lat: float, lon: float, piece: Way, north: float, east: float) -> float:
    """Metres from a place to the nearest point of a piece."""
    ay, ax = (piece.lat_a - lat) * north, (piece.lon_a - lon) * east
    by, bx = (piece.lat_b - piece.lat_a) * north, (piece.lon_b - piece.lon_a) * east
    along = min(1.0, max(0.0, -(ay * by + ax * bx) / (by * by + bx * bx)))
    return math.hypot(ay + along * by, ax + along * bx)


def _near(lat: float, lon: float, world: World) -> list[Way]:
    """All pieces that may be within ``LOOK_M``, if an expressway is among them."""
    if "wrong_way" not in world.kept:
        world.kept["wrong_way"] = _squares(world)
    squares: dict[tuple[int, int], list[Way]] = world.kept["wrong_way"]
    return squares.get(square_of(lat, lon), [])


def _squares(world: World) -> dict[tuple[int, int], list[Way]]:
    """Square to the pieces that come near to it; only squares that have an expressway."""
    network = world.network
    lat, lon = network.lat.tolist(), network.lon.tolist()
    squares: dict[tuple[int, int], list[Way]] = defaultdict(list)
    assert network is not None
    for segment, road in enumerate(world.segments):
        one_way = network.twin[segment] < 0
        for at in range(network.first[segment], network.first[segment + 1] - 1):
            piece = Way(
                lat[at], lon[at], lat[at + 1], lon[at + 1], road.road_class == "expressway", one_way
            )
            box = box_of([(piece.lat_a, piece.lon_a), (piece.lat_b, piece.lon_b)], 2 * LOOK_M)
            for square in squares_of(box):
                squares[square].append(piece)
    return {at: own for at, own in squares.items() if any(one.expressway for one in own)}
