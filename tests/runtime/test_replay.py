"""Real frames of many makers, replayed into a real gateway: issue 2, "what must be shown" 2."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from sizao.core.errors import ConfigError
from sizao.log.datadir import DataDir
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.replay import Summary, load
from tests.runtime.terminal import location

ROOT = Path(__file__).resolve().parents[2]
VECTORS = ROOT.parent / "shared" / "vectors" / "jt808.jsonl"
SIZAO = [sys.executable, "-m", "sizao"]
NO_POSITION = {"bad_checksum", "bad_length", "bad_escape", "encrypted_body", "incomplete"}


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[tuple[DataDir, int, subprocess.Popen[str]]]:
    """A gateway process as an operator would start it for captured frames."""
    process = subprocess.Popen(
        [*SIZAO, "gateway", "--data", str(tmp_path), "--port", "0", "--no-auth"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stderr is not None
    try:
        for line in process.stderr:
            if found := re.search(r"listening on [\d.]+:(\d+)", line):
                break
        else:
            raise AssertionError("the gateway did not start")
        yield DataDir(tmp_path), int(found[1]), process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)


def replay(file: Path, port: int, *options: str) -> dict[str, Any]:
    done = subprocess.run(
        [*SIZAO, "replay", str(file), "--port", str(port), "--wait-s", "3", *options],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    summary: dict[str, Any] = json.loads(done.stdout)
    return summary


def logged(data: DataDir, topic: str) -> list[dict[str, Any]]:
    with SqliteLog(data.feeds_log) as log:
        return [row for one in log.read(topic, 0, 10**9) for row in one.batch.to_pylist()]


def moment(stamp: str) -> datetime:
    return datetime.fromisoformat(stamp).astimezone(UTC)


def _same_place(row: dict[str, Any], item: dict[str, Any]) -> bool:
    if row["lat"] is None:
        # No fix (0, 0 or nonsense), or coordinates that are enciphered (status bit 5).
        return not row["positioned"] or bool(row["status"] & 1 << 5)
    return (row["lat"], row["lon"]) == (item["lat"], item["lon"])


@pytest.mark.skipif(not VECTORS.exists(), reason="shared test vectors are not beside the checkout")
def test_vectors_appear_as_positions_and_the_malformed_in_quarantine(
    gateway: tuple[DataDir, int, subprocess.Popen[str]],
) -> None:
    data, port, process = gateway
    summary = replay(VECTORS, port)
    assert summary["drops"] == 0
    assert summary["skipped"]["from_platform"] > 0
    assert summary["acked"]["0"] > 100

    vectors = [json.loads(line) for line in VECTORS.read_text(encoding="utf-8").splitlines()]
    positions: dict[tuple[str, datetime], list[dict[str, Any]]] = {}
    for row in logged(data, "positions"):
        positions.setdefault((row["vehicle"], row["time"]), []).append(row)
    now = datetime.now(UTC)
    wanted, in_quarantine = 0, Counter[str]()
    for vector in vectors:
        expected = vector["expected"]
        if vector["kind"] != "frame" or vector["message_id"] not in ("0x0200", "0x0704"):
            continue
        error = expected.get("error")
        if error in NO_POSITION:
            in_quarantine[error] += 1
            continue
        for item in expected.get("items", []) if vector["message_id"] == "0x0704" else [expected]:
            if not item.get("time") or moment(item["time"]) > now or abs(item["lat"]) > 90:
                continue
            wanted += 1
            # Several makers' examples share a phone and a moment.
            rows = positions[expected["phone"], moment(item["time"])]
            alarms = [row["alarm"] for row in rows if _same_place(row, item)]
            assert int(str(item["alarm"]), 0) in alarms, vector["id"]
    assert wanted > 90

    reasons = Counter(row["reason"] for row in logged(data, "quarantine"))
    for reason, count in in_quarantine.items():
        assert reasons[reason] >= count, reasons
    assert all(row["raw"] for row in logged(data, "quarantine"))

    # The process and its connections live on.
    assert process.poll() is None
    status = json.loads(data.status("gateway").read_text(encoding="utf-8"))["counters"]
    assert set(status["closed"]) <= {"left", "logout"}, status["closed"]


def test_bare_hex_frames_and_one_phone(
    gateway: tuple[DataDir, int, subprocess.Popen[str]], tmp_path: Path
) -> None:
    from sizao.feeds.jt808.encode import encode_frame

    data, port, _ = gateway
    frames = [
        encode_frame(0x0200, phone, serial, location(speed_kmh=float(serial)))
        for serial in range(1, 6)
        for phone in ("13800000001", "13800000002")
    ]
    lines = [frames[0].hex(" "), frames[1].strip(b"\x7e").hex(), *(f.hex() for f in frames[2:])]
    recording = tmp_path / "frames.hex"
    recording.write_text("\n".join([*lines, ""]), encoding="utf-8")
    summary = replay(recording, port, "--phone", "13800000001")
    assert (summary["sent"], summary["acked"], summary["no_answer"]) == (5, {"0": 5}, 0)
    assert summary["skipped"] == {"other_phone": 5}
    assert {row["vehicle"] for row in logged(data, "positions")} == {"13800000001"}
    summary = replay(recording, port)
    assert (summary["sent"], summary["connections"]) == (10, 2)


def test_the_recorded_pace_is_kept(
    gateway: tuple[DataDir, int, subprocess.Popen[str]], tmp_path: Path
) -> None:
    from sizao.feeds.jt808.encode import encode_frame

    _, port, _ = gateway
    frames = [
        encode_frame(0x0200, "13800000001", ago, location(ago_s=ago)).hex() for ago in (40, 20, 10)
    ]
    recording = tmp_path / "frames.hex"
    recording.write_text("\n".join(frames), encoding="utf-8")
    began = time.monotonic()
    summary = replay(recording, port, "--speed", "20")
    assert summary["acked"] == {"0": 3}
    assert 1.4 < summary["seconds"] < 15, "30 recorded seconds at 20 times the pace"
    assert time.monotonic() - began > 1.4


def test_a_line_that_is_no_frame_is_named() -> None:
    with pytest.raises(ConfigError, match="line 2 "):
        load(["7e0002", "no hex at all"], Summary())
    with pytest.raises(ConfigError, match="line 1 "):
        load(['{"no": "frame"}'], Summary())


def test_nobody_listening_is_said_in_words() -> None:
    done = subprocess.run(
        [*SIZAO, "replay", "-", "--port", "1"],
        input="7e000200000138000000010001007e\n",
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert done.returncode == 1
    assert "127.0.0.1:1" in done.stderr
    assert "Traceback" not in done.stderr
