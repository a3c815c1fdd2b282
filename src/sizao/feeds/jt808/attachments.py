"""The attachment server's side of an evidence upload, as a state machine without sockets.

A terminal that was asked (0x9208) dials in, announces the files of an alarm (0x1210), then sends
each: 0x1211, its bytes in raw pieces, 0x1212. What is missing after 0x1212 is asked for (0x9212).
Frames and raw pieces share the stream; a piece begins with its own mark.

Nobody signs in here. What a stranger cannot know is the alarm's number: it is derived from the
phone and the alarm with the installation's secret, so it needs no memory of what was asked for.

Half-received files outlive their connection on the :class:`Shelf`: a terminal that lost its
network sends only what is missing.

Source: T/JSATL 12-2017 clause 4.6, tables 4-22 to 4-28.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sizao.core.errors import EvidenceError
from sizao.feeds.jt808.alarms import identity_bytes
from sizao.feeds.jt808.decode import decode_body, open_frame
from sizao.feeds.jt808.downlink import Downlink
from sizao.feeds.jt808.encode import encode_body
from sizao.feeds.jt808.evidence import MARK, PIECE
from sizao.feeds.jt808.fields import word
from sizao.feeds.jt808.framing import MAX_RAW
from sizao.feeds.jt808.header import Header
from sizao.feeds.jt808.policy import AlarmNumber
from sizao.feeds.jt808.positions import SOURCE, Row
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt808.replies import BAD_MESSAGE, FAILED, OK, UNSUPPORTED
from sizao.feeds.jt808.shelf import NAME_BYTES, Place, Shelf, Waiting
from sizao.log.spool import Spool

__all__ = ["Arrived", "AttachmentLimits", "AttachmentSession", "Shelf", "Taken"]


@dataclass(frozen=True)
class AttachmentLimits:
    """Bounds of one connection."""

    max_file: int = 64 << 20
    """Bytes of one file."""
    max_files: int = 64
    """Files of one alarm."""
    max_refused: int = 5
    """Messages refused until the connection is closed."""
    idle_s: float = 120.0


@dataclass(eq=False)
class Arrived:
    """A file that is whole and wants to be kept before its last answers go out."""

    waiting: Waiting
    replies: list[bytes]
    """0x9212, complete: one, and one more for each time the terminal asks meanwhile."""


@dataclass(slots=True)
class Taken:
    """What a chunk of bytes led to."""

    quarantine: list[Row] = field(default_factory=list)
    replies: list[bytes] = field(default_factory=list)
    arrived: list[Arrived] = field(default_factory=list)
    closed: str | None = None


class AttachmentSession:
    """One connection to the attachment server. Times are microseconds, UTC, and passed in."""

    def __init__(
        self,
        peer: str,
        number: AlarmNumber,
        shelf: Shelf,
        spool: Spool,
        limits: AttachmentLimits | None = None,
        source: str = SOURCE,
    ) -> None:
        self.peer = peer
        self.phone: str | None = None
        self.counts: Counter[str] = Counter()
        self.limits = limits or AttachmentLimits()
        self._number = number
        self._shelf = shelf
        self._spool = spool
        self._source = source
        self._down = Downlink(1)
        self._buffer = b""
        self._skipping = False
        """Bytes that are neither are passing by."""
        self._left = 0
        """Bytes of the current raw piece that have not come yet,"""
        self._at = 0
        """where in its file they belong,"""
        self._into: Waiting | None = None
        """and the file; None while a piece of no file passes by."""
        self._alarm: dict[str, Any] | None = None
        self._files: dict[bytes, int] = {}
        """Announced files: name, cut as pieces name them, to size."""
        self._open: dict[bytes, Waiting] = {}
        self._spare: set[bytes] = set()
        """Files that are sent again although they have come: their pieces pass by."""
        self._arrived: dict[Place, Arrived] = {}
        """Files that have come here and may not be kept yet; once they are, the shelf knows it."""
        self._handlers: dict[int, Callable[[Header, dict[str, Any], int, Taken], None]] = {
            0x0002: self._on_heartbeat,
            0x1210: self._on_announcement,
            0x1211: self._on_file,
            0x1212: self._on_sent,
        }

    @property
    def pending(self) -> int:
        """Bytes held in memory."""
        return len(self._buffer)

    def receive(self, data: bytes, now_us: int) -> Taken:
        """Take what arrived. Never raises."""
        out = Taken()
        self._buffer += data
        while self._buffer and out.closed is None:
            if self._left:
                self._raw(now_us, out)
            elif self._buffer.startswith(MARK[: len(self._buffer)]):
                if len(self._buffer) < PIECE.size:
                    break
                self._piece(now_us, out)
            elif self._buffer.startswith(b"\x7e"):
                if not self._framed(now_us, out):
                    break
            else:
                self._skip(now_us, out)
            if self.counts["refused"] >= self.limits.max_refused and out.closed is None:
                out.closed = "refused"
        if out.closed is not None:
            self._buffer = b""
        return out

    # The stream.

    def _raw(self, now_us: int, out: Taken) -> None:
        part = self._buffer[: self._left]
        self._buffer = self._buffer[len(part) :]
        self._left -= len(part)
        if self._into is not None:
            try:
                self._into.file.write(self._at, part)
                self._into.touched_us = now_us
                self.counts["bytes"] += len(part)
            except EvidenceError as error:
                self._refuse("bad_length", str(error), b"", now_us, out)
                self._into = None
        self._at += len(part)

    def _piece(self, now_us: int, out: Taken) -> None:
        self._skipping = False
        head, self._buffer = self._buffer[: PIECE.size], self._buffer[PIECE.size :]
        _, name, self._at, self._left = PIECE.unpack(head)
        self._into = self._open.get(name.rstrip(b"\0"))
        if self._into is None and name.rstrip(b"\0") not in self._spare:
            self._refuse("unsupported", "a piece of a file that was not begun", head, now_us, out)
            if self._left > self.limits.max_file:
                # No sender means it: waiting for its end would swallow everything after it.
                out.closed = "bad piece"

    def _framed(self, now_us: int, out: Taken) -> bool:
        """The next frame, if it is whole."""
        end = self._buffer.find(b"\x7e", 1, MAX_RAW + 2)
        if end < 0:
            if len(self._buffer) > MAX_RAW + 1:
                self._skip(now_us, out)
                return True
            return False
        if end == 1:
            self._buffer = self._buffer[1:]
            return True
        self._skipping = False
        raw, self._buffer = self._buffer[1:end], self._buffer[end + 1 :]
        self._frame(raw, now_us, out)
        return True

    def _skip(self, now_us: int, out: Taken) -> None:
        """Past bytes that begin neither a frame nor a piece. A stretch counts once, however it
        was cut on its way."""
        buffer = self._buffer
        starts = [buffer.find(b"\x7e", 1), buffer.find(MARK, 1)]
        # Its last bytes may be the first of a mark.
        starts += [len(buffer) - n for n in range(1, len(MARK)) if buffer.endswith(MARK[:n])]
        at = min((one for one in starts if one > 0), default=len(buffer))
        lost, self._buffer = buffer[:at], buffer[at:]
        if not self._skipping:
            self._refuse("no_frame", "neither a frame nor a piece", lost[:MAX_RAW], now_us, out)
        self._skipping = True

    def _frame(self, raw: bytes, now_us: int, out: Taken) -> None:
        try:
            frame = open_frame(raw)
        except Malformed as problem:
            self._refuse(problem.kind, problem.detail, raw, now_us, out)
            return
        header = frame.header
        if self.phone not in (None, header.phone):
            self._bad(header, "phone_mismatch", f"began as {self.phone}", raw, now_us, out, FAILED)
            return
        self.phone = header.phone
        handler = self._handlers.get(header.message_id)
        if header.encryption or header.subpackaged or handler is None:
            reason = "encrypted_body" if header.encryption else "unsupported"
            detail = f"message {word(header.message_id)} at the attachment server"
            self._bad(header, reason, detail, raw, now_us, out, UNSUPPORTED)
            return
        fields = decode_body(header.message_id, frame.body, header.version)
        if "error" in fields:
            error = fields["error"]
            self._bad(header, error["kind"], error["detail"], raw, now_us, out, BAD_MESSAGE)
            return
        handler(header, fields, now_us, out)

    # Messages.

    def _on_heartbeat(
        self, header: Header, fields: dict[str, Any], now_us: int, out: Taken
    ) -> None:
        # Some beat here too while they look for their files.
        out.replies.append(self._down.answer(header, OK))

    def _on_announcement(
        self, header: Header, fields: dict[str, Any], now_us: int, out: Taken
    ) -> None:
        key = identity_bytes(fields["alarm_ident"])
        if fields["alarm_number"] != self._number(header.phone, key):
            self.counts["not_asked"] += 1
            self._no(header, out)
            return
        files = {_cut(one["name"]): one["size"] for one in fields["files"]}
        too_big = [one for one in fields["files"] if one["size"] > self.limits.max_file]
        if len(files) > self.limits.max_files or too_big:
            self._no(header, out)
            return
        self._alarm = {"key": key.hex(), **fields["alarm_ident"]}
        self._files = files
        out.replies.append(self._down.answer(header, OK))

    def _on_file(self, header: Header, fields: dict[str, Any], now_us: int, out: Taken) -> None:
        name = _cut(fields["name"])
        size = fields["size"]
        if self._alarm is None or self._files.get(name) != size:
            self._no(header, out)
            return
        place = (header.phone, self._alarm["key"], fields["name"])
        if self._shelf.is_done(place) or place in self._arrived:
            self._spare.add(name)
        else:
            try:
                waiting = self._shelf.take(place, size, self._spool, now_us)
            except EvidenceError as error:
                self._bad(header, "no_room", str(error), b"", now_us, out, FAILED)
                return
            waiting.alarm = self._alarm
            waiting.file_type = fields["file_type"]
            self._open[name] = waiting
        out.replies.append(self._down.answer(header, OK))

    def _on_sent(self, header: Header, fields: dict[str, Any], now_us: int, out: Taken) -> None:
        answer = {"name": fields["name"], "file_type": fields["file_type"], "result": 0}
        name = _cut(fields["name"])
        waiting = self._open.get(name)
        if self._alarm is None:
            self._no(header, out)
            return
        place = (header.phone, self._alarm["key"], fields["name"])
        if self._shelf.is_done(place):
            out.replies.append(self._answer(header, {**answer, "retransmit": []}))
        elif place in self._arrived:
            # It is complete only when it is kept: both answers wait for that.
            again = self._answer(header, {**answer, "retransmit": []})
            self._arrived[place].replies.append(again)
        elif waiting is None or waiting.file.size != fields["size"]:
            self._no(header, out)
        elif missing := waiting.file.missing():
            stretches = [{"offset": at, "length": length} for at, length in missing[:255]]
            wanted = {**answer, "result": 1, "retransmit": stretches}
            out.replies.append(self._answer(header, wanted))
            self.counts["asked_again"] += 1
        else:
            # Off the shelf: from here on it is whoever owns the connection who keeps it.
            del self._open[name]
            self._into = None
            self._shelf.give(waiting)
            complete = self._answer(header, {**answer, "retransmit": []})
            arrived = Arrived(waiting, [complete])
            unkept = {at: one for at, one in self._arrived.items() if not self._shelf.is_done(at)}
            self._arrived = {**unkept, place: arrived}
            out.arrived.append(arrived)

    # Small things.

    def _answer(self, header: Header, fields: dict[str, Any]) -> bytes:
        return self._down.frame(header, 0x9212, encode_body(0x9212, fields, header.version))

    def _no(self, header: Header, out: Taken) -> None:
        self.counts["refused"] += 1
        out.replies.append(self._down.answer(header, FAILED))

    def _bad(
        self,
        header: Header,
        reason: str,
        detail: str,
        raw: bytes,
        now_us: int,
        out: Taken,
        result: int,
    ) -> None:
        self._refuse(reason, detail, raw, now_us, out)
        out.replies.append(self._down.answer(header, result))

    def _refuse(self, reason: str, detail: str, raw: bytes, now_us: int, out: Taken) -> None:
        self.counts["refused"] += 1
        self.counts[reason] += 1
        # Before an announcement that this platform asked for, a stranger could fill the disk.
        if self._alarm is not None:
            peer = self.phone or self.peer
            out.quarantine.append((now_us, self._source, peer, reason, detail, raw))


def _cut(name: str) -> bytes:
    """A file's name as its pieces give it."""
    return name.encode("gbk", "replace")[:NAME_BYTES].rstrip(b"\0")
