"""Every treatment of an installation judged by itself, or the reason why it must not be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from sizao.core.errors import ConfigError
from sizao.risk import snapping
from sizao.risk.assessment import junctions
from sizao.risk.breaks import find_breaks
from sizao.risk.crashes import Crashes
from sizao.risk.evaluation import Comparison
from sizao.risk.features import Features
from sizao.risk.network_sites import NetworkSites
from sizao.risk.snapping import Snapped
from sizao.risk.treatments import Treatment, periods, refusals


def judge_all(
    placed: NetworkSites,
    crashes: Crashes,
    surrogates: Mapping[str, npt.NDArray[np.float64]],
    given: Sequence[Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """One row a treatment: its ``row`` in the assessment's table (-1 off the network), the years
    before and after, crashes of both, and either the effect or ``refused``.

    given : plain values as ``web/treatments`` keeps them, with an ``id``

    The years reach from the first record to the last whole year of the crashes given.
    """
    sites = placed.sites
    found = [_treatment(one) for one in given]
    index = snapping.build_index(sites)
    places = snapping.snap(
        index,
        np.array([one.lat for one in found], np.float64),
        np.array([one.lon for one in found], np.float64),
    )
    snapped = snapping.snap(index, crashes.lat, crashes.lon)
    row_of_node = np.full(len(sites.node_id), -1, np.int64)
    row_of_node[junctions(placed)] = len(sites) + np.arange(len(junctions(placed)))
    node = np.where(
        (places.node >= 0) & (row_of_node[np.maximum(places.node, 0)] >= 0), places.node, -1
    )
    edge = np.where(node < 0, places.edge, -1)
    judging = _Judging(placed, crashes, snapped, Features(sites, surrogates), edge, node)
    rows = []
    for number, (one, raw) in enumerate(zip(found, given, strict=True)):
        row = int(row_of_node[node[number]]) if node[number] >= 0 else int(edge[number])
        told: dict[str, Any] = {"id": raw["id"], "row": row, "refused": []}
        rows.append(told | (judging.judge(one, number) if row >= 0 else {}))
    return rows


class _Judging:
    """Comparisons by period, each fitted once; of each year everything worked on is left out."""

    def __init__(
        self,
        placed: NetworkSites,
        crashes: Crashes,
        snapped: Snapped,
        features: Features,
        edge: npt.NDArray[np.int64],
        node: npt.NDArray[np.int64],
    ) -> None:
        self._sites, self._features = placed.sites, features
        self._crashes, self._snapped = crashes, snapped
        self._edge, self._node = edge, node
        self._first = int(crashes.year.min())
        self._last = int(crashes.year.max())
        self._breaks = find_breaks(crashes)
        self._kept: dict[tuple[range, range], Comparison] = {}

    def judge(self, one: Treatment, number: int) -> dict[str, Any]:
        before, after = periods(one, self._first, self._last)
        told: dict[str, Any] = {
            "before": [before[0], before[-1]] if before else None,
            "after": [after[0], after[-1]] if after else None,
            "refused": [list(each) for each in refusals(one, self._breaks, before, after)],
        }
        edges = [int(self._edge[number])] if self._edge[number] >= 0 else []
        nodes = [int(self._node[number])] if self._node[number] >= 0 else []
        for name, years in (("observed_before", before), ("observed_after", after)):
            told[name] = self._count(years, edges, nodes)
        if told["refused"]:
            return told
        try:
            found, _ = self._comparison(before, after).judge(edges, nodes)
        except ConfigError:
            return told | {"refused": [["few", 0]]}
        return told | {
            "expected_after": round(found.expected_after, 3),
            "ratio": round(found.ratio, 4),
            "error": round(found.model_error, 4),
            "significant": bool(found.significant),
        }

    def _count(self, years: range, edges: list[int], nodes: list[int]) -> int:
        inside = self._crashes.in_years(years) if years else np.zeros(len(self._crashes), np.bool_)
        at = self._snapped.node if nodes else np.where(
            self._snapped.node < 0, self._snapped.edge, -1
        )  # fmt: skip
        return int((inside & (at == (nodes or edges)[0])).sum())

    def _comparison(self, before: range, after: range) -> Comparison:
        if (before, after) not in self._kept:
            self._kept[before, after] = Comparison(
                self._sites, self._features, self._crashes, self._snapped, before, after,
                sorted({int(one) for one in self._edge if one >= 0}),
                sorted({int(one) for one in self._node if one >= 0}),
            )  # fmt: skip
        return self._kept[before, after]


def _treatment(raw: Mapping[str, Any]) -> Treatment:
    selected = raw["selected"]
    return Treatment(
        raw["kind"], raw["name"], raw["lat"], raw["lon"], date.fromisoformat(raw["first"]),
        date.fromisoformat(raw["last"]),
        recorded=date.fromisoformat(raw["recorded"]) if raw["recorded"] else None,
        selected=range(selected[0], selected[1] + 1) if selected else None,
    )  # fmt: skip
