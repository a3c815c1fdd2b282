"""CSV files that stations leave in a folder, imported exactly once.

``drop/FEED/NAME/*.csv`` belongs to the source ``KIND:NAME``. A file is taken when nobody has
changed it for five seconds; names that begin with a dot or end in ``.part`` are never touched, so
a careful writer uses one and renames. Good rows are imported, and the file is moved to ``done/``
(or ``refused/``) with a report of every other row beside it.

The file's SHA-256 is appended in the transaction that holds its rows. After a crash between that
and the move, the file is found again, known, and only moved: once, whatever happens.
"""

from __future__ import annotations

import asyncio
import csv
import hashlib
import io
import logging
import re
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sizao.core import durable
from sizao.core.errors import EvidenceError
from sizao.core.schemas import DROPPED_FILE
from sizao.core.sources import ID
from sizao.feeds.csv_rows import TableRow, read_table
from sizao.feeds.forms import Form, Problem
from sizao.feeds.taken import Taken, as_tuple
from sizao.runtime.intake.door import Door
from sizao.runtime.intake.recall import recent
from sizao.runtime.intake.refusal import Refusal

logger = logging.getLogger(__name__)

LOOK_S = 2.0
SETTLED_S = 5.0
MAX_BYTES = 64 << 20

Reader = Callable[..., Taken]
"""``read(cells, source=, station=, received_us=)`` of a feed."""


@dataclass(frozen=True)
class Feed:
    """What a drop folder brings. ``name`` is the folder, ``kind`` that of its sources."""

    name: str
    kind: str
    topic: str
    form: Form
    read: Reader


class Drops:
    """The drop folder of one feed."""

    def __init__(self, door: Door, feed: Feed, *, strict: bool = False) -> None:
        self._door = door
        self._feed = feed
        self._strict = strict
        self._known: set[str] = set()
        self._sizes: dict[Path, tuple[int, int]] = {}
        self.outcomes: Counter[str] = Counter()
        """Files by what became of them."""

    def recall(self) -> None:
        """Which files the log has. Raises LogError."""
        columns = ("topic", "file")
        found = recent(self._door.log, "dropped_files", columns, 0.0, 10**9)
        self._known = {name for topic, name in found if topic == self._feed.topic}

    async def run(self) -> None:
        """Look every two seconds, until cancelled."""
        while True:
            for path in await asyncio.to_thread(self._settled):
                try:
                    await self.take(path)
                except Refusal as refusal:
                    # The file stays: once the source is registered, or the disk is well, it goes.
                    self.outcomes[refusal.code] += 1
                    logger.warning("%s stays where it is: %s", path, refusal.detail)
                except (OSError, EvidenceError) as error:
                    self.outcomes["unreadable"] += 1
                    logger.error("%s stays where it is: %s", path, error)
            await asyncio.sleep(LOOK_S)

    async def take(self, path: Path) -> None:
        """Import one file. Raises Refusal or OSError, and then it is tried again later."""
        feed = self._feed
        source = f"{feed.kind}:{path.parent.name}"
        self._door.senders.admit(source)
        received_us = self._door.now_us()
        data, name = await asyncio.to_thread(_read, path)
        rows, items = await asyncio.to_thread(self._items, data, source, received_us)
        if isinstance(rows, Problem):
            await asyncio.to_thread(self._put_away, path, "refused", [], [], [], rows.detail)
            return
        refused = sum(item.refused for item in items)
        if name in self._known:
            repeated = [not item.refused for item in items]
            words = "this very file was imported before; nothing was imported now"
            await asyncio.to_thread(self._put_away, path, "done", rows, items, repeated, words)
            return
        if self._strict and refused:
            words = f"{refused} of {len(items)} rows are wrong, so nothing was imported (--strict)"
            nothing = [False] * len(items)
            await asyncio.to_thread(self._put_away, path, "refused", rows, items, nothing, words)
            return
        self._door.charge(source, len(items), len(data))
        await asyncio.to_thread(self._door.evidence.put, data)
        record = {
            "file": name,
            "time": received_us,
            "received": received_us,
            "name": path.name[:200],
            "topic": feed.topic,
            "rows": len(items),
            "refused": refused,
            "bytes": len(data),
            "source": source,
        }
        repeated = await self._door.take(
            feed.topic,
            source,
            path.name[:64],
            items,
            received_us,
            len(data),
            more=[("dropped_files", [as_tuple(record, DROPPED_FILE)])],
        )
        self._known.add(name)
        await asyncio.to_thread(self._put_away, path, "done", rows, items, repeated, "")

    # In a thread

    def _settled(self) -> list[Path]:
        """Files that are complete, the oldest first."""
        folder = self._door.data.drop / self._feed.name
        found, sizes = [], {}
        for path in folder.glob("*/*.csv"):
            valid = ID.fullmatch(f"{self._feed.kind}:{path.parent.name}")
            if not valid or path.name.startswith(".") or path.is_symlink() or not path.is_file():
                continue
            stat = path.stat()
            sizes[path] = (stat.st_size, stat.st_mtime_ns)
            # Both a size that has not changed between two looks and an age: clocks may differ.
            if self._sizes.get(path) == sizes[path] and time.time() - stat.st_mtime >= SETTLED_S:
                found.append((stat.st_mtime_ns, path))
        self._sizes = sizes
        return [path for _, path in sorted(found)]

    def _items(
        self, data: bytes, source: str, received_us: int
    ) -> tuple[list[TableRow] | Problem, list[Taken]]:
        if len(data) > MAX_BYTES:
            words = f"larger than {MAX_BYTES >> 20} MiB: send several files"
            return Problem("bad_value", words), []
        rows = read_table(data, self._feed.form)
        if isinstance(rows, Problem):
            return rows, []
        station = source.partition(":")[2]
        items = []
        for row in rows:
            if row.problem is not None:
                items.append(Taken("", problems=[row.problem], raw=row.raw))
                continue
            # Quarantine gets the cells with their headings: a line alone could not be read again.
            items.append(
                self._feed.read(row.cells, source=source, station=station, received_us=received_us)
            )
        return rows, items

    def _put_away(
        self,
        path: Path,
        state: str,
        rows: Sequence[TableRow],
        items: Sequence[Taken],
        repeated: Sequence[bool],
        words: str,
    ) -> None:
        """Write the report, then move the file."""
        folder = path.parent / state
        folder.mkdir(exist_ok=True)
        stamp = time.strftime("%Y%m%d%H%M%S")
        target = folder / f"{stamp}-{path.name}"
        number = 1
        while target.exists():
            number += 1
            target = folder / f"{stamp}-{number}-{path.name}"
        durable.replace(folder / f"{target.name}.report.csv", _report(rows, items, repeated, words))
        path.replace(target)
        self.outcomes[state] += 1
        logger.info("%s: %s", path.name, words or f"{len(items)} rows, see the report")


def _report(
    rows: Sequence[TableRow], items: Sequence[Taken], repeated: Sequence[bool], words: str
) -> bytes:
    """A CSV table: a summary, then every row that was not simply accepted."""
    told: list[tuple[object, ...]] = []
    counts: Counter[str] = Counter()
    for row, item, again in zip(rows, items, repeated, strict=True):
        state = "refused" if item.refused else "repeated" if again else "accepted"
        counts[state] += 1
        if state != "accepted" or item.problems:
            reason = item.problems[0].reason if item.problems else ""
            told.append((row.number, state, reason, item.why()))
    summary = ", ".join(f"{counts[state]} {state}" for state in ("accepted", "repeated", "refused"))
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\r\n")
    table.writerow(("row", "state", "reason", "detail"))
    table.writerow(("", "summary", "", f"{summary}; {words}" if words else summary))
    table.writerows([[_harmless(cell) for cell in line] for line in told])
    # With a mark, or spreadsheets take it for something else than UTF-8.
    return out.getvalue().encode("utf-8-sig")


def _harmless(cell: object) -> object:
    """A spreadsheet must not take what a station sent for a formula."""
    return f"'{cell}" if isinstance(cell, str) and re.match(r"[=+\-@\t\r]", cell) else cell


def _read(path: Path) -> tuple[bytes, str]:
    """At most one byte more than a file may have, and the name of the content."""
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    return data, hashlib.sha256(data).hexdigest()
