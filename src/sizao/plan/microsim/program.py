"""Where the simulator is, and running it: one process at a time, in a folder of its own."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from sizao.core.errors import ConfigError

MISSING = (
    "the traffic simulator SUMO is not installed: pip install 'sizao[sumo]' (about 170 MB to "
    "fetch, 300 MB on disk), or put sumo and netconvert on the PATH"
)
LONGEST_S = 300.0
"""A run of an hour of one junction takes seconds; what takes longer hangs."""


class Cancelled(Exception):
    """Somebody wants no more of it."""


def find(name: str) -> Path | None:
    """A program of SUMO: of the extra, of SUMO_HOME, or on the PATH."""
    spec = importlib.util.find_spec("sumo")
    homes = [Path(p) for p in (spec.submodule_search_locations or ())] if spec else []
    if os.environ.get("SUMO_HOME"):
        homes.append(Path(os.environ["SUMO_HOME"]))
    for home in homes:
        if (home / "bin" / name).is_file():
            return home / "bin" / name
    on_path = shutil.which(name)
    return Path(on_path) if on_path else None


def available() -> bool:
    return find("sumo") is not None and find("netconvert") is not None


def run(name: str, arguments: list[str], folder: Path, stop: Callable[[], bool]) -> None:
    """Run a program of SUMO in a folder to its end.

    stop : asked several times a second; True ends the program and raises Cancelled

    Raises ConfigError with the program's own last words where it fails, takes too long, or is
    not there.
    """
    path = find(name)
    if path is None:
        raise ConfigError(MISSING)
    log = folder / f"{name}.log"
    environment = {**os.environ, "SUMO_HOME": str(path.parent.parent)}
    with log.open("w", encoding="utf-8") as out:
        child = subprocess.Popen(
            [str(path), *arguments], cwd=folder, env=environment,
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        began = time.monotonic()
        try:
            while child.poll() is None:
                if stop():
                    raise Cancelled
                if time.monotonic() - began > LONGEST_S:
                    raise ConfigError(f"{name} did not end within {LONGEST_S:.0f} s")
                try:
                    child.wait(0.1)
                except subprocess.TimeoutExpired:
                    continue
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
    if child.returncode:
        said = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        errors = [line for line in said if line.startswith("Error")] or said[-1:]
        raise ConfigError(f"{name} failed: {' '.join(errors)[:300]}")
