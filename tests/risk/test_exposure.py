"""Traffic from counts and the fleet's flow: how near, how sure, and what it is worth.

A made-up grid whose true flows, fleet shares and dangers are known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from sizao.app.cli import cli
from sizao.core.errors import ConfigError
from sizao.risk.capture import capture
from sizao.risk.counting import Counts
from sizao.risk.estimators import pooled
from sizao.risk.exposure import estimate, surrogates, with_exposure
from sizao.risk.features import Features
from sizao.risk.fleet import EVENTS, Fleet, from_positions, read_fleet
from sizao.risk.passages import read_passages, with_counts
from sizao.risk.sites import Sites, read_sites

from .worlds import STEP_DEG, place, write_crashes, write_grid

SIDE = 24


@dataclass
class Town:
    """True flow a day, fleet's share, and crashes a year at edges; what is observed of them."""

    sites: Sites
    flow: np.ndarray
    danger: np.ndarray
    fleet: Fleet
    counted: np.ndarray


@pytest.fixture(scope="module")
def grid(tmp_path_factory: pytest.TempPathFactory) -> Sites:
    return read_sites(*write_grid(tmp_path_factory.mktemp("town"), SIDE))[0]


def town(sites: Sites, seed: int, counts: int = 25, crashes: float = 250.0) -> Town:
    chance = np.random.default_rng(seed)
    names, street = np.unique(sites.name, return_inverse=True)
    flow = 2000 * np.exp(
        chance.normal(0, 0.9, len(names))[street] + chance.normal(0, 0.3, len(sites))
    )
    east = (sites.lon[sites.a] - 101.7) / (SIDE * STEP_DEG)
    share = 0.04 * np.exp(0.9 * np.sin(2 * np.pi * east))
    trouble = chance.gamma(2.0, 0.5, len(sites))
    danger = flow**0.8 * trouble
    danger *= crashes / danger.sum()
    days = 30.0
    km = flow * share * days * sites.length_km
    reports = chance.poisson(km / 0.25).astype(float)
    braking = chance.poisson(0.02 * km * trouble).astype(float)
    fleet = Fleet(reports * 0.25, reports, {"harsh_braking": braking}, days)
    at = chance.choice(len(sites), counts, replace=False)
    aadt = np.full(len(sites), np.nan)
    aadt[at] = flow[at]
    return Town(replace(sites, aadt=aadt), flow, danger, fleet, at)


def test_flow_is_near_the_truth_and_its_error_holds(grid: Sites) -> None:
    one = town(grid, 1)
    found = estimate(one.sites, one.fleet, Features(one.sites).group)
    rest = found.how == 1
    off = np.log(found.aadt[rest] / one.flow[rest])
    assert np.abs(off).mean() < 0.3
    assert (np.abs(off) < 1.645 * found.log_error[rest]).mean() == pytest.approx(0.9, abs=0.08)
    # The control: one share for the whole town is off by far more.
    passages = one.fleet.passages(one.sites)
    flat = np.median(passages[one.counted] / one.flow[one.counted])
    assert np.abs(np.log(passages[rest] / flat / one.flow[rest])).mean() > 1.5 * np.abs(off).mean()


def test_the_error_grows_with_the_distance_to_the_next_count(grid: Sites) -> None:
    one = town(grid, 2)
    middle = (one.sites.lon[one.sites.a] + one.sites.lon[one.sites.b]) / 2
    west = np.flatnonzero(middle < np.quantile(middle, 0.2))
    aadt = np.full(len(middle), np.nan)
    aadt[west[::6]] = one.flow[west[::6]]
    found = estimate(replace(one.sites, aadt=aadt), one.fleet, Features(one.sites).group)
    order = np.argsort(middle)
    nearer, farther = np.array_split(found.share_error[order], 5)[::4]
    assert farther.mean() > 1.2 * nearer.mean()


def capture_of_truth(one: Town, features: Features, seed: int) -> float:
    """Share of the true danger in the top tenth of length, from a year of few crashes."""
    chance = np.random.default_rng([seed, 9])
    ends = np.concatenate((one.sites.a, one.sites.b))
    at_nodes = np.bincount(ends, np.tile(one.danger, 2), len(one.sites.lat)) / 2
    counts = Counts(*(chance.poisson(mean).astype(float) for mean in (one.danger, at_nodes)))
    found = pooled(features.sites, features, counts, 1.0)
    return float(capture(found.edges.mean, one.sites.length_km, one.danger, (0.1,))[0])


def test_the_fleet_helps_where_crashes_are_few(grid: Sites) -> None:
    gained = []
    for seed in range(4):
        one = town(grid, seed)
        bare = replace(one.sites, aadt=np.full(len(one.flow), np.nan))
        known = with_exposure(one.sites, estimate(one.sites, one.fleet, Features(bare).group))
        more = surrogates(bare, one.fleet)
        gained.append(
            [
                capture_of_truth(one, features, seed)
                for features in (Features(bare), Features(known), Features(known, more))
            ]
        )
    bare_mean, flow_mean, all_mean = np.mean(gained, axis=0)
    # .284 without, .303 with the flow, .358 with harsh braking too.
    assert flow_mean > 1.05 * bare_mean
    assert all_mean > 1.1 * flow_mean


def test_an_unsure_flow_is_shrunk(grid: Sites) -> None:
    one = town(grid, 3, counts=3)
    sure = estimate(one.sites, one.fleet, Features(one.sites).group)
    unsure = replace(sure, log_error=sure.log_error * 3)
    spread = [np.log(found.usable()).std() for found in (sure, unsure)]
    assert spread[1] < 0.9 * spread[0] < np.log(sure.aadt).std()


def test_without_a_counted_edge_no_share_is_made_up(grid: Sites) -> None:
    one = town(grid, 1)
    bare = replace(one.sites, aadt=np.full(len(one.flow), np.nan))
    with pytest.raises(ConfigError, match="give aadt on some edges"):
        estimate(bare, one.fleet, Features(bare).group)


def test_positions_become_kilometres_and_braking(grid: Sites) -> None:
    """A vehicle crosses the town along R5 at 36 km/h, a report every 2 s, brakes once, parks."""
    metres = 20.0 * np.arange(110)
    lat, lon = place(5, 0.02 + metres / 100_000 / STEP_DEG)
    speed = np.full(110, 36.0)
    speed[60] = 10.0
    time = 2.0 * np.arange(110)
    parked = 30
    found = from_positions(
        grid,
        np.repeat(["a", "a", "b"], [110, 1, parked]),
        np.concatenate((time, time[:1], 100.0 * np.arange(parked))),
        np.concatenate((np.full(110, lat), [lat], np.full(parked, lat))),
        np.concatenate((lon, lon[:1], np.full(parked, lon[3]))),
        np.concatenate((speed, speed[:1], np.zeros(parked))),
        np.full(111 + parked, 30.0),
    )
    # The last report stands for LONGEST_S; the repeated one for nothing.
    assert found.km.sum() == pytest.approx((108 * 2 * 36 + 2 * 10 + 60 * 36) / 3600)
    assert found.events["harsh_braking"].sum() == 1
    assert found.events["speeding"].sum() == 109
    assert set(grid.name[found.km > 0]) == {"R5"}


def test_the_command_takes_a_fleet(tmp_path: Path) -> None:
    nodes, edges = write_grid(tmp_path, 12, aadt="")
    lines = edges.read_text().splitlines()
    lines[1:41] = [line + "3000" for line in lines[1:41]]
    edges.write_text("\n".join(lines) + "\n")
    chance = np.random.default_rng(2)
    rows = zip(chance.integers(0, 12, 400), chance.random(400), strict=True)
    crashes = write_crashes(tmp_path, [(float(r), 11 * float(c), 2018) for r, c in rows])
    fleet = tmp_path / "fleet.csv"
    body = [
        f"{row.split(',')[0]},{row.split(',')[1]},5,20,10,{i % 4}"
        for i, row in enumerate(lines[1:])
    ]
    fleet.write_text("\n".join(["u,v,km,reports,days,harsh_braking", *body, "1,99,1,1,1,0"]) + "\n")
    out = tmp_path / "out.csv"
    arguments = ["screen", f"--nodes={nodes}", f"--edges={edges}", f"--crashes={crashes}",
                 "--years=2018", f"--out={out}", f"--fleet={fleet}", "--json"]  # fmt: skip
    cameras = tmp_path / "passages.csv"
    text = "".join(f"{name},{lat},{lon},{time}\n" for name, lat, lon, time in passing())
    cameras.write_text("checkpoint,lat,lon,time\n" + text)
    arguments.append(f"--passages={cameras}")
    result = CliRunner().invoke(cli, arguments, catch_exceptions=False)
    assert '"unknown_edge": {"rows": 1' in result.stdout
    assert '"ln_harsh_braking"' in result.stdout
    assert "no traffic count" not in out.read_text()
    assert "traffic from the fleet" in out.read_text()
    other, _ = read_fleet(fleet, read_sites(nodes, edges)[0])
    assert set(other.events) <= set(EVENTS)


def passing(seed: int = 1) -> list[tuple[str, float, float, np.datetime64]]:
    """Five days at two checkpoints of R3, one a carriageway; the second is dark on day 3."""
    chance = np.random.default_rng(seed)
    rows = []
    for name, rate, dark in (("east", 1000, None), ("west", 600, 3)):
        lat, lon = place(3, 2.5)
        for day in range(5):
            seconds = chance.integers(0, 10 * 3600 if day == dark else 86400, rate)
            start = np.datetime64("2026-03-02", "s") + 86400 * day
            rows += [(name, float(lat), float(lon), start + int(one)) for one in seconds]
    return rows


def test_checkpoints_count_whole_days(grid: Sites, tmp_path: Path) -> None:
    rows = passing()
    bare = replace(grid, aadt=np.full(len(grid), np.nan))
    text = "".join(f"{name},{lat},{lon},{time}\n" for name, lat, lon, time in rows)
    path = tmp_path / "passages.csv"
    bad = "east,91,0,2026-03-02T00:00:00\nx,1,1,now\n"
    path.write_text("checkpoint,lat,lon,time\n" + text + bad)
    found, rejected = read_passages(path, bare)
    assert found.days.tolist() == [5, 4]
    assert found.per_day == pytest.approx([1000, 600])
    assert [one.reason for one in rejected] == ["impossible_place", "bad_time"]
    counted = with_counts(bare, found)
    (edge,) = np.flatnonzero(counted.aadt > 0)
    assert counted.name[edge] == "R3"
    assert counted.aadt[edge] == pytest.approx(1600)
    # A count of the file is believed before the camera.
    given = replace(bare, aadt=np.where(np.arange(len(bare)) == edge, 5000.0, np.nan))
    assert with_counts(given, found).aadt[edge] == 5000
    # Two days are no figure.
    few = [row for row in rows if row[3] < np.datetime64("2026-03-04")]
    text = "".join(f"{name},{lat},{lon},{time}\n" for name, lat, lon, time in few)
    path.write_text("checkpoint,lat,lon,time\n" + text)
    assert np.isnan(read_passages(path, bare)[0].per_day).all()
