"""What was deleted from the evidence store, when and why: a tombstone for each piece.

A deletion is a file ``evidence/deleted/TIME-NUMBER.list``: a line of JSON that says when, and a
sorted record of 34 bytes for each piece. It is written before the first piece goes, under the
name ``.part``, and gets its name when all are gone; so a page that misses a file always finds why,
and a run that was killed is finished by the next. The audit log holds the SHA-256 of each list,
so that nobody can add to one afterwards, or take from it.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sizao.core.durable import sync_folder
from sizao.core.errors import EvidenceError

REASONS = ("expired", "released")
"""``expired``: its time was over and nothing referred to it; ``released``: its time was over
before, and what had kept it (a case, a hold) ended. Codes are positions: only ever append."""

KINDS = ("passage", "alarm", "media", "weighing", "report", "file")
"""What a piece belonged to. Codes are positions: only ever append."""

RECORD = 34
"""32 bytes of SHA-256, kind, reason."""


@dataclass(frozen=True)
class Gone:
    """One deleted piece."""

    name: str
    kind: str
    reason: str

    def packed(self) -> bytes:
        return bytes.fromhex(self.name) + bytes(
            [KINDS.index(self.kind), REASONS.index(self.reason)]
        )


@dataclass(frozen=True)
class Tombstone:
    """Why a piece is not there."""

    kind: str
    reason: str
    at_s: float
    """Feed time of the deletion, seconds since the epoch."""
    list_name: str


class Deletions:
    """The lists of one evidence store. One process writes; any may read."""

    def __init__(self, evidence: Path) -> None:
        self.folder = evidence / "deleted"

    def begin(self, pieces: Iterable[Gone], at_s: float, not_after_s: float) -> Path:
        """Write the list of what is about to go; durable when it returns. Give its path to
        :meth:`finish` when the pieces are gone. Raises EvidenceError if the disk refuses."""
        records = sorted({piece.packed() for piece in pieces})
        head = {"at_s": at_s, "not_after_s": not_after_s, "pieces": len(records)}
        body = json.dumps(head).encode() + b"\n" + b"".join(records)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            number = 1 + sum(1 for _ in self.folder.iterdir())
            path = self.folder / f"{int(at_s)}-{number:06d}.part"
            with path.open("xb") as file:
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
            sync_folder(self.folder)
        except OSError as error:
            raise EvidenceError(f"{self.folder}: {error.strerror}") from error
        return path

    def finish(self, path: Path) -> None:
        """The pieces are gone and the audit log says so."""
        path.rename(path.with_suffix(".list"))
        sync_folder(self.folder)

    def unfinished(self) -> list[Path]:
        """Lists of runs that were killed."""
        return sorted(self.folder.glob("*.part")) if self.folder.is_dir() else []

    def find(self, name: str) -> Tombstone | None:
        """The tombstone of a piece, None if it was never deleted here."""
        if not self.folder.is_dir():
            return None
        wanted = bytes.fromhex(name)
        for path in sorted(self.folder.glob("*.[lp]*"), reverse=True):
            found = _search(path, wanted)
            if found is not None:
                return found
        return None


def digest(path: Path) -> str:
    """SHA-256 of a list, as the audit log has it."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def head(path: Path) -> dict[str, float]:
    """``at_s``, ``not_after_s`` and ``pieces`` of a list."""
    with path.open("rb") as file:
        found: dict[str, float] = json.loads(file.readline())
    return found


def pieces(path: Path) -> Iterator[Gone]:
    """Everything on a list, in order of names."""
    with path.open("rb") as file:
        file.readline()
        while record := file.read(RECORD):
            yield Gone(record[:32].hex(), KINDS[record[32]], REASONS[record[33]])


def _search(path: Path, wanted: bytes) -> Tombstone | None:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data.find(b"\n") + 1
        low, high = 0, (len(data) - start) // RECORD
        while low < high:
            middle = (low + high) // 2
            at = start + middle * RECORD
            found = data[at : at + 32]
            if found == wanted:
                known = json.loads(data[:start])
                return Tombstone(
                    KINDS[data[at + 32]], REASONS[data[at + 33]], known["at_s"], path.stem
                )
            low, high = (middle + 1, high) if found < wanted else (low, middle)
    return None
