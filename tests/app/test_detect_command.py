"""``sizao detect``: a Parquet file of positions to a Parquet file of episodes."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from sizao.app.cli import cli
from sizao.core.errors import ConfigError
from sizao.core.rulebook import entry
from sizao.core.schemas import DETECTION, TIME
from tests.detect.test_engine import network
from tests.detect.tracks import Row, Track, at, minutes

SHARED = Path(__file__).resolve().parents[2] / "../shared"
COLUMNS = pa.schema(
    [
        ("vehicle", pa.string()),
        ("time", TIME),
        ("lat", pa.float64()),
        ("lon", pa.float64()),
        ("speed_kmh", pa.float32()),
        ("heading_deg", pa.float32()),
        ("recorder_speed_kmh", pa.float32()),
        ("driver", pa.string()),
        ("vehicle_kind", pa.string()),
        ("limit_kmh", pa.float32()),
    ]
)
"""What the design promises to take."""


def rows_of(*tracks: Track, **values) -> list[Row]:
    return [
        {name: (row | {"limit_kmh": limit} | values).get(name) for name in COLUMNS.names}
        for track in tracks
        for row, limit in zip(track.rows, track.limits, strict=True)
    ]


def run(folder: Path, rows: list[Row] | pa.Table, *arguments: str) -> tuple[list[Row], dict]:
    """Episodes and the printed summary."""
    table = rows if isinstance(rows, pa.Table) else pa.Table.from_pylist(rows, schema=COLUMNS)
    file, out = folder / "in.parquet", folder / "out.parquet"
    pq.write_table(table, file)
    result = CliRunner().invoke(cli, ["detect", str(file), "--out", str(out), *arguments])
    if result.exception:
        raise result.exception
    found = pq.read_table(out)
    assert found.schema.equals(DETECTION)
    return found.to_pylist(), json.loads(result.stdout)


SPEEDER = Track("1").leg(60, 70).leg(60, 100).leg(60, 70)
TIRED = Track("2", driver="D").drive(250)


def test_one_row_an_episode_open_ones_closed(tmp_path):
    found, summary = run(tmp_path, rows_of(SPEEDER, TIRED, vehicle_kind="heavy_truck"))
    assert [(row["rule"], row["vehicle"], row["final"]) for row in found] == [
        ("speeding", "1", True),
        ("fatigue", "2", True),
    ]
    speeding, fatigue = found
    assert (speeding["start"], speeding["end"]) == (at(60), at(105))
    assert (speeding["measured"], speeding["limit"], speeding["severity"]) == (100, 80, "20-50")
    assert (fatigue["start"], fatigue["measured"], fatigue["driver"]) == (minutes(0), 249.75, "D")
    assert speeding["vehicle_kind"] == "heavy_truck"
    assert summary["by_rule"] == {"fatigue": {"over_limit": 1}, "speeding": {"20-50": 1}}
    assert (summary["detections"], summary["vehicles"], summary["rejected"]) == (2, 2, {})


def test_the_order_of_rows_does_not_matter(tmp_path):
    rows = rows_of(SPEEDER, TIRED)
    found, _ = run(tmp_path, rows)
    random.Random(1).shuffle(rows)
    assert run(tmp_path, rows)[0] == found


def test_rejected_rows_are_counted_by_reason_and_the_rest_is_used(tmp_path):
    rows = rows_of(SPEEDER)
    bad = [
        rows[0] | {"vehicle": None},
        rows[0] | {"vehicle": " "},
        rows[0] | {"time": None},
        rows[0] | {"lat": 123.0, "time": at(1)},
        rows[0] | {"speed_kmh": 6553.5, "time": at(2)},
        rows[0] | {"limit_kmh": 0.0, "time": at(3)},
        rows[5] | {"speed_kmh": 0.0},
    ]
    listed = tmp_path / "rejects.csv"
    found, summary = run(tmp_path, rows + bad, "--rejects", str(listed))
    assert found == run(tmp_path, rows)[0]
    n = len(rows)
    assert summary["rejected"] == {
        "no_vehicle": {"rows": 2, "first": [n, n + 1]},
        "no_time": {"rows": 1, "first": [n + 2]},
        "impossible_place": {"rows": 1, "first": [n + 3]},
        "impossible_speed": {"rows": 1, "first": [n + 4]},
        "impossible_limit": {"rows": 1, "first": [n + 5]},
        "repeated": {"rows": 1, "first": [n + 6]},
    }
    assert len(listed.read_text(encoding="utf-8").splitlines()) == 1 + len(bad)
    assert summary["rows"] == n + len(bad)


def test_strict_writes_nothing(tmp_path):
    with pytest.raises(ConfigError, match="1 rows rejected, the first is row 0"):
        run(tmp_path, [rows_of(SPEEDER)[0] | {"time": None}], "--strict")
    assert not (tmp_path / "out.parquet").exists()


def test_only_the_necessary_columns_and_other_types(tmp_path):
    rows = rows_of(TIRED)
    table = pa.table(
        {
            "vehicle": pa.array([row["vehicle"] for row in rows]).dictionary_encode(),
            "time": pa.array(
                [row["time"].replace(tzinfo=None) for row in rows], pa.timestamp("ns")
            ),
            "lat": pa.array([row["lat"] for row in rows]),
            "lon": pa.array([row["lon"] for row in rows]),
            "speed_kmh": pa.array([int(row["speed_kmh"]) for row in rows]),
            "more": pa.array(range(len(rows))),
        }
    )
    found, _ = run(tmp_path, table)
    assert [row["rule"] for row in found] == ["fatigue"]


def test_a_missing_or_impossible_column_is_named(tmp_path):
    table = pa.Table.from_pylist(rows_of(SPEEDER), schema=COLUMNS)
    with pytest.raises(ConfigError, match="column 'time' is missing"):
        run(tmp_path, table.drop(["time"]))
    text = table.set_column(4, "speed_kmh", pa.array(["fast"] * len(table)))
    with pytest.raises(ConfigError, match="column 'speed_kmh' is string"):
        run(tmp_path, text)


def test_an_empty_file_gives_an_empty_file(tmp_path):
    found, summary = run(tmp_path, [])
    assert found == []
    assert summary["detections"] == 0


def test_a_file_that_is_not_parquet_is_said(tmp_path):
    file = tmp_path / "x.parquet"
    file.write_text("vehicle,time\n")
    result = CliRunner().invoke(cli, ["detect", str(file), "--out", str(tmp_path / "y")])
    assert "not a Parquet file" in str(result.exception)


def test_the_network_gives_limits_and_a_given_limit_goes_before(tmp_path):
    path = tmp_path / "net.npz"
    network(limit_kmh=60).save(path)
    rows = rows_of(SPEEDER, vehicle_kind="heavy_truck", limit_kmh=None)
    assert run(tmp_path, rows)[0] == []
    (episode,), _ = run(tmp_path, rows, "--network", str(path))
    assert (episode["limit"], episode["road"], episode["start"]) == (60, "G5", at(0))
    assert run(tmp_path, rows_of(SPEEDER), "--network", str(path))[0][0]["limit"] == 80


def test_unknown_kinds_are_said_and_count_as_other(tmp_path):
    found, summary = run(tmp_path, rows_of(SPEEDER, vehicle_kind="spaceship"))
    assert summary["unknown_kinds"] == {"spaceship": len(SPEEDER.rows)}
    assert found[0]["vehicle_kind"] == "other"


class TestRules:
    def with_rules(self, folder: Path, text: str, rows: list[Row]) -> list[Row]:
        path = folder / "rules.yaml"
        path.write_text(text, encoding="utf-8")
        return run(folder, rows, "--rules", str(path))[0]

    def test_parameters_that_differ(self, tmp_path):
        rows = rows_of(SPEEDER)
        assert self.with_rules(tmp_path, "speeding: {min_duration_s: 60}", rows) == []
        (episode,) = self.with_rules(tmp_path, "speeding: {min_duration_s: 40}", rows)
        assert episode["fired"] == at(105)
        assert episode["rule_version"] != run(tmp_path, rows)[0][0]["rule_version"]

    def test_a_rule_switched_off(self, tmp_path):
        found = self.with_rules(tmp_path, "speeding: false", rows_of(SPEEDER, TIRED))
        assert [row["rule"] for row in found] == ["fatigue"]

    def test_an_entry_of_the_rule_book_replaced_in_another_unit(self, tmp_path):
        text = """
- id: fatigue.continuous_any
  name_zh: 试行
  name_en: trial
  kind: local_practice
  parameters: {max_continuous: {value: 2, unit: hour}, min_rest: {value: 20, unit: min}}
  source: {title: none, year: none, article: none}
  certainty: proposed
"""
        (episode,) = self.with_rules(tmp_path, text, rows_of(Track("1").drive(130)))
        assert episode["limit"] == 120

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("speeding: {min_duration: 3}", "has no parameter 'min_duration'"),
            ("speeding: {min_duration_s: long}", "min_duration_s must be a number"),
            ("speeding: {band_edges_percent: 3}", "band_edges_percent must be a list"),
            ("speding: {min_duration_s: 3}", "no rule 'speding'"),
            ("speeding: 3", "must be parameters or false"),
            ("3", "neither a list of rules"),
            ("[{id: x}]", "not an entry of a rule book"),
            ("{", "not YAML"),
        ],
    )
    def test_mistakes_are_named(self, tmp_path, text, says):
        with pytest.raises(ConfigError, match=says):
            self.with_rules(tmp_path, text, rows_of(SPEEDER))

    def test_a_limit_in_a_unit_that_is_none(self, tmp_path):
        raw = {"id": "detect.speeding", **_raw("detect.speeding")}
        raw["parameters"] = raw["parameters"] | {"margin": {"value": 1, "unit": "mph"}}
        with pytest.raises(ConfigError, match="margin must be in km/h, not in 'mph'"):
            self.with_rules(tmp_path, json.dumps([raw]), rows_of(SPEEDER))

    @pytest.mark.skipif(
        not (SHARED / "rules").is_dir(), reason="no shared rules beside the checkout"
    )
    def test_the_starting_set_of_rules_is_taken_as_a_folder(self, tmp_path):
        rows = rows_of(SPEEDER, TIRED)
        assert run(tmp_path, rows, "--rules", str(SHARED / "rules"))[0] == run(tmp_path, rows)[0]


def _raw(rule_id: str) -> dict:
    found = entry(rule_id)
    names = ("name_zh", "name_en", "kind", "certainty")
    values = {name: getattr(found, name) for name in names}
    return values | {"parameters": dict(found.parameters), "source": dict(found.source)}


def test_a_long_recording_is_cut_into_pieces_without_a_trace(tmp_path, monkeypatch):
    rows = rows_of(*(Track(str(n)).leg(60 + n, 70).leg(300, 100) for n in range(20)))
    whole, _ = run(tmp_path, rows)
    monkeypatch.setattr("sizao.detect.recording._PIECE", 37)
    assert run(tmp_path, rows)[0] == whole
    assert len(whole) == 20


def test_same_time_first_row_counts(tmp_path):
    rows = rows_of(SPEEDER)
    doubled = [copy for row in rows for copy in (row, row | {"speed_kmh": 0.0})]
    found, summary = run(tmp_path, doubled)
    assert found == run(tmp_path, rows)[0]
    assert summary["rejected"]["repeated"]["rows"] == len(rows)


def test_times_keep_their_microseconds(tmp_path):
    rows = [row | {"time": row["time"] + timedelta(microseconds=7)} for row in rows_of(SPEEDER)]
    (episode,), _ = run(tmp_path, rows)
    assert episode["start"] == at(60) + timedelta(microseconds=7)
    assert np.isclose(episode["lat"], 26.5)


def test_fences_are_a_file(tmp_path):
    circle = {"type": "Point", "coordinates": [101.7, 26.5]}
    given = {"number": 4, "name": "x", "kind": "forbidden", "radius_m": 3000, "legal_basis": "y"}
    fence = {"type": "Feature", "geometry": circle, "properties": given}
    file = tmp_path / "fences.geojson"
    file.write_text(json.dumps({"features": [fence]}), encoding="utf-8")
    rows = rows_of(Track("1").leg(90, 60))
    found, _ = run(tmp_path, rows, "--fences", str(file))
    assert [(row["rule"], row["fence"]) for row in found] == [("area_forbidden", 4)]
    assert run(tmp_path, rows)[0] == []
