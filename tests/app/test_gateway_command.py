"""``sizao gateway``: what its options refuse; the rest is tested on the gateway itself."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from sizao.app.commands.gateway import command


def test_terminals_cannot_dial_everywhere(tmp_path: Path) -> None:
    arguments = ["--data", str(tmp_path), "--host", "0.0.0.0", "--attachments-port", "6818"]
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 1
    assert "--attachments-host" in str(result.exception)
