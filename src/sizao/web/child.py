"""A computation in a process of its own, so that pages are answered meanwhile.

It talks in lines of JSON on standard output: how far it is, and last ``{"error": ...}`` where it
cannot be done. One that says nothing for too long hangs and is killed.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sizao.core.errors import ConfigError, SaidError, SizaoError
from sizao.core.kernel_cache import use_kernel_cache
from sizao.core.tied import tied, watch_parent

log = logging.getLogger("sizao.web")

SILENT_S = 1800.0
"""Far longer than any step takes."""

_GRACE_S = 60.0
"""From its last word to its end."""

_NOISE = 20_000
"""Bytes of standard error that go to the log: the end, where the cause is."""


def run_child(
    module: str,
    place: Path,
    told: Callable[[dict[str, Any]], object] = lambda said: None,
    *,
    silent_s: float = SILENT_S,
) -> None:
    """``python -m MODULE PLACE``; ``told`` gets each line but an error as it is said.

    Raises ConfigError with the error it said (SaidError if that has both languages), or that it
    ended otherwise or hung.
    """
    command = [sys.executable, "-m", module, str(place)]
    # To a file: a pipe that nobody reads meanwhile stops a talkative child for ever.
    with tempfile.TemporaryFile() as noise:
        with tied(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=noise,
            text=True, encoding="utf-8", start_new_session=True,
        ) as child:  # fmt: skip
            try:
                error, zh, hung = _listen(child, told, silent_s)
                child.wait(_GRACE_S)
            except BaseException:
                _kill(child)
                raise
        if hung:
            log.error("%s in %s said nothing for %g s and was killed", module, place, silent_s)
            raise ConfigError(f"the computation said nothing for {_long(silent_s)}")
        if child.returncode:
            if not error:
                log.error(
                    "%s in %s ended with %d:\n%s", module, place, child.returncode, _end(noise)
                )
            if zh:
                raise SaidError(zh, error)
            raise ConfigError(error or f"the computation ended with code {child.returncode}")


def answer(work: Callable[[Path], object], *, nice: int = 0) -> None:
    """In the child: do the work in its folder, and say what cannot be done.

    nice : of how much lower priority; pages and pipeline come before what nobody waits for
    """
    # So that what the work started is ended by its own ``finally``.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    watch_parent()
    use_kernel_cache()
    os.nice(nice)
    try:
        work(Path(sys.argv[1]))
    except SizaoError as error:
        zh = {"zh": error.zh} if isinstance(error, SaidError) else {}
        say(error=str(error), **zh)
        sys.exit(1)


def say(**what: Any) -> None:
    """In the child: one line."""
    print(json.dumps(what, ensure_ascii=False), flush=True)


def _listen(
    child: subprocess.Popen[str], told: Callable[[dict[str, Any]], object], silent_s: float
) -> tuple[str, str, bool]:
    """The error it said, "" for none, the same in Chinese if it has that, and whether it was killed
    for its silence."""
    error, zh, hung = "", "", threading.Event()

    def kill() -> None:
        hung.set()
        _kill(child)

    while True:
        timer = threading.Timer(silent_s, kill)
        timer.daemon = True
        timer.start()
        try:
            line = child.stdout.readline() if child.stdout else ""
        finally:
            timer.cancel()
        if not line:
            return error, zh, hung.is_set()
        try:
            said = json.loads(line)
        except ValueError:
            continue  # a library's own print
        if "error" in said:
            error, zh = str(said["error"]), str(said.get("zh", ""))
        else:
            told(said)


def _kill(child: subprocess.Popen[str]) -> None:
    """With all that it started: it leads a session of its own."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def _end(noise: Any) -> str:
    noise.seek(max(0, noise.seek(0, 2) - _NOISE))
    return str(noise.read().decode("utf-8", "replace"))


def _long(seconds: float) -> str:
    return f"{seconds / 60:.0f} minutes" if seconds >= 60 else f"{seconds:g} s"
