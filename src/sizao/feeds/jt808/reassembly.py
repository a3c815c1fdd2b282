"""Puts the parts of long messages together again.

Parts carry consecutive serials, so phone, message id and the first part's serial name the
message. They may come in any order and more than once; a message is handed on once, also if a
part is repeated later. Memory and time are bounded: the oldest message gives way when there are
too many bytes, and one that stays incomplete is given up, with its parts, so that nothing
disappears without a trace.

Source: JT/T 808-2013 clauses 4.4.3 and 8.4 (0x8003).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field

from sizao.feeds.jt808.header import Header

_PART_COST = 128
"""Memory of a part beside its bytes: without it, empty parts would be free."""

Key = tuple[bytes, int, int]
"""Raw phone, message id, serial of the first part."""


def _key(header: Header) -> Key:
    return (header.raw_phone, header.message_id, (header.serial - header.index + 1) & 0xFFFF)


@dataclass(slots=True)
class Partial:
    """A message of which some parts are there."""

    header: Header
    """Of the part that came first."""
    first_serial: int
    total: int
    started_us: int
    touched_us: int
    parts: dict[int, bytes] = field(default_factory=dict)
    raws: list[bytes] = field(default_factory=list)
    size: int = 0
    asked: int = 0
    """How often the missing parts were asked for."""

    @property
    def missing(self) -> list[int]:
        """1-based indexes of the parts that are not there."""
        return [index for index in range(1, self.total + 1) if index not in self.parts]


@dataclass(frozen=True)
class ReassemblyLimits:
    """Bounds of one :class:`Reassembler`."""

    max_bytes: int = 1 << 20
    """All parts held together; a four-megabyte video is not what this is for."""
    max_messages: int = 16
    ask_after_us: int = 5_000_000
    """Quiet time before missing parts are asked for, and between two requests."""
    max_asks: int = 3
    give_up_us: int = 60_000_000
    remember: int = 32
    """Completed messages remembered, to tell a repeated part from a new message ..."""
    remember_us: int = 600_000_000
    """... and for how long: serials come round again."""


class Reassembler:
    """Parts of any number of messages. Times are microseconds and passed in."""

    def __init__(self, limits: ReassemblyLimits | None = None) -> None:
        self.limits = limits or ReassemblyLimits()
        self.size = 0
        """Bytes held, with an allowance for each part's bookkeeping."""
        self._open: OrderedDict[Key, Partial] = OrderedDict()
        self._done: OrderedDict[Key, tuple[int, int]] = OrderedDict()
        self._given_up: list[Partial] = []

    def __len__(self) -> int:
        return len(self._open)

    @property
    def busy(self) -> bool:
        """Whether anything is waiting or was given up."""
        return bool(self._open or self._given_up)

    def take_given_up(self) -> list[Partial]:
        """Messages dropped since the last call."""
        dropped, self._given_up = self._given_up, []
        return dropped

    def repeated(self, header: Header, now_us: int) -> bool:
        """Whether this part belongs to a message that was complete not long ago."""
        done = self._done.get(_key(header))
        if done is None or done[0] != header.total:
            return False
        return now_us - done[1] < self.limits.remember_us

    def add(self, header: Header, body: bytes, raw: bytes, now_us: int) -> bytes | None:
        """Take a part; returns the whole body when it was the last one missing.

        ``header`` must have an index from 1 to its total.
        """
        key = _key(header)
        if self.repeated(header, now_us):
            return None
        partial = self._open.get(key)
        if partial is not None and partial.total != header.total:
            # Same serials, other message: the terminal started again.
            self._drop(key)
            partial = None
        if partial is None:
            partial = Partial(header, key[2], header.total, now_us, now_us)
            self._open[key] = partial
        partial.touched_us = now_us
        if header.index in partial.parts:
            return None
        partial.parts[header.index] = body
        partial.raws.append(raw)
        cost = len(raw) + _PART_COST
        partial.size += cost
        self.size += cost
        if len(partial.parts) == partial.total:
            del self._open[key]
            self.size -= partial.size
            self._done[key] = (partial.total, now_us)
            while len(self._done) > self.limits.remember:
                self._done.popitem(last=False)
            return b"".join(partial.parts[index] for index in range(1, partial.total + 1))
        while self._open and (
            self.size > self.limits.max_bytes or len(self._open) > self.limits.max_messages
        ):
            self._drop(next(iter(self._open)))
        return None

    def due(self, now_us: int) -> list[Partial]:
        """Messages whose missing parts should be asked for now; gives up the overdue ones."""
        for key, partial in list(self._open.items()):
            if now_us - partial.started_us >= self.limits.give_up_us:
                self._drop(key)
        quiet = [
            partial
            for partial in self._open.values()
            if partial.asked < self.limits.max_asks
            and now_us - partial.touched_us >= self.limits.ask_after_us
        ]
        for partial in quiet:
            partial.asked += 1
            partial.touched_us = now_us
        return quiet

    def close(self) -> None:
        """Give up everything: the connection has ended."""
        for key in list(self._open):
            self._drop(key)

    def _drop(self, key: Key) -> None:
        partial = self._open.pop(key)
        self.size -= partial.size
        self._given_up.append(partial)
