"""Small made-up networks, and where the collected data lie, for every test of risk."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sizao.risk import snapping
from sizao.risk.crashes import Crashes, read_crashes
from sizao.risk.features import Features
from sizao.risk.sites import Sites, read_sites
from sizao.risk.snapping import Snapped

SHARED = Path(__file__).resolve().parents[2] / "../shared"
STEP_DEG = 0.001


def example(name: str) -> dict[str, Any]:
    """A shared worked example; skips the test where it is not at hand."""
    path = SHARED / "worked-examples" / f"{name}.json"
    if not path.exists():
        pytest.skip(f"the worked example {name} is not beside this checkout")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def data(name: str) -> Path:
    """A folder of the shared data; skips the test where it is not at hand."""
    path = SHARED / "data" / name
    if not path.exists():
        pytest.skip(f"the data set {name} is not beside this checkout")
    return path


@cache
def borough(name: str) -> tuple[Sites, Features, Crashes, Snapped]:
    """One of the two boroughs, read and snapped once for all tests."""
    folder = data(name)
    sites, rejected, _ = read_sites(folder / "nodes.csv.gz", folder / "edges.csv.gz")
    crashes, bad = read_crashes(folder / "crashes.csv.gz")
    assert not rejected["nodes"]
    assert not rejected["edges"]
    assert not bad
    index = snapping.build_index(sites)
    return sites, Features(sites), crashes, snapping.snap(index, crashes.lat, crashes.lon)


def write_grid(folder: Path, side: int = 4, **columns: str) -> tuple[Path, Path]:
    """A square grid of streets near 26.5 N 101.7 E: nodes and edges as files.

    Node r * side + c + 1 is in row r from the south; every street is two directed rows.
    """
    nodes = ["node_id,lon,lat,node_tag"]
    edges = ["u,v,key,oneway,highway,name,length_m" + "".join(f",{name}" for name in columns)]
    for r in range(side):
        for c in range(side):
            number = r * side + c + 1
            nodes.append(f"{number},{101.7 + c * STEP_DEG:.6f},{26.5 + r * STEP_DEG:.6f},")
            for other, there, name in (
                (number + 1, c + 1, f"R{r}"),
                (number + side, r + 1, f"C{c}"),
            ):
                if there < side:
                    kind = "primary" if name in ("R0", "C0") else "residential"
                    rest = "".join(f",{value}" for value in columns.values())
                    edges.append(f"{number},{other},0,False,{kind},{name},105{rest}")
                    edges.append(f"{other},{number},0,False,{kind},{name},105{rest}")
    (folder / "nodes.csv").write_text("\n".join(nodes) + "\n", encoding="utf-8")
    (folder / "edges.csv").write_text("\n".join(edges) + "\n", encoding="utf-8")
    return folder / "nodes.csv", folder / "edges.csv"


def place(row: float, column: float) -> tuple[float, float]:
    """Latitude and longitude of a point of the grid, in steps from its south-west corner."""
    return 26.5 + row * STEP_DEG, 101.7 + column * STEP_DEG


def write_crashes(folder: Path, rows: list[tuple[float, float, int]]) -> Path:
    """Crashes at (row, column, year) of the grid, all at noon of the first of a month."""
    lines = ["crash_id,year,month,day,hour,minute,lat,lon"]
    for number, (r, c, year) in enumerate(rows):
        lat, lon = place(r, c)
        lines.append(f"{number},{year},{number % 12 + 1},1,12,0,{lat:.7f},{lon:.7f}")
    path = folder / "crashes.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def crashes_at(lat: np.ndarray, lon: np.ndarray, year: np.ndarray) -> Crashes:
    """Crash records without anything but place and year."""
    n = len(lat)
    zero = np.zeros(n, np.int64)
    return Crashes(
        lat=lat,
        lon=lon,
        year=year.astype(np.int64),
        month=zero + 6,
        day=zero + 1,
        hour=zero + 12,
        deaths=zero - 1,
        serious_injuries=zero - 1,
        injuries=zero - 1,
        pattern=np.full(n, ""),
        road_factor=np.zeros(n, np.bool_),
        general_procedure=np.zeros(n, np.bool_),
    )
