"""Puts the parts of long messages together again.

Parts should carry consecutive serials, so phone, message id and the first part's serial name the
message. Some terminals number other messages in between; a part that fits no message by its
serial therefore joins one that lacks it and whose parts' serials still rise with their indexes.
Parts may come in any order and more than once; a message is handed on once, also if a part is
repeated later. Memory and time are bounded: the oldest message gives way when there are too many
bytes, and one that stays incomplete is given up, with its parts, so that nothing disappears
without a trace. Media (0x0801) may be megabytes: with a spool their parts wait on disk.

Source: JT/T 808-2013 clauses 4.4.3 and 8.4 (0x8003).
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any

from sizao.core.errors import EvidenceError
from sizao.feeds.jt808.header import Header
from sizao.log.spool import Spool, SpoolFile

_PART_COST = 128
"""Memory of a part beside its bytes: without it, empty parts would be free."""
MEDIA = 0x0801
"""Message whose parts go to the spool."""
SHOWN = 64 << 10
"""Bytes of a given-up message in the spool that quarantine keeps."""
_MAX_KEYS = 64
"""Gaps in the serials of one message; a bound on the work a hostile sender can cause."""

Key = tuple[bytes, int, int]
"""Raw phone, message id, serial of the first part as this part's serial and index give it."""


def _key(header: Header) -> Key:
    return (header.raw_phone, header.message_id, (header.serial - header.index + 1) & 0xFFFF)


@dataclass(slots=True, eq=False)
class Partial:
    """A message of which some parts are there."""

    header: Header
    """Of the part that came first."""
    started_us: int
    touched_us: int
    """Last part or request."""
    heard_us: int
    """Last part."""
    parts: dict[int, bytes] = field(default_factory=dict)
    headers: dict[int, Header] = field(default_factory=dict)
    keys: set[Key] = field(default_factory=set)
    """As the serials and indexes of the parts give it; more than one if serials have gaps."""
    raws: list[bytes] = field(default_factory=list)
    size: int = 0
    asked: int = 0
    """How often the missing parts were asked for."""
    file: SpoolFile | None = None
    """Where the parts are, if they are not in ``parts``."""

    @property
    def total(self) -> int:
        """Number of parts of the whole message."""
        return self.header.total

    @property
    def missing(self) -> list[int]:
        """1-based indexes of the parts that are not there."""
        return [index for index in range(1, self.total + 1) if index not in self.parts]

    @property
    def first_serial(self) -> int:
        """Serial of the first part; worked out from the earliest one that is there."""
        return _key(self.headers[min(self.headers)])[2]

    @property
    def raw(self) -> bytes:
        """What came, as quarantine keeps it: frames, or the beginning of spooled bodies."""
        if self.file is None:
            return b"\x7e" + b"\x7e\x7e".join(self.raws) + b"\x7e"
        kept = b""
        for index in sorted(self.parts):
            if len(kept) >= SHOWN:
                break
            kept += self.file.part(index)
        return kept

    def request(self) -> tuple[int, dict[str, Any]]:
        """The message that asks for the missing parts, and its fields.

        0x8800 names a medium by its id, which is in the first part; until that is here, and for
        any other message, 0x8003 names the message by its serial.
        """
        if self.file is not None and 1 in self.parts:
            media_id = int.from_bytes(self.file.part(1)[:4], "big")
            return 0x8800, {"media_id": media_id, "retransmit_ids": self.missing[:255]}
        return 0x8003, {"original_serial": self.first_serial, "indexes": self.missing}

    def close(self) -> None:
        """Give back the room in the spool."""
        if self.file is not None:
            self.file.close()

    @property
    def serials(self) -> list[int]:
        """Serials of the parts that are there, by index."""
        return [self.headers[index].serial for index in sorted(self.headers)]

    def takes(self, header: Header, max_gap: int) -> bool:
        """Whether a part whose serial names another message may still be one of this."""
        mine = self.header
        if (mine.raw_phone, mine.message_id, mine.total) != (
            header.raw_phone,
            header.message_id,
            header.total,
        ) or header.index in self.parts:
            return False
        for index, other in self.headers.items():
            ahead = (header.serial - other.serial) & 0xFFFF
            if header.index < index:
                ahead = -ahead & 0xFFFF
            if not abs(header.index - index) <= ahead <= abs(header.index - index) + max_gap:
                return False
        return True


@dataclass(frozen=True)
class ReassemblyLimits:
    """Bounds of one :class:`Reassembler`."""

    max_bytes: int = 1 << 20
    """All parts held together; a four-megabyte video is not what this is for."""
    max_messages: int = 16
    max_gap: int = 64
    """Serials a terminal may use for other messages between two parts of one."""
    ask_after_us: int = 5_000_000
    """Quiet time before missing parts are asked for, and between two requests."""
    max_asks: int = 3
    give_up_us: int = 60_000_000
    media_give_up_us: int = 300_000_000
    """The same for media in the spool, since their last part: radio may be slow."""
    remember: int = 64
    """Completed messages remembered, to tell a repeated part from a new message ..."""
    remember_us: int = 600_000_000
    """... and for how long: serials come round again."""


class Reassembler:
    """Parts of any number of messages. Times are microseconds and passed in."""

    def __init__(self, limits: ReassemblyLimits | None = None, spool: Spool | None = None) -> None:
        self.limits = limits or ReassemblyLimits()
        self._spool = spool
        self.size = 0
        """Bytes held, with an allowance for each part's bookkeeping."""
        self._open: list[Partial] = []
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

    def add(
        self, header: Header, body: bytes, raw: bytes, now_us: int
    ) -> tuple[bytes | SpoolFile, list[int]] | None:
        """Take a part. When it was the last one missing: the whole body, and all serials.

        ``header`` must have an index from 1 to its total. A body in the spool is handed over as
        its file, which the caller closes. Raises EvidenceError if the spool has no room.
        """
        if self.repeated(header, now_us):
            return None
        partial = self._find(header)
        if partial is None:
            partial = Partial(header, now_us, now_us, now_us)
            if self._spool is not None and header.message_id == MEDIA:
                partial.file = self._spool.open()
            self._open.append(partial)
        partial.touched_us = partial.heard_us = now_us
        if header.index in partial.parts:
            return None
        cost = _PART_COST
        if partial.file is not None:
            try:
                partial.file.add(header.index, body)
            except EvidenceError:
                self._drop(partial)
                raise
            body = b""
        else:
            partial.raws.append(raw)
            cost += len(raw) + len(body)
        partial.parts[header.index] = body
        partial.headers[header.index] = header
        partial.keys.add(_key(header))
        partial.size += cost
        self.size += cost
        if len(partial.parts) == partial.total:
            return self._finish(partial, now_us), partial.serials
        while self._open and (
            self.size > self.limits.max_bytes or len(self._open) > self.limits.max_messages
        ):
            self._drop(self._open[0])
        return None

    def due(self, now_us: int) -> list[Partial]:
        """Messages whose missing parts should be asked for now; gives up the overdue ones."""
        for partial in list(self._open):
            if partial.file is None:
                overdue = now_us - partial.started_us >= self.limits.give_up_us
            else:
                overdue = now_us - partial.heard_us >= self.limits.media_give_up_us
            if overdue:
                self._drop(partial)
        quiet = [
            partial
            for partial in self._open
            if partial.asked < self.limits.max_asks
            and now_us - partial.touched_us >= self.limits.ask_after_us
        ]
        for partial in quiet:
            partial.asked += 1
            partial.touched_us = now_us
        return quiet

    def close(self) -> None:
        """Give up everything: the connection has ended."""
        for partial in list(self._open):
            self._drop(partial)

    def _find(self, header: Header) -> Partial | None:
        """The message this part belongs to: by its serial, else by what it lacks."""
        key = _key(header)
        for partial in self._open:
            if partial.total == header.total and key in partial.keys:
                return partial
        for partial in reversed(self._open):
            if len(partial.keys) < _MAX_KEYS and partial.takes(header, self.limits.max_gap):
                return partial
        return None

    def _finish(self, partial: Partial, now_us: int) -> bytes | SpoolFile:
        self._open.remove(partial)
        self.size -= partial.size
        for key in partial.keys:
            self._done[key] = (partial.total, now_us)
        while len(self._done) > self.limits.remember:
            self._done.popitem(last=False)
        if partial.file is not None:
            return partial.file
        return b"".join(partial.parts[index] for index in range(1, partial.total + 1))

    def _drop(self, partial: Partial) -> None:
        self._open.remove(partial)
        self.size -= partial.size
        if partial.parts:
            self._given_up.append(partial)
        else:
            partial.close()
