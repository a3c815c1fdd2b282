"""Black spots by the authorities' rules as spots (点) and segments (段) along a road.

A rule counts crashes within a length of road: 500 m for a spot and 2 km for a segment where the
rule of 2019 applies, and where a rule names no length these are taken too. The length slides
along the road from crash to crash; windows that meet a rule and overlap are joined, and end at
their outermost crashes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.core.rulebook import Entry
from sizao.risk.black_spots import Spot, SpotCrash, conditions, rules, why_listed
from sizao.risk.chains import Chain, along_m, chains
from sizao.risk.crashes import Crashes
from sizao.risk.sites import Sites
from sizao.risk.snapping import Snapped

LENGTHS_RULE = "blackspot.national"
"""The rule that names the two lengths; others borrow them."""


@dataclass(frozen=True)
class Stretch:
    """One listed spot or segment.

    kind : "spot" or "segment"; start_m, end_m : along the chain of edges ``chain``
    edges, nodes : numbers of the sites it touches; crashes : row numbers; why : condition met
    """

    rule: str
    kind: str
    road: str
    chain: int
    start_m: float
    end_m: float
    edges: tuple[int, ...]
    nodes: tuple[int, ...]
    crashes: tuple[int, ...]
    deaths: int
    why: Mapping[str, Any]


def lengths() -> dict[str, float]:
    """Length in metres of each kind of stretch."""
    rule = rules()[LENGTHS_RULE]
    return {
        "spot": float(rule.value("spot_length")),
        "segment": float(rule.value("segment_length")),
    }


def stretches(sites: Sites, crashes: Crashes, snapped: Snapped, last_year: int) -> list[Stretch]:
    """What every rule lists, by rule, kind and road. The windows of years end with last_year."""
    parts = chains(sites)
    chain, along = along_m(sites, parts, snapped.edge, crashes.lat, crashes.lon)
    found = []
    for name, rule in rules().items():
        years = max(1, int(rule.value("window")) // 12)
        inside = crashes.in_years(range(last_year - years + 1, last_year + 1)) & (chain >= 0)
        rows = np.flatnonzero(inside)
        rows = rows[np.lexsort((along[rows], chain[rows]))]
        for group in np.split(rows, np.flatnonzero(np.diff(chain[rows])) + 1):
            if len(group):
                part = parts[chain[group[0]]]
                for kind, length in lengths().items():
                    found += _listed(
                        name, rule, kind, length, int(chain[group[0]]), part, group, along, sites,
                        crashes, snapped,
                    )  # fmt: skip
    return found


def _listed(
    name: str,
    rule: Entry,
    kind: str,
    length: float,
    number: int,
    part: Chain,
    rows: npt.NDArray[np.int64],
    along: npt.NDArray[np.float64],
    sites: Sites,
    crashes: Crashes,
    snapped: Snapped,
) -> list[Stretch]:
    least = min(condition["accidents_min"] for condition in conditions(rule))
    at = along[rows]
    windows: list[tuple[int, int, Mapping[str, Any]]] = []
    for first in range(len(rows)):
        last = int(np.searchsorted(at, at[first] + length + 1e-6, "right"))
        if last - first < least:
            continue
        why = why_listed(_spot(rows[first:last], crashes), rule)
        if why is None:
            continue
        if windows and first < windows[-1][1]:
            windows[-1] = (windows[-1][0], max(last, windows[-1][1]), windows[-1][2])
        else:
            windows.append((first, last, why))
    return [
        _stretch(name, kind, number, part, rows[first:last], at[first], at[last - 1], why, sites,
                 crashes, snapped)
        for first, last, why in windows
    ]  # fmt: skip


def _spot(rows: npt.NDArray[np.int64], crashes: Crashes) -> Spot:
    return Spot(
        [
            SpotCrash(max(int(crashes.deaths[row]), 0), str(crashes.pattern[row]),
                      bool(crashes.general_procedure[row]))
            for row in rows
        ],
        road_defect=bool(crashes.road_factor[rows].any()),
    )  # fmt: skip


def _stretch(
    name: str,
    kind: str,
    number: int,
    part: Chain,
    rows: npt.NDArray[np.int64],
    start: float,
    end: float,
    why: Mapping[str, Any],
    sites: Sites,
    crashes: Crashes,
    snapped: Snapped,
) -> Stretch:
    first = int(np.clip(np.searchsorted(part.start_m, start, "right") - 1, 0, len(part.edges) - 1))
    last = int(np.clip(np.searchsorted(part.start_m, end, "left") - 1, first, len(part.edges) - 1))
    edges = part.edges[first : last + 1]
    inner = _between(sites, edges)
    own = {int(node) for node in snapped.node[rows] if node >= 0}
    return Stretch(
        name,
        kind,
        part.name,
        number,
        float(start),
        float(end),
        edges,
        tuple(sorted(inner | own)),
        tuple(rows.tolist()),
        int(np.maximum(crashes.deaths[rows], 0).sum()),
        why,
    )


def _between(sites: Sites, edges: Sequence[int]) -> set[int]:
    """Nodes where two of the edges meet."""
    ends = [int(node) for edge in edges for node in (sites.a[edge], sites.b[edge])]
    return {node for node in ends if ends.count(node) > 1}
