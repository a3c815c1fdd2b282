"""The ranked list: sites as rows, narrowed, sorted, with their ranks under severity weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from sizao.risk.severity import cost_sets
from sizao.risk.severity_ranks import ranks, weighted
from sizao.web.risk.files import Results

Row = dict[str, Any]


def _by_cost(name: str) -> Callable[[Row], Any]:
    return lambda row: (row["costs"][name], row["rank"])


SORTS: dict[str, Callable[[Row], Any]] = {
    "rank": lambda row: (row["rank"], row["site"]),
    "observed": lambda row: (-row["observed"], row["rank"]),
    "predicted": lambda row: (-row["predicted"], row["rank"]),
    "expected": lambda row: (-row["expected"], row["rank"]),
    "excess": lambda row: (-row["excess"], row["rank"]),
    "p_worse": lambda row: (-row["p_worse"], row["rank"]),
    "p_threshold": lambda row: (-row["p_threshold"], row["rank"]),
    "fatal": lambda row: (-row["fatal"], row["rank"]),
    **{f"cost:{name}": _by_cost(name) for name in cost_sets()},
}
"""What a list can be sorted by; ``cost:NAME`` is the rank under a set of severity weights."""


def rows_of(results: Results) -> list[Row]:
    """Every site with ``excess`` and ``costs``: its rank within its kind under each cost set."""
    kept: list[Row] | None = results.__dict__.get("_ranking")
    if kept is None:
        kept = _rows(results)
        results.__dict__["_ranking"] = kept
    return kept


def _rows(results: Results) -> list[Row]:
    table = results.sites
    kinds = np.array(table["kind"].to_pylist())
    length = np.where(kinds == "segment", table["length_km"].to_numpy(), 1.0)
    expected = table["expected"].to_numpy() / length
    harm = [table[name].to_numpy().astype(float) for name in ("fatal", "injury", "property")]
    by_cost = {}
    for name, costs in cost_sets().items():
        score = weighted(expected, harm, costs)
        place = np.zeros(len(score), np.int64)
        for kind in ("segment", "junction"):
            of_kind = kinds == kind
            if of_kind.any():
                place[of_kind] = ranks(score[of_kind])
        by_cost[name] = place
    return [
        {
            **row,
            "excess": row["expected"] - row["predicted"],
            "costs": {name: int(place[number]) for name, place in by_cost.items()},
        }
        for number, row in enumerate(results.rows)
    ]


def narrowed(rows: Sequence[Row], wanted: Mapping[str, str]) -> list[Row]:
    """Rows that fit: ``kind``, ``area``, ``road_class``, ``q`` in place or road, ``only``.

    ``only`` is worse (surely worse than similar sites), listed (by a rule), agree (both), rule
    (listed but not surely worse) or estimate (surely worse but not listed).
    """
    text = wanted.get("q", "").strip().casefold()
    areas = {part for part in wanted.get("area", "").split(",") if part}
    found = []
    for row in rows:
        if wanted.get("kind") and row["kind"] != wanted["kind"]:
            continue
        if areas and row["area"] not in areas:
            continue
        if wanted.get("road_class") and row["road_class"] != wanted["road_class"]:
            continue
        if text and text not in " ".join((row["place"], *row["roads"], row["site"])).casefold():
            continue
        if not _only(row, wanted.get("only", "")):
            continue
        found.append(row)
    return found


def _only(row: Row, only: str) -> bool:
    worse, listed = "worse" in row["notes"], bool(row["rules"])
    return {
        "worse": worse,
        "listed": listed,
        "agree": worse and listed,
        "rule": listed and not worse,
        "estimate": worse and not listed,
    }.get(only, True)


def ordered(rows: Sequence[Row], sort: str) -> list[Row]:
    """Rows by a key of SORTS, by rank where it is none."""
    return sorted(rows, key=SORTS.get(sort, SORTS["rank"]))
