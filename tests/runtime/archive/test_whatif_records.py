"""Other numbers of rules over records, judged out of the logs that keep those."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner

from sizao.app.cli import cli
from sizao.core.schemas import DEVICE_ALARM, PASSAGE, POSITION, ROADSIDE_CHECK, WEIGHING
from sizao.detect import registry
from sizao.detect.records import Facts, RecordContext
from sizao.log.archive.store import ArchiveStore
from sizao.log.datadir import DataDir
from sizao.runtime.archive import whatif_records
from sizao.runtime.archive.whatif_records import ArchivedMinutes, Records
from sizao.runtime.embedded.log import SqliteLog
from tests.detect.judging import START, passage, register_of
from tests.detect.tracks import Track
from tests.detect.weighings import weighing

PLACES = {
    "A": {"lat": 26.5, "lon": 101.70, "road": "G5"},
    "B": {"lat": 26.5, "lon": 102.20, "road": "G5"},
}
HOUR = timedelta(hours=1)


@pytest.fixture
def data(tmp_path: Path) -> DataDir:
    return DataDir(tmp_path).create()


def both(data: DataDir, rule: str, facts: Facts | None = None, **changes: Any) -> list[list[dict]]:
    sides = tuple(
        RecordContext.build(
            registry.RECORD_RULES, facts, only=frozenset({rule}), changes={rule: numbers}
        )
        for numbers in ({}, changes)
    )
    with SqliteLog(data.intake_log) as intake, SqliteLog(data.feeds_log) as feeds:
        records = Records((sides[0], sides[1]), whatif_records.logs(intake, feeds))
        found, count = whatif_records.both(
            records, {rule}, data.archive, START - HOUR, START + HOUR
        )
    assert count
    return found


def put(data: DataDir, topic: str, schema: pa.Schema, *rows: dict[str, Any]) -> None:
    path = data.feeds_log if topic == "device_alarms" else data.intake_log
    with SqliteLog(path, writer=True) as log:
        for row in rows:
            log.append({topic: pa.RecordBatch.from_pylist([row], schema=schema)})


def twice(second: float) -> list[dict[str, Any]]:
    """One plate, twice in two places."""
    moments = ((0, "A"), (840, "B"), (2000, "A"), (2840, "B"))
    return [passage(second + after, where) for after, where in moments]


def test_passages(data: DataDir) -> None:
    """50 km in 14 min are some 210 km/h: more than one vehicle drives, but less than 250."""
    put(data, "passages", PASSAGE, *twice(0))
    before, after = both(data, "cloned_plate", Facts(places=PLACES), max_kmh=250.0)
    assert (len(before), len(after)) == (1, 0)


def test_weighings_of_long_ago_are_remembered(data: DataDir) -> None:
    """A year counts, whatever the warm-up. Control: a passage of long ago is none."""
    heavy = [weighing(-60 * 24 * day, gross_kg=70e3, weighing=f"w{day}") for day in (30, 20, 10, 0)]
    put(data, "weighings", WEIGHING, *heavy)
    before, after = both(data, "overload_repeat", vehicle_count=4.0)
    assert [row["measured"] for row in before] == [4]
    assert after == []
    put(data, "passages", PASSAGE, *twice(-86_400), passage(0, "A"))
    assert both(data, "cloned_plate", Facts(places=PLACES), max_kmh=250.0) == [[], []]


def test_roadside_checks(data: DataDir) -> None:
    check = {
        "check": "c1", "station": "S1", "time": START, "received": START, "plate": "川DI0001",
        "plate_colour": 2, "breath_mg_100ml": 30.0, "refused": False,
    }  # fmt: skip
    put(data, "roadside_checks", ROADSIDE_CHECK, check)
    before, after = both(data, "drink_driving", drink_from=40.0)
    assert [row["severity"] for row in before] == ["drink"]
    assert after == [], "what was cleared stands for nothing"


def test_alarms_of_devices_come_from_the_gateways_log(data: DataDir) -> None:
    alarms = [
        {
            "alarm_key": f"a{k}", "vehicle": "13900000001", "kind": "dsm.fatigue", "level": 1,
            "state": 0, "speed_kmh": 60.0, "lat": 26.5, "lon": 101.7,
            "time": START + timedelta(minutes=2 * k),
            "received": START + timedelta(minutes=2 * k), "source": "jt808",
        }
        for k in range(3)
    ]  # fmt: skip
    put(data, "device_alarms", DEVICE_ALARM, *alarms)
    before, after = both(data, "dsm_fatigue", min_alarms=4.0)
    assert (len(before), len(after)) == (1, 0)


def test_silence_is_read_from_the_archive(data: DataDir) -> None:
    """The hazmat truck is silent for 40 min around the passing; its platform is not."""
    silent = Track("10001", every_s=60, now_s=7 * 3600).drive(30).silence(60, 9000).drive(20)
    other = Track("20000", every_s=60, now_s=7 * 3600).drive(110)
    for track, source in ((silent, "jt809:a"), (other, "jt809:a")):
        track.rows = [{**row, "source": source} for row in track.rows]
    rows = sorted([*silent.rows, *other.rows], key=lambda row: row["time"])
    with ArchiveStore(data.archive) as store:
        store.take([pa.RecordBatch.from_pylist(rows, schema=POSITION)], 1, 0.0)
    put(data, "passages", PASSAGE, passage(0, "A"))
    row = {"vehicle": "10001", "plate": "川DI0001", "plate_colour": 2, "kind": "hazmat"}
    facts = Facts(register_of(row), PLACES)
    before, after = both(data, "passage_unreported", facts, kinds=["tour_coach"])
    assert [row["severity"] for row in before] == ["silent"]
    assert after == []
    known = ArchivedMinutes(data.archive, frozenset({"10001"}), START - HOUR, START + HOUR)
    at = int(START.timestamp()) // 60
    assert (known.minutes("10001", at - 40, at - 31), known.minutes("10001", at, at + 5)) == (10, 0)
    assert known.source_minutes("jt809:a", at, at + 9) == 10
    assert (known.ever("10001"), known.ever("20000")) == (True, False), "only those asked about"


def test_the_command(data: DataDir, tmp_path: Path) -> None:
    put(data, "weighings", WEIGHING, weighing(gross_kg=55e3), weighing(1, gross_kg=70e3))
    rules, out = tmp_path / "new.yaml", tmp_path / "changes.parquet"
    rules.write_text("over_road_limit: {axles_6_combination_kg: 60000}\n")
    common = ["detect", "--from", "2026-03-02", "--to", "2026-03-03", "--data", str(data.root)]
    found = CliRunner().invoke(cli, [*common, "--rules", str(rules), "--out", str(out), "--json"])
    assert found.exit_code == 0, found.output
    summary = json.loads(found.stdout)
    counts = summary["by_rule"]["over_road_limit"]
    assert (counts["before"], counts["after"], counts["disappears"]) == (2, 1, 1)
    assert (summary["records"], summary["positions"]) == (2, 0)
    assert pq.read_table(out)["change"].to_pylist() == ["disappears", "changes"]
