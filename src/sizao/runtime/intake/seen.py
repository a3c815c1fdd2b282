"""Which records were kept lately, so that one sent again is kept once.

Senders repeat what they got no answer for. A record is known by what its sender calls it; the
memory holds at least ``keep`` records or ``window_s``, whichever is less, and at most twice that.
A record that is on its way to the disk is known too: its repetition waits for the same append.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Callable, Collection


class Seen:
    """Names of kept records (:func:`digest`) in two generations; the older one is dropped as a
    whole."""

    def __init__(
        self,
        window_s: float = 12 * 3600.0,
        keep: int = 200_000,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.window_s = window_s
        self.keep = keep
        self._now = now
        self._began = now()
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()
        self._coming: dict[bytes, asyncio.Future[None]] = {}

    def has(self, name: bytes) -> bool:
        """Kept already."""
        return name in self._young or name in self._old

    def coming(self, name: bytes) -> asyncio.Future[None] | None:
        """The append that the record is part of, if it is on its way."""
        return self._coming.get(name)

    def expect(self, names: Collection[bytes], append: asyncio.Future[None]) -> None:
        """Records are on their way; when the append is done they are kept, or forgotten."""
        for name in names:
            self._coming[name] = append

        def done(append: asyncio.Future[None]) -> None:
            kept = not append.cancelled() and append.exception() is None
            for name in names:
                self._coming.pop(name, None)
                if kept:
                    self.add(name)

        append.add_done_callback(done)

    def add(self, name: bytes) -> None:
        """The record is kept."""
        if len(self._young) >= self.keep or self._now() - self._began > self.window_s:
            self._old, self._young = self._young, set()
            self._began = self._now()
        self._young.add(name)

    def __len__(self) -> int:
        return len(self._young) + len(self._old)


def digest(key: tuple[str, ...]) -> bytes:
    """16 bytes that stand for a key."""
    return hashlib.blake2b("\x1f".join(key).encode(), digest_size=16).digest()
