"""Half-received evidence files, by terminal, alarm and name, for as long as they may be resumed."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from sizao.feeds.jt808.evidence import FILE_KINDS
from sizao.feeds.jt808.positions import Row
from sizao.log.evidence import EvidenceStore
from sizao.log.spool import RangeFile, Spool

NAME_BYTES = 50
"""Room for a file's name in a raw piece."""

Place = tuple[str, str, str]
"""Phone, alarm key, file name."""


@dataclass(eq=False)
class Waiting:
    """A file that is being received."""

    place: Place
    file: RangeFile
    touched_us: int
    alarm: dict[str, Any] = field(default_factory=dict)
    """``key`` (hex) and the fields of the identity."""
    file_type: int = 0

    def keep(self, store: EvidenceStore, received_us: int, source: str) -> Row:
        """Put the file into the store and return the row of topic ``evidence``.

        Takes as long as the disk does. Raises EvidenceError. The file is closed either way.
        """
        try:
            name = store.put(self._chunks())
        finally:
            self.file.close()
        phone, key, called = self.place
        time = self.alarm["time"]
        taken = received_us
        if time is not None:
            taken = int(datetime.fromisoformat(time).timestamp()) * 1_000_000
        return (
            name,
            taken,
            received_us,
            phone,
            key,
            FILE_KINDS.get(self.file_type, "other"),
            PurePosixPath(called).suffix.lstrip(".").lower() or None,
            called,
            self.file.size,
            channel_of(called),
            source,
        )

    def _chunks(self) -> Iterator[bytes]:
        yield from self.file.chunks()


def channel_of(name: str) -> int | None:
    """The channel in a file's name: ``TYPE_CHANNEL_ALARM_NUMBER_NAME.SUFFIX``, else None.

    Source: T/JSATL 12-2017 table 4-23.
    """
    parts = name.split("_")
    if len(parts) < 3 or not (parts[1].isascii() and parts[1].isdigit()):
        return None
    number = int(parts[1][:4])
    return number if number < 256 else None


class Shelf:
    """Files of all connections. Bounded in number by the spool, in time by :meth:`tidy`."""

    def __init__(self, keep_us: int = 900_000_000, remember: int = 4096) -> None:
        self.keep_us = keep_us
        """How long a file may stay without a byte."""
        self._waiting: dict[Place, Waiting] = {}
        self._done: OrderedDict[Place, None] = OrderedDict()
        self._remember = remember

    def __len__(self) -> int:
        return len(self._waiting)

    def take(self, place: Place, size: int, spool: Spool, now_us: int) -> Waiting:
        """The file begun earlier if it has this size, else a new one. Raises EvidenceError."""
        waiting = self._waiting.get(place)
        if waiting is not None and waiting.file.size == size:
            waiting.touched_us = now_us
            return waiting
        if waiting is not None:
            self.give(waiting)
            waiting.file.close()
        waiting = Waiting(place, spool.open_sized(size), now_us)
        self._waiting[place] = waiting
        return waiting

    def give(self, waiting: Waiting) -> None:
        """Take a file off the shelf; the caller closes it."""
        self._waiting.pop(waiting.place, None)

    def done(self, place: Place) -> None:
        """A file is kept: when it is sent again there is nothing left to do."""
        self._done[place] = None
        while len(self._done) > self._remember:
            self._done.popitem(last=False)

    def is_done(self, place: Place) -> bool:
        return place in self._done

    def tidy(self, now_us: int) -> int:
        """Drop files that nobody has gone on with; returns how many."""
        old = [one for one in self._waiting.values() if now_us - one.touched_us > self.keep_us]
        for waiting in old:
            self.give(waiting)
            waiting.file.close()
        return len(old)

    def close(self) -> None:
        """Drop everything."""
        for waiting in list(self._waiting.values()):
            self.give(waiting)
            waiting.file.close()
