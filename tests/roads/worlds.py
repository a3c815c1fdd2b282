"""Synthetic roads and drives whose true road is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sizao.roads.geometry import metres_per_degree
from sizao.roads.network import Network

LAT, LON = 26.55, 101.70
NORTH, EAST = metres_per_degree(LAT)


def line(points_m: list[tuple[float, float]], **properties: Any) -> dict[str, Any]:
    """A feature through points in metres (east, north) of the origin."""
    coordinates = [[LON + x / EAST, LAT + y / NORTH] for x, y in points_m]
    return {
        "type": "Feature",
        "geometry": {"type": "LineString", "coordinates": coordinates},
        "properties": {"road_class": "national"} | properties,
    }


def valley() -> Network:
    """A divided expressway, carriageways 25 m apart, a service road 25 m beside it, a ramp, and
    a county road that crosses over on a flyover without a junction."""
    bend = [(x, 300.0 * np.sin(x / 3000.0)) for x in np.arange(0.0, 12_001.0, 100.0)]

    def beside(metres: float) -> list[tuple[float, float]]:
        """Displaced to the left of the drawn direction."""
        out = []
        for (x, y), slope in zip(bend, np.gradient([y for _, y in bend], 100.0), strict=True):
            norm = np.hypot(1.0, slope)
            out.append((x - metres * slope / norm, y + metres / norm))
        return out

    service = beside(-25.0)
    main = beside(0.0)
    ramp = [main[40], (main[42][0], main[42][1] - 8.0), service[45]]
    return Network.from_features(
        [
            line(
                main,
                road_class="expressway",
                ref="G5",
                direction="下行",
                oneway=True,
                limit_kmh=100,
                stake_m=100_000,
            ),
            line(
                beside(25.0)[::-1],
                road_class="expressway",
                ref="G5",
                direction="上行",
                oneway=True,
                limit_kmh=100,
                stake_m=112_000,
                stake_sign=-1,
            ),
            line(service, road_class="county", ref="X101", limit_kmh=40),
            line(ramp, road_class="ramp", oneway=True, limit_kmh=40),
            line(
                [(6000.0, -3000.0), (6200.0, 0.0), (6300.0, 3000.0)],
                road_class="county",
                ref="X202",
                layer=1,
                bridge=True,
            ),
        ]
    )


@dataclass
class Drive:
    """What a vehicle reported, and where it truly was."""

    time_us: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    heading: np.ndarray
    speed: np.ndarray
    segment: np.ndarray
    offset_m: np.ndarray

    def columns(self, slot: int = 0) -> tuple[np.ndarray, ...]:
        """Arguments of ``match`` between the network and the state."""
        n = len(self.time_us)
        return (
            np.full(n, slot, np.int32),
            self.time_us,
            self.lat,
            self.lon,
            self.heading,
            self.speed,
            ~np.isnan(self.lat),
        )


def drive(
    network: Network,
    route: list[int],
    rng: np.random.Generator,
    *,
    kmh: float = 72.0,
    every_s: float = 10.0,
    noise_m: float = 10.0,
    heading_noise_deg: float = 8.0,
    start_m: float = 0.0,
    start_us: int = 0,
) -> Drive:
    """Drive a route at a steady speed; each report is displaced by Gaussian noise on each axis
    so that its distance from the truth has ``noise_m`` standard deviation a coordinate."""
    bounds = np.concatenate(([0.0], np.cumsum(network.length_m[route])))
    at = np.arange(start_m, bounds[-1], kmh / 3.6 * every_s)
    leg = np.clip(np.searchsorted(bounds, at, "right") - 1, 0, len(route) - 1)
    segment = np.array(route)[leg]
    offset = at - bounds[leg]
    lat, lon = network.points(segment, offset)
    heading = np.array(
        [network.heading(int(s), float(o)) for s, o in zip(segment, offset, strict=True)]
    )
    n = len(at)
    return Drive(
        start_us + (np.arange(n) * every_s * 1e6).astype(np.int64),
        lat + rng.normal(0, noise_m, n) / NORTH,
        lon + rng.normal(0, noise_m, n) / EAST,
        ((heading + rng.normal(0, heading_noise_deg, n)) % 360).astype(np.float32),
        np.full(n, kmh, np.float32),
        segment,
        offset,
    )


def by_ref(network: Network, ref: str, direction: str = "") -> list[int]:
    """Segments of a road in driving order along stakes, or in file order without stakes."""
    on = np.flatnonzero((network.ref == ref) & (network.direction == direction))
    return on.tolist()
