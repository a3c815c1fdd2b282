"""``sizao doctor``: look at the installation and say what to mend."""

from __future__ import annotations

import importlib.util
import json
import resource
import shutil
import socket
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path

import click

from sizao.app.options import data_option
from sizao.core.clock import SHANGHAI
from sizao.core.errors import SizaoError
from sizao.core.sources_file import read_registry
from sizao.log.archive import deletions, manifest
from sizao.log.datadir import DataDir, read_status
from sizao.log.deletions import Deletions
from sizao.log.evidence import FLOOR, space
from sizao.respond import routing
from sizao.runtime.archive.held import held
from sizao.runtime.embedded.log import SqliteLog

NEEDED_FILES = 4_096
NEEDED_DISK_GIB = 2.0
BEHIND_H = 24.0
"""Positions that wait for the archive longer than this are a finding: its process stands still."""

_STARTED_AS = {"web": "serve", "archive": "archive run"}
MODULES = (
    *("django", "duckdb", "ninja", "numba", "pyarrow"),
    *("shapely", "osmium", "PIL", "uvicorn", "whitenoise"),
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    ok: bool
    what: str
    found: str
    mend: str = ""


@click.command()
@data_option
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def command(data: DataDir, as_json: bool) -> None:
    """Check Python, packages, browser assets, disk, database and the running parts."""
    findings = list(examine(data))
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False))
    else:
        for finding in findings:
            mark = click.style("ok  ", fg="green") if finding.ok else click.style("MEND", fg="red")
            click.echo(f"{mark} {finding.what}: {finding.found}")
            if not finding.ok:
                click.echo(f"     -> {finding.mend}")
    if not all(finding.ok for finding in findings):
        sys.exit(1)


def examine(data: DataDir) -> Iterator[Finding]:
    """Every check in turn; a check that crashes is itself a finding."""
    checks: list[Callable[[DataDir], Iterator[Finding]]] = [
        _python,
        _packages,
        _assets,
        _limits,
        _disk,
        _evidence,
        _sqlite,
        _roads,
        _sources,
        _routes,
        _parts,
        _archive,
    ]
    for check in checks:
        try:
            yield from check(data)
        except (OSError, sqlite3.Error, SizaoError) as error:
            what = check.__name__.strip("_")
            yield Finding(False, what, f"{type(error).__name__}: {error}", "see the message")


def _python(data: DataDir) -> Iterator[Finding]:
    version = sys.version.split()[0]
    yield Finding(sys.version_info >= (3, 11), "Python", version, "install Python 3.11 or newer")


def _packages(data: DataDir) -> Iterator[Finding]:
    missing = [name for name in MODULES if importlib.util.find_spec(name) is None]
    yield Finding(
        not missing,
        "packages",
        f"missing {', '.join(missing)}" if missing else f"{len(MODULES)} found",
        "run make setup, or pip install sizao again",
    )


def _assets(data: DataDir) -> Iterator[Finding]:
    vendor = resources.files("sizao.web") / "static" / "vendor"
    count = sum(1 for item in vendor.iterdir()) if vendor.is_dir() else 0
    yield Finding(
        count > 0,
        "browser assets",
        f"{count} files" if count else "none",
        "run make setup; a wheel from make build has them inside",
    )


def _limits(data: DataDir) -> Iterator[Finding]:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = hard == resource.RLIM_INFINITY or hard >= NEEDED_FILES
    yield Finding(
        enough,
        "open files allowed",
        "unlimited" if hard == resource.RLIM_INFINITY else f"{hard:,}",
        f"one connection needs one: raise the hard limit to {NEEDED_FILES:,} or more (ulimit -Hn)",
    )


def _disk(data: DataDir) -> Iterator[Finding]:
    folder = data.root
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / (1 << 30)
    yield Finding(
        free >= NEEDED_DISK_GIB,
        f"free disk at {folder}",
        f"{free:.1f} GiB",
        f"{NEEDED_DISK_GIB:.0f} GiB is the least for a day of 2,000 vehicles",
    )
    with tempfile.TemporaryDirectory(dir=folder) as probe:
        connection = sqlite3.connect(Path(probe) / "probe.sqlite")
        mode = connection.execute("PRAGMA journal_mode=WAL").fetchone()[0]
        connection.close()
    yield Finding(
        mode == "wal",
        "write-ahead log on this file system",
        mode,
        "put the data folder on a local disk, not on a network share",
    )


def _evidence(data: DataDir) -> Iterator[Finding]:
    found = space(data.evidence)
    yield Finding(
        not found.full,
        "room for evidence",
        f"{found.free / 1e9:.1f} GB free, {found.floor / 1e9:.1f} GB are kept free",
        f"new pictures are refused: make room, shorten the periods, or set {FLOOR}",
    )
    unfinished = Deletions(data.evidence).unfinished()
    yield Finding(
        not unfinished or read_status(data, "web") is not None,
        "deletions of evidence",
        f"{len(unfinished)} begun and not finished" if unfinished else "none is half done",
        "start sizao serve: its desk finishes them within the hour",
    )


def _sqlite(data: DataDir) -> Iterator[Finding]:
    yield Finding(
        sqlite3.sqlite_version_info >= (3, 35),
        "SQLite",
        sqlite3.sqlite_version,
        "use a Python built with SQLite 3.35 or newer",
    )
    for path in (
        data.feeds_log,
        data.intake_log,
        data.detect_log,
        data.commands_log,
        data.database,
    ):
        if not path.exists():
            continue
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)
        verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        connection.close()
        size_mib = path.stat().st_size / (1 << 20)
        yield Finding(
            verdict == "ok",
            path.name,
            f"{size_mib:,.1f} MiB, {verdict}",
            "stop everything, copy the folder away, and restore the last backup",
        )


def _roads(data: DataDir) -> Iterator[Finding]:
    if not data.root.exists():
        yield Finding(
            False,
            f"data folder {data.root}",
            "not there",
            "sizao demo makes one, or name yours with --data",
        )
        return
    yield Finding(
        data.network.exists(),
        "road network",
        "present" if data.network.exists() else "absent",
        "import one: sizao roads import FILE.osm.pbf --out DATA/network.npz",
    )


def _sources(data: DataDir) -> Iterator[Finding]:
    if not data.sources.exists():
        return  # nobody has to register anything to begin
    text = data.sources.read_text(encoding="utf-8", errors="replace")
    registry, problems = read_registry(text, name=data.sources.name)
    yield Finding(
        not problems,
        "registry of sources",
        problems[0] if problems else f"{len(registry.sources)} sources",
        "mend the file; sizao sources check names every mistake",
    )


def _routes(data: DataDir) -> Iterator[Finding]:
    if data.routes.is_dir():
        table = routing.load(datetime.now(SHANGHAI).date(), data.routes)
        yield Finding(True, "who is told of a warning", f"{len(table.rows)} rows of {table.start}")


def _parts(data: DataDir) -> Iterator[Finding]:
    for part in ("gateway", "intake", "pipeline", "archive", "web"):
        status = read_status(data, part)
        if status is None:
            continue
        age = time.time() - float(status["at_s"])
        yield Finding(
            age < 10,
            f"part {part}",
            f"heartbeat {age:.0f} s ago",
            f"start it (sizao {_STARTED_AS.get(part, part)}) or read logs/{part}.log",
        )


def _archive(data: DataDir) -> Iterator[Finding]:
    if not data.feeds_log.exists():
        return
    found = manifest.load(data.archive)
    wrong = deletions.broken(data.archive, found)
    with SqliteLog(data.feeds_log) as log:
        waiting_s = log.appended_s("positions", held(log, data.archive) + 1)
    behind_h = (time.time() - waiting_s) / 3600 if waiting_s else 0.0
    yield Finding(
        wrong is None and behind_h < BEHIND_H,
        "track archive",
        wrong or f"{found.rows:,} positions of {len(found.days)} days, {behind_h:.1f} h behind",
        "keep the folder for the auditor" if wrong else "start it: sizao archive run",
    )


def free_port() -> int:
    """A port that the system chooses."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def port_is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True
