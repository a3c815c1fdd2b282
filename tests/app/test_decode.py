"""``sizao decode`` and its benchmark, as users run them."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from sizao.app.benches.decode import run
from sizao.app.commands.decode import command
from sizao.feeds.jt808 import encode_body, encode_frame

VECTORS = Path(__file__).resolve().parents[1] / "feeds/jt808/golden/constructed.jsonl"
HEARTBEAT = "7e000200001234567890120001897e"


def decode(text: str, *arguments: str) -> list[dict[str, Any]]:
    result = CliRunner().invoke(command, ["jt808", *arguments], input=text)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.output.splitlines()]


def test_a_line_in_is_a_line_out() -> None:
    text = f"{HEARTBEAT}\n\n  \nzz\n{HEARTBEAT[2:-2]}\n7e00"
    first, second, third, fourth = decode(text)
    assert first == third
    assert first["message_id"] == "0x0002"
    assert second["error"]["kind"] == "bad_hex"
    assert fourth["error"]["kind"] == "incomplete"
    assert all(set(each["error"]) == {"kind", "detail"} for each in (second, fourth))


def test_golden_frames_through_the_command() -> None:
    lines = VECTORS.read_text(encoding="utf-8").splitlines()
    vectors = [v for line in lines if (v := json.loads(line))["kind"] != "reassembly"]
    printed = decode("\n".join(v["hex"] for v in vectors))
    assert len(printed) == len(vectors)
    for vector, fields in zip(vectors, printed, strict=True):
        expected = vector["expected"]
        if "error" in fields:
            fields["error"] = fields["error"]["kind"]
        if vector["kind"] == "frame":
            assert {k: fields.get(k) for k in expected} == expected
        elif len(expected["frames"]) > 1:
            for frame, wanted in zip(fields["frames"], expected["frames"], strict=True):
                assert {k: frame[k] for k in wanted} == wanted


def test_a_profile_names_the_edition() -> None:
    assert decode(HEARTBEAT)[0]["version"] == "2013"
    assert decode(HEARTBEAT, "--profile", "2011")[0]["version"] == "2011"


def test_a_file_and_chinese_text(tmp_path: Path) -> None:
    file = tmp_path / "frames.txt"
    body = encode_body(0x8300, {"flag": 1, "text": "前方拥堵"})
    file.write_text(encode_frame(0x8300, "13912345678", 1, body).hex() + "\n", encoding="utf-8")
    result = CliRunner().invoke(command, ["jt808", str(file)])
    assert result.exit_code == 0
    assert json.loads(result.output)["text"] == "前方拥堵"
    assert "前方拥堵" in result.output, "readable, not escaped"


def test_jt809() -> None:
    keepalive = "5b0000001a0000000110050133efb80100000000000000e3cb5d"
    result = CliRunner().invoke(command, ["jt809"], input=keepalive)
    assert json.loads(result.output)["business_type"] == "0x1005"


def test_jt809_keys_go_together() -> None:
    words = ["jt809", "--m1", "30000000", "--ia1", "20000000"]
    result = CliRunner().invoke(command, words, input="5b5d")
    assert result.exit_code == 2
    assert "go together" in result.output
    result = CliRunner().invoke(command, [*words, "--ic1", "20000000"], input=ENCIPHERED)
    found = json.loads(result.output)
    assert found["password"] == "20180920"
    assert found["keys"] == {"M1": 30000000, "IA1": 20000000, "IC1": 20000000}


ENCIPHERED = (
    "5b000000480000008510010133efb8010000010003e8b2d37d9cc4900c77dc78f8676527d8ae12243cfb64cc2fba61"
    "9aefad33accb3256f67bff19df33097841098665703fe36e5d"
)


def test_a_closed_pipe_is_no_traceback() -> None:
    code = "import sys; sys.argv = ['sizao', 'decode', 'jt808']; " + (
        "from sizao.app.cli import main; main()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        try:
            process.stdin.write((HEARTBEAT + "\n").encode() * 5000)
            process.stdin.close()
        except BrokenPipeError:
            pass
        assert b"Traceback" not in process.stderr.read()
        process.wait(20)


def test_the_benchmark_has_its_keys() -> None:
    result = run(quick=True)
    keys = {"name", "unit", "value", "runs", "baseline", "ratio"}
    assert keys | {"plain_frames_per_s", "mixed_frames_per_s"} <= result.keys()
    assert result["baseline"].keys() == {"name", "value"}
    assert result["ratio"] > 3, "the compiled loop must be worth having"
    assert result["value"] > result["mixed_frames_per_s"] > 0
