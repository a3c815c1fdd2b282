"""What a plan leaves in the data directory: ``plans/PLAN/``.

job.json      what to do, with the secret seed; taken away when it is done
result.json   summary, stays, posts
coverage.npz  reach (posts, edges), weight (slots, edges), driving minutes: what a change costs
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.conf import settings
from scipy import sparse

from sizao.web.plan.models import Plan
from sizao.web.ports import installed, ports


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


def folder(plan: Plan) -> Path:
    root = (ports().data if installed() else settings.DATA).root
    return Path(root) / "plans" / str(plan.pk)


def save(path: Path, found: Coverage) -> None:
    """Write ``coverage.npz``."""
    np.savez_compressed(
        path / "coverage.npz",
        data=found.reach.data.astype("f4"), indices=found.reach.indices.astype("i4"),
        indptr=found.reach.indptr.astype("i4"), weight=found.weight.astype("f4"),
        total=found.total, minutes=found.minutes.astype("f4"), lat=found.lat, lon=found.lon,
        place=found.place,
    )  # fmt: skip


@lru_cache(maxsize=4)
def _read(path: Path) -> Coverage:
    with np.load(path, allow_pickle=False) as file:
        weight = file["weight"].astype(float)
        shape = (len(file["lat"]), weight.shape[1])
        reach = sparse.csr_array((file["data"], file["indices"], file["indptr"]), shape=shape)
        return Coverage(
            reach, weight, float(file["total"]), file["minutes"], file["lat"], file["lon"],
            file["place"],
        )  # fmt: skip


def coverage(plan: Plan) -> Coverage:
    """Kept open: it never changes."""
    return _read(folder(plan) / "coverage.npz")


def forget() -> None:
    """For tests, whose folders come and go under the same number."""
    _read.cache_clear()
