"""``sizao sources`` and ``sizao quarantine`` as a person runs them."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from click.testing import CliRunner, Result

from sizao.app.commands import quarantine, sources
from sizao.core.errors import ConfigError
from sizao.core.schemas import QUARANTINE
from sizao.core.source_access import load_access
from sizao.core.sources_file import load_registry
from sizao.feeds.jt808.encode import encode_frame
from sizao.runtime.embedded.log import SqliteLog
from tests.runtime.helpers import START_US, positions
from tests.runtime.terminal import location


def run(group: object, *words: str) -> Result:
    return CliRunner().invoke(group, list(words))  # type: ignore[arg-type]  # any group


def added(folder: Path, source: str = "weigh:ws1", *more: str) -> Result:
    names = ("--name-zh", "云岭治超站", "--name-en", "Yunling", "--owner", "公路局")
    return run(sources.command, "add", source, *names, *more, "--data", str(folder))


def test_add_check_key_and_list(tmp_path: Path) -> None:
    assert run(sources.command, "check", "--data", str(tmp_path)).exit_code == 1
    assert added(tmp_path, "weigh:ws1", "--per-hour", "40", "--silence-s", "3600").exit_code == 0
    path = tmp_path / "sources.yaml"
    path.write_text("# ours\n" + path.read_text())
    assert added(tmp_path, "weather:city", "--topic", "weather_readings").exit_code == 0
    assert path.read_text().startswith("# ours\n"), "comments stay"
    registry = load_registry(path)
    assert list(registry.sources) == ["weigh:ws1", "weather:city"]
    promise = registry.sources["weigh:ws1"].contract[0]
    assert (promise.topic, promise.per_hour, promise.silence_s) == ("weighings", 40, 3600)
    checked = run(sources.command, "check", "--data", str(tmp_path))
    assert "2 sources, 0 problems" in checked.output
    made = run(sources.command, "key", "weigh:ws1", "--data", str(tmp_path)).output.strip()
    access = load_access(tmp_path / "source-access.json")
    assert access.source_of(made, 1e10) == "weigh:ws1"
    lines = run(sources.command, "list", "--json", "--data", str(tmp_path)).output.splitlines()
    rows = {row["id"]: row for row in map(json.loads, lines)}
    assert rows["weigh:ws1"]["keys"] == [made.partition(".")[0]]
    assert rows["weigh:ws1"]["completeness"] is None, "it has not begun"
    assert rows["weather:city"]["completeness"] is None
    assert "weigh:ws1" in run(sources.command, "list", "--data", str(tmp_path)).output
    run(sources.command, "key", "weigh:ws1", "--revoke", "--data", str(tmp_path))
    assert load_access(tmp_path / "source-access.json").keys == {}


@pytest.mark.parametrize("layout", ["block", "flow", "indented"])
def test_add_leaves_any_file_whole_or_alone(layout: str, tmp_path: Path) -> None:
    path = tmp_path / "sources.yaml"
    entry = "{id: jt808, name_zh: a, name_en: a, owner: {party: a}}"
    text = {
        "block": "sources:\n- id: jt808\n  name_zh: a\n  name_en: a\n  owner: {party: a}\n",
        "flow": f"sources: [{entry}]\n",
        "indented": "sources:\n    - id: jt808\n      name_zh: a\n      name_en: a\n"
        "      owner: {party: a}\n",
    }[layout]
    path.write_text(text)
    result = added(tmp_path)
    if layout == "flow":
        assert result.exit_code == 1
        assert path.read_text() == text
    else:
        assert list(load_registry(path).sources) == ["jt808", "weigh:ws1"]


@pytest.mark.parametrize("source", ["nonsense:a", "weigh:a b"])
def test_what_is_no_source_is_not_added(source: str, tmp_path: Path) -> None:
    result = added(tmp_path, source)
    assert isinstance(result.exception, ConfigError)
    assert not (tmp_path / "sources.yaml").exists()
    nobody = run(sources.command, "key", source, "--data", str(tmp_path))
    assert isinstance(nobody.exception, ConfigError)


def test_a_mistake_is_shown_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text("sources: [{id: weigh:a, name_zh: a}]")
    (tmp_path / "secrets.yaml").write_text("a: {b: c}")
    (tmp_path / "secrets.yaml").chmod(0o644)
    result = run(sources.command, "check", "--data", str(tmp_path))
    assert result.exit_code == 1
    assert "source 'weigh:a': `name_en` is missing" in result.output
    assert "chmod 600" in result.output


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    import time

    good = encode_frame(0x0200, "13800000001", 7, location(50.0, time.time() - START_US / 1e6 + 5))
    rows = [
        {"received": datetime.fromtimestamp(START_US / 1e6 + n, UTC), "source": "jt808",
         "peer": "13800000001", "reason": "unsupported" if n else "bad_checksum", "detail": "",
         "raw": good[1:-1] if n else b"\x02\x00"}
        for n in range(4)
    ]  # fmt: skip
    with SqliteLog(tmp_path / "feeds.sqlite", writer=True) as log:
        log.append({"positions": positions(["a"], [0.0])})
        log.append({"quarantine": pa.RecordBatch.from_pylist(rows, schema=QUARANTINE)})
    return tmp_path


def test_quarantine_is_listed_shown_tried_and_replayed(folder: Path) -> None:
    data = ("--data", str(folder))
    listed = run(quarantine.command, "list", "--reason", "unsupported", *data).output
    rows = [json.loads(line) for line in listed.splitlines()]
    assert [row["ref"] for row in rows] == ["feeds-1-1", "feeds-1-2", "feeds-1-3"]
    shown = json.loads(run(quarantine.command, "show", "feeds-1-1", *data).output)
    assert shown["decodes_now"] is True
    assert shown["fields"]["phone"] == "13800000001"
    assert run(quarantine.command, "show", "feeds-1-0", "--raw", *data).stdout_bytes == b"\x02\x00"
    tried = json.loads(run(quarantine.command, "redecode", *data).output)
    assert (tried["decode_now"], tried["records"]) == (3, {"positions": 3})
    assert sum(tried["still_wrong"].values()) == 1
    replayed = json.loads(run(quarantine.command, "replay", *data).output)
    assert replayed == {"taken": 3, "rows": 3, "bad": 1, "before": 0}
    again = json.loads(run(quarantine.command, "replay", *data).output)
    assert (again["taken"], again["before"]) == (0, 3)
    assert json.loads(run(quarantine.command, "redecode", *data).output)["replayed_before"] == 3


@pytest.mark.parametrize("ref", ["feeds-9-0", "feeds-1-9", "other-1-0", "x"])
def test_a_record_that_is_not_there(ref: str, folder: Path) -> None:
    result = run(quarantine.command, "show", ref, "--data", str(folder))
    assert isinstance(result.exception, ConfigError)


def test_while_the_gateway_writes_the_command_says_what_to_do(folder: Path) -> None:
    with SqliteLog(folder / "feeds.sqlite", writer=True):
        result = run(quarantine.command, "replay", "--data", str(folder))
    assert isinstance(result.exception, ConfigError)
    assert "stop the gateway" in str(result.exception)
