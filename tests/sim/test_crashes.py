"""The made-up crash history: the truth holds, and the files are those the commands read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from sizao.feeds.tables.kinds import kind_named
from sizao.feeds.tables.mapping import propose
from sizao.feeds.tables.reading import read
from sizao.risk.crashes import read_crashes
from sizao.risk.sites import read_sites
from sizao.risk.snapping import build_index, snap
from sizao.sim import crash_files
from sizao.sim.city import City
from sizao.sim.crashes import JUNCTION, SEGMENT, History, history, patterns

YEARS = range(2023, 2026)


@pytest.fixture(scope="module")
def past(city: City) -> History:
    return history(city, YEARS, seed=1)


def test_counts_follow_the_true_means(past: History) -> None:
    observed = np.bincount(past.crashes["site"], minlength=len(past.truth.mean))
    expected = past.truth.mean * len(YEARS)
    # A sum of Poisson numbers is Poisson: within four standard deviations.
    assert abs(observed.sum() - expected.sum()) < 4 * np.sqrt(expected.sum())
    hot = past.truth.hot
    assert abs(observed[hot].sum() - expected[hot].sum()) < 4 * np.sqrt(expected[hot].sum())


def test_every_kind_of_trouble_has_its_sites(past: History) -> None:
    for name, spot in patterns()["hot_spots"].items():
        rows = np.flatnonzero(past.truth.trouble == name)
        assert len(rows) == spot["number"]
        kind = SEGMENT if spot["site"] == "segment" else JUNCTION
        assert (past.truth.kind[rows] == kind).all()


def test_a_trouble_shows_in_what_happens_there(past: History) -> None:
    def share(trouble: str, column: str, value: str) -> tuple[float, float]:
        there = past.truth.trouble[past.crashes["site"]] == trouble
        is_it = past.crashes[column] == value
        return float(is_it[there].mean()), float(is_it[~there].mean())

    for trouble, column, value in (
        ("wet_bend", "surface", "潮湿"),
        ("drink_street", "cause", "酒后驾驶"),
        ("crossing", "collision", "pedestrian"),
        ("downgrade", "cause", "超载"),
        ("unlit_junction", "light_condition", "夜间无路灯"),
    ):
        here, elsewhere = share(trouble, column, value)
        assert here > 2 * elsewhere


def test_the_same_seed_is_the_same_history_however_the_years_are_cut(
    city: City, past: History
) -> None:
    again = history(city, range(2024, 2025), seed=1)
    rows = past.crashes["year"] == 2024
    for name, values in again.crashes.items():
        np.testing.assert_array_equal(values, past.crashes[name][rows])
    other = history(city, range(2024, 2025), seed=2)
    assert len(other) != len(again) or (other.crashes["lat"] != again.crashes["lat"]).any()


def test_the_files_are_read_without_a_rejected_row_and_snap_to_their_site(
    city: City, past: History, tmp_path: Path
) -> None:
    rows = crash_files.write(tmp_path, city.network, past)
    sites, rejected, _ = read_sites(tmp_path / "nodes.csv", tmp_path / "edges.csv")
    records, bad = read_crashes(tmp_path / "crashes.csv")
    assert not bad
    assert not any(rejected.values())
    assert len(records) == rows["crashes.csv"] == len(past)
    snapped = snap(build_index(sites), records.lat, records.lon)
    site = past.crashes["site"]
    kind, number = past.truth.kind[site], past.truth.number[site]
    at_node = snapped.node >= 0
    on_road = np.flatnonzero((kind == SEGMENT) & ~at_node)
    ends = np.sort(
        np.column_stack(
            (city.network.from_node[number[on_road]], city.network.to_node[number[on_road]])
        )
    )
    found = snapped.edge[on_road]
    same = (sites.u[found] == ends[:, 0]) & (sites.v[found] == ends[:, 1])
    assert same.mean() > 0.98
    junction = (kind == JUNCTION) & at_node
    assert (sites.node_id[snapped.node[junction]] == number[junction]).mean() > 0.98
    assert (at_node[kind == JUNCTION]).mean() > 0.8


def test_the_import_understands_every_column(city: City, past: History, tmp_path: Path) -> None:
    crash_files.write(tmp_path, city.network, past)
    table = read((tmp_path / "crashes.csv").read_bytes(), kind_named("crash"))
    fields = propose(table, kind_named("crash")).mapping.columns
    wanted = ("id", "year", "month", "day", "hour", "minute", "lat", "lon", "area", "road",
              "procedure", "collision", "weather", "light_condition", "surface", "cause",
              "parties")  # fmt: skip
    assert {name: fields.get(name) for name in wanted} == {name: name for name in wanted}
    assert (fields["dead"], fields["injured"], fields["serious"]) == (
        "deaths",
        "injuries",
        "serious_injuries",
    )
