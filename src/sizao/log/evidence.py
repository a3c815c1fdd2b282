"""The evidence store: photos, clips and documents kept by what they contain.

A piece of evidence is named by the SHA-256 of its bytes, so the name proves that nobody changed
it, the same photo sent twice is kept once, and a record in the log or the database that names it
can be checked years later. Files live under ``evidence/AB/CDEF...``; several processes may write.

>>> import tempfile, pathlib
>>> store = EvidenceStore(pathlib.Path(tempfile.mkdtemp()))
>>> name = store.put(b"a photo")
>>> store.read(name)
b'a photo'
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from sizao.core.errors import EvidenceError

MAX_BYTES = 256 << 20
"""Largest piece that is taken; a terminal's clip has a few MB, a drone's some hundred."""


class EvidenceStore:
    """One folder, shared by all parts of an installation."""

    def __init__(self, root: Path, *, max_bytes: int = MAX_BYTES) -> None:
        self.root = root
        self.max_bytes = max_bytes

    def put(self, data: bytes | Iterable[bytes]) -> str:
        """Keep bytes, or chunks of them, and return their name: 64 hex digits.

        Durable when it returns. Raises EvidenceError, having kept nothing, if the piece is larger
        than ``max_bytes`` or the disk refuses.
        """
        chunks = [data] if isinstance(data, bytes) else data
        digest = hashlib.sha256()
        size = 0
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
                    digest.update(chunk)
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            target = self.path(digest.hexdigest())
            target.parent.mkdir(exist_ok=True)
            draft.replace(target)
            _sync_folder(target.parent)
        except OSError as error:
            raise EvidenceError(f"{self.root}: {error.strerror}") from error
        finally:
            if draft is not None:
                draft.unlink(missing_ok=True)
        return digest.hexdigest()

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


def _sync_folder(folder: Path) -> None:
    """A rename survives a power cut once its folder is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
