"""Writing the archive: from the log into days sorted by vehicle.

    log --put--> days/2026-11-25/000031.parquet --expire--> gone
    log --put--> fresh/000017.parquet --compact--> days/...

Many rows at once go into the days they belong to; few go into a fresh file as they come, some
minutes in each, and compaction moves whole fresh files. A day's rows are split by partition into
buckets, sorted by vehicle and time, and of rows with the same vehicle and time the first that came
stays (``arrivals.py``). What was there before is not touched: a bucket may have several files, and
those of one size are made one when there are many (``thin``), so that a row is written a few times
a day however large the day grows. Who has time makes the files of a past day one a bucket
(``tidy``); then one vehicle's day is in one file. ``layout.py`` decides which files, ``runs.py``
merges them in bounded memory.

Every step writes files first, then replaces the manifest, then removes what it no longer says
(see ``manifest.py``). One process writes an archive; a lock holds that.
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.durable import sync_folder
from sizao.core.errors import LogError
from sizao.log.archive import columns, deletions, layout, manifest, runs
from sizao.log.archive.arrivals import Arrivals
from sizao.log.archive.days import day_of, days_of
from sizao.log.archive.manifest import Day, File, Manifest
from sizao.log.archive.writing import DayFiles, FileWriter

logger = logging.getLogger(__name__)

BUCKET_ROWS = 2_000_000
"""A day with more rows in a bucket gets twice as many buckets, up to one a partition."""

PIECE_ROWS = 250_000
"""Rows merged at a time. What a merge needs in memory is some 300 bytes for each of these, and
what a row group of each of its files takes."""

STRAIGHT_ROWS = 1_000_000
"""So many at once are worth files of their own in their days, and are written no fresh file for."""

FRESH_FILES = 64
"""At most so many fresh files are moved into their days at once."""


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
        rows = Arrivals()
        rows.add(batches)
        return self.put(rows, upto, mark_s)

    def put(self, rows: Arrivals, upto: int, mark_s: float) -> int:
        """The same of rows gathered before: as a fresh file if they are few, ``STRAIGHT_ROWS`` and
        more into their days at once."""
        if len(rows) >= STRAIGHT_ROWS:
            # What came before is to be older there, too.
            while self.compact():
                pass
            made = self._written(rows)
            new = self._with(made)
        elif len(rows):
            file = self._fresh(rows)
            new = replace(
                self.manifest,
                serial=self.manifest.serial + 1,
                fresh=(*self.manifest.fresh, file),
            )
        else:
            new = self.manifest
        self._commit(replace(new, upto=upto, mark_s=mark_s))
        return len(rows)

    def compact(self, at_most: int = layout.HELPING_ROWS) -> int:
        """Move the oldest fresh files, about ``at_most`` rows, into their days.

        Returns the rows moved, those left out as repeated included.
        """
        taken: list[File] = []
        for file in self.manifest.fresh[:FRESH_FILES]:
            if taken and sum(one.rows for one in taken) + file.rows > at_most:
                break
            taken.append(file)
        if not taken:
            return 0
        made = self._merged(taken, self._split(self._rows_of_days(taken)))
        self._commit(self._with(made, taken), taken)
        return sum(file.rows for file in taken)

    def thin(self) -> int:
        """Make one file of many of one size that a bucket of some day has. Returns the rows, 0 if
        there is nothing to do."""
        return self._join(self.manifest.days, layout.crowded)

    def tidy(self, *, newest: bool = False) -> int:
        """Make one file of the several that a bucket of some day has; of the newest day, into
        which more is to come, only if asked to. Returns the rows, 0 if there is nothing to do."""
        return self._join(list(self.manifest.days)[: None if newest else -1], layout.untidy)

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

    def _buckets(self, date: str, more: int = 0) -> int:
        """How many a day should have: by its rows and, while it is young, as the day before it."""
        days = self.manifest.days
        rows = days[date].rows if date in days else 0
        newest = max(days, default=date)
        before = max((one for one in days if one < date), default=None)
        if date >= newest and before is not None:
            rows = max(rows, days[before].rows)
        return layout.buckets_for(rows + more, self.bucket_rows)

    def _join(self, dates: Iterable[str], chosen: Callable[[Day, int], Sequence[File]]) -> int:
        for date in dates:
            day, buckets = self.manifest.days[date], self._buckets(date)
            files = chosen(day, buckets)
            if not files:
                continue
            made = self._merged(files, {date: buckets})
            left = [file for file in day.files if file not in files]
            # In the place of the oldest: files are in the order of their age.
            at = day.files.index(files[0])
            days = {**self.manifest.days, date: Day((*left[:at], *made[date], *left[at:]))}
            serial = self.manifest.serial + len(made[date])
            self._commit(replace(self.manifest, serial=serial, days=days), files)
            return sum(file.rows for file in files)
        return 0

    def _rows_of_days(self, taken: Sequence[File]) -> dict[str, int]:
        """ISO date to rows that fresh files have of it."""
        rows: dict[str, int] = {}
        for file in taken:
            found = {day_of(file.first_s): file.rows}
            if day_of(file.last_s) not in found:
                found = days_of(self._times(file))
            for date, count in found.items():
                rows[date] = rows.get(date, 0) + count
        return rows

    def _split(self, rows: Mapping[str, int]) -> dict[str, int]:
        """Into how many buckets the rows that come to each day are split."""
        return {
            date: layout.split(count, self._buckets(date, count)) for date, count in rows.items()
        }

    def _fresh(self, rows: Arrivals) -> File:
        """A file of all the rows, durable; a manifest has yet to say so."""
        name = f"fresh/{self.manifest.serial:08d}.parquet"
        try:
            with FileWriter(self.root, name, packing=columns.SOON) as writer:
                for _, some in rows.in_order():
                    writer.add(some)
                file = writer.finish()
            sync_folder(self.root / "fresh")
        except OSError as error:
            raise LogError(f"{self.root / name}: {error.strerror}") from error
        return file

    def _written(self, rows: Arrivals) -> dict[str, list[File]]:
        """Files of the rows' days, durable; a manifest has yet to say so."""
        try:
            into, serial = self._split(rows.days()), self.manifest.serial
            # A day that is over may get nothing more, and what is alone is not merged.
            newest = max([*into, *self.manifest.days])
            with DayFiles(self.root, into, serial, soon=newest) as made:
                made.add(rows)
                return made.finish()
        except OSError as error:
            raise LogError(f"{self.root}: {error.strerror}") from error

    def _merged(self, files: Sequence[File], into: Mapping[str, int]) -> dict[str, list[File]]:
        """New files with the rows of others, durable, by day; a manifest has yet to say so.

        into : day to the number of buckets that its rows are split into
        """
        try:
            with DayFiles(self.root, into, self.manifest.serial) as made:
                rows = Arrivals(PIECE_ROWS)
                for some in layout.apart(files, min(into.values())):
                    for helping in runs.merged([self.root / one.name for one in some], PIECE_ROWS):
                        rows.clear()
                        for piece in helping:
                            rows.add_archived(piece)
                        made.add(rows)
                    made.settle()
                return made.finish()
        except (OSError, pa.ArrowInvalid) as error:
            names = ", ".join(file.name for file in files)
            raise LogError(f"{self.root}: {names} cannot be made one: {error}") from error

    def _times(self, file: File) -> npt.NDArray[np.int64]:
        try:
            return columns.times(self.root / file.name)
        except (OSError, pa.ArrowInvalid) as error:
            raise LogError(f"{self.root / file.name}: cannot be read: {error}") from error

    def _with(self, made: Mapping[str, Sequence[File]], taken: Sequence[File] = ()) -> Manifest:
        """The manifest with new files at the end of their days, and fresh ones no longer."""
        days = dict(self.manifest.days)
        for date, files in made.items():
            days[date] = Day((*days.get(date, Day()).files, *files))
        return replace(
            self.manifest,
            serial=self.manifest.serial + sum(map(len, made.values())),
            days=dict(sorted(days.items())),
            fresh=tuple(file for file in self.manifest.fresh if file not in taken),
        )

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


def retention_limit(now_s: float, keep_days: float) -> str:
    """The first day that is kept: days before it lie wholly more than ``keep_days`` back.

    >>> retention_limit(1_795_622_400, 1)
    '2026-11-25'
    """
    return day_of(int(now_s - timedelta(days=keep_days).total_seconds()))
