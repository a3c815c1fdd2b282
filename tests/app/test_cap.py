"""``sizao cap``: files looked into, files handed over."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
from click.testing import CliRunner

from sizao.app.commands.cap import command
from tests.feeds.cap.alerts import national
from tests.runtime.intake.desk import Desk


def test_read_says_what_is_in_a_file_and_what_is_wrong_with_it(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_bytes(national("GBK"))
    bad.write_bytes(b"<html/>")
    result = CliRunner().invoke(command, ["read", str(good), str(bad)])
    assert result.exit_code == 0, result.output
    first, second = (json.loads(line) for line in result.output.splitlines())
    assert first["notices"][0]["level"] == "orange"
    assert "severity_word" in first["departures"]
    assert second["problems"][0]["reason"] == "not_cap"


def test_import_hands_files_to_the_intake(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.xml", tmp_path / "bad.xml"
    good.write_bytes(national())
    bad.write_bytes(b"<html/>")

    async def scene(desk: Desk, client: httpx.AsyncClient) -> None:
        desk.clock.advance(400 * 86_400)
        more = ["--url", desk.url, "--key", desk.keys["weather:qx-01"]]
        arguments = ["import", str(good), str(bad), *more]
        result = await asyncio.to_thread(CliRunner().invoke, command, arguments)
        assert result.exit_code == 1
        first, second = (json.loads(line) for line in result.output.splitlines())
        assert (first["status"], first["accepted"]) == (200, 1)
        assert (second["status"], second["refused"]) == (422, 1)
        wrong = [*arguments[:2], "--url", desk.url, "--key", "wrong"]
        refused = await asyncio.to_thread(CliRunner().invoke, command, wrong)
        assert json.loads(refused.output)["error"]["code"] == "unknown_key"
        assert len(desk.rows("weather_notices")) == 1

    Desk(tmp_path / "data").run(scene)


def test_without_an_intake_the_message_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.xml"
    path.write_bytes(b"<a/>")
    result = CliRunner().invoke(
        command, ["import", str(path), "--url", "http://127.0.0.1:9", "--key", "k"]
    )
    assert "is `sizao intake` running?" in str(result.exception)
