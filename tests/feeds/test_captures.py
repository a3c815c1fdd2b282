"""Every capture decodes to what it expects; and the harness itself lets nothing through."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from .vectors import COLLECTED, Line, lines, problems

HEARTBEAT: dict[str, Any] = {
    "id": "a",
    "protocol": "jt808",
    "kind": "frame",
    "hex": "7e000200001234567890120001897e",
    "expected": {"message_id": "0x0002", "phone": "123456789012", "serial": 1},
}


def test_capture(capture: Line) -> None:
    assert problems(capture.text) == []


def test_collected_captures_are_there() -> None:
    if not COLLECTED.exists():
        pytest.skip("the collected captures are not beside this checkout")
    assert len(lines(COLLECTED)) >= 455


def changed(**changes: Any) -> str:
    return json.dumps({**HEARTBEAT, **changes})


def expecting(**changes: Any) -> str:
    return changed(expected={**HEARTBEAT["expected"], **changes})


def test_a_right_capture_passes() -> None:
    assert problems(changed()) == []


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        (changed(kind="frames"), "unknown kind 'frames'"),
        (changed(protocol="jt807"), "unknown protocol 'jt807'"),
        (changed(weather="fine"), "unknown key 'weather'"),
        (changed(expected={}), "expects nothing"),
        (changed(hex="zz"), "cannot be played"),
        (changed(kind="reassembly"), "cannot be played"),
        (expecting(colour="red"), "colour: not decoded"),
        (expecting(serial=2), "serial: got 1, expected 2"),
        (expecting(serial=True), "serial: got 1, expected True"),
        (expecting(error="bad_checksum"), "error: not decoded"),
        (changed(hex=HEARTBEAT["hex"].replace("89", "88")), "error: got 'bad_checksum'"),
        (changed(kind="stream"), "unknown expectation"),
        (changed(kind="stream", expected={"frames": []}), "1 frames, expected 0"),
        (changed(kind="stream", expected={"frames": [{"serial": 2}]}), "frame 1: serial"),
        (changed(kind="stream", expected={"frames": [{}], "error": "incomplete"}), "errors are []"),
        (changed(kind="stream", expected={"frames": [{}], "has_error": True}), "0 frames refused"),
        (changed(kind="stream_chunks", chunks=["7e"]), "the chunks are not"),
    ],
)
def test_nothing_wrong_passes(text: str, reason: str) -> None:
    assert any(reason in one for one in problems(text)), problems(text)


def run(*arguments: str) -> str:
    """What the harness says to a user, who calls it from a folder of his own."""
    harness = Path(__file__).resolve()
    result = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"),
            *(f"--rootdir={harness.parents[2]}", f"{harness}::test_capture", *arguments),
        ],
        cwd=harness.parents[2],
        capture_output=True,
        text=True,
        check=False,
    )
    return f"{result.stdout}{result.stderr}\ncode {result.returncode}"


def test_the_option_takes_a_users_own_captures(tmp_path: Path) -> None:
    (tmp_path / "jt808-gate.jsonl").write_text(changed() + "\n\n" + expecting(serial=9) + "\n")
    said = run("--vectors", str(tmp_path))
    assert "1 failed, 1 passed" in said
    assert "serial: got 1, expected 9" in said


def test_a_folder_without_captures_is_an_error(tmp_path: Path) -> None:
    said = run(f"--vectors={tmp_path}")
    assert "no captures (*.jsonl) there" in said
    assert "code 0" not in said
