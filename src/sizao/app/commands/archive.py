"""``sizao archive``: the process that keeps positions for half a year, and a check of it."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import click

from sizao.app.options import data_option
from sizao.core.clock import load_clock
from sizao.log.archive import arrivals, deletions, manifest
from sizao.log.archive.store import ArchiveStore
from sizao.log.datadir import DataDir, write_status
from sizao.runtime.archive.archiver import Archiver, retention_days
from sizao.runtime.embedded.log import SqliteLog
from sizao.runtime.reporting import report_to_stderr

logger = logging.getLogger(__name__)

LOWER_PRIORITY = 10
"""Added to the process's niceness: on a busy machine detection goes first."""


@click.group()
def command() -> None:
    """The track archive: positions as Parquet by day and vehicle."""


@command.command()
@data_option
@click.option("--keep-days", type=float, help="Keep so long.  [default: the rule book's 184]")
@click.option("--once", is_flag=True, help="Take all there is, compact, delete what is due; stop.")
def run(data: DataDir, keep_days: float | None, once: bool) -> None:
    """Move positions from the gateway's log into the archive."""
    report_to_stderr()
    data.create()
    os.nice(LOWER_PRIORITY)

    def publish(counters: dict[str, Any]) -> None:
        write_status(data, "archive", at_s=time.time(), counters=counters)

    with ArchiveStore(data.archive) as store, SqliteLog(data.feeds_log) as feeds:
        days = retention_days() if keep_days is None else keep_days
        archiver = Archiver(feeds, store, load_clock(data.clock), keep_days=days, publish=publish)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: archiver.stop())
        # Now, while nothing waits: what is not compiled yet takes a processor some time.
        arrivals.warm_up()
        archiver.run(once=once)


@command.command()
@data_option
@click.option("--digests", is_flag=True, help="Read every file and compare its SHA-256.")
def check(data: DataDir, digests: bool) -> None:
    """Print what is kept as JSON; exit 1 if a file is missing, changed, or a deletion unproven."""
    found = manifest.load(data.archive)
    problems = []
    for file in found.files():
        path = data.archive / file.name
        if not path.exists():
            problems.append(f"{file.name} is missing")
        elif path.stat().st_size != file.bytes or (digests and _sha256(path) != file.sha256):
            problems.append(f"{file.name} was changed")
    wrong = deletions.broken(data.archive, found)
    summary = {
        "rows": found.rows,
        "bytes": found.size_bytes,
        "bytes_per_position": round(found.size_bytes / found.rows, 2) if found.rows else None,
        "days": {date: day.rows for date, day in found.days.items()},
        "fresh_rows": sum(file.rows for file in found.fresh),
        "deletions": len(deletions.load(data.archive)),
        "problems": [*problems, *([wrong] if wrong else [])],
    }
    click.echo(json.dumps(summary, ensure_ascii=False, indent=2))
    if summary["problems"]:
        sys.exit(1)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
