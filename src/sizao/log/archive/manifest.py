"""Which files the archive consists of: one JSON file, replaced as a whole.

That replacement is the one moment at which anything changes. Files are written before under names
that no manifest has said yet, and deleted after none says them any more, so a kill at any moment
leaves either the old archive or the new one, and some file that nobody counts.

A reader that finds a file gone read an old manifest: it reads the manifest again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from sizao.core import durable
from sizao.core.errors import LogError

NAME = "manifest.json"
FORMAT = 2
"""In 1 all files of a day had the day's number of buckets."""


@dataclass(frozen=True)
class File:
    """One Parquet file. ``name`` is relative to the archive's folder; times are event time."""

    name: str
    rows: int
    bytes: int
    sha256: str
    first_s: int
    last_s: int
    bucket: int = -1
    """Holds the vehicles whose partition is this modulo ``buckets``; -1: all, of any day."""
    buckets: int = 1


@dataclass(frozen=True)
class Day:
    """A day of Shanghai, compacted: in each file rows sorted by vehicle and time, each moment once;
    the older files first."""

    files: tuple[File, ...] = ()

    @property
    def buckets(self) -> int:
        """The most buckets that any of its files is one of; those of the others divide it."""
        return max((file.buckets for file in self.files), default=1)

    @property
    def rows(self) -> int:
        return sum(file.rows for file in self.files)

    @cached_property
    def json(self) -> str:
        """As the manifest has it. Most days of an archive never change again."""
        return _listed(self.files)


@dataclass(frozen=True)
class Manifest:
    """The archive at one moment."""

    generation: int = 1
    """Rises when the log of positions was replaced by another one, whose numbering is its own."""
    upto: int = 0
    """The last segment of the log whose rows are here."""
    mark_s: float = 0.0
    """When that segment was appended: tells the log from one that replaced it."""
    fresh: tuple[File, ...] = ()
    """In order of the log, each sorted by vehicle and time, of any days."""
    days: dict[str, Day] = field(default_factory=dict)
    """ISO date to day, oldest first."""
    serial: int = 0
    """Number for the next file's name: no name is used twice."""
    deletions: str = ""
    """Seal of the last deletion (``deletions.py``): the chain cannot be cut short."""

    @property
    def rows(self) -> int:
        """Rows kept; of those not compacted yet some may be there twice."""
        return sum(day.rows for day in self.days.values()) + sum(file.rows for file in self.fresh)

    @property
    def size_bytes(self) -> int:
        return sum(file.bytes for file in self.files())

    def files(self) -> list[File]:
        return [*self.fresh, *(file for day in self.days.values() for file in day.files)]

    def to_bytes(self) -> bytes:
        record = {
            "format": FORMAT,
            "generation": self.generation,
            "upto": self.upto,
            "mark_s": self.mark_s,
            "serial": self.serial,
            "deletions": self.deletions,
        }
        head = json.dumps(record)[1:-1]
        days = ",\n".join(
            f'{json.dumps(date)}: {{"files": {day.json}}}'
            for date, day in sorted(self.days.items())
        )
        return f'{{{head},\n"fresh": {_listed(self.fresh)},\n"days": {{\n{days}\n}}}}\n'.encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Manifest:
        """Raises LogError if it is damaged or of a newer release."""
        try:
            record: dict[str, Any] = json.loads(data)
            if record.pop("format") > FORMAT:
                raise LogError("the archive was written by a newer release")
            fresh = tuple(File(**file) for file in record.pop("fresh"))
            days = {
                date: Day(
                    tuple(File(**{"buckets": day.get("buckets"), **file}) for file in day["files"])
                )
                for date, day in record.pop("days").items()
            }
            return cls(fresh=fresh, days=days, **record)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise LogError(f"damaged manifest of the archive: {error}") from error


def load(root: Path) -> Manifest:
    """The archive in a folder; one that never ran is empty. Raises LogError if it is damaged.

    What was read before is given again while the file is the same: half a year of a nation's files
    takes 55 ms to read, and every question asks for it.
    """
    path = root / NAME
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            key = (found.st_ino, found.st_size, found.st_mtime_ns)
            known = _read.get(path)
            if known is not None and known[0] == key:
                return known[1]
            data = file.read()
    except FileNotFoundError:
        return Manifest()
    except OSError as error:
        raise LogError(f"{path}: {error.strerror}") from error
    try:
        manifest = Manifest.from_bytes(data)
    except LogError as error:
        raise LogError(f"{path}: {error}") from error
    # A younger one may be replaced within the same tick of the file system's clock.
    if time.time_ns() - found.st_mtime_ns > _SETTLED_NS:
        _read.clear()
        _read[path] = key, manifest
    return manifest


_SETTLED_NS = 1_000_000_000
_read: dict[Path, tuple[tuple[int, int, int], Manifest]] = {}
"""The last one that was read, and of which file."""


def _listed(files: Iterable[File]) -> str:
    return "[" + ",\n".join(json.dumps(vars(file)) for file in files) + "]"


def save(manifest: Manifest, root: Path) -> None:
    """Replace it; durable when this returns. Raises OSError if the disk refuses."""
    durable.replace(root / NAME, manifest.to_bytes())
