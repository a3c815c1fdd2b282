"""The evidence store: photos, clips and documents kept by what they contain.

A piece of evidence is named by the SHA-256 of its bytes, so the name proves that nobody changed
it, the same photo sent twice is kept once, and a record in the log or the database that names it
can be checked years later. Files live under ``evidence/AB/CDEF...``; several processes may write.

The store never fills the disk: below a floor of free space it refuses, because the logs, which
share the disk, must go on. What is past its time is removed by the desk; what went is in
``log/deletions.py``.

>>> import tempfile, pathlib
>>> store = EvidenceStore(pathlib.Path(tempfile.mkdtemp()))
>>> name = store.put(b"a photo")
>>> store.read(name)
b'a photo'
"""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sizao.core.durable import sync_folder
from sizao.core.errors import ConfigError, EvidenceError, NoRoomError
from sizao.core.rulebook import entry

MAX_BYTES = 256 << 20
"""Largest piece that is taken; a terminal's clip has a few MB, a drone's some hundred."""

DRAFT_S = 86_400.0
"""A piece that is still being written after this will not be."""

LOOK_EVERY = 8 << 20
"""Bytes of one piece after which the free space is looked at again."""

FLOOR = "SIZAO_EVIDENCE_FLOOR_GB"
"""Environment variable: free space in GB that evidence leaves to the rest of the installation."""


@dataclass(frozen=True)
class Space:
    """The disk the evidence is on, in bytes."""

    total: int
    free: int
    floor: int

    @property
    def full(self) -> bool:
        """Nothing more is taken."""
        return self.free < self.floor


def space(root: Path) -> Space:
    """Room on the disk of a folder, which need not exist yet. Raises EvidenceError if the disk
    does not answer, ConfigError if the floor is no number."""
    there = next(folder for folder in (root, *root.parents) if folder.exists())
    try:
        usage = shutil.disk_usage(there)
    except OSError as error:
        raise EvidenceError(f"{root}: {error.strerror}") from error
    return Space(usage.total, usage.free, _floor(usage.total))


def _floor(total: int) -> int:
    given = os.environ.get(FLOOR, "").strip()
    if given:
        try:
            return round(float(given) * 1e9)
        except ValueError:
            raise ConfigError(f"{FLOOR}: {given!r} is not a number of GB") from None
    rule = entry("evidence.free_floor")
    return min(round(total * rule.value("share")), round(rule.value("at_most") * 1e9))


class EvidenceStore:
    """One folder, shared by all parts of an installation."""

    def __init__(self, root: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.root = root
        self.max_bytes = max_bytes

    def put(self, data: bytes | Iterable[bytes]) -> str:
        """Keep bytes, or chunks of them, and return their name: 64 hex digits.

        Durable when it returns. Raises EvidenceError, having kept nothing, if the piece is larger
        than ``max_bytes`` or the disk refuses; NoRoomError if the disk is full up to the floor.
        """
        chunks = [data] if isinstance(data, bytes) else data
        digest = hashlib.sha256()
        size = looked = 0
        self._want_room(len(data) if isinstance(data, bytes) else 0)
        draft: Path | None = None
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(prefix=".draft-", dir=self.root)
            draft = Path(name)
            with os.fdopen(handle, "wb") as file:
                for chunk in chunks:
                    size += len(chunk)
                    if size > self.max_bytes:
                        raise EvidenceError(f"larger than {self.max_bytes:,} bytes")
                    if size - looked > LOOK_EVERY:
                        self._want_room(0)
                        looked = size
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            target = self.path(digest.hexdigest())
            new = not target.parent.exists()
            target.parent.mkdir(exist_ok=True)
            draft.replace(target)
            sync_folder(target.parent)
            if new:
                sync_folder(self.root)
        except OSError as error:
            raise EvidenceError(f"{self.root}: {error.strerror}") from error
        finally:
            if draft is not None:
                draft.unlink(missing_ok=True)
        return digest.hexdigest()

    def _want_room(self, size: int) -> None:
        found = space(self.root)
        if found.free - size < found.floor:
            raise NoRoomError(
                f"the disk of {self.root} has {found.free / 1e9:.1f} GB free and {FLOOR} keeps"
                f" {found.floor / 1e9:.1f} GB: no new evidence is taken; make room or shorten the"
                " periods of evidence (page /evidence/)"
            )

    def path(self, name: str) -> Path:
        """Where a piece is kept. Raises EvidenceError if that is no name of a piece."""
        if len(name) != 64 or not set(name) <= set("0123456789abcdef"):
            raise EvidenceError(f"not the name of a piece of evidence: {name[:80]!r}")
        return self.root / name[:2] / name[2:]

    def has(self, name: str) -> bool:
        return self.path(name).is_file()

    def read(self, name: str) -> bytes:
        """The bytes. Raises EvidenceError if they are missing or no longer what the name says."""
        try:
            data = self.path(name).read_bytes()
        except OSError as error:
            raise EvidenceError(f"{name}: {error.strerror}") from error
        if hashlib.sha256(data).hexdigest() != name:
            raise EvidenceError(f"{name}: the file was changed after it was stored")
        return data

    def tidy(self, now_s: float) -> int:
        """Delete what killed processes left half written a day ago or longer. Returns how many."""
        count = 0
        for draft in [*self.root.glob(".draft-*"), *self.root.glob(".thumbs/*/.draft-*")]:
            with suppress(FileNotFoundError):
                if now_s - draft.stat().st_mtime > DRAFT_S:
                    draft.unlink()
                    count += 1
        return count

    def thumb_path(self, name: str) -> Path:
        """Where a small copy of a picture may be kept; it goes when the picture goes."""
        return self.root / ".thumbs" / name[:2] / f"{self.path(name).name}.jpg"

    def remove(self, name: str, not_after_s: float) -> str:
        """Delete a piece, unless it was put again after a moment (wall seconds).

        Returns ``gone``, ``missing``, or ``newer`` where it was put again: then a newer record
        names it, and its time is not over. Raises EvidenceError if the disk refuses.

        The file is moved aside before it is judged, so that a put in the same moment makes a file
        of its own and loses nothing.
        """
        path = self.path(name)
        aside = path.with_name(f".gone-{path.name}")
        try:
            path.rename(aside)
        except FileNotFoundError:
            if not aside.exists():
                return "missing"
            # Moved aside by a run that was killed: judged now.
        except OSError as error:
            raise EvidenceError(f"{name}: {error.strerror}") from error
        try:
            if aside.stat().st_mtime > not_after_s:
                aside.rename(path)
                return "newer"
            aside.unlink()
            self.thumb_path(name).unlink(missing_ok=True)
        except OSError as error:
            raise EvidenceError(f"{name}: {error.strerror}") from error
        return "gone"
