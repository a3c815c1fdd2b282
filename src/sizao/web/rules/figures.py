"""Counting the episodes of a trial: by day, by unit, by kind of vehicle, by road."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from sizao.core.clock import SHANGHAI
from sizao.web.units.territory import territory

Row = dict[str, Any]
COUNTS = ("before", "after", "appears", "disappears", "changes", "same")


def figures(rule: str, path: Path) -> dict[str, Any]:
    """Counts of the episodes of a file, schema CHANGE with the unchanged ones. JSON."""
    table = pq.read_table(path)
    rows = table.filter(pc.equal(table["rule"], rule)).to_pylist()
    return {
        "total": count(rows),
        "by_day": _by(rows, _day),
        "by_unit": _by(rows, _unit),
        "by_kind": _by(rows, lambda row: row["vehicle_kind"] or "other"),
        "by_road": _by(rows, lambda row: row["road"] or row["road_class"] or ""),
        "vehicles_found": len({row["vehicle"] for row in rows}),
    }


def count(rows: Iterable[Row]) -> dict[str, int]:
    """How many there were and would have been, and what became of them."""
    found = dict.fromkeys(COUNTS, 0)
    for row in rows:
        found[row["change"]] += 1
        found["before"] += row["change"] != "appears"
        found["after"] += row["change"] != "disappears"
    return found


def _by(rows: list[Row], key: Callable[[Row], str]) -> dict[str, dict[str, int]]:
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    return {name: count(groups[name]) for name in sorted(groups)}


def _day(row: Row) -> str:
    fired = row["fired_after"] or row["fired_before"]
    return f"{fired.astimezone(SHANGHAI):%Y-%m-%d}"


def _unit(row: Row) -> str:
    squadron = territory().squadron(
        row["area"] or "", row["road_class"] or "", row["lat"], row["lon"]
    )
    return str(squadron.code)


def changed(path: Path, rule: str, limit: int) -> tuple[list[Row], int]:
    """Episodes that come, go or change, the first ``limit`` in time, and how many there are."""
    table = pq.read_table(path)
    table = table.filter(
        pc.and_(pc.equal(table["rule"], rule), pc.not_equal(table["change"], "same"))
    )
    return table.slice(0, limit).to_pylist(), len(table)
