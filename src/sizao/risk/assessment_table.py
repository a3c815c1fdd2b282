"""The table of an assessment: what is known of each site, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.places import stake
from sizao.risk.network_sites import NetworkSites
from sizao.risk.snapping import JUNCTION_M
from sizao.risk.stretches import Stretch
from sizao.roads.network import Network

Floats = npt.NDArray[np.float64]

SCHEMA = pa.schema(
    [
        pa.field("site", pa.string()),
        pa.field("kind", pa.string()),
        pa.field("row", pa.int32()),
        pa.field("place", pa.string()),
        pa.field("roads", pa.list_(pa.string())),
        pa.field("road_class", pa.string()),
        pa.field("area", pa.string()),
        pa.field("direction", pa.string()),
        pa.field("oneway", pa.bool_()),
        pa.field("stake_start_m", pa.float64()),
        pa.field("stake_end_m", pa.float64()),
        pa.field("arms", pa.int8()),
        pa.field("lat", pa.float64()),
        pa.field("lon", pa.float64()),
        pa.field("length_km", pa.float64()),
        pa.field("group", pa.int16()),
        pa.field("observed", pa.int32()),
        pa.field("predicted", pa.float64()),
        pa.field("expected", pa.float64()),
        pa.field("lower", pa.float64()),
        pa.field("upper", pa.float64()),
        pa.field("rate", pa.float64()),
        pa.field("p_worse", pa.float64()),
        pa.field("p_threshold", pa.float64()),
        pa.field("rank", pa.int32()),
        pa.field("tied", pa.int32()),
        pa.field("fatal", pa.int32()),
        pa.field("injury", pa.int32()),
        pa.field("property", pa.int32()),
        pa.field("harm_unknown", pa.int32()),
        pa.field("unsure", pa.int32()),
        pa.field("own_weight", pa.float64()),
        pa.field("notes", pa.list_(pa.string())),
        pa.field("rules", pa.list_(pa.string())),
    ]
)
"""``site`` is ``s12`` or ``j5``: segment or junction and its number. Counts are of the whole
period; ``rate`` a year: a kilometre on segments, the whole junction at junctions. ``rank`` is by
rate within the kind, ``tied`` how many share it. ``own_weight`` is how much of the estimate the
site's own record is, 0 to 1. ``direction`` is the network's label of the way a segment's line is
drawn, ``stake_start_m`` and ``stake_end_m`` the stakes at the line's ends; null where unknown."""

NOTES = ("worse", "mostly_predicted", "short", "ambiguous", "tied", "few")
"""Codes in ``notes``: surely worse than similar sites; little of its own; shorter than what a
junction reaches; a third of its matches ambiguous; rank shared; fewer than three crashes."""

_UNSURE = 1 / 3


@dataclass(frozen=True, eq=False)
class Columns:
    """Numbers of each site, segments first; ``nodes`` are the junctions' node numbers."""

    group: npt.NDArray[np.int64]
    arms: npt.NDArray[np.int64]
    nodes: npt.NDArray[np.int64]
    length_km: Floats
    observed: npt.NDArray[np.int64]
    predicted: Floats
    expected: Floats
    lower: Floats
    upper: Floats
    rate: Floats
    p_worse: Floats
    p_threshold: Floats
    own_weight: Floats
    harm: list[npt.NDArray[np.int64]]
    unsure: Floats


def table_of(
    network: Network, placed: NetworkSites, columns: Columns, spots: Sequence[Stretch]
) -> pa.Table:
    """The table, schema SCHEMA."""
    segments = len(placed.sites)
    rank, tied = _ranks(columns.rate, segments)
    where = [_segment_place(network, placed, row) for row in range(segments)]
    where += [_junction_place(network, placed, int(node)) for node in columns.nodes]
    flags = np.column_stack(
        (
            columns.p_worse > 0.95,
            columns.own_weight < 0.5,
            (np.arange(len(rank)) < segments) & (columns.length_km * 1000 < 2 * JUNCTION_M),
            (columns.observed >= 3) & (columns.unsure >= _UNSURE * columns.observed),
            tied > 1,
            columns.observed < 3,
        )
    )
    listed: list[list[str]] = [[] for _ in rank]
    for spot in spots:
        for edge in spot.edges:
            listed[edge].append(spot.rule)
        for place, node in enumerate(columns.nodes.tolist()):
            if node in spot.nodes:
                listed[segments + place].append(spot.rule)
    data = {
        "site": [f"s{row}" for row in range(segments)] + [f"j{node}" for node in columns.nodes],
        "kind": ["segment"] * segments + ["junction"] * len(columns.nodes),
        "row": np.concatenate((np.arange(segments), columns.nodes)),
        **{name: [one[name] for one in where] for name in where[0]},
        "arms": columns.arms,
        **{
            name: getattr(columns, name)
            for name in (
                *("length_km", "group", "observed", "predicted", "expected", "lower", "upper"),
                *("rate", "p_worse", "p_threshold", "own_weight"),
            )
        },
        "rank": rank,
        "tied": tied,
        "fatal": columns.harm[0],
        "injury": columns.harm[1],
        "property": columns.harm[2],
        "harm_unknown": columns.harm[3],
        "unsure": columns.unsure.astype(np.int64),
        "notes": [
            [note for note, on in zip(NOTES, row, strict=True) if on] for row in flags.tolist()
        ],
        "rules": [sorted(set(names)) for names in listed],
    }
    return pa.table({field.name: pa.array(data[field.name], field.type) for field in SCHEMA})


def _ranks(rate: Floats, segments: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Competition ranks within each kind, and how many sites share each."""
    rank, tied = np.empty(len(rate), np.int64), np.empty(len(rate), np.int64)
    for part in (slice(0, segments), slice(segments, len(rate))):
        # To nine digits: sums of the same numbers in another order are the same rate.
        _, which, times = np.unique(
            np.round(-rate[part], 9), return_inverse=True, return_counts=True
        )
        first = np.concatenate(([0], np.cumsum(times)[:-1]))
        rank[part], tied[part] = first[which] + 1, times[which]
    return rank, tied


def _segment_place(network: Network, placed: NetworkSites, edge: int) -> dict[str, object]:
    segment = int(placed.segment[edge])
    start, end = float(placed.start_m[edge]), float(placed.end_m[edge])
    lat, lon = network.point(segment, (start + end) / 2)
    stakes = [float(network.stake_at(segment, at)) for at in (start, end)]
    place = network.place(segment, (start + end) / 2)
    road = str(network.ref[segment])
    if road and not np.isnan(stakes[0]):
        low, high = sorted(stakes)
        ending = stake("K", high).removeprefix("K ")
        # A two-way road has both directions in one site: naming one would be wrong.
        way = str(network.direction[segment]) if network.twin[segment] < 0 else ""
        place = f"{stake(road, low)}–{ending} {way}".rstrip()
    else:
        place = f"{place}{_between(placed, edge)}"
    return {
        "place": place,
        "direction": str(network.direction[segment]),
        "oneway": bool(network.twin[segment] < 0),
        "stake_start_m": None if np.isnan(stakes[0]) else stakes[0],
        "stake_end_m": None if np.isnan(stakes[1]) else stakes[1],
        "roads": [str(placed.sites.name[edge])] if placed.sites.name[edge] else [],
        "road_class": str(placed.sites.road_class[edge]),
        "area": str(network.area[segment]),
        "lat": lat,
        "lon": lon,
    }


def _between(placed: NetworkSites, edge: int) -> str:
    """The roads at both ends of a street without stakes: it has many segments of one name."""
    sites = placed.sites
    ends = []
    for node in (sites.a[edge], sites.b[edge]):
        others = sites.name[(sites.a == node) | (sites.b == node)]
        ends.append(next((str(one) for one in others if one and one != sites.name[edge]), ""))
    known = [one for one in dict.fromkeys(ends) if one]
    if len(known) == 2:
        return f"（{known[0]}–{known[1]}）"
    return f"（近{known[0]}）" if known else ""


def _junction_place(network: Network, placed: NetworkSites, node: int) -> dict[str, object]:
    sites = placed.sites
    edges = np.flatnonzero((sites.a == node) | (sites.b == node))
    # The main road first: classes are listed widest first.
    segments = sorted(
        placed.segment[edges].tolist(), key=lambda one: (int(network.road_class[one]), one)
    )
    names = list(dict.fromkeys(str(network.ref[one]) or str(network.name[one]) for one in segments))
    names = [name for name in names if name]
    main = edges[placed.segment[edges] == segments[0]][0]
    at_a = sites.a[main] == node
    offset = placed.start_m[main] if at_a == placed.forward[main] else placed.end_m[main]
    where = network.place(segments[0], float(offset))
    if network.twin[segments[0]] >= 0:
        where = where.removesuffix(str(network.direction[segments[0]])).rstrip()
    return {
        "direction": "",
        "oneway": False,
        "stake_start_m": None,
        "stake_end_m": None,
        "place": where if len(names) < 2 else f"{where} / {' / '.join(names[1:])}",
        "roads": names,
        "road_class": str(sites.road_class[main]),
        "area": str(network.area[segments[0]]),
        "lat": float(sites.lat[node]),
        "lon": float(sites.lon[node]),
    }
