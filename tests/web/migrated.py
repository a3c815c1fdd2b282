"""A database in which every migration has run, made once for all workers and later runs."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import sqlite3
import sys
from contextlib import closing
from pathlib import Path
from typing import Self

import django

import sizao

PACKAGE = Path(sizao.__file__).parent


class Migrated:
    """One file in a folder, under the digest of all that migrations go by: another source, another
    file. Who finds none makes it, and until then the other workers wait."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / f"{digest()}.sqlite"
        self._lock = (folder / "lock").open("w")

    def __enter__(self) -> Self:
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        if self._file.exists():
            fcntl.flock(self._lock, fcntl.LOCK_UN)
        return self

    def __exit__(self, *_: object) -> None:
        self._lock.close()

    def copy_to(self, file: Path) -> None:
        """Put it there, if it was made before."""
        if self._file.exists():
            shutil.copyfile(self._file, file)

    def keep(self, file: Path) -> None:
        """Have a database that was migrated just now for the others and for later."""
        if self._file.exists():
            return
        for other in self._file.parent.glob("*.sqlite*"):
            other.unlink()  # of another source, or half made
        half = self._file.with_suffix(".sqlite.half")
        with closing(sqlite3.connect(file)) as source, closing(sqlite3.connect(half)) as whole:
            source.backup(whole)
        half.rename(self._file)
        fcntl.flock(self._lock, fcntl.LOCK_UN)


def digest() -> str:
    """Of the source, of the data that lies beside it, and of Django."""
    whole = hashlib.sha256(f"{django.VERSION} {sys.version}".encode())
    for path in sorted(PACKAGE.rglob("*")):
        if path.suffix in (".py", ".yaml", ".json") and "static" not in path.parts:
            whole.update(path.relative_to(PACKAGE).as_posix().encode() + path.read_bytes())
    return whole.hexdigest()[:16]
