"""``sizao terminal``: what it takes and refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from sizao.app.commands.terminal import command


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--phone", "abc"], "12 digits"),
        (["--phone", "1" * 13], "12 digits"),
        (["--at", "91,2"], "latitude"),
        (["--at", "here"], "latitude"),
        (["--alarm", "dsm.sleepy"], "dsm.fatigue"),
        (["--alarm", "dsm.fatigue", "--count", "0"], "needs a position"),
        (["--file", __file__], "--alarm"),
    ],
)
def test_what_cannot_be_is_said(arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 2
    assert said in result.output


def test_nobody_there(tmp_path: Path) -> None:
    track = tmp_path / "track.csv"
    track.write_text("lat,lon\n1,2\n", encoding="utf-8")
    result = CliRunner().invoke(command, ["--port", "1", "--wait-s", "0.2", "--track", str(track)])
    assert result.exit_code == 1
    assert "does a gateway run there" in str(result.exception)
