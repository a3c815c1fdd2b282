"""Desks that are processes of their own, so that a test can kill one as a power cut would.

One process imports everything and forks a worker for each order; a worker opens the installation's
database and logs, does its work in real transactions, and ends or is killed with SIGKILL. Time is
what the order says it is.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


class Desks:
    """The parent's side: gives orders and looks into the database from outside."""

    def __init__(self, folder: Path, base: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.database = folder / "desk.sqlite"
        self._base = base
        self.renew()
        self._errors = (folder / "desks.err").open("w+", encoding="utf-8")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.web.processes", str(folder)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors, text=True, cwd=ROOT,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )  # fmt: skip

    def renew(self) -> None:
        """Begin anew with the tests' database and empty logs."""
        for path in self.database.parent.glob("*.sqlite*"):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
        with closing(sqlite3.connect(self._base)) as source, closing(self._connect()) as copy:
            source.backup(copy)

    def run(self, what: str, at_s: float, **order: Any) -> Any:
        """Let a worker do something (a key of ``killed.WORKS``) at a moment of the feed clock.

        ``given`` : its arguments
        ``kill`` : a table and a number; the worker is killed -9 once it has written to the table so
        often, before it commits
        ``killed`` : it is killed -9 by us as soon as it is idle

        Returns what the work returned, or ``"killed"``.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"what": what, "at_s": at_s, **order}) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        if not answer:
            self._errors.seek(0)
            raise AssertionError(self._errors.read()[-3000:])
        said = json.loads(answer)
        if said["code"]:
            self._errors.seek(0)
            raise AssertionError(self._errors.read()[-3000:])
        return "killed" if said["signal"] == signal.SIGKILL else said["result"]

    def rows(self, query: str) -> list[Any]:
        """What is committed."""
        with closing(self._connect()) as connection:
            return connection.execute(query).fetchall()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self.database)

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._process.stdout.close()
        self._errors.close()


def _filled() -> Path:
    from django.conf import settings

    return Path(settings.DATABASES["default"]["NAME"]).with_name("filled.sqlite")


def keep_filled() -> None:
    """Keep what the tests' database has before the first one: a test with threads empties it, and
    it is filled again in transactions of which other processes see nothing."""
    from django.conf import settings

    with (
        closing(sqlite3.connect(settings.DATABASES["default"]["NAME"])) as source,
        closing(sqlite3.connect(_filled())) as copy,
    ):
        source.backup(copy)


@contextmanager
def desks(folder: Path) -> Iterator[Desks]:
    """Desks on a copy of the tests' database as every test finds it."""
    found = Desks(folder, _filled())
    try:
        yield found
    finally:
        found.close()


def _kill_after(table: str, number: int) -> Any:
    """A wrapper of statements that kills this process once so many went into a table."""
    written = 0

    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal written
        result = execute(sql, params, many, context)
        if sql.startswith((f'INSERT INTO "{table}"', f'UPDATE "{table}"')):
            written += 1
            if written == number:
                os.kill(os.getpid(), signal.SIGKILL)
        return result

    return wrapper


def _work(folder: Path, order: dict[str, Any]) -> Any:
    from django.db import connection

    from tests.web.conftest import installation
    from tests.web.killed import WORKS

    with installation(folder, order["at_s"]) as world:
        if "kill" in order:
            connection.execute_wrappers.append(_kill_after(*order["kill"]))
        return WORKS[order["what"]](world, **order.get("given", {}))


def _main(folder: Path) -> None:
    from sizao.app.wiring import setup_django
    from sizao.log.datadir import DataDir

    setup_django(DataDir(folder))
    # Imported once, for all workers: what they import late, with all that it needs, takes seconds.
    import sizao.web.desk.thread  # noqa: F401
    import tests.web.killed  # noqa: F401

    for line in sys.stdin:
        come, go = os.pipe()
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            try:
                if "killed" in order:
                    order["given"] = {"ready": go}
                result = _work(folder, order)
                os.write(go, json.dumps(result, default=str).encode())
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
                os._exit(1)
        os.close(go)
        if "killed" in order:
            os.read(come, 1)  # it is idle now
            os.kill(pid, signal.SIGKILL)
        with os.fdopen(come, "rb") as pipe:
            text = pipe.read()
        _, status = os.waitpid(pid, 0)
        killed = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
        said = {"code": 0 if killed else os.waitstatus_to_exitcode(status), "signal": killed,
                "result": json.loads(text) if text else None}  # fmt: skip
        print(json.dumps(said), flush=True)


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
