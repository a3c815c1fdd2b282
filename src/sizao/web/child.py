"""A computation in a process of its own, so that pages are answered meanwhile."""

from __future__ import annotations

import json
import logging
import subprocess
import sys
from pathlib import Path

from sizao.core.errors import ConfigError

log = logging.getLogger("sizao.web")

LONGEST_S = 1800.0


def run_child(module: str, place: Path, longest_s: float = LONGEST_S) -> None:
    """``python -m MODULE PLACE``. Raises ConfigError with what it said in a line of JSON
    (``{"error": ...}``), or that it ended otherwise or took too long."""
    command = [sys.executable, "-m", module, str(place)]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True, encoding="utf-8",
            timeout=longest_s, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise ConfigError(f"the computation took over {longest_s / 60:.0f} minutes") from None
    if done.returncode:
        said = _said(done.stdout)
        if not said:
            log.error("%s in %s ended with %d:\n%s", module, place, done.returncode, done.stderr)
        raise ConfigError(said or f"the computation ended with code {done.returncode}")


def _said(output: str) -> str:
    for line in reversed(output.splitlines()):
        try:
            return str(json.loads(line).get("error", ""))
        except ValueError:
            continue
    return ""
