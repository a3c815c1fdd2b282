"""What ``sizao patrol`` writes: the plan as CSV and GeoJSON, the seed apart and for few eyes."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sizao.plan.draw import commitment
from sizao.plan.strategy import Strategy
from sizao.plan.timetable import Entry

HEADER = (
    "date", "shift", "unit", "unit_name", "round", "activity", "arrive", "leave", "drive_min",
    "node_id", "lat", "lon", "place", "expected_in_reach",
)  # fmt: skip


def rows(strategy: Strategy, entries: Iterable[Entry]) -> list[dict[str, Any]]:
    """A row a stay, in the order of ``entries``; times are local, seconds cut off."""
    first: dict[int, int] = {}
    for slot in strategy.slots:
        first.setdefault(slot.shift, slot.number)
    found = []
    for one in entries:
        unit, shift = strategy.force.units[one.unit], strategy.shifts[one.shift]
        node = one.node
        found.append(
            {
                "date": shift.date.isoformat(),
                "shift": shift.kind.id,
                "unit": unit.id,
                "unit_name": unit.name,
                "round": one.slot - first[one.shift] + 1,
                "activity": one.activity,
                "arrive": one.arrive.isoformat(timespec="minutes"),
                "leave": one.leave.isoformat(timespec="minutes"),
                "drive_min": one.drive_min,
                "node_id": int(strategy.roads.node_id[node]) if node >= 0 else "",
                "lat": round(float(strategy.roads.lat[node]), 6) if node >= 0 else "",
                "lon": round(float(strategy.roads.lon[node]), 6) if node >= 0 else "",
                "place": strategy.roads.place(node) if node >= 0 else "",
                "expected_in_reach": round(one.expected, 6) if node >= 0 else "",
            }
        )
    return found


def write_csv(path: Path, table: list[dict[str, Any]]) -> None:
    """Write rows; the file is there whole or not at all."""
    draft = _draft(path)
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADER)
        writer.writeheader()
        writer.writerows(table)
    draft.replace(path)


def write_geojson(path: Path, table: list[dict[str, Any]]) -> None:
    """A point a stay, the row as its properties; breaks have no place and are left out."""
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [row["lon"], row["lat"]]},
            "properties": {name: row[name] for name in HEADER if name not in ("lat", "lon")},
        }
        for row in table
        if row["node_id"] != ""
    ]
    draft = _draft(path)
    document = {"type": "FeatureCollection", "features": features}
    draft.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
    draft.replace(path)


def write_audit(path: Path, seed: str, facts: dict[str, Any]) -> None:
    """The seed and what it was used with, readable by the owner alone."""
    draft = _draft(path)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump({"seed": seed, "commitment": commitment(seed), **facts}, file, indent=1)
    draft.replace(path)


def _draft(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}")
