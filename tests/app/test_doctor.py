"""The doctor finds what is broken and says how to mend it."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path

import pytest
from click.testing import CliRunner

from sizao.app.commands.doctor import command, examine
from sizao.log.datadir import DataDir, write_status
from sizao.log.deletions import Deletions, Gone


def findings(data: DataDir) -> dict[str, bool]:
    return {finding.what: finding.ok for finding in examine(data)}


def test_missing_folder_is_named_with_its_remedy(tmp_path: Path) -> None:
    result = CliRunner().invoke(command, ["--data", str(tmp_path / "none"), "--json"])
    assert result.exit_code == 1
    found = {item["what"]: item for item in json.loads(result.stdout)}
    absent = next(item for what, item in found.items() if what.startswith("data folder"))
    assert not absent["ok"]
    assert "sizao demo" in absent["mend"]


def test_damaged_database_is_found(tmp_path: Path) -> None:
    data = DataDir(tmp_path).create()
    connection = sqlite3.connect(data.database)
    connection.execute("create table t (x)")
    connection.executemany("insert into t values (?)", [(bytes(500),)] * 200)
    connection.commit()
    connection.close()
    assert findings(data)["desk.sqlite"]
    raw = bytearray(data.database.read_bytes())
    raw[4096 * 3 : 4096 * 5] = b"\xff" * 4096 * 2
    data.database.write_bytes(raw)
    assert not findings(data)["desk.sqlite"]


def test_a_part_that_stopped_beating_is_found(tmp_path: Path) -> None:
    data = DataDir(tmp_path).create()
    write_status(data, "gateway", at_s=time.time(), counters={})
    write_status(data, "pipeline", at_s=time.time() - 60, counters={})
    found = findings(data)
    assert found["part gateway"]
    assert not found["part pipeline"]


def test_a_disk_too_full_for_evidence_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = DataDir(tmp_path).create()
    assert findings(data)["room for evidence"]
    monkeypatch.setenv("SIZAO_EVIDENCE_FLOOR_GB", "1e9")
    assert not findings(data)["room for evidence"]


def test_a_deletion_that_was_killed_is_found(tmp_path: Path) -> None:
    data = DataDir(tmp_path).create()
    assert findings(data)["deletions of evidence"]
    Deletions(data.evidence).begin([Gone("0" * 64, "passage", "expired")], 2.0, 1.0)
    assert not findings(data)["deletions of evidence"]
