"""``sizao bench screen``: a network and its crashes from files to a ranking.

A made-up city of the Bronx's size (12,500 edges, 169,000 crashes) is read, snapped, fitted,
estimated and ranked; in a process of its own so is a made-up province (500,000 edges, a million
crashes), with the highest memory it took. Making the files is not timed. SIZAO_BENCH_CRASHES
names a folder with nodes, edges and crashes (.csv.gz) to measure a true place instead of the city.

Baseline: shapely's STRtree for the nearest edge, statsmodels' negative binomial regression for
the same simple columns, textbook EB; files read by the same code. The product does more with it:
junctions, match quality, through traffic, surroundings, mixture posteriors.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pyarrow as pa
from pyarrow import csv

from sizao.core.kernel_cache import use_kernel_cache
from sizao.risk import counting, posterior, snapping
from sizao.risk.crashes import Crashes, read_crashes
from sizao.risk.features import Features
from sizao.risk.screening import screen
from sizao.risk.sites import Sites, read_sites

_NAMES = ("nodes", "edges", "crashes")


def run(quick: bool = False) -> dict[str, Any]:
    """Seconds from files to ranking; ``quick`` takes a smaller city and no province."""
    with tempfile.TemporaryDirectory() as temporary:
        given = os.environ.get("SIZAO_BENCH_CRASHES")
        folder = Path(given) if given else Path(temporary)
        ending = ".csv.gz" if given else ".csv"
        if not given:
            make_city(folder, *((40, 6_000) if quick else (81, 169_000)))
        files = [folder / f"{name}{ending}" for name in _NAMES]
        years = range(2017, 2019)
        once(files, years)  # compiles or loads the kernels
        timed, processor = [], []
        for _ in range(1 if quick else 3):
            start = time.process_time()
            timed.append(once(files, years))
            processor.append(time.process_time() - start)
        steps = {name: round(median(one[name] for one in timed), 3) for name in timed[0]}
        seconds = round(median(sum(one.values()) for one in timed), 3)
        sites, crashes = read_sites(files[0], files[1])[0], read_crashes(files[2])[0]
        snap_per_s, tree_per_s = _snapping(sites, crashes)
        baseline = _baseline_seconds(files, years)
    return {
        "name": "screen",
        "unit": "seconds from files to ranking",
        "value": seconds,
        "seconds": seconds,
        "processor_seconds": round(median(processor), 3),
        "runs": len(timed),
        "steps": steps,
        "edges": len(sites),
        "crashes": len(crashes),
        "place": "given" if given else "made up",
        "snap_per_s": snap_per_s,
        "strtree_snap_per_s": tree_per_s,
        "snap_ratio": round(snap_per_s / tree_per_s, 1),
        "baseline": {"name": "shapely STRtree and statsmodels", "value": baseline},
        "ratio": round(baseline / seconds, 2),
        "province": None if quick else _province(),
    }


def once(files: list[Path], years: range) -> dict[str, float]:
    """Seconds of each step from files to ranking."""
    marks = [("", time.perf_counter())]
    sites = read_sites(files[0], files[1])[0]
    crashes = read_crashes(files[2])[0]
    marks.append(("load", time.perf_counter()))
    snapped = snapping.snap(snapping.build_index(sites), crashes.lat, crashes.lon)
    marks.append(("snap", time.perf_counter()))
    screen(sites, Features(sites), crashes, snapped, years).table()
    marks.append(("fit_and_screen", time.perf_counter()))
    return {name: end - marks[number][1] for number, (name, end) in enumerate(marks[1:])}


def _snapping(sites: Sites, crashes: Crashes) -> tuple[int, int]:
    """Crashes a second: ours with a ready index, and shapely's with a ready tree."""
    import shapely

    index = snapping.build_index(sites)
    ours, theirs = [], []
    scale = np.cos(np.radians(sites.lat.mean()))
    ends = np.stack((sites.piece_lon * scale, sites.piece_lat), axis=2)
    tree = shapely.STRtree(shapely.linestrings(ends))
    points = shapely.points(crashes.lon * scale, crashes.lat)
    for _ in range(3):
        start = time.perf_counter()
        snapping.snap(index, crashes.lat, crashes.lon)
        ours.append(len(crashes) / (time.perf_counter() - start))
        start = time.perf_counter()
        tree.query_nearest(points, all_matches=False)
        theirs.append(len(crashes) / (time.perf_counter() - start))
    return round(median(ours)), round(median(theirs))


def _baseline_seconds(files: list[Path], years: range) -> float:
    """Load, STRtree, statsmodels and one gamma."""
    import shapely
    from statsmodels.discrete.discrete_model import NegativeBinomial

    start = time.perf_counter()
    sites, crashes = read_sites(files[0], files[1])[0], read_crashes(files[2])[0]
    scale = np.cos(np.radians(sites.lat.mean()))
    ends = np.stack((sites.piece_lon * scale, sites.piece_lat), axis=2)
    tree = shapely.STRtree(shapely.linestrings(ends))
    points = shapely.points(crashes.lon * scale, crashes.lat)
    edge = sites.piece_edge[tree.query_nearest(points, all_matches=False)[1]]
    node_tree = shapely.STRtree(shapely.points(sites.lon * scale, sites.lat))
    node, distance = node_tree.query_nearest(points, all_matches=False, return_distance=True)
    snapped = snapping.Snapped(
        edge.astype(np.int32),
        np.zeros(len(crashes)),
        np.where(distance * 111_195 <= snapping.JUNCTION_M, node[1], -1).astype(np.int32),
        np.zeros(len(crashes), np.int8),
    )
    counts = counting.count(sites, snapped.of(crashes.in_years(years)))
    features = Features(sites)
    for (x, _), y in (
        (features.simple_edges(), counts.edges),
        (features.simple_nodes(), counts.nodes),
    ):
        used = x[:, np.append(True, np.ptp(x[:, 1:], axis=0) > 0)]
        found = NegativeBinomial(y, used).fit(
            disp=False, maxiter=200, method="bfgs", warn_convergence=False
        )
        mu = np.exp(np.clip(used @ found.params[:-1], -30, 30))
        posterior.empirical_bayes(mu, max(float(found.params[-1]), 1e-6), y).interval()
    return round(time.perf_counter() - start, 3)


def _province() -> dict[str, Any]:
    """The province in a fresh process, so that its memory is its own."""
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    child = context.Process(target=_province_child, args=(send,))
    child.start()
    send.close()
    try:
        found: dict[str, Any] = receive.recv()
    except EOFError:
        found = {"error": "the process ended without a result"}
    child.join()
    return found


def _province_child(send: Any) -> None:
    use_kernel_cache()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        make_city(folder, 501, 1_000_000)
        files = [folder / f"{name}.csv" for name in _NAMES]
        start = time.process_time()
        steps = once(files, range(2017, 2019))
        processor = time.process_time() - start
    send.send(
        {
            "edges": 2 * 501 * 500,
            "crashes": 1_000_000,
            "seconds": round(sum(steps.values()), 2),
            "processor_seconds": round(processor, 2),
            "steps": {name: round(value, 2) for name, value in steps.items()},
            "rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }
    )


def make_city(folder: Path, side: int, crashes: int, seed: int = 1) -> None:
    """A bent grid of side x side junctions, 120 m apart, with streets of several classes and
    crashes that cluster as true ones do: gamma-distributed danger of sites."""
    chance = np.random.default_rng(seed)
    row, column = (axis.ravel() for axis in np.indices((side, side)))
    lat = 26.5 + (row + 0.2 * chance.random(side * side)) * 0.00108
    lon = 101.5 + (column + 0.2 * chance.random(side * side)) * 0.00121
    number = np.arange(1, side * side + 1)
    right, up = number[column < side - 1], number[row < side - 1]
    u = np.concatenate((right, up))
    v = np.concatenate((right + 1, up + side))
    line = np.concatenate((row[column < side - 1], side + column[row < side - 1]))
    rank = np.where(line % 20 == 0, 0, np.where(line % 5 == 0, 1, 2))
    classes = np.array(["primary", "tertiary", "residential"])
    tag = np.where((row % 5 == 0) & (column % 5 == 0), "traffic_signals", "")
    csv.write_csv(
        pa.table({"node_id": number, "lon": lon, "lat": lat, "node_tag": tag}),
        folder / "nodes.csv",
    )
    csv.write_csv(
        pa.table(
            {
                "u": np.concatenate((u, v)),
                "v": np.concatenate((v, u)),
                "highway": np.tile(classes[rank], 2),
                "name": np.tile(np.char.add("street ", line.astype(str)), 2),
                "length_m": np.full(2 * len(u), 125.0),
            }
        ),
        folder / "edges.csv",
    )
    danger = np.array([6.0, 2.5, 1.0])[rank] * chance.gamma(0.6, 1.0, len(u))
    edge = chance.choice(len(u), crashes, p=danger / danger.sum())
    along = np.where(
        chance.random(crashes) < 0.6, chance.integers(0, 2, crashes), chance.random(crashes)
    )
    a, b = u[edge] - 1, v[edge] - 1
    csv.write_csv(
        pa.table(
            {
                "year": chance.integers(2016, 2020, crashes),
                "month": chance.integers(1, 13, crashes),
                "day": chance.integers(1, 29, crashes),
                "hour": chance.integers(0, 24, crashes),
                "lat": lat[a] + along * (lat[b] - lat[a]) + chance.normal(0, 3e-5, crashes),
                "lon": lon[a] + along * (lon[b] - lon[a]) + chance.normal(0, 3e-5, crashes),
            }
        ),
        folder / "crashes.csv",
    )
