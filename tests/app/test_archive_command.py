"""``sizao archive run --once`` and ``check``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from sizao.app.commands import archive
from sizao.log.archive import deletions
from sizao.log.datadir import DataDir, read_status
from sizao.runtime.embedded.log import SqliteLog
from tests.log.archive.rows import keys_of, pieces


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataDir:
    monkeypatch.setattr(archive.os, "nice", lambda by: by)
    monkeypatch.setattr(archive.signal, "signal", lambda number, handler: None)
    data = DataDir(tmp_path).create()
    with SqliteLog(data.feeds_log, writer=True) as log:
        for batch in pieces(20):
            log.append({"positions": batch})
    return data


def run(data: DataDir, *arguments: str) -> None:
    found = CliRunner().invoke(
        archive.command, ["run", "--once", "--data", str(data.root), *arguments]
    )
    assert found.exit_code == 0, found.output


def check(data: DataDir) -> tuple[int, dict[str, Any]]:
    found = CliRunner().invoke(archive.command, ["check", "--digests", "--data", str(data.root)])
    return found.exit_code, json.loads(found.stdout)


def test_what_is_kept_is_said(data: DataDir) -> None:
    run(data, "--keep-days", "100000")
    status = read_status(data, "archive")
    assert status is not None
    assert status["counters"]["error"] is None
    code, said = check(data)
    assert (code, said["problems"], said["fresh_rows"]) == (0, [], 0)
    assert said["rows"] == sum(said["days"].values()) == len(set(keys_of(pieces(20))))


def test_days_past_the_retention_go_and_stay_provable(data: DataDir) -> None:
    run(data, "--keep-days", "1")
    code, said = check(data)
    assert (code, said["days"], said["rows"]) == (0, {}, 0)
    assert said["deletions"] >= 3
    path = data.archive / deletions.NAME
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    code, said = check(data)
    assert (code, said["problems"]) == (1, ["the last deletions are missing"])


@pytest.mark.parametrize("harm", ["change", "remove"])
def test_a_changed_or_missing_file_is_found(data: DataDir, harm: str) -> None:
    run(data, "--keep-days", "100000")
    file = sorted(data.archive.rglob("*.parquet"))[0]
    if harm == "remove":
        file.unlink()
    else:
        raw = bytearray(file.read_bytes())
        raw[100] ^= 1
        file.write_bytes(raw)
    code, said = check(data)
    assert code == 1
    assert file.name in said["problems"][0]
