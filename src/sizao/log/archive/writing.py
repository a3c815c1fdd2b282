"""New files of the archive, written in pieces and durable when they are finished."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.durable import sync_folder
from sizao.log.archive import columns
from sizao.log.archive.arrivals import Arrivals
from sizao.log.archive.manifest import File

HELPING_BYTES = 8 << 20
"""Written out after so many: an append of the gateway that wants the disk meanwhile waits for
one helping and not for a whole file."""
GROUP_ROWS = columns.ROW_GROUP // 2
"""Fewer rows wait for others before they are written as a row group."""


class FileWriter:
    """Rows of one bucket, sorted by vehicle and time. Every method may raise OSError.

    Written beside its name and renamed by :meth:`finish`; what is left by a kill or an error
    counts nowhere and is removed at the next start. The folder is the caller's to sync.
    """

    def __init__(
        self,
        root: Path,
        name: str,
        *,
        bucket: int = -1,
        buckets: int = 1,
        packing: Mapping[str, Any] = columns.LASTING,
    ) -> None:
        self._path = root / name
        self._draft = self._path.with_name(f".{self._path.name}.draft")
        self._name, self._bucket, self._buckets = name, bucket, buckets
        self._file = self._draft.open("wb")
        self._writer = columns.Writer(self._file, packing)
        self._waiting: list[pa.Table] = []
        self._rows = 0
        self._span: list[int] = []
        self._synced = 0

    def add(self, table: pa.Table) -> None:
        """Rows of ARCHIVED that come after those before."""
        self._waiting.append(table)
        span = pc.min_max(table["time_s"])
        self._span += [span["min"].as_py(), span["max"].as_py()]
        self._rows += len(table)
        if sum(map(len, self._waiting)) >= GROUP_ROWS:
            self._flush()

    def finish(self) -> File:
        """All of it is on the disk. Says what was written."""
        if self._waiting:
            self._flush()
        self._writer.close()
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        with self._draft.open("rb") as written:
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        size = self._draft.stat().st_size
        self._draft.replace(self._path)
        first, last = min(self._span), max(self._span)
        return File(self._name, self._rows, size, digest, first, last, self._bucket, self._buckets)

    def close(self) -> None:
        """Give up, unless it is finished."""
        with suppress(OSError, ValueError):  # a full disk; nothing to write to after finish()
            self._writer.close()
        with suppress(OSError):
            self._file.close()

    def __enter__(self) -> FileWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _flush(self) -> None:
        table = self._waiting[0] if len(self._waiting) == 1 else columns.joined(self._waiting)
        self._writer.add(table)
        self._waiting = []
        if self._file.tell() - self._synced >= HELPING_BYTES:
            self._file.flush()
            os.fdatasync(self._file.fileno())
            self._synced = self._file.tell()


class DayFiles:
    """What a merge writes: a file for each day and bucket that has rows. May raise OSError.

    into : ISO date to the number of buckets that the day's rows are split into
    serial : number of the first file's name
    soon : ISO date of the day whose files are soon merged with others
    """

    def __init__(
        self,
        root: Path,
        into: Mapping[str, int],
        serial: int,
        soon: str | None = None,
    ) -> None:
        self._root, self._into, self._serial, self._soon = root, into, serial, soon
        self._writers: dict[tuple[str, int], FileWriter] = {}
        self._whole: dict[tuple[str, int], File] = {}
        self._open = ExitStack()
        for date in into:
            folder = root / "days" / date
            if not folder.exists():
                folder.mkdir()
                sync_folder(folder.parent)

    def add(self, rows: Arrivals) -> None:
        """All rows of some vehicles, in the order of which the first of a moment is kept; the
        vehicles come after those before."""
        for date in rows.days():
            for bucket, some in rows.in_order(date, self._into[date]):
                self._writer(date, bucket).add(some)

    def settle(self) -> None:
        """No more rows come into the files that have some: they are whole and need no memory."""
        for key in sorted(self._writers):
            self._whole[key] = self._writers.pop(key).finish()

    def finish(self) -> dict[str, list[File]]:
        """All of it is on the disk. Says what was written, by day."""
        self.settle()
        made: dict[str, list[File]] = {}
        for date, bucket in sorted(self._whole):
            made.setdefault(date, []).append(self._whole[date, bucket])
        for date in made:
            sync_folder(self._root / "days" / date)
        return made

    def __enter__(self) -> DayFiles:
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def _writer(self, date: str, bucket: int) -> FileWriter:
        found = self._writers.get((date, bucket))
        if found is None:
            number = self._serial + len(self._writers) + len(self._whole)
            name = f"days/{date}/{number:08d}.parquet"
            buckets = self._into[date]
            packing = columns.SOON if date == self._soon else columns.LASTING
            found = FileWriter(self._root, name, bucket=bucket, buckets=buckets, packing=packing)
            self._writers[date, bucket] = self._open.enter_context(found)
        return found
