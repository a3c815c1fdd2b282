"""Uploaded files, kept only while an import is under way: they may hold personal data."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path

from django.conf import settings

from sizao.core import durable
from sizao.core.errors import ConfigError
from sizao.web.ports import installed, ports

KEEP_S = 24 * 3600.0
"""An upload that nobody confirmed is deleted after a day."""


def folder() -> Path:
    """Where uploads wait: ``uploads/`` in the data folder, for the owner only."""
    made = (ports().data if installed() else settings.DATA).root / "uploads"
    made.mkdir(mode=0o700, parents=True, exist_ok=True)
    return made


def keep(batch_id: int, data: bytes) -> None:
    durable.replace(folder() / f"{batch_id}", data)


def data_of(batch_id: int) -> bytes:
    """The file. Raises ConfigError if it is gone."""
    try:
        return (folder() / f"{batch_id}").read_bytes()
    except FileNotFoundError:
        raise ConfigError("the uploaded file is gone; upload it again") from None


def drop(batch_id: int) -> None:
    (folder() / f"{batch_id}").unlink(missing_ok=True)


def expired() -> list[int]:
    """Batches whose upload waited too long; their files are deleted here."""
    gone = []
    for path in folder().iterdir():
        if path.name.isdigit() and time.time() - path.stat().st_mtime > KEEP_S:
            path.unlink(missing_ok=True)
            gone.append(int(path.name))
    return gone


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
