"""Files in: good rows are kept, every bad one is named with its reason."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from sizao.core.errors import ConfigError
from sizao.risk.crashes import read_crashes, years_of
from sizao.risk.sites import read_sites

from .worlds import write_grid

GOOD = "7,2019,2,28,23,59,26.5,101.7"


def crashes(folder: Path, *rows: str, header: str = "crash_id,year,month,day,hour,minute,lat,lon"):
    path = folder / "crashes.csv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return read_crashes(path)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("1,2019,2,29,1,1,26.5,101.7", "impossible_date"),
        ("1,2019,13,1,1,1,26.5,101.7", "impossible_date"),
        ("1,1019,1,1,1,1,26.5,101.7", "impossible_date"),
        ("1,2019,1,1,24,1,26.5,101.7", "impossible_time"),
        ("1,2019,1,1,1,60,26.5,101.7", "impossible_time"),
        ("1,2019,1,1,1,1,96.5,101.7", "impossible_place"),
        ("1,2019,1,1,1,1,0,0", "impossible_place"),
        ("1,2019,1,1,1,1,,101.7", "no_lat"),
        ("1,,1,1,1,1,26.5,101.7", "no_year"),
        ("1,2019,1,1,1,1,north,101.7", "bad_lat"),
        ("1,MMXIX,1,1,1,1,26.5,101.7", "bad_year"),
        ("1,2019,1,1,1,1,26.5", "wrong_number_of_cells"),
        ("1,2019,1,1,1,1,26.5,101.7,9", "wrong_number_of_cells"),
    ],
)
def test_a_bad_row_is_named_and_the_others_stay(tmp_path: Path, row: str, reason: str) -> None:
    found, rejected = crashes(tmp_path, GOOD, row, GOOD)
    assert len(found) == 2
    assert [(one.row, one.reason) for one in rejected] == [(2, reason)]


def test_many_bad_rows_keep_their_numbers(tmp_path: Path) -> None:
    """The control: numbers count rows of the file, not of what is left of it."""
    rows = [
        "x",
        GOOD,
        "1,2019,1,1,1,1,north,101.7",
        GOOD,
        "1,2019,1,1,1,1,26.5",
        "1,2019,1,1,30,1,26.5,101.7",
    ]
    found, rejected = crashes(tmp_path, *rows)
    assert len(found) == 2
    assert [one.row for one in rejected] == [1, 3, 5, 6]


def test_a_leap_day_is_a_day(tmp_path: Path) -> None:
    found, rejected = crashes(tmp_path, "1,2020,2,29,1,1,26.5,101.7")
    assert (len(found), rejected) == (1, [])


def test_files_without_time_or_with_gzip(tmp_path: Path) -> None:
    path = tmp_path / "crashes.csv.gz"
    path.write_bytes(gzip.compress(b"year,lat,lon\n2019,26.5,101.7\n"))
    found, rejected = read_crashes(path)
    assert rejected == []
    assert found.hour_of_week().tolist() == [-1]
    assert not found.has_harm


def test_a_file_that_is_no_table_of_crashes(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no column lon"):
        crashes(tmp_path, "2019,1", header="year,lat")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_crashes(tmp_path / "empty.csv")


def test_hour_of_week_begins_on_monday(tmp_path: Path) -> None:
    """2019-06-03 was a Monday, 2019-06-02 a Sunday, 2020-02-29 a Saturday."""
    found, _ = crashes(
        tmp_path,
        "1,2019,6,3,0,0,26.5,101.7",
        "2,2019,6,2,23,0,26.5,101.7",
        "3,2020,2,29,5,0,26.5,101.7",
    )
    assert found.hour_of_week().tolist() == [0, 167, 5 * 24 + 5]


def test_years() -> None:
    assert list(years_of("2017-2019")) == [2017, 2018, 2019]
    for bad in ("", "next", "2019-2017", "17"):
        with pytest.raises(ConfigError):
            years_of(bad)


def test_directions_merge_and_loops_have_no_row(tmp_path: Path) -> None:
    nodes, edges = write_grid(tmp_path, 2)
    with edges.open("a", encoding="utf-8") as file:
        file.write("1,1,0,False,residential,Loop,300\n")
        file.write("2,1,1,False,service,Beside,99\n")
    sites, rejected, remarks = read_sites(nodes, edges)
    assert list(zip(sites.u.tolist(), sites.v.tolist(), strict=True)) == [
        (1, 2),
        (1, 3),
        (2, 4),
        (3, 4),
    ]
    assert sites.length_m.tolist() == [99, 105, 105, 105]
    assert sites.loops == 1
    assert "1 edges lead back" in remarks[0]
    assert sites.degree.tolist() == [2, 2, 2, 2]
    assert not rejected["edges"]


def test_bad_edges_are_named(tmp_path: Path) -> None:
    nodes, edges = write_grid(tmp_path, 2)
    with edges.open("a", encoding="utf-8") as file:
        file.write("1,99,0,False,residential,Nowhere,10\n")
        file.write("1,4,0,False,residential,Short,0\n")
        file.write("1,4,0,False,residential,Odd,long\n")
    _, rejected, _ = read_sites(nodes, edges)
    assert [(one.row, one.reason) for one in rejected["edges"]] == [
        (9, "unknown_node"),
        (10, "impossible_length"),
        (11, "bad_length_m"),
    ]


def test_a_length_not_given_is_measured(tmp_path: Path) -> None:
    nodes, edges = write_grid(tmp_path, 2)
    edges.write_text("u,v\n1,2\n", encoding="utf-8")
    sites, _, remarks = read_sites(nodes, edges)
    assert sites.length_m[0] == pytest.approx(99.7, abs=0.3)
    assert "measured as drawn" in remarks[0]


def test_true_geometry_is_drawn(tmp_path: Path) -> None:
    nodes, edges = write_grid(tmp_path, 2)
    bend = "LINESTRING (101.7 26.5, 101.7005 26.5005, 101.701 26.5)"
    edges.write_text(f'u,v,geometry\n1,2,"{bend}"\n2,1,"{_back(bend)}"\n3,4,\n', encoding="utf-8")
    sites, rejected, _ = read_sites(nodes, edges)
    assert not rejected["edges"]
    assert np.bincount(sites.piece_edge).tolist() == [2, 1]
    assert sites.length_m[0] == pytest.approx(149, abs=1)


def _back(line: str) -> str:
    points = line.removeprefix("LINESTRING (").removesuffix(")").split(", ")
    return f"LINESTRING ({', '.join(reversed(points))})"
