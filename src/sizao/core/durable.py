"""Files and folders that a power cut leaves whole."""

from __future__ import annotations

import os
import threading
from pathlib import Path


def replace(path: Path, data: bytes, *, mode: int = 0o666) -> None:
    """Write a whole file so that a reader, and whoever starts after a power cut, finds the old one
    or the new one; of several writers the last one's. Raises OSError if the disk refuses.

    mode : who may read and write it, less the process's umask
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """A rename survives a power cut once its folder is on the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
