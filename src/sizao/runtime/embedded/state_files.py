"""Files in which the parts of a saved state lie, beside the log that names them.

Written and fsynced by whichever thread, without a transaction, so that nobody who reports waits
for as much as a large state is. Only then a transaction of the log's names the places, and from
there on they are the saved state. Each state goes into another file than the one named, so that a
kill while it is written, or before it is named, leaves that one.

``detect.sqlite.volumes/state-2.saved`` is the second file of ``detect.sqlite``, and belongs to it
as volumes do (``volumes.py``).
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO, NamedTuple

import pyarrow as pa

from sizao.core.durable import sync_folder
from sizao.core.errors import LogError
from sizao.runtime.embedded.volumes import Place, Volumes

Parts = Mapping[str, Callable[[], bytes]]
"""Name of a part to what gives its bytes; it is called by the thread that writes."""


class Part(NamedTuple):
    """size : bytes of it before they were compressed
    crc : CRC-32 of those in the file
    """

    name: str
    size: int
    crc: int
    place: Place


class Written(NamedTuple):
    """A state that is on the disk and counts for nothing yet. ``offset`` is what it came from."""

    offset: int
    number: int
    parts: tuple[Part, ...]


class StateFiles:
    """Those of a log. One thread at a time may write; any may read."""

    def __init__(self, log: Path) -> None:
        self.folder = Volumes(log).folder

    def path(self, number: int) -> Path:
        return self.folder / f"state-{number}.saved"

    def write(self, number: int, parts: Parts, offset: int) -> Written:
        """Replace a file that is not the named one. Raises LogError if the disk refuses."""
        try:
            self._make_folder()
            path = self.path(number)
            new = not path.exists()
            # In place: what has its room already needs no entry in the file system's journal.
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o644)
            with os.fdopen(handle, "wb") as file:
                written = Written(offset, number, tuple(self._put(file, number, parts)))
                file.flush()
                os.fdatasync(file.fileno())
            if new:
                sync_folder(self.folder)
        except OSError as error:
            raise LogError(f"{self.folder}: {error.strerror}") from error
        return written

    def read(self, place: Place) -> bytes:
        """The bytes of a part; fewer if its file ends early, none if it is gone. Raises LogError
        if it cannot be read."""
        try:
            with self.path(place.number).open("rb", buffering=0) as file:
                return os.pread(file.fileno(), place.size, place.start)
        except FileNotFoundError:
            return b""
        except OSError as error:
            raise LogError(f"{self.path(place.number)}: {error.strerror}") from error

    def _put(self, file: BinaryIO, number: int, parts: Parts) -> Iterator[Part]:
        start = 0
        for name, give in parts.items():
            plain = give()
            # Mostly zeros: a tenth of the bytes to fsync.
            blob = pa.compress(plain, codec="zstd", asbytes=True)
            file.write(blob)
            yield Part(name, len(plain), zlib.crc32(blob), Place(number, start, len(blob)))
            start += len(blob)

    def _make_folder(self) -> None:
        if not self.folder.exists():
            self.folder.mkdir(exist_ok=True)
            sync_folder(self.folder.parent)
