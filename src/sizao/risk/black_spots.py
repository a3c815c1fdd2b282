"""The authorities' black-spot rules, as dated data, beside the statistical estimate.

A rule counts crashes of a window of years at a place against thresholds. It says what must be
put on the list; the estimate says what to expect. Where they disagree, both are shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sizao.core.errors import ConfigError
from sizao.core.rulebook import Entry, rulebook
from sizao.risk.crashes import Crashes
from sizao.risk.estimators import Estimate
from sizao.risk.sites import Sites
from sizao.risk.snapping import Snapped

_KNOWN = {"accidents_min", "deaths_per_accident_min", "road_factor", "pattern", "procedure"}


@dataclass(frozen=True)
class SpotCrash:
    """One crash at a place. ``pattern`` is "" where unknown."""

    deaths: int = 0
    pattern: str = ""
    general_procedure: bool = False


@dataclass(frozen=True)
class Spot:
    """A place and its crashes within the rule's window.

    road_defect : whether a defect of the road contributed
    repeated_pattern : whether somebody judged that the crashes repeat one pattern; without it,
        crashes of the same ``pattern`` are counted
    """

    crashes: Sequence[SpotCrash]
    road_defect: bool = False
    repeated_pattern: bool = False


def rules() -> Mapping[str, Entry]:
    """All black-spot rules of the rule book. Raises ConfigError on an unknown condition."""
    found = {key: entry for key, entry in rulebook().items() if key.startswith("blackspot.")}
    for key, entry in found.items():
        for condition in conditions(entry):
            if unknown := set(condition) - _KNOWN:
                raise ConfigError(f"rule {key}: unknown condition {', '.join(sorted(unknown))}")
    return found


def conditions(rule: Entry) -> Sequence[Mapping[str, Any]]:
    """What lists a place, any one of them. A rule has ``any_of`` or one number of crashes."""
    if "any_of" in rule.parameters:
        return list(rule.value("any_of"))
    least = rule.parameters["accidents_min"]
    return [{"accidents_min": least["value"], "pattern": bool(least.get("pattern"))}]


def why_listed(spot: Spot, rule: Entry) -> Mapping[str, Any] | None:
    """The first condition of the rule that the place meets, None if it meets none."""
    for condition in conditions(rule):
        if condition.get("road_factor") and not spot.road_defect:
            continue
        counted = [
            one
            for one in spot.crashes
            if one.deaths >= condition.get("deaths_per_accident_min", 0)
            and (condition.get("procedure") != "general" or one.general_procedure)
        ]
        number = len(counted)
        if condition.get("pattern") and not spot.repeated_pattern:
            patterns = Counter(one.pattern for one in counted if one.pattern)
            number = max(patterns.values(), default=0)
        if number >= condition["accidents_min"]:
            return condition
    return None


def listed_sites(
    sites: Sites, crashes: Crashes, snapped: Snapped, last_year: int, rule: Entry
) -> list[tuple[str, int]]:
    """Sites that a rule lists: ("node" or "edge", number), nodes first.

    The window ends with ``last_year``. A site is a junction or an edge between two; where the
    rule names a longer stretch, this is the finest division of it and lists fewer.
    """
    years = max(1, int(rule.value("window")) // 12)
    inside = crashes.in_years(range(last_year - years + 1, last_year + 1))
    inside &= (snapped.node >= 0) | (snapped.edge >= 0)
    at_node = snapped.node >= 0
    place = np.where(at_node, snapped.node, len(sites.node_id) + snapped.edge.astype(np.int64))
    rows = np.flatnonzero(inside)
    rows = rows[np.argsort(place[rows], kind="stable")]
    least = min(condition["accidents_min"] for condition in conditions(rule))
    found = []
    for group in np.split(rows, np.flatnonzero(np.diff(place[rows])) + 1):
        if len(group) < least:
            continue
        parts = zip(
            np.maximum(crashes.deaths[group], 0).tolist(),
            crashes.pattern[group].tolist(),
            crashes.general_procedure[group].tolist(),
            strict=True,
        )
        spot = Spot(
            [SpotCrash(*part) for part in parts],
            road_defect=bool(crashes.road_factor[group].any()),
        )
        if why_listed(spot, rule):
            where = int(place[group[0]])
            at_edge = where >= len(sites.node_id)
            found.append(("edge", where - len(sites.node_id)) if at_edge else ("node", where))
    return found


def side_by_side(
    sites: Sites,
    estimate: Estimate,
    crashes: Crashes,
    snapped: Snapped,
    last_year: int,
) -> dict[str, dict[str, Any]]:
    """Each rule beside the estimate: what both list, and what only one does.

    As many sites as the rule lists are taken from the top of the estimate, junctions and edges
    together, by expected crashes a year. Up to ten of what only one lists are named.
    """
    mean = np.concatenate((estimate.nodes.mean, estimate.edges.mean))
    order = np.argsort(-mean, kind="stable")
    nodes = len(sites.node_id)
    found: dict[str, dict[str, Any]] = {}
    for key, rule in rules().items():
        listed = {
            number if kind == "node" else nodes + number
            for kind, number in listed_sites(sites, crashes, snapped, last_year, rule)
        }
        ranked = order[: len(listed)].tolist()
        top = set(ranked)
        missed = sorted(listed - top, key=lambda place: (-mean[place], place))
        found[key] = {
            "citation": rule.citation(),
            "certainty": rule.certainty,
            "listed": len(listed),
            "in_both": len(listed & top),
            "only_the_rule": [_name(sites, place) for place in missed[:10]],
            "only_the_estimate": [_name(sites, place) for place in ranked if place not in listed][
                :10
            ],
        }
    return found


def _name(sites: Sites, place: int) -> str:
    """A junction's node id, or an edge's two."""
    if place < len(sites.node_id):
        return str(sites.node_id[place])
    edge = place - len(sites.node_id)
    return f"{sites.u[edge]}-{sites.v[edge]}"
