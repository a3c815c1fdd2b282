"""``coverage.npz`` of a plan: what a change costs. No Django: the computing process writes it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from scipy import sparse


@dataclass(frozen=True, eq=False)
class Coverage:
    """reach : (p, e); weight : (slots, e); total : of the whole network; minutes : (u + p, u + p),
    crews' bases first; lat, lon, place : of each post"""

    reach: sparse.csr_array
    weight: np.ndarray
    total: float
    minutes: np.ndarray
    lat: np.ndarray
    lon: np.ndarray
    place: np.ndarray


def save(path: Path, found: Coverage) -> None:
    """Write ``coverage.npz`` into a folder."""
    np.savez_compressed(
        path / "coverage.npz",
        data=found.reach.data.astype("f4"), indices=found.reach.indices.astype("i4"),
        indptr=found.reach.indptr.astype("i4"), weight=found.weight.astype("f4"),
        total=found.total, minutes=found.minutes.astype("f4"), lat=found.lat, lon=found.lon,
        place=found.place,
    )  # fmt: skip


@lru_cache(maxsize=4)
def load(path: Path) -> Coverage:
    """Read a file of :func:`save`; kept open, because it never changes."""
    with np.load(path, allow_pickle=False) as file:
        weight = file["weight"].astype(float)
        shape = (len(file["lat"]), weight.shape[1])
        reach = sparse.csr_array((file["data"], file["indices"], file["indptr"]), shape=shape)
        return Coverage(
            reach, weight, float(file["total"]), file["minutes"], file["lat"], file["lon"],
            file["place"],
        )  # fmt: skip
