"""The doctor finds what is broken and says how to mend it."""

from __future__ import annotations

import json
import sqlite3
import time
from pathlib import Path

from click.testing import CliRunner

from sizao.app.commands.doctor import command, examine
from sizao.log.datadir import DataDir, write_status


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
