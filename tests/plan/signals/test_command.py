"""``sizao junction`` from a file to JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from sizao.app.cli import cli

from .conftest import FLOWS, crossroads


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "junction.yaml"
    phases = [{"movements": [f"{arm}.{turn}" for turn in "LTR"], "green_s": 30} for arm in "NSEW"]
    path.write_text(
        yaml.safe_dump(
            {
                "junction": {"name": "试验路口", **crossroads()},
                "counts": {"minutes": 60, "vehicles": FLOWS},
                "plan": {"phases": phases},
            },
            allow_unicode=True,
        )
    )
    return path


def run(*arguments: object) -> Any:
    return CliRunner().invoke(cli, ["junction", *map(str, arguments)])


def test_json_says_before_after_and_gain(file: Path) -> None:
    told = json.loads(run(file, "--json").output)
    assert told["junction"] == "试验路口"
    assert told["method"] == "CJJ 152-2010"
    assert told["after"]["delay_s"] < told["before"]["delay_s"]
    assert told["gain"]["lower_s"] > 0
    assert {"group", "degree", "level"} <= set(told["after"]["groups"][0])
    same = json.loads(run(file, "--json", "--same-phases").output)
    assert len(same["after"]["plan"]["phases"]) == 4
    short = json.loads(run(file, "--json", "--cycle-max", 70).output)
    assert short["after"]["cycle_s"] <= 70


def test_tracks_say_how_a_fleet_turned(file: Path, tmp_path: Path) -> None:
    import datetime as dt

    import pyarrow as pa
    import pyarrow.parquet as pq

    start = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
    rows = [
        {"vehicle": "a", "time": start + dt.timedelta(seconds=3 * n), "lat": 26.5 + up,
         "lon": 101.7, "speed_kmh": 40.0}
        for n, up in enumerate((0.0009, 0.0004, 0.0, -0.0004, -0.0009))
    ]  # fmt: skip
    positions = tmp_path / "positions.parquet"
    pq.write_table(pa.Table.from_pylist(rows), positions)
    given = ("--same-phases", "--observed", positions, "--at", 26.5, 101.7)
    told = json.loads(run(file, "--json", *given).output)["observed"]
    assert told["turned"] == {"N.T": 1}
    assert "not all traffic" in run(file, *given).output
    assert "needs --at" in str(run(file, "--observed", positions).exception)


def test_words_for_people(file: Path) -> None:
    said = run(file, "--method", "hcm2000").output
    assert "saves" in said
    assert "HCM 2000" in said


def test_a_broken_file_is_one_clear_line(tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_text("- a list\n")
    answer = run(path)
    assert "expected `junction`" in str(answer.exception)
