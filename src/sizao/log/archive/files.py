"""Which files of an archive a question touches. Readers only; they need no lock."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from sizao.core.errors import LogError, UnansweredError
from sizao.core.ids import partition_of
from sizao.log.archive import manifest
from sizao.log.archive.days import days_between
from sizao.log.archive.manifest import File, Manifest

Answer = TypeVar("Answer")

TRIES = 5


def of_vehicle(found: Manifest, vehicle: str, first_s: int, last_s: int) -> list[File]:
    """Files that may hold rows of one vehicle with ``first_s <= time_s <= last_s``: one a
    day once it is tidy, and the fresh ones of that time."""
    partition = partition_of(vehicle)
    chosen = []
    for date in days_between(first_s, last_s):
        day = found.days.get(date)
        if day is not None:
            chosen += [file for file in day.files if file.bucket == partition % file.buckets]
    return [file for file in (*chosen, *found.fresh) if _touches(file, first_s, last_s)]


def between(found: Manifest, first_s: int, last_s: int) -> list[File]:
    """Files that may hold rows of any vehicle with ``first_s <= time_s <= last_s``."""
    return [file for file in found.files() if _touches(file, first_s, last_s)]


def reading(
    root: Path, answer: Callable[[Manifest], Answer], gone: tuple[type[Exception], ...]
) -> Answer:
    """``answer(manifest)``; once more with a newer manifest if a file has gone in between.

    gone : exceptions that a missing file causes

    Raises LogError if it is gone though the manifest has it, UnansweredError if each manifest was
    old before it was read through, and what ``answer`` raises else.
    """
    before: Manifest | None = None
    for _ in range(TRIES):
        found = manifest.load(root)
        try:
            return answer(found)
        except gone as error:
            if found == before or all((root / file.name).exists() for file in found.files()):
                raise LogError(f"{root}: {error}") from error
            before = found
    raise UnansweredError("changing", f"{root}: its files change faster than they can be read")


def _touches(file: File, first_s: int, last_s: int) -> bool:
    return file.first_s <= last_s and file.last_s >= first_s
