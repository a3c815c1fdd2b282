"""What the map says around a site: how long its street is, how near the next lights, how dense.

Land use and turning traffic are nowhere in a road file, but they show in it: streets that go on
for kilometres, junctions close together, lights, what else meets at the ends. Each column alone
says little; together they were worth 1 to 3 % more crashes on the same length with few records.

They were chosen on earlier years and on held-back crashes (Staten Island 10 % of 2016 for 2017
and 10 % of 2017 for the rest of 2017; Bronx 3 and 10 % of 2017 for 2018). Looked at and left out,
because they were no better there: crashes along the same street within 300 m as a column of
their own, the record of an edge's own two junctions (the radius of 250 m holds them already),
speed limits, and words of street names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from sizao.risk.sites import Sites
from sizao.roads.geometry import metres_per_degree

Floats = npt.NDArray[np.float64]
Columns = dict[str, Floats]

DENSITY_M, LIGHTS_M = 400.0, 600.0
_NO_LIGHT_M = 20_000.0
_LIGHT_SOFT_M = 20.0
_WIDE = 3


def around(sites: Sites, meeting: Floats, group: npt.NDArray[np.int64], through: Floats) -> tuple[
    Columns, Columns
]:  # fmt: skip
    """Columns of edges (e,) and of nodes (n,), each with its mean taken off.

    meeting : (n, groups), edges of each group at each node; group : (e,), index of the group
    through : (e,), logarithm of paths over each edge
    """
    a, b = sites.a, sites.b
    street_km, street_through = _streets(sites, through)
    points = _plane(sites, sites.lat, sites.lon)
    middle = (points[a] + points[b]) / 2
    tree = cKDTree(points[sites.degree > 2]) if (sites.degree > 2).any() else None
    lights = cKDTree(points[sites.signal]) if sites.signal.any() else None
    wide = np.nan_to_num(sites.lanes) >= _WIDE
    passing = np.bincount(np.concatenate((a, b)), np.tile(through, 2), len(sites.node_id))
    others = meeting[a] + meeting[b]
    others[np.arange(len(sites)), group] -= 2.0
    edges = {
        "ln_street_km": np.log(street_km),
        "street_paths": street_through,
        "ln_junctions_near": _number(tree, middle, DENSITY_M),
        "ln_lights_near": _number(lights, middle, LIGHTS_M),
        "ln_to_lights": _distance(lights, middle),
        "three_lanes": wide,
        "lanes_known": sites.lanes > 0,
        "oneway": sites.oneway,
        "raised": sites.raised,
        **{f"is_{name}": sites.road_class == name for name in _FINER},
        "unnamed": sites.name == "",
        "meets_fast": others[:, 0] + others[:, 1] > 0,
        "meets_main": np.minimum(others[:, 2], 4.0),
        "meets_collectors": np.minimum(others[:, 3], 3.0),
        "other_paths": np.log1p(np.maximum(passing[a] + passing[b] - 2 * through, 0.0)),
    }
    nodes = {
        "ln_street_km": _at_ends(sites, np.log(street_km), np.maximum),
        "ln_junctions_near": _number(tree, points, DENSITY_M),
        "ln_lights_near": _number(lights, points, LIGHTS_M),
        "ln_to_lights": _distance(lights, points),
        "three_lanes": _at_ends(sites, wide.astype(np.float64), np.maximum),
        "mean_paths": passing / np.maximum(sites.degree, 1),
        "ln_shortest_arm": _at_ends(sites, np.log(sites.length_m + 10.0), np.minimum),
    }
    return _centred(edges), _centred(nodes)


_FINER = ("trunk", "primary", "secondary", "service")
"""Classes that the groups of ``features`` lump together."""


def _streets(sites: Sites, through: Floats) -> tuple[Floats, Floats]:
    """Length of the street of an edge's name in km, and the paths over it by length.

    An edge without a name is a street of its own.
    """
    names, street = np.unique(sites.name, return_inverse=True)
    alone = names[street] == ""
    length = np.bincount(street, sites.length_km)
    paths = np.bincount(street, through * sites.length_km) / np.maximum(length, 1e-9)
    return (
        np.where(alone, sites.length_km, length[street]),
        np.where(alone, through, paths[street]),
    )


def _plane(sites: Sites, lat: Floats, lon: Floats) -> Floats:
    """Metres north and east, by the scale of the middle of the network: good for counting."""
    north, east = metres_per_degree(float(sites.lat.mean()))
    return np.column_stack((lat * north, lon * east))


def _number(tree: cKDTree | None, points: Floats, radius_m: float) -> Floats:
    if tree is None:
        return np.zeros(len(points))
    found: Floats = np.log1p(tree.query_ball_point(points, radius_m, return_length=True))
    return found


def _distance(tree: cKDTree | None, points: Floats) -> Floats:
    if tree is None:
        return np.zeros(len(points))
    metres, _ = tree.query(points, distance_upper_bound=_NO_LIGHT_M)
    found: Floats = np.log(np.minimum(metres, _NO_LIGHT_M) + _LIGHT_SOFT_M)
    return found


def _at_ends(sites: Sites, values: Floats, best: np.ufunc) -> Floats:
    """The largest or smallest value of the edges that meet at each node; 0 without any."""
    start = -np.inf if best is np.maximum else np.inf
    found = np.full(len(sites.node_id), start)
    best.at(found, sites.a, values)
    best.at(found, sites.b, values)
    return np.where(np.isfinite(found), found, 0.0)


def _centred(columns: Mapping[str, npt.NDArray[Any]]) -> Columns:
    numbers = {name: np.asarray(values, np.float64) for name, values in columns.items()}
    return {name: values - values.mean() for name, values in numbers.items()}
