"""The processes of one installation, started and stopped together.

Each part is ``sizao PART`` as a child process with its output in ``logs/PART.log``. It ends when we
do, even if we are killed. A part that dies is started again, because its durable state makes that
safe; one that keeps dying ends the whole with the tail of its log.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sizao.core.errors import SizaoError
from sizao.core.tied import tied
from sizao.log.datadir import DataDir, read_status

MAX_RESTARTS = 5


class PartError(SizaoError):
    """A part of the installation did not start or keeps dying."""


@dataclass
class Part:
    """One child process and how often it had to be started."""

    name: str
    arguments: Sequence[str]
    process: subprocess.Popen[bytes] | None = None
    starts: int = 0


@dataclass
class Parts:
    """All child processes of an installation. Use as a context manager."""

    data: DataDir
    environment: dict[str, str] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)

    def __enter__(self) -> Parts:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self, name: str, *arguments: str) -> Part:
        """Start ``sizao NAME ARGUMENTS...`` and remember it for :meth:`stop`."""
        self.data.status(name).unlink(missing_ok=True)
        part = Part(name, arguments)
        self.parts.append(part)
        self._spawn(part)
        return part

    def _spawn(self, part: Part) -> None:
        command = [sys.executable, "-m", "sizao", part.name, *part.arguments]
        with self.data.log_file(part.name).open("ab") as output:
            part.process = tied(
                command,
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self.environment, "PYTHONUNBUFFERED": "1"},
                # Ctrl-C reaches the whole group; parts are stopped in order instead.
                start_new_session=True,
            )
        part.starts += 1

    def wait_ready(
        self,
        name: str,
        seconds: float,
        ready: Callable[[], bool] | None = None,
        *,
        meanwhile: Callable[[], None] = lambda: None,
    ) -> None:
        """Wait for the part's first heartbeat, or for ``ready()``; ``meanwhile`` is called again
        and again, and what it raises ends the waiting. Raises PartError."""
        part = next(part for part in self.parts if part.name == name)
        check = ready or (lambda: read_status(self.data, name) is not None)
        until = time.monotonic() + seconds
        while not check():
            if part.process is None or part.process.poll() is not None:
                raise PartError(f"{name} stopped while starting:\n{self.tail(name)}")
            if time.monotonic() > until:
                raise PartError(f"{name} was not ready after {seconds:.0f} s:\n{self.tail(name)}")
            meanwhile()
            time.sleep(0.1)

    def revive(self) -> list[str]:
        """Start again whatever died since; returns the names. Raises PartError past the limit."""
        revived = []
        for part in self.parts:
            if part.process is None or part.process.poll() is None:
                continue
            if part.starts > MAX_RESTARTS:
                raise PartError(f"{part.name} died {part.starts} times:\n{self.tail(part.name)}")
            self._spawn(part)
            revived.append(part.name)
        return revived

    def tail(self, name: str, lines: int = 12) -> str:
        """The last lines a part printed."""
        try:
            text = self.data.log_file(name).read_text(encoding="utf-8", errors="replace")
        except FileNotFoundError:
            return "(it printed nothing)"
        return (
            "\n".join(f"    {line}" for line in text.splitlines()[-lines:])
            or "(it printed nothing)"
        )

    def stop(self, seconds: float = 10) -> None:
        """Stop every part, last started first, politely and then not."""
        for part in reversed(self.parts):
            process = part.process
            if process is None or process.poll() is not None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(seconds)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        self.parts.clear()
