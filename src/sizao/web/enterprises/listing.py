"""Rows of the list: one duty of each enterprise, narrowed, sorted, never by a raw rate.

An enterprise without a rank stands below those that have one, by its name, whatever is sorted by:
a place in the list is a rank too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from sizao.risk.duties import WORSE
from sizao.web.enterprises import words
from sizao.web.enterprises.models import Review

Row = dict[str, Any]

WIDEST = 4.0
"""Times the similar rate at the right edge of the bar; what is beyond ends there."""

SORTS: dict[str, Callable[[Row], Any]] = {
    "rank": lambda row: row["rank"],
    "ratio": lambda row: -row["ratio"],
    "probability": lambda row: -row["probability_worse"],
    "lower": lambda row: -row["lower"] / row["similar"],
}
"""All of them are of shrunk figures."""
PLAIN: dict[str, Callable[[Row], Any]] = {
    "name": lambda row: row["name"],
    "vehicles": lambda row: (-row["vehicles"], row["name"]),
    "km": lambda row: (-row["km"], row["name"]),
}
"""These say nothing about conduct, so ranked and unranked ones stand together."""


def rows_of(review: Review, ids: Collection[str], duty: str) -> list[Row]:
    """One row an enterprise that the account sees and of which the duty is known."""
    firms = review.summary["firms"]
    found = []
    for row in review.rows:
        firm = firms.get(row["enterprise"])
        if row["duty"] == duty and firm is not None and row["enterprise"] in ids:
            found.append({**row, **firm, "id": row["enterprise"]})
    return found


def narrowed(rows: Sequence[Row], wanted: Mapping[str, str]) -> list[Row]:
    """Rows that fit ``q``, ``kind``, ``area`` and ``only`` (worse, ranked, unranked)."""
    text = wanted.get("q", "").strip().casefold()
    only = {
        "worse": lambda row: row["note"] == WORSE,
        "ranked": lambda row: row["rank"] is not None,
        "unranked": lambda row: row["rank"] is None,
    }.get(wanted.get("only", ""), lambda row: True)
    return [
        row
        for row in rows
        if (not wanted.get("kind") or row["kind"] == wanted["kind"])
        and (not wanted.get("area") or row["area"] == wanted["area"])
        and (not text or text in row["name"].casefold() or text in row["id"].casefold())
        and only(row)
    ]


def ordered(rows: Sequence[Row], sort: str) -> list[Row]:
    """By a key of SORTS or PLAIN, by rank where it is none."""
    if sort in PLAIN:
        return sorted(rows, key=PLAIN[sort])
    key = SORTS.get(sort, SORTS["rank"])
    ranked = sorted((row for row in rows if row["rank"] is not None), key=key)
    return ranked + sorted((row for row in rows if row["rank"] is None), key=PLAIN["name"])


def shown(row: Row, areas: Mapping[str, str], worse: float) -> Row:
    """A row with its words, and its interval as times the similar rate."""
    times = {name: row[name] / row["similar"] for name in ("lower", "expected", "upper")}
    return {
        **row,
        "kind_word": words.kind_word(row["kind"]),
        "area_word": areas.get(row["area"], row["area"]),
        "unranked": words.unranked_word(row["note"]),
        "verdict": words.verdict(row, worse),
        "times": times,
        "driven": round(row["km"]),
        "bar": {
            **{name: round(100 * min(value, WIDEST) / WIDEST, 1) for name, value in times.items()},
            "similar": 100 / WIDEST,
        },
        "beyond": times["upper"] > WIDEST,
    }
