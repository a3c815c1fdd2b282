"""Rows sealed by the hash of the row before: one way for the audit log and every case's timeline.

A later change, removal or insertion anywhere breaks every hash after it. What is cut off at the end
breaks none, so whoever keeps a chain also keeps its length somewhere else.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

GENESIS = "0" * 64
"""Stands before the first row."""


def stored(value: Any) -> Any:
    """A value as the database gives it back, so that what is hashed is what is read."""
    return json.loads(json.dumps(value, ensure_ascii=False, default=str))


def micros(at: datetime) -> int:
    """A moment as a number that no database rounds further."""
    return int(at.timestamp() * 1_000_000)


def seal(content: list[Any], before: str) -> str:
    """Hash of a row: SHA-256 over its content and the hash before, as canonical JSON.

    Never change this: every installation's chains were made by it.
    """
    canonical = json.dumps(
        [*content, before], ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )
    return hashlib.sha256(canonical.encode()).hexdigest()


@dataclass(frozen=True)
class ChainReport:
    """What a check of a chain found."""

    entries: int
    broken_at: int | None
    """The first number whose hash, predecessor or number is wrong; None if the chain holds."""

    @property
    def intact(self) -> bool:
        return self.broken_at is None


@dataclass(frozen=True)
class Link:
    """One row as a check reads it."""

    seq: int
    before: str
    hash: str
    content: list[Any]


def verify(links: Iterable[Link], *, length: int | None = None) -> ChainReport:
    """Recompute every hash in order; ``length`` is how many rows there must be, where known."""
    expected, before = 1, GENESIS
    for link in links:
        whole = link.seq == expected and link.before == before
        if not whole or link.hash != seal(link.content, before):
            return ChainReport(expected - 1, expected)
        expected, before = expected + 1, link.hash
    if length is not None and expected - 1 != length:
        return ChainReport(expected - 1, expected)
    return ChainReport(expected - 1, None)
