"""``sizao intake`` starts, says where it listens, stops cleanly, and explains what is wrong."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from sizao.log.datadir import DataDir, read_status


def intake(folder: Path, *more: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "sizao", "intake", "--data", str(folder), *more]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def test_it_answers_and_stops_cleanly(tmp_path: Path) -> None:
    process = intake(tmp_path, "--port", "0")
    assert process.stderr is not None
    try:
        port = next(found[1] for line in process.stderr if (found := re.search(r":(\d+)$", line)))
        url = f"http://127.0.0.1:{port}/VIID/System/Time"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert len(json.load(answer)["SystemTimeObject"]["LocalTime"]) == 14
    finally:
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "stopped" in said
    status = read_status(DataDir(tmp_path), "intake")
    assert status is not None
    assert status["counters"]["requests"] == 1


def test_a_port_in_use_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = intake(tmp_path, "--port", str(port))
        _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert f"127.0.0.1:{port}: Address already in use" in said
    assert "Traceback" not in said


def test_a_registry_with_a_mistake_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "sources.yaml").write_text("sources: [{id: weigh:a}]", encoding="utf-8")
    process = intake(tmp_path, "--port", "0")
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "weigh:a" in said
    assert "Traceback" not in said
