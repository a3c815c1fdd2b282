"""``sizao bench match``: points a second put on roads, and how many on the right one.

Drives over random routes of a network, at nine tenths of the limit and within what a lorry gains
and brakes, reported each 1 to 30 s (one interval a drive), each report displaced by 10 m (standard
deviation on each axis), its heading by 8 degrees and its speed by 0.2 m/s. In tunnels there is no
fix and so no report. ``--roads FILE`` takes any road file that ``sizao roads import`` takes, or a
network; without it the simulated city's roads. A road is right if it has the true one's number or
name and class; a limit if it is the true segment's limit for a heavy truck, reports within a few
metres of a limit's end included.

A limit is *sure* if the matcher names no rival with another one; it is *counted* as the highest of
the answer's and its rivals', as the speed rules do. ``counted_below_true`` is the share of reports
at which a driver would be held to less than the law's limit.

Baseline: the nearest segment by a plain STRtree query for each point, without heading or memory.
"""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import shapely

from sizao.app.benches.roads import network_of
from sizao.core.vehicles import KIND_CODES
from sizao.roads.limits import limits_on
from sizao.roads.matching import Matched, match, new_state
from sizao.roads.network import Network
from sizao.roads.routing import Router

NOISE_M = 10.0
HEADING_NOISE_DEG = 8.0
SPEED_NOISE_MS = 0.2
GAINS_MS2, BRAKES_MS2 = 0.8, 1.2
SHORTEST_M = 800.0
DEGREE_M = 111_195.0


class Reports(NamedTuple):
    """Drives one after another. Arrays of shape (n,); ``segment`` is the truth."""

    slot: npt.NDArray[np.int32]
    time_us: npt.NDArray[np.int64]
    lat: npt.NDArray[np.float64]
    lon: npt.NDArray[np.float64]
    heading_deg: npt.NDArray[np.float32]
    speed_kmh: npt.NDArray[np.float32]
    segment: npt.NDArray[np.int32]
    every_s: npt.NDArray[np.int32]


def run(quick: bool = False, roads: str | None = None) -> dict[str, Any]:
    """Points a second and shares right; ``quick`` takes fewer points and runs."""
    network = network_of(None if roads is None else Path(roads))
    reports = drives(network, 5_000 if quick else 200_000)
    runs = 3 if quick else 7
    _match(network, reports)  # compiles or loads the kernel
    timed = [_match(network, reports) for _ in range(runs)]
    rates = [len(reports.slot) / seconds for seconds, _ in timed]
    matched = timed[0][1]
    found = matched.segment
    road = np.where(network.ref != "", network.ref, network.name)
    there = found >= 0
    same_road = (
        there
        & (road[found] == road[reports.segment])
        & (network.road_class[found] == network.road_class[reports.segment])
    )
    truck = np.full(len(found), KIND_CODES["heavy_truck"])
    limit = limits_on(network, found, truck)[0]
    true_limit = limits_on(network, reports.segment, truck)[0]
    same_limit = there & (limit == true_limit)
    rival_limit = limits_on(network, matched.rival_segment, truck[matched.rival_row])[0]
    sure = there.copy()
    sure[matched.rival_row[rival_limit != limit[matched.rival_row]]] = False
    counted = limit.copy()
    np.maximum.at(counted, matched.rival_row, rival_limit)
    nearest_rate, nearest = _nearest(network, reports, 2_000 if quick else 20_000)
    value = median(rates)
    return {
        "name": "match",
        "unit": "points/s",
        "value": round(value),
        "runs": runs,
        "baseline": {"name": "nearest by STRtree, one query a point", "value": round(nearest_rate)},
        "ratio": round(value / nearest_rate, 1),
        "range": [round(min(rates)), round(max(rates))],
        "points": len(reports.slot),
        "segments": len(network),
        "mean_segment_m": round(float(network.length_m.mean()), 1),
        "right_road": round(float(same_road.mean()), 4),
        "right_limit": round(float(same_limit.mean()), 4),
        "sure": round(float(sure.mean()), 4),
        "right_limit_sure": round(float(same_limit[sure].mean()), 4),
        "below_true": round(float((limit < true_limit).mean()), 5),
        "counted_below_true": round(float((counted < true_limit).mean()), 5),
        "unmatched": round(float((~there).mean()), 4),
        "right_road_nearest": round(float(nearest), 4),
        "right_limit_by_interval_s": {
            f"{low}-{high}": round(float(same_limit[chosen].mean()), 4)
            for low, high in ((1, 2), (3, 5), (6, 10), (11, 20), (21, 30))
            if (chosen := (reports.every_s >= low) & (reports.every_s <= high)).any()
        },
    }


def drives(network: Network, points: int, seed: int = 1) -> Reports:
    """Noisy reports of routes between random places, until there are so many."""
    router, chance = Router(network), np.random.default_rng(seed)
    parts: list[tuple[npt.NDArray[Any], ...]] = []
    total = 0
    while total < points:
        start, goal = (int(value) for value in chance.choice(len(network), 2, replace=False))
        route = router.route((start, 0.0), (goal, float(network.length_m[goal])))
        if route is None or route.metres < SHORTEST_M:
            continue
        segments = np.array(route.segments, np.int32)
        ends_m = np.concatenate(([0.0], np.cumsum(network.length_m[segments])))
        spot_m, passed_s, driven_ms = _driven(network, segments, ends_m)
        every_s = int(chance.integers(1, 31))
        at_s = np.arange(0.0, passed_s[-1], every_s)
        at_m = np.interp(at_s, passed_s, spot_m)
        leg = np.minimum(np.searchsorted(ends_m, at_m, "right") - 1, len(segments) - 1)
        outside = ~network.tunnel[segments[leg]]
        at_s, at_m, leg = at_s[outside], at_m[outside], leg[outside]
        offset_m = at_m - ends_m[leg]
        segment = segments[leg]
        lat, lon = network.points(segment, offset_m)
        heading = [network.heading(int(s), o) for s, o in zip(segment, offset_m, strict=True)]
        count = len(at_s)
        east = DEGREE_M * np.cos(np.radians(lat))
        parts.append(
            (
                np.full(count, len(parts)),
                at_s * 1e6,
                lat + chance.normal(0, NOISE_M, count) / DEGREE_M,
                lon + chance.normal(0, NOISE_M, count) / east,
                (np.array(heading) + chance.normal(0, HEADING_NOISE_DEG, count)) % 360,
                np.maximum(
                    0.0,
                    np.interp(at_s, passed_s, driven_ms) + chance.normal(0, SPEED_NOISE_MS, count),
                )
                * 3.6,
                segment,
                np.full(count, every_s),
            )
        )
        total += count
    whole = [np.concatenate(column) for column in zip(*parts, strict=True)]
    kinds = (np.int32, np.int64, float, float, np.float32, np.float32, np.int32, np.int32)
    return Reports(*(column.astype(kind) for column, kind in zip(whole, kinds, strict=True)))


def _driven(
    network: Network, segments: npt.NDArray[np.int32], ends_m: npt.NDArray[np.float64]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Metres, seconds and metres a second along a route, every two metres.

    At nine tenths of the limit, but no faster than one gets there and no later braked for what
    comes: a speed that jumped at the sign would give the road away.
    """
    limit, _ = limits_on(network, segments, np.zeros(len(segments), np.int8))
    spot_m = np.append(np.arange(0.0, ends_m[-1], 2.0), ends_m[-1])
    leg = np.minimum(np.searchsorted(ends_m, spot_m, "right") - 1, len(segments) - 1)
    square = (0.9 * limit[leg].astype(np.float64) / 3.6) ** 2
    step_m = np.diff(spot_m)
    # Speed squared is linear in the way: a running least of what each spot allows.
    rise = 2 * GAINS_MS2 * spot_m
    square = np.minimum.accumulate(square - rise) + rise
    fall = 2 * BRAKES_MS2 * spot_m
    square = np.minimum.accumulate((square + fall)[::-1])[::-1] - fall
    speed_ms = np.sqrt(square)
    passed_s = np.cumsum(2 * step_m / (speed_ms[1:] + speed_ms[:-1]))
    return spot_m, np.concatenate(([0.0], passed_s)), speed_ms


def _match(network: Network, reports: Reports) -> tuple[float, Matched]:
    """Processor seconds, and the answers."""
    state = new_state(int(reports.slot[-1]) + 1)
    positioned = np.ones(len(reports.slot), bool)
    start = time.process_time()
    found, _ = match(network, *reports[:6], positioned, state)
    return time.process_time() - start, found


def _nearest(network: Network, reports: Reports, points: int) -> tuple[float, float]:
    """Points a processor second and share on the right road of the plain way."""
    lines = [
        shapely.LineString(np.column_stack((network.lon[a:b], network.lat[a:b])))
        for a, b in zip(network.first[:-1], network.first[1:], strict=True)
    ]
    tree = shapely.STRtree(lines)
    road = np.where(network.ref != "", network.ref, network.name)
    some = slice(0, points)
    start = time.process_time()
    found = [
        int(tree.nearest(shapely.Point(x, y)))
        for x, y in zip(reports.lon[some], reports.lat[some], strict=True)
    ]
    seconds = time.process_time() - start
    return len(found) / seconds, float((road[found] == road[reports.segment[some]]).mean())
