"""Long messages wait on disk for their missing parts, not in memory.

The files have no name: a process that dies leaves nothing behind. What they hold is no record yet;
a sender that gets no answer sends again.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from sizao.core.errors import EvidenceError

MAX_BYTES = 1 << 30
"""Of all files together."""
MAX_FILES = 512
"""Messages that may be incomplete at a time; each holds an open file."""
MAX_STRETCHES = 1024
"""Holes that one file may have; a bound on the work a hostile sender can cause."""
_CHUNK = 1 << 16


class SpoolFile:
    """The parts of one message that have come, in any order."""

    def __init__(self, spool: Spool, handle: int) -> None:
        self._spool = spool
        self._handle = handle
        self._where: dict[int, tuple[int, int]] = {}
        self.size = 0
        """Bytes it holds."""

    def add(self, index: int, data: bytes) -> None:
        """Keep a part. Raises EvidenceError if there is no room."""
        self._spool.take(len(data))
        try:
            os.pwrite(self._handle, data, self.size)
        except OSError as error:
            self._spool.give(len(data))
            raise EvidenceError(f"{self._spool.root}: {error.strerror}") from error
        self._where[index] = (self.size, len(data))
        self.size += len(data)

    def part(self, index: int) -> bytes:
        """A part that has come. Raises EvidenceError if it cannot be read."""
        at, size = self._where[index]
        return self._read(at, size)

    def chunks(self) -> Iterator[bytes]:
        """The parts in the order of their indexes, neighbours joined while they lie together."""
        start = end = 0
        for index in sorted(self._where):
            at, size = self._where[index]
            if at != end or end - start >= _CHUNK:
                yield self._read(start, end - start)
                start = at
            end = at + size
        yield self._read(start, end - start)

    def close(self) -> None:
        """Forget it. Safe to call twice."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
            self._spool.give(self.size)
            self._spool.files -= 1

    def _read(self, at: int, size: int) -> bytes:
        try:
            data = os.pread(self._handle, size, at)
        except OSError as error:
            raise EvidenceError(f"{self._spool.root}: {error.strerror}") from error
        if len(data) != size:
            raise EvidenceError(f"{self._spool.root}: a spooled part is gone")
        return data


class RangeFile:
    """A file of known size whose stretches come in any order, some twice, some never."""

    def __init__(self, spool: Spool, handle: int, size: int) -> None:
        self._spool = spool
        self._handle = handle
        self.size = size
        self._have: list[tuple[int, int]] = []
        """Stretches that are there, [start, end), in order and apart."""

    def write(self, offset: int, data: bytes) -> None:
        """Keep a stretch. Raises EvidenceError if it does not lie inside the file, if there are
        too many holes, or if the disk refuses."""
        end = offset + len(data)
        if end > self.size:
            raise EvidenceError(f"bytes {offset} to {end} of a file of {self.size}")
        if not data:
            return
        merged = _joined(self._have, offset, end)
        if len(merged) > MAX_STRETCHES:
            raise EvidenceError(f"more than {MAX_STRETCHES} separate stretches of a file")
        try:
            os.pwrite(self._handle, data, offset)
        except OSError as error:
            raise EvidenceError(f"{self._spool.root}: {error.strerror}") from error
        self._have = merged

    def missing(self) -> list[tuple[int, int]]:
        """Stretches that never came, as (offset, length)."""
        found, at = [], 0
        for start, end in self._have:
            if start > at:
                found.append((at, start - at))
            at = end
        if at < self.size:
            found.append((at, self.size - at))
        return found

    def chunks(self) -> Iterator[bytes]:
        """The whole file."""
        for at in range(0, self.size, _CHUNK):
            try:
                data = os.pread(self._handle, min(_CHUNK, self.size - at), at)
            except OSError as error:
                raise EvidenceError(f"{self._spool.root}: {error.strerror}") from error
            if not data:
                raise EvidenceError(f"{self._spool.root}: a spooled file is gone")
            yield data

    def close(self) -> None:
        """Forget it. Safe to call twice."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1
            self._spool.give(self.size)
            self._spool.files -= 1


def _joined(have: list[tuple[int, int]], start: int, end: int) -> list[tuple[int, int]]:
    """Stretches with one more, those that touch it swallowed."""
    before = [one for one in have if one[1] < start]
    after = [one for one in have if one[0] > end]
    touching = have[len(before) : len(have) - len(after)]
    if touching:
        start, end = min(start, touching[0][0]), max(end, touching[-1][1])
    return [*before, (start, end), *after]


class Spool:
    """A folder for such files, with a bound on their number and size."""

    def __init__(
        self, root: Path, *, max_bytes: int = MAX_BYTES, max_files: int = MAX_FILES
    ) -> None:
        self.root = root
        self.max_bytes = max_bytes
        self.max_files = max_files
        self.bytes = 0
        self.files = 0

    def open(self) -> SpoolFile:
        """A new file for parts. Raises EvidenceError if there are too many or the disk refuses."""
        return SpoolFile(self, self._handle())

    def open_sized(self, size: int) -> RangeFile:
        """A new file for stretches; its whole size is claimed at once. Raises EvidenceError."""
        self.take(size)
        try:
            return RangeFile(self, self._handle(), size)
        except EvidenceError:
            self.give(size)
            raise

    def _handle(self) -> int:
        if self.files >= self.max_files:
            raise EvidenceError(f"{self.files} messages wait for their parts already")
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.root)
            Path(name).unlink()
        except OSError as error:
            raise EvidenceError(f"{self.root}: {error.strerror}") from error
        self.files += 1
        return handle

    def take(self, size: int) -> None:
        """Claim room. Raises EvidenceError if there is none."""
        if self.bytes + size > self.max_bytes:
            raise EvidenceError(f"{self.bytes:,} bytes wait in the spool already")
        self.bytes += size

    def give(self, size: int) -> None:
        self.bytes -= size
