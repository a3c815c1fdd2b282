"""What a run leaves in the data directory: ``assessments/RUN/``.

job.json          what to do: network, years, method, threshold
crashes.parquet   the crash records given to the run, schema CRASH, and from then on their site
sites.parquet     a row a site (``risk/assessment_table.py``)
week.f32          little-endian float32, 168 hours times sites: expected crashes in that hour
base.npz          posteriors and weeks of edges and nodes, for the forecasts made from it
fleet.parquet     what the fleet did, if it was known (``risk/fleet_hours.py``)
values.f32        little-endian float32, VALUES times sites, what the map draws
shapes.json.gz    lines and points of the sites for the map, in the order of the sites
stretches.json    spots and segments that the black-spot rules list
treatments.json   what came of the treatments (``risk/treatment_effects.py``)
result.json       summary and backtest
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from django.conf import settings

from sizao.web.ports import installed, ports
from sizao.web.risk.models import Assessment

VALUES = (
    *("observed", "predicted", "expected", "lower", "upper", "rate", "p_worse", "p_threshold"),
    "own_weight",
    "listed",
)
"""Columns of ``values.f32``. ``listed`` is how many rules list the site."""

HOURS = 168


def root() -> Path:
    """Folder of all runs."""
    return Path((ports().data if installed() else settings.DATA).root / "assessments")


def folder(run: Assessment) -> Path:
    return root() / str(run.pk)


@dataclass(frozen=True, eq=False)
class Results:
    """A finished run, read when asked for."""

    path: Path

    @cached_property
    def sites(self) -> pa.Table:
        return pq.read_table(self.path / "sites.parquet")

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """Every site as a mapping, segments first."""
        rows: list[dict[str, Any]] = self.sites.to_pylist()
        return rows

    @cached_property
    def by_site(self) -> dict[str, int]:
        """Row of each site's id."""
        return {site: row for row, site in enumerate(self.sites["site"].to_pylist())}

    @cached_property
    def crashes(self) -> pa.Table:
        """The records of the run with the column ``site`` (row, -1 none)."""
        return pq.read_table(self.path / "crashes.parquet")

    @cached_property
    def stretches(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(
            (self.path / "stretches.json").read_text(encoding="utf-8")
        )
        return found

    @cached_property
    def treatments(self) -> dict[int, dict[str, Any]]:
        """What came of each treatment, by its number; none in runs of before they were kept."""
        path = self.path / "treatments.json"
        rows = json.loads(path.read_text(encoding="utf-8")) if path.exists() else []
        return {one["id"]: one for one in rows}

    @cached_property
    def week(self) -> np.ndarray:
        """Shape (168, sites)."""
        flat = np.fromfile(self.path / "week.f32", "<f4")
        return flat.reshape(HOURS, len(self.sites))


@lru_cache(maxsize=4)
def _opened(path: Path) -> Results:
    return Results(path)


def results(run: Assessment) -> Results:
    """The results of a finished run; kept open, because they never change."""
    return _opened(folder(run))


def forget() -> None:
    """For tests, whose folders come and go under the same number."""
    _opened.cache_clear()
