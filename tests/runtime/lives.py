"""Pipelines that are killed, one after the other, without an import for each.

One process imports everything, compiles and loads the loops, and then forks a pipeline for each
order: its own process with its own files, as dead after SIGKILL as any, begun in a fraction of a
second. Whoever waits for one of them does not wait for a compiler.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Lives:
    """The test's side of the process that forks."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def begin(self, variant: str, *arguments: str) -> Life:
        """Fork ``tests.runtime.paced_pipeline`` as this variant with these options."""
        return Life(self, self.ask(begin=[variant, *arguments]))

    def ask(self, **order: Any) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())


@dataclass(frozen=True)
class Life:
    """One pipeline."""

    lives: Lives
    pid: int

    def poll(self) -> int | None:
        """The exit code, negative for a signal, or None while it runs."""
        code: int | None = self.lives.ask(poll=self.pid)
        return code

    def kill(self) -> None:
        """SIGKILL, if it still runs."""
        self.lives.ask(kill=self.pid)

    def wait(self, seconds: float) -> int:
        """The exit code. Raises TimeoutError."""
        until = time.monotonic() + seconds
        while (code := self.poll()) is None:
            if time.monotonic() > until:
                raise TimeoutError(f"{self.pid} did not end within {seconds:.0f} s")
            time.sleep(0.005)
        return code


@contextmanager
def lives(data: Path) -> Iterator[Lives]:
    """Lives of pipelines, once everything that an installation needs is compiled and loaded.

    However long that takes: nobody waits for a pipeline before."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.runtime.lives", str(data)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield Lives(process)
    finally:
        process.communicate()  # it ends with its input, and its pipelines with it


def _fork(arguments: list[str]) -> int:
    pid = os.fork()
    if pid == 0:
        from tests.runtime import paced_pipeline

        code = 1
        try:
            null = os.open(os.devnull, os.O_RDWR)
            for standard in (0, 1):  # orders and answers are the parent's
                os.dup2(null, standard)
            paced_pipeline.run(*arguments)
            code = 0
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else int(end.code is not None)
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
        finally:
            os._exit(code)
    return pid


def _main(folder: str) -> None:
    from sizao.app.commands import pipeline
    from sizao.detect.heard import Heard
    from sizao.log.datadir import DataDir
    from sizao.runtime.sources import Sources
    from tests.runtime import paced_pipeline  # noqa: F401 - imported once, for all of them

    data = DataDir(Path(folder))
    pipeline._compile(data, Sources(data, Heard()))
    print("ready", flush=True)
    ended: dict[int, int] = {}
    running: set[int] = set()

    def look(pid: int, options: int = os.WNOHANG) -> int | None:
        if pid in running:
            gone, status = os.waitpid(pid, options)
            if gone:
                running.discard(pid)
                ended[pid] = os.waitstatus_to_exitcode(status)
        return ended.get(pid)

    def kill(pid: int) -> None:
        if look(pid) is None:
            os.kill(pid, signal.SIGKILL)

    for line in sys.stdin:
        order = json.loads(line)
        said: int | None = None
        if "begin" in order:
            said = _fork(order["begin"])
            running.add(said)
        elif "kill" in order:
            kill(order["kill"])
        else:
            said = look(order["poll"])
        print(json.dumps(said), flush=True)
    for pid in list(running):
        kill(pid)
        look(pid, 0)


if __name__ == "__main__":
    _main(sys.argv[1])
