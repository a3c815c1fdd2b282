"""What ``sizao screen`` can write beside the ranking: severity, densities, peaks, black
spots, corridors.

Each writer takes what was read, the screening and a file, and returns the number of rows.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np

from sizao.app.risk_inputs import Inputs
from sizao.core.errors import ConfigError
from sizao.risk import counting, windows
from sizao.risk.black_spots import rules
from sizao.risk.chains import Chain, along_m, chains, offsets_m
from sizao.risk.corridors import corridors as corridors_of_screening
from sizao.risk.network_kde import chance_peak, network_kde
from sizao.risk.screening import Screening
from sizao.risk.severity import CLASSES, classes_of, cost_sets
from sizao.risk.severity_ranks import ranks, weighted
from sizao.risk.stretches import stretches

BANDWIDTH_M, LIXEL_M = 200.0, 50.0
PERMUTATIONS = 39
"""Of crashes thrown at random, for the density that chance alone reaches once in twenty."""

PEAK_STEP_KM, PEAK_CV = 0.1, 0.5

Writer = Callable[[Inputs, Screening, Path], int]


def severity(inputs: Inputs, result: Screening, out: Path) -> int:
    """Ranks of edges under every set of severity weights. Raises ConfigError without harm."""
    if not inputs.crashes.has_harm:
        raise ConfigError("--severity needs a column deaths or injuries in the crash file")
    sites, inside = inputs.sites, inputs.crashes.in_years(result.years)
    kinds = classes_of(inputs.crashes)
    harm = [
        counting.on_edges(sites, counting.count(sites, inputs.snapped.of(inside & (kinds == kind))))
        for kind in range(len(CLASSES))
    ]
    columns = [
        ranks(weighted(result.expected / sites.length_km, harm, costs))
        for costs in cost_sets().values()
    ]
    rows = zip(sites.u, sites.v, *(np.round(one, 4) for one in harm), *columns, strict=True)
    return _write(out, ["u", "v", *CLASSES, *(f"rank_{name}" for name in cost_sets())], rows)


def density(inputs: Inputs, result: Screening, out: Path) -> int:
    """Network kernel density in pieces of road, and whether chance alone would reach it."""
    sites = inputs.sites
    rows = np.flatnonzero(inputs.crashes.in_years(result.years) & (inputs.snapped.edge >= 0))
    edge = inputs.snapped.edge[rows]
    at = offsets_m(sites, edge, inputs.crashes.lat[rows], inputs.crashes.lon[rows])
    found = network_kde(
        sites.a, sites.b, sites.length_m, edge, at, bandwidth_m=BANDWIDTH_M, lixel_m=LIXEL_M
    )
    limit = chance_peak(
        sites.a, sites.b, sites.length_m, len(rows),
        bandwidth_m=BANDWIDTH_M, lixel_m=LIXEL_M, times=PERMUTATIONS,
    )  # fmt: skip
    years = len(result.years)

    def lines() -> Iterable[Sequence[Any]]:
        for number in range(len(sites)):
            for place, lixel in enumerate(range(found.first[number], found.first[number + 1])):
                length = found.length_m[lixel]
                per_m = found.per_m[lixel]
                yield (
                    sites.u[number], sites.v[number], round(place * length, 1),
                    round((place + 1) * length, 1), round(per_m * 1000 / years, 5),
                    "yes" if per_m > limit else "no",
                )  # fmt: skip

    header = ["u", "v", "from_m", "to_m", "per_km_year", "beyond_chance"]
    return _write(out, header, lines())


def peaks(inputs: Inputs, result: Screening, out: Path) -> int:
    """The stretch of each road of one class that a peak search finds, crashes at nodes left out."""
    sites, years = inputs.sites, float(len(result.years))
    inside = inputs.crashes.in_years(result.years) & (inputs.snapped.edge >= 0)
    rows = np.flatnonzero(inside & (inputs.snapped.node < 0))
    parts = [piece for part in chains(sites) for piece in _of_one_class(inputs, part)]
    chain, along = along_m(
        sites, parts, inputs.snapped.edge[rows], inputs.crashes.lat[rows], inputs.crashes.lon[rows]
    )
    predicted = result.estimate.predicted_edges * years
    k = float(np.median(result.estimate.spf_edges.k))
    order = np.argsort(chain, kind="stable")
    starts = np.searchsorted(chain[order], np.arange(len(parts) + 1))

    def lines() -> Iterable[Sequence[Any]]:
        for number, part in enumerate(parts):
            edges = list(part.edges)
            length = float(part.start_m[-1]) / 1000
            at = along[order[starts[number] : starts[number + 1]]] / 1000
            if not len(at):
                continue
            measure = windows.eb_measure(at, float(predicted[edges].sum()) / length, k)
            found = windows.peak_search(length, measure, step=PEAK_STEP_KM, limit=PEAK_CV)
            if found is None:
                continue
            first = sites.u[edges[0]] if part.forward[0] else sites.v[edges[0]]
            yield (
                part.name, sites.road_class[edges[0]], first, round(length, 3),
                round(found.start, 3), round(found.end, 3),
                round(found.expected / years, 4), round(found.cv, 3),
            )  # fmt: skip

    header = ["road", "class", "from_node", "length_km", "start_km", "end_km",
              "expected_per_km_year", "cv"]  # fmt: skip
    return _write(out, header, lines())


def _of_one_class(inputs: Inputs, part: Chain) -> list[Chain]:
    """A chain cut where the class changes: windows never cross that."""
    found, at = [], 0
    for _, group in groupby(part.edges, lambda edge: str(inputs.sites.road_class[edge])):
        number = len(list(group))
        span = slice(at, at + number)
        found.append(
            Chain(
                part.name, part.edges[span], part.forward[span],
                part.start_m[at : at + number + 1] - part.start_m[at],
            )
        )  # fmt: skip
        at += number
    return found


def black_spots(inputs: Inputs, result: Screening, out: Path) -> int:
    """Spots and segments that the authorities' rules list, joined along the road."""
    sites = inputs.sites
    found = stretches(sites, inputs.crashes, inputs.snapped, result.years[-1])
    book = rules()
    rows = (
        (
            one.rule, book[one.rule].certainty, one.kind, one.road,
            round(one.end_m - one.start_m, 1), len(one.crashes), one.deaths,
            " ".join(f"{sites.u[edge]}-{sites.v[edge]}" for edge in one.edges),
        )
        for one in found
    )  # fmt: skip
    header = ["rule", "certainty", "kind", "road", "length_m", "crashes", "deaths", "edges"]
    return _write(out, header, rows)


def corridors(inputs: Inputs, result: Screening, out: Path) -> int:
    """Whole roads of one name, the worst a kilometre first."""
    table = corridors_of_screening(result)
    return _write(out, table.column_names, zip(*table.to_pydict().values(), strict=True))


EXTRAS: dict[str, tuple[Writer, str]] = {
    "severity": (severity, "CSV of ranks under every set of severity weights."),
    "density": (density, "CSV of the network kernel density, 200 m wide."),
    "peaks": (peaks, "CSV of each road's worst stretch by peak search."),
    "black_spots": (black_spots, "CSV of spots (500 m) and segments (2 km) that rules list."),
    "corridors": (corridors, "CSV of whole roads of one name, from 1 km."),
}
"""Option to its writer and help."""


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    number = 0
    with draft.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for row in rows:
            writer.writerow(row)
            number += 1
    draft.replace(path)
    return number
