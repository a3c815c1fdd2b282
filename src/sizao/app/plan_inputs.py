"""What ``sizao patrol`` reads: roads to drive on, a forecast, and what past crashes were like."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from sizao.app import road_files
from sizao.app.road_files import RoadFiles
from sizao.core.errors import ConfigError
from sizao.core.places import ROAD_CLASS_CODES
from sizao.plan import operations
from sizao.plan.force import Force
from sizao.plan.roads import Roads
from sizao.plan.week import HOURS
from sizao.risk import snapping, tables
from sizao.risk.crashes import OPTIONAL, REQUIRED, read_crashes
from sizao.risk.severity import CLASSES, classes_of, cost_sets
from sizao.risk.sites import EDGE_COLUMNS, EDGE_OPTIONAL, Sites
from sizao.roads.features import Line
from sizao.web.plan.inputs import roads_of as placed_roads

Floats = npt.NDArray[np.float64]

BY_HIGHWAY = {
    "motorway": "expressway",
    "motorway_link": "ramp",
    "trunk": "urban_expressway",
    "trunk_link": "ramp",
    "primary": "urban",
    "secondary": "urban",
    "tertiary": "urban",
}
"""OpenStreetMap's classes to ours, for travel times; others are urban, ours stay."""

_MARGIN = 1e-9
_SEVERITY_PRIOR = 50.0
"""Crashes as which the average severity counts against a road class's own."""


def read_roads(files: RoadFiles) -> tuple[Sites, Roads, int]:
    """Sites, the same as roads to drive on, and how many rows were left out.

    Raises ConfigError if nothing can be used.
    """
    if files.lines is not None:
        placed, wrong = road_files.read_lines(files)
        return placed.sites, placed_roads(placed), len(wrong)
    sites, rejected, _ = road_files.read(files)
    assert files.edges is not None
    return sites, roads_of(sites, files.edges), sum(map(len, rejected.values()))


def roads_of(sites: Sites, edges: Path) -> Roads:
    """The roads of a plan: the sites' edges, and the file's rows as lines to drive.

    A row is a way from u to v; without ``oneway`` also back. Raises ConfigError if the file
    cannot be read.
    """
    table = tables.read(edges, EDGE_COLUMNS, EDGE_OPTIONAL)
    u, v = table.ints("u"), table.ints("v")
    oneway, highway, shape = table.flags("oneway"), table.texts("highway"), table.texts("geometry")
    limit = _limits(table.texts("maxspeed"))
    number = {int(node): at for at, node in enumerate(sites.node_id)}
    known = np.isin(u, sites.node_id) & np.isin(v, sites.node_id) & (u != v)
    lines: list[Line] = []
    seen = set()
    for row in np.flatnonzero(known):
        ends = int(u[row]), int(v[row])
        # Both directions of a two-way road have a row each in most files: one line is enough.
        key = ends if oneway[row] else (min(ends), max(ends))
        if (key, bool(oneway[row])) in seen:
            continue
        seen.add((key, bool(oneway[row])))
        lat, lon = _shape(sites, number[ends[0]], number[ends[1]], str(shape[row]))
        between = [("line", len(lines), i) for i in range(1, len(lat) - 1)]
        lines.append(
            Line(
                lat,
                lon,
                ROAD_CLASS_CODES[_road_class(str(highway[row]))],
                oneway=bool(oneway[row]),
                limit_kmh=float(limit[row]),
                keys=[ends[0], *between, ends[1]],
            )
        )
    return Roads(
        node_id=sites.node_id,
        lat=sites.lat,
        lon=sites.lon,
        u=sites.u,
        v=sites.v,
        a=sites.a.astype(np.int64),
        b=sites.b.astype(np.int64),
        length_m=sites.length_m,
        road_class=np.array([_road_class(str(name)) for name in sites.road_class]),
        name=sites.name,
        lines=lines,
    )


def _road_class(highway: str) -> str:
    word = highway.strip("[]").split(",")[0].strip(" '\"")
    return word if word in ROAD_CLASS_CODES else BY_HIGHWAY.get(word, "urban")


def _limits(texts: npt.NDArray[np.str_]) -> Floats:
    """Signs that are plain numbers, km/h; anything else is no sign."""
    return np.array([float(text) if text.isdigit() and int(text) else np.nan for text in texts])


def _shape(sites: Sites, a: int, b: int, line: str) -> tuple[list[float], list[float]]:
    ends = [(float(sites.lon[n]), float(sites.lat[n])) for n in (a, b)]
    points = [tuple(xy) for xy in shapely.get_coordinates(shapely.from_wkt(line))] if line else []
    points = [ends[0], *points[1:-1], ends[1]]
    if ends[0] == ends[1] and len(points) == 2:  # two nodes in one spot: a line needs a length
        points[1] = (ends[1][0] + _MARGIN, ends[1][1])
    return [y for _, y in points], [x for x, _ in points]


def read_forecast(path: Path, sites: Sites) -> Floats:
    """Expected crashes of each edge and hour of the week, (e, 168), from ``sizao forecast``.

    Raises ConfigError if the file is none, or was made for other roads.
    """
    try:
        table = pq.read_table(path, columns=["u", "v", "hour_of_week", "expected"])
    except (OSError, pa.ArrowInvalid, KeyError) as error:
        raise ConfigError(f"{path}: not a forecast of `sizao forecast`: {error}") from error
    column = {name: table[name].to_numpy() for name in table.column_names}
    edge_key = sites.a.astype(np.int64) * len(sites.node_id) + sites.b
    a = np.searchsorted(sites.node_id, column["u"])
    b = np.searchsorted(sites.node_id, column["v"])
    inside = (a < len(sites.node_id)) & (b < len(sites.node_id))
    a, b = np.where(inside, a, 0), np.where(inside, b, 0)
    inside &= (sites.node_id[a] == column["u"]) & (sites.node_id[b] == column["v"])
    key = np.minimum(a, b) * len(sites.node_id) + np.maximum(a, b)
    order = np.argsort(edge_key)
    at = np.minimum(np.searchsorted(edge_key[order], key), len(order) - 1)
    edge = order[at]
    inside &= edge_key[edge] == key
    hour = column["hour_of_week"].astype(np.int64)
    expected = column["expected"].astype(np.float64)
    good = inside & (hour >= 0) & (hour < HOURS) & np.isfinite(expected) & (expected >= 0)
    if good.mean() < 0.99:
        raise ConfigError(
            f"{path}: {1 - good.mean():.0%} of its rows are not edges and hours of these roads: "
            "was it made with other --nodes and --edges?"
        )
    week = np.zeros((len(sites), HOURS))
    np.add.at(week, (edge[good], hour[good]), expected[good])
    if week.sum() <= 0:
        raise ConfigError(f"{path}: no crash is expected anywhere")
    return week


@dataclass(frozen=True, eq=False)
class History:
    """What past crashes say besides where: severity (e, 168), factor with mean about 1; causes."""

    severity: Floats
    cause: list[str]
    road_class: npt.NDArray[np.str_]
    hour_of_week: npt.NDArray[np.int64]


def history(path: Path, sites: Sites, roads: Roads) -> History:
    """Severity and causes by kind of road and hour. Raises ConfigError if the file cannot be read.

    Severity weights are those of the capped cost set, averaged by road class, day and night, and
    shrunk towards the average of all: one fatal crash must not draw a patrol for years.
    """
    records, _ = read_crashes(path)
    if not len(records):
        raise ConfigError(f"{path}: no usable crash")
    snapped = snapping.snap(snapping.build_index(sites), records.lat, records.lon)
    edge = np.maximum(snapped.edge, 0)
    road_class = np.where(snapped.edge >= 0, roads.road_class[edge], "")
    hour = records.hour_of_week()
    severity = np.ones((len(sites), HOURS))
    kind = classes_of(records)
    if records.has_harm and (kind >= 0).any():
        weights = cost_sets()["capped"].weights
        each = np.array([weights[name] for name in CLASSES])[np.maximum(kind, 0)]
        mean = float(each[kind >= 0].mean())
        dark = _dark(hour % 24)
        for name in np.unique(roads.road_class):
            for night in (False, True):
                rows = (kind >= 0) & (road_class == name) & (hour >= 0) & (dark == night)
                factor = (each[rows].sum() / mean + _SEVERITY_PRIOR) / (
                    rows.sum() + _SEVERITY_PRIOR
                )
                hours = _dark(np.arange(HOURS) % 24) == night
                severity[np.ix_(roads.road_class == name, hours)] = factor
    return History(severity, _causes(path, len(records)), road_class, hour)


def _dark(hour: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
    night: npt.NDArray[np.bool_] = (hour >= 20) | (hour < 6)
    return night


def _causes(path: Path, number: int) -> list[str]:
    """The column ``cause``, as far as the file has one and its rows are those of the crashes."""
    table = tables.read(path, REQUIRED, {**OPTIONAL, "cause": pa.string()})
    found = [str(text) for text in table.texts("cause")]
    return found if len(found) == number else [""] * number


def by_kind(force: Force, roads: Roads, week: Floats, past: History | None) -> dict[str, Floats]:
    """Expected crashes of each kind of operation: (e, 168) each."""
    found = {}
    for kind in {one.kind for one in force.operations}:
        share, known = operations.cause_share(
            kind,
            past.cause if past else [],
            past.road_class if past else np.zeros(0, np.str_),
            past.hour_of_week if past else np.zeros(0, np.int64),
            roads.road_class,
        )
        if not known:
            click.echo(
                f"           {kind}: no causes in the crash file: a guess by hour and road class",
                err=True,
            )
        found[kind] = week * share
    return found
