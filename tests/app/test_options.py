"""What cannot be asked for is refused in one line, before anything starts."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["demo", "--port", "0"], "--port"),
        (["demo", "--speed", "0"], "--speed"),
        (["demo", "--vehicles", "0"], "--vehicles"),
        (["gateway", "--port", "80000"], "--port"),
        (["pipeline", "--data", "/proc/none"], "data folder /proc/none"),
        (["token", "nobody", "--data", "/proc/none"], "/proc/none"),
        (["decode", "jt808", "/no/such/file"], "/no/such/file"),
        (["frobnicate"], "frobnicate"),
    ],
)
def test_a_wrong_wish_gets_a_sentence(arguments: list[str], says: str) -> None:
    result = subprocess.run(
        [sys.executable, "-m", "sizao", *arguments], capture_output=True, text=True, check=False
    )
    assert result.returncode != 0
    assert says in result.stderr
    assert "Traceback" not in result.stderr
