"""What the commands of risk assessment share: options, reading with progress, reports."""

from __future__ import annotations

import csv
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

import click

from sizao.app import road_files
from sizao.app.road_files import RoadFiles
from sizao.core.errors import ConfigError
from sizao.risk import crashes as _crashes
from sizao.risk import sites as _sites
from sizao.risk import snapping
from sizao.risk.breaks import Break, find_breaks
from sizao.risk.crashes import Crashes
from sizao.risk.features import Features
from sizao.risk.sites import Sites
from sizao.risk.snapping import QUALITIES, Snapped
from sizao.risk.tables import Rejected

_FIRST = 5
"""Rejected rows named in the summary, a file and reason; ``--rejects`` lists all."""

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def input_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """``--nodes --edges`` or ``--roads``, ``--crashes --years --strict --rejects``.

    The command gets ``roads``, a RoadFiles.
    """
    options = (
        click.option("--nodes", type=_FILE, help="Junctions: node_id, lon, lat."),
        click.option("--edges", type=_FILE, help="Roads: u, v, length_m, highway."),
        click.option(
            "--roads",
            "lines",
            type=_FILE,
            help="Instead of both: lines in .geojson, .gpkg or a network.npz.",
        ),
        click.option("--layer", default="", help="Layer of a .gpkg with several."),
        click.option(
            "--piece-m",
            type=click.FloatRange(50.0),
            default=1000.0,
            show_default=True,
            help="With --roads: length of the pieces that long segments are cut into.",
        ),
        click.option("--crashes", required=True, type=_FILE, help="Crashes: year, lat, lon."),
        click.option("--years", required=True, help="Years to assess by, e.g. 2017-2018."),
        click.option("--rejects", type=click.Path(path_type=Path), help="CSV of rejected rows."),
        click.option("--strict", is_flag=True, help="Stop if any row is rejected."),
    )

    @wraps(command)
    def with_roads(
        nodes: Path | None,
        edges: Path | None,
        lines: Path | None,
        layer: str,
        piece_m: float,
        **rest: Any,
    ) -> Any:
        return command(roads=RoadFiles(nodes, edges, lines, layer, piece_m).check(), **rest)

    found: Callable[..., Any] = with_roads
    for option in reversed(options):
        found = option(found)
    return found


@dataclass
class Progress:
    """Says on stderr what is being done and how long each step took."""

    began: float = field(default_factory=time.perf_counter)
    steps: dict[str, float] = field(default_factory=dict)

    def done(self, step: str, detail: str = "") -> None:
        """A step is over."""
        now = time.perf_counter()
        self.steps[step] = round(now - self.began - sum(self.steps.values()), 3)
        click.echo(f"{now - self.began:7.2f} s  {step}{': ' if detail else ''}{detail}", err=True)


@dataclass(frozen=True, eq=False)
class Inputs:
    """Everything read, snapped and looked over."""

    sites: Sites
    features: Features
    crashes: Crashes
    snapped: Snapped
    breaks: list[Break]
    summary: dict[str, Any]


def read_inputs(
    roads: RoadFiles,
    crashes: Path,
    rejects: Path | None,
    strict: bool,
    progress: Progress,
) -> Inputs:
    """Read roads and crashes, snap, look for breaks; report every rejected row.

    Raises ConfigError if a file cannot be used, or with ``strict`` if a row is rejected.
    """
    sites, rejected, remarks = road_files.read(roads)
    progress.done("roads", f"{len(sites):,} edges, {sites.length_km.sum():,.0f} km")
    records, rejected["crashes"] = _crashes.read_crashes(crashes)
    progress.done("crashes", f"{len(records):,}")
    if rejects:
        _write_rejects(rejects, rejected)
    for file, rows in rejected.items():
        if rows and strict:
            raise ConfigError(
                f"{file}: {len(rows)} rows rejected, the first is row {rows[0].row}"
                f" ({_meaning(rows[0].reason)}); nothing done (--strict)"
            )
    snapped = snapping.snap(snapping.build_index(sites), records.lat, records.lon)
    quality = {
        name: int((snapped.quality == number).sum()) for number, name in enumerate(QUALITIES)
    }
    progress.done("snapping", ", ".join(f"{number:,} {name}" for name, number in quality.items()))
    breaks = find_breaks(records)
    for found in breaks:
        click.echo(f"           warning: {found.text}", err=True)
    summary = {
        "crashes": len(records),
        "match_quality": quality,
        "rejected": {file: rejected_rows(rows) for file, rows in rejected.items() if rows},
        "remarks": remarks,
        "breaks": [found.row() for found in breaks],
    }
    return Inputs(sites, Features(sites), records, snapped, breaks, summary)


def check_years(records: Crashes, years: range) -> None:
    """Raises ConfigError if there is no crash in the years."""
    if not records.in_years(years).any():
        raise ConfigError(
            f"no crash in {years.start}-{years.stop - 1}; the file has "
            f"{int(records.year.min())}-{int(records.year.max())}"
            if len(records)
            else "the crash file has no usable row"
        )


def _meaning(reason: str) -> str:
    known = {**_crashes.REASONS, **_sites.REASONS}
    if reason in known:
        return known[reason]
    kind, _, column = reason.partition("_")
    return f"{column} is missing" if kind == "no" else f"{column} is not of its type"


def rejected_rows(rows: list[Rejected]) -> dict[str, Any]:
    """How many rows were rejected for each reason, with the numbers of the first."""
    by_reason: dict[str, list[int]] = {}
    for one in rows:
        by_reason.setdefault(one.reason, []).append(one.row)
    return {
        reason: {"rows": len(numbers), "first": numbers[:_FIRST]}
        for reason, numbers in by_reason.items()
    }


def _write_rejects(path: Path, rejected: dict[str, list[Rejected]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["file", "row", "reason", "meaning"])
        for name, rows in rejected.items():
            writer.writerows((name, one.row, one.reason, _meaning(one.reason)) for one in rows)
