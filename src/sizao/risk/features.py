"""What is known of a site before any crash: class, length, shape of the junction, traffic.

Columns are the same for every network, so that two years of one network compare; a column
without any variation (no motorway in a county) is left out by the caller's ridge or by
:func:`varying`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.risk import context
from sizao.risk.sites import Sites
from sizao.risk.snapping import JUNCTION_M
from sizao.risk.through_traffic import paths_over_edges

Floats = npt.NDArray[np.float64]

GROUPS = ("fast", "ramp", "main", "collector", "local")
GROUP_OF = {
    "motorway": 0,
    "trunk": 0,
    "expressway": 0,
    "urban_expressway": 0,
    "motorway_link": 1,
    "trunk_link": 1,
    "ramp": 1,
    "primary": 2,
    "primary_link": 2,
    "secondary": 2,
    "secondary_link": 2,
    "national": 2,
    "provincial": 2,
    "tertiary": 3,
    "tertiary_link": 3,
    "county": 3,
}
"""OpenStreetMap's and our road classes to five groups; what is not here is local."""

SPEED_KMH = np.array([80.0, 45.0, 45.0, 40.0, 30.0])
"""Free speed by group, for quickest paths only."""

_SHORTEST_M = 3.0


@dataclass(frozen=True, eq=False)
class Features:
    """Columns for edges (e, p) and nodes (n, q), the first ones, with their names.

    surrogates : more columns of edges (e,), as ``exposure.surrogates`` makes them; a junction has
    the mean of the edges that meet there
    """

    sites: Sites
    surrogates: Mapping[str, Floats] = field(default_factory=dict)

    @cached_property
    def group(self) -> npt.NDArray[np.int64]:
        """Index into GROUPS, shape (e,)."""
        names, which = np.unique(self.sites.road_class, return_inverse=True)
        return np.array([GROUP_OF.get(str(name), 4) for name in names], np.int64)[which]

    @cached_property
    def meeting(self) -> Floats:
        """Edges of each group that meet at each node, shape (n, 5)."""
        n = len(self.sites.node_id)
        ends = np.concatenate((self.sites.a, self.sites.b)).astype(np.int64)
        keys = ends * 5 + np.tile(self.group, 2)
        return np.bincount(keys, minlength=5 * n).reshape(n, 5).astype(np.float64)

    @cached_property
    def strongest(self) -> npt.NDArray[np.int64]:
        """The first of GROUPS that meets at each node, the last where no road does: (n,)."""
        meets = self.meeting > 0
        return np.where(meets.any(axis=1), meets.argmax(axis=1), len(GROUPS) - 1)

    @cached_property
    def edge_kind(self) -> npt.NDArray[np.int64]:
        """Group of the road, and whether it has one direction, as one number: (e,)."""
        return 2 * self.group + self.sites.oneway

    @cached_property
    def node_kind(self) -> npt.NDArray[np.int64]:
        """Strongest group that meets, and whether a road of one direction does: (n,)."""
        sites = self.sites
        oneway = np.zeros(len(sites.node_id), np.int64)
        for end in (sites.a, sites.b):
            np.maximum.at(oneway, end, sites.oneway.astype(np.int64))
        return 2 * self.strongest + oneway

    @cached_property
    def free_length_km(self) -> Floats:
        """Length outside the junctions at both ends, where an edge can have crashes of its own."""
        outside = np.maximum(self.sites.length_m - 2 * JUNCTION_M, 0.0)
        return np.hypot(outside, _SHORTEST_M) / 1000.0

    @cached_property
    def through(self) -> Floats:
        """Logarithm of paths over each edge, shape (e,)."""
        paths: Floats = np.log1p(paths_over_edges(self.sites, SPEED_KMH[self.group]))
        return paths

    @cached_property
    def context(self) -> tuple[context.Columns, context.Columns]:
        """What the map says around edges and nodes."""
        return context.around(self.sites, self.meeting, self.group, self.through)

    def simple_edges(self) -> tuple[Floats, list[str]]:
        """Class, length and degree: the columns of the Empirical Bayes baseline."""
        sites = self.sites
        dead_end = (sites.degree[sites.a] == 1) | (sites.degree[sites.b] == 1)
        columns = {
            "one": np.ones(len(sites)),
            **{name: self.group == i for i, name in enumerate(GROUPS[:4])},
            "ln_length_km": np.log(sites.length_km),
            "ln_degrees": np.log(sites.degree[sites.a] * sites.degree[sites.b]),
            "dead_end": dead_end,
        }
        return _matrix(columns), list(columns)

    def simple_nodes(self) -> tuple[Floats, list[str]]:
        """Degree and the classes that meet: the columns of the Empirical Bayes baseline."""
        degree, meeting = self.sites.degree, self.meeting
        columns = {
            "one": np.ones(len(degree)),
            "arms_3": degree >= 3,
            "arms_4": degree >= 4,
            "arms_5": degree >= 5,
            "dead_end": degree == 1,
            **{f"meets_{name}": meeting[:, i] > 0 for i, name in enumerate(GROUPS[:4])},
            "main_crossing": meeting[:, 2] > 2,
        }
        return _matrix(columns), list(columns)

    def edges(self) -> tuple[Floats, list[str]]:
        """The baseline's columns with signals, traffic, context, the length outside junctions."""
        sites = self.sites
        x, names = self.simple_edges()
        x[:, names.index("ln_length_km")] = np.log(self.free_length_km)
        lights = sites.signal[sites.a].astype(np.int64) + sites.signal[sites.b]
        more = {
            "signals_at_ends": lights,
            "signals_at_both": lights == 2,
            "ln_paths": self.through - self.through.mean(),
            **self._counted(sites.aadt),
            **self.context[0],
            **self._by_class(np.log(self.free_length_km)),
            **self.surrogates,
        }
        return np.column_stack((x, _matrix(more))), names + list(more)

    def _by_class(self, length: Floats) -> dict[str, Floats]:
        """What length, traffic and surroundings mean more or less of on some classes of road."""
        length = length - length.mean()
        around, through = self.context[0], self.through - self.through.mean()
        fast, main, collector = self.group <= 1, self.group == 2, self.group == 3
        columns = {
            "ln_length_squared": length**2,
            "fast_x_ln_length": fast * length,
            "main_x_ln_length": main * length,
            "collector_x_ln_length": collector * length,
            "fast_x_paths": fast * through,
            "main_x_paths": main * through,
            "main_x_ln_street_km": main * around["ln_street_km"],
            "collector_x_ln_street_km": collector * around["ln_street_km"],
            "main_x_ln_junctions_near": main * around["ln_junctions_near"],
            "main_x_ln_lights_near": main * around["ln_lights_near"],
        }
        return {name: values - values.mean() for name, values in columns.items()}

    def nodes(self) -> tuple[Floats, list[str]]:
        """The baseline's columns with signals, context and the strongest traffic that passes."""
        sites = self.sites
        x, names = self.simple_nodes()
        strongest = np.zeros(len(sites.node_id))
        np.maximum.at(strongest, sites.a, self.through)
        np.maximum.at(strongest, sites.b, self.through)
        aadt = np.full(len(sites.node_id), -1.0)
        for end in (sites.a, sites.b):
            np.maximum.at(aadt, end, np.nan_to_num(sites.aadt, nan=-1.0))
        more = {
            "signal": sites.signal,
            "signal_on_main": sites.signal & (self.meeting[:, 2] > 0),
            "ln_paths": strongest - strongest.mean(),
            **self._counted(np.where(aadt > 0, aadt, np.nan)),
            **self.context[1],
            **{name: self.at_nodes(values) for name, values in self.surrogates.items()},
        }
        return np.column_stack((x, _matrix(more))), names + list(more)

    def at_nodes(self, values: Floats) -> Floats:
        """Mean of the edges that meet at each node, 0 without any: (n,)."""
        sites = self.sites
        ends = np.concatenate((sites.a, sites.b))
        total = np.bincount(ends, np.tile(values, 2), len(sites.node_id))
        mean: Floats = total / np.maximum(sites.degree, 1)
        return mean

    @staticmethod
    def _counted(aadt: Floats) -> dict[str, Floats]:
        """Counted traffic, with a column that says where nobody counted."""
        known = aadt > 0
        if not known.any():
            return {}
        log = np.log(np.where(known, aadt, 1.0))
        return {
            "ln_aadt": np.where(known, log - log[known].mean(), 0.0),
            "no_aadt": (~known).astype(np.float64),
        }


def varying(x: Floats, rows: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which columns differ among the rows; the first, the constant, always does."""
    keep = np.ptp(x[rows], axis=0) > 0
    keep[0] = True
    return keep


def _matrix(columns: dict[str, npt.NDArray[Any]]) -> Floats:
    return np.column_stack([np.asarray(column, np.float64) for column in columns.values()])
