"""Writing the archive: fresh files from the log, then days sorted by vehicle.

    log --take--> fresh/000017.parquet --compact--> days/2026-11-25/000031.parquet --expire--> gone

Rows go into fresh files as they come, some minutes in each. Compaction moves whole fresh files
into the days their rows belong to: a day's rows are split by partition into buckets, so that none
is larger than ``BUCKET_ROWS``, sorted by vehicle and time, and of rows with the same vehicle and
time the first that came stays. Points that come days late are merged into their day in the same
way. While a day goes on, a bucket may have several files, each larger than all that came after it
together: a file is merged again only with as many rows as it has, so that a row is written a few
times a day however large the day grows, and not each time that others come. Who has time makes
them one (``tidy``); then one vehicle's day is in one file.

Every step writes files first, then replaces the manifest, then removes what it no longer says
(see ``manifest.py``). One process writes an archive; a lock holds that.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.clock import SHANGHAI
from sizao.core.errors import LogError
from sizao.core.ids import PARTITIONS, partition_of
from sizao.core.schemas import POSITION
from sizao.log.archive import columns, deletions, manifest
from sizao.log.archive.manifest import Day, File, Manifest

logger = logging.getLogger(__name__)

BUCKET_ROWS = 2_000_000
"""A day with more rows in a bucket gets twice as many buckets, up to one a partition. What a merge
needs in memory is some 200 bytes for each of these."""

DAY_S = 86_400
_OFFSET_S = int(SHANGHAI.utcoffset(None).total_seconds())


def day_of(time_s: int) -> str:
    """The day of Shanghai that a moment lies in, as an ISO date.

    >>> day_of(1_795_622_400 - 1), day_of(1_795_622_400)
    ('2026-11-25', '2026-11-26')
    """
    return datetime.fromtimestamp(time_s, SHANGHAI).date().isoformat()


def days_between(first_s: int, last_s: int) -> list[str]:
    """Every day from that of ``first_s`` to that of ``last_s``, both included."""
    numbers = range((first_s + _OFFSET_S) // DAY_S, (last_s + _OFFSET_S) // DAY_S + 1)
    return [day_of(number * DAY_S - _OFFSET_S) for number in numbers]


class ArchiveStore:
    """The one writer of an archive. Raises LogError if another process writes it, if it is
    damaged, or if the disk refuses."""

    def __init__(self, root: Path, *, bucket_rows: int = BUCKET_ROWS) -> None:
        self.root = root
        self.bucket_rows = bucket_rows
        self._lock: int | None = None
        try:
            for folder in (root, root / "fresh", root / "days"):
                folder.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(root / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            # The kernel drops the lock with the process, so a kill leaves none behind.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.close()
            raise LogError(f"{root}: another process writes this archive") from error
        except OSError as error:
            self.close()
            raise LogError(f"{root}: {error.strerror}") from error
        self.manifest = manifest.load(root)
        deletions.cut_to(root, self.manifest.deletions)
        self._sweep()

    def close(self) -> None:
        """Let another writer in. May be called twice."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def __enter__(self) -> ArchiveStore:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def begin_anew(self) -> None:
        """The log was replaced: its segments count from 1 again. What is here stays; positions
        that the new log repeats are the same vehicle and moment and will be kept once."""
        self._commit(
            replace(self.manifest, generation=self.manifest.generation + 1, upto=0, mark_s=0.0)
        )

    def skip_to(self, seq: int) -> None:
        """Segments up to ``seq`` are gone from the log without having been here."""
        self._commit(replace(self.manifest, upto=seq, mark_s=0.0))

    def take(self, batches: Sequence[pa.RecordBatch], upto: int, mark_s: float) -> int:
        """Keep the rows (schema POSITION) of the log's segments up to ``upto``.

        All of them or, after a kill, none. Returns how many rows.
        """
        # All at once: a small segment costs more by itself than by its rows.
        table = columns.pack(pa.Table.from_batches(batches, POSITION))
        new = self.manifest
        if len(table):
            file, new = self._write(sort(table), "fresh", new)
            new = replace(new, fresh=(*new.fresh, file))
        self._commit(replace(new, upto=upto, mark_s=mark_s))
        return len(table)

    def compact(self, at_most: int = 2_000_000) -> int:
        """Move the oldest fresh files, about ``at_most`` rows, into their days.

        Returns the rows moved, those left out as repeated included.
        """
        taken: list[File] = []
        for file in self.manifest.fresh:
            if taken and sum(one.rows for one in taken) + file.rows > at_most:
                break
            taken.append(file)
        if not taken:
            return 0
        table = pa.concat_tables([self._read(file) for file in taken])
        days = (table["time_s"].to_numpy() + _OFFSET_S) // DAY_S
        new = self.manifest
        gone = list(taken)
        several = np.unique(days).tolist()
        for number in several:
            date = day_of(number * DAY_S - _OFFSET_S)
            rows = table.filter(pa.array(days == number)) if len(several) > 1 else table
            day, old, new = self._merged(date, rows, new)
            gone += old
            new = replace(new, days=dict(sorted({**new.days, date: day}.items())))
        self._commit(replace(new, fresh=new.fresh[len(taken) :]), gone)
        return len(table)

    def tidy(self, *, newest: bool = False) -> int:
        """Make one file of the several that a bucket of some day has; of the newest day, into
        which more is to come, only if asked to. Returns the rows, 0 if there is nothing to do."""
        for date in list(self.manifest.days)[: None if newest else -1]:
            day = self.manifest.days[date]
            for bucket in range(day.buckets):
                own = [file for file in day.files if file.bucket == bucket]
                if len(own) < 2:
                    continue
                rows = sort(pa.concat_tables([self._read(file) for file in own]))
                file, new = self._write(once(rows), f"days/{date}", self.manifest, bucket)
                others = [one for one in day.files if one.bucket != bucket]
                files = tuple(sorted((*others, file), key=lambda one: one.bucket))
                days = {**new.days, date: Day(day.buckets, files)}
                self._commit(replace(new, days=days), own)
                return len(rows)
        return 0

    def expire(self, before: str, *, rule: str, keep_days: float, now_s: float) -> list[str]:
        """Delete every day before an ISO date, each with an entry that proves it.

        Rows still in fresh files are compacted first by whoever calls this: a day's late points
        go with the next call. Returns the dates.
        """
        gone = [date for date in self.manifest.days if date < before]
        at = datetime.fromtimestamp(now_s, UTC).isoformat(timespec="seconds")
        for date in gone:
            day = self.manifest.days[date]
            entry = deletions.sealed(
                self.manifest.deletions,
                deletions.entry_of(date, day, rule=rule, keep_days=keep_days, at=at),
            )
            deletions.append(self.root, entry)
            days = {key: value for key, value in self.manifest.days.items() if key != date}
            self._commit(
                replace(self.manifest, days=days, deletions=entry["seal"]), list(day.files)
            )
            (self.root / "days" / date).rmdir()
            logger.info("%s: %d positions deleted after %g days", date, day.rows, keep_days)
        return gone

    # Inside

    def _merged(
        self, date: str, fresh: pa.Table, new: Manifest
    ) -> tuple[Day, list[File], Manifest]:
        """The day with the rows in it, the files that it no longer has, the manifest's serial."""
        day = new.days.get(date, Day(1, ()))
        buckets = day.buckets
        while buckets < PARTITIONS and day.rows + len(fresh) > buckets * self.bucket_rows:
            buckets *= 2
        partition = partitions_of(fresh)
        folder = f"days/{date}"
        (self.root / folder).mkdir(exist_ok=True)
        kept: list[File] = []
        old: list[File] = []
        for was in range(day.buckets):
            own = [file for file in day.files if file.bucket == was]
            touched = np.flatnonzero(partition % day.buckets == was)
            if not len(touched) and buckets == day.buckets:
                kept += own
                continue
            again = own if buckets > day.buckets else _newest(own, len(touched))
            kept += own[: len(own) - len(again)]
            old += again
            # What was kept before goes first: of a repeated moment the first row stays.
            some = fresh if len(touched) == len(fresh) else fresh.take(pa.array(touched))
            rows = pa.concat_tables([*(self._read(file) for file in again), some])
            number = partitions_of(rows) % buckets
            for bucket in range(was, buckets, day.buckets):
                chosen = rows.filter(pa.array(number == bucket)) if buckets > 1 else rows
                if len(chosen):
                    file, new = self._write(once(sort(chosen)), folder, new, bucket)
                    kept.append(file)
        return Day(buckets, tuple(sorted(kept, key=lambda file: file.bucket))), old, new

    def _write(
        self, table: pa.Table, folder: str, new: Manifest, bucket: int = -1
    ) -> tuple[File, Manifest]:
        """A file under a name of its own, durable; it counts once a manifest says so."""
        name = f"{folder}/{new.serial:08d}.parquet"
        sink = pa.BufferOutputStream()
        columns.write(table, sink)
        data = sink.getvalue()
        try:
            manifest.durable(self.root / name, data)
        except OSError as error:
            raise LogError(f"{self.root / name}: {error.strerror}") from error
        span = pc.min_max(table["time_s"])
        file = File(
            name,
            len(table),
            data.size,
            hashlib.sha256(data).hexdigest(),
            span["min"].as_py(),
            span["max"].as_py(),
            bucket,
        )
        return file, replace(new, serial=new.serial + 1)

    def _read(self, file: File) -> pa.Table:
        try:
            return columns.read(self.root / file.name)
        except (OSError, pa.ArrowInvalid) as error:
            raise LogError(f"{self.root / file.name}: cannot be read: {error}") from error

    def _commit(self, new: Manifest, gone: Iterable[File] = ()) -> None:
        try:
            manifest.save(new, self.root)
        except OSError as error:
            raise LogError(f"{self.root}: {error.strerror}") from error
        self.manifest = new
        for file in gone:
            (self.root / file.name).unlink(missing_ok=True)

    def _sweep(self) -> None:
        """Remove what a kill left: files that the manifest does not say."""
        known = {self.root / file.name for file in self.manifest.files()}
        for folder in (self.root / "fresh", self.root / "days"):
            for path in sorted(folder.rglob("*"), reverse=True):
                if path.is_file() and path not in known:
                    logger.info("%s: left by a kill, removed", path.relative_to(self.root))
                    path.unlink()
                elif path.is_dir() and not any(path.iterdir()):
                    path.rmdir()


def _newest(files: list[File], rows: int) -> list[File]:
    """The last of a bucket's files, oldest first, that so many more rows are to be merged with."""
    first = len(files)
    while first and files[first - 1].rows <= rows:
        first -= 1
        rows += files[first].rows
    return files[first:]


def sort(table: pa.Table) -> pa.Table:
    """By vehicle as text and event time; rows of one moment stay in the order given."""
    table = table.unify_dictionaries().combine_chunks()
    words = table["vehicle"].combine_chunks()
    rank = np.empty(len(words.dictionary), np.int64)
    rank[pc.sort_indices(words.dictionary).to_numpy()] = np.arange(len(rank))
    vehicle = rank[words.indices.to_numpy()]
    moment = table["time_s"].to_numpy() * 1_000_000 + table["time_us"].to_numpy()
    if len(moment):
        moment -= moment.min()
        span = int(moment.max()) + 1
        if span * len(rank) < 2**63:
            # One key and not two: half the work, and where sorted files meet, next to none.
            order = np.argsort(vehicle * span + moment, kind="stable")
        else:
            order = np.lexsort((moment, vehicle))
        table = table.take(pa.array(order))
    return table


def once(table: pa.Table) -> pa.Table:
    """The first row of each vehicle and moment; ``table`` is sorted by them."""
    if len(table) < 2:
        return table
    same = np.ones(len(table) - 1, np.bool_)
    for name in ("time_s", "time_us"):
        values = table[name].to_numpy()
        same &= values[1:] == values[:-1]
    vehicle = table["vehicle"].combine_chunks().indices.to_numpy()
    same &= vehicle[1:] == vehicle[:-1]
    return table.filter(pa.array(np.append(True, ~same))) if same.any() else table


def partitions_of(table: pa.Table) -> npt.NDArray[np.int64]:
    """Partition of each row, 0 to 63, shape (n,)."""
    words = table["vehicle"].unify_dictionaries().combine_chunks()
    names = words.dictionary.to_pylist()
    of_name = np.array([partition_of(name) for name in names], np.int64)
    return of_name[words.indices.to_numpy()] if len(names) else np.zeros(0, np.int64)


def retention_limit(now_s: float, keep_days: float) -> str:
    """The first day that is kept: days before it lie wholly more than ``keep_days`` back.

    >>> retention_limit(1_795_622_400, 1)
    '2026-11-25'
    """
    return day_of(int(now_s - timedelta(days=keep_days).total_seconds()))
