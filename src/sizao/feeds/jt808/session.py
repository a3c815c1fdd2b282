"""One terminal's connection as a state machine: bytes in, rows and replies out.

No sockets, no clock: whoever owns the connection calls :meth:`Session.receive` with what
arrived, makes the rows of the :class:`Outcome` durable, then sends its replies;
:meth:`Session.tick` now and then; :meth:`Session.close` at the end. All times are microseconds
since the epoch, UTC, and passed in. No input makes it raise.
"""

from __future__ import annotations

from typing import NamedTuple

from sizao.core.errors import EvidenceError
from sizao.feeds.jt808.arrival import Arrival
from sizao.feeds.jt808.auth import AuthStore
from sizao.feeds.jt808.cards import Cards
from sizao.feeds.jt808.conversation import Conversation
from sizao.feeds.jt808.decode import open_frame
from sizao.feeds.jt808.encode import encode_body
from sizao.feeds.jt808.fields import word
from sizao.feeds.jt808.framing import Framer, checksum, unescape
from sizao.feeds.jt808.handlers import ALARM_WORD, HANDLERS, hand_over
from sizao.feeds.jt808.location import EMERGENCY
from sizao.feeds.jt808.outcome import Outcome
from sizao.feeds.jt808.policy import SessionParams
from sizao.feeds.jt808.positions import position_row
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt808.reassembly import Reassembler
from sizao.feeds.jt808.replies import ALARM_CONFIRMED, BAD_MESSAGE, FAILED, OK, UNSUPPORTED
from sizao.feeds.jt808.safety import SHORTEST_VIDEO, has_alarm
from sizao.feeds.jt808.text import DISPLAY, SPEAK
from sizao.log.spool import Spool


class Known(NamedTuple):
    """What the short way (:mod:`.steady`) has to know of a terminal."""

    phone: str
    raw_phone: bytes
    head: int
    """Bytes of its header, 12 or 17, ..."""
    flag: int
    """... and bit 14 of the header's properties as it sets it."""
    answer: bytes
    """Header of an answer, up to its serial, ..."""
    serial: int
    """... which is this one next."""
    since_us: int
    """From this event time on ..."""
    driver: str | None
    """... this is the driver."""


class Session(Conversation):
    """State of one connection."""

    def __init__(
        self,
        peer: str,
        auth: AuthStore,
        params: SessionParams | None = None,
        now_us: int = 0,
        cards: Cards | None = None,
        spool: Spool | None = None,
    ) -> None:
        super().__init__(peer, auth, params or SessionParams(), cards, spool)
        self._framer = Framer()
        self._parts = Reassembler(self.params.reassembly, spool)
        self._over = False
        self._last_us = now_us

    # What the owner of the connection calls.

    def receive(self, data: bytes, received_us: int) -> Outcome:
        """Take what arrived. The replies may go out once the rows are durable."""
        out = Outcome()
        self._last_us = received_us
        framer = self._framer
        for raw in framer.feed(data):
            out.frames += 1
            if self._over or out.closed is not None:
                continue  # what follows a goodbye is not heard, in this chunk or the next
            if not self._quick_location(raw, received_us, out):
                self._frame(raw, received_us, out)
        for stretch in framer.dropped:
            self.refuse("no_frame", "not between delimiters", stretch, received_us, out)
        if self._parts.busy:
            self._parts_due(received_us, out)
        self.counts["frames"] += out.frames
        out.phone = self.phone
        self._over = self._over or out.closed is not None
        return out

    def tick(self, now_us: int) -> Outcome:
        """Time has passed: ask for missing parts, give up old ones, close when idle."""
        out = Outcome(phone=self.phone)
        self._parts_due(now_us, out)
        for pending in self.down.overdue(now_us - int(self.params.answer_s * 1e6)):
            detail = f"no answer in {self.params.answer_s:g} s"
            row = (pending.command, now_us, pending.vehicle, "expired", detail)
            out.command_results.append(row)
        if now_us - self._last_us > self.params.idle_s * 1e6:
            out.closed = "idle"
        return out

    def close(self, now_us: int) -> Outcome:
        """The connection has ended: what was half received goes into quarantine."""
        out = Outcome(phone=self.phone)
        self._parts.close()
        self._give_up(now_us, out)
        if self._framer.pending:
            detail = "the connection ended inside a frame"
            self.refuse("incomplete", detail, self._framer.pending, now_us, out)
        return out

    def datagram(self, data: bytes, received_us: int) -> Outcome:
        """As :meth:`receive`, for bytes that nothing follows: a frame cut off here is lost."""
        out = self.receive(data, received_us)
        if self._framer.pending:
            detail = "the datagram ended inside a frame"
            self.refuse("incomplete", detail, self._framer.pending, received_us, out)
            self._framer = Framer()
        return out

    def known(self) -> Known | None:
        """What the short way has to know; None while something is half received, or before the
        terminal is known. Whoever takes it sees to the answers until :meth:`resume`."""
        if not self._raw_phone or not self._framer.settled or self._parts.busy:
            return None
        assert self.phone is not None
        since_us, driver = self.cards.latest(self.phone)
        return Known(
            self.phone,
            self._raw_phone,
            self._head,
            self._flag,
            self.down.ack_head,
            self.down.serial,
            since_us,
            driver,
        )

    def resume(self, serial: int) -> None:
        """The session answers again; ``serial`` is its next."""
        self.down.serial = serial

    @property
    def waits(self) -> bool:
        """Whether :meth:`tick` may have something to do but to notice silence."""
        return self._parts.busy or self.down.awaits_answers

    def text(self, text: str, command_id: str, now_us: int, flags: int = DISPLAY | SPEAK) -> bytes:
        """Frames of a 0x8300 text; its answer comes as a row of ``command_results``.

        Raises ValueError before the terminal is known.
        """
        if self._header is None:
            raise ValueError("no terminal has reported on this connection yet")
        return self.down.text(self._header, text, flags, command_id, now_us)

    # Frames.

    def _quick_location(self, raw: bytes, now_us: int, out: Outcome) -> bool:
        """Nine frames of ten: a plain 0x0200 of the terminal we know. False: take the long way.

        Does the checks of ``open_frame`` against what the first frame taught: same phone, same
        header form, no encryption, no parts, right length, right checksum.
        """
        if not self._raw_phone or raw[:2] != b"\x02\x00":
            return False
        if 0x7D in raw:
            try:
                raw = unescape(raw)
            except Malformed:
                return False
        head = self._head
        if (
            raw[self._phone_at] != self._raw_phone
            or raw[2] << 8 | raw[3] != self._flag | len(raw) - head - 1
            or checksum(raw) != 0
        ):
            return False
        params = self.params
        if len(raw) - head > SHORTEST_VIDEO and has_alarm(raw[head:-1]):
            return False
        row, reason = position_row(
            raw[head:-1],
            self.phone or "",
            now_us,
            driver_at=self.cards.driver,
            limits=params.limits,
            source=params.source,
        )
        if row is None or reason is not None:
            return False
        out.positions.append(row)
        result = ALARM_CONFIRMED if row[ALARM_WORD] & EMERGENCY else OK
        out.replies.append(self.down.quick_answer(raw[head - 2 : head] + b"\x02\x00", result))
        return True

    def _frame(self, raw: bytes, now_us: int, out: Outcome) -> None:
        try:
            frame = open_frame(raw)
        except Malformed as problem:
            self.refuse(problem.kind, problem.detail, raw, now_us, out)
            return
        got = Arrival(frame.header, frame.body, raw, now_us, out)
        if not self._welcome(got):
            return
        header = got.header
        if header.encryption:
            self.bad(got, "encrypted_body", word(header.properties), UNSUPPORTED)
        elif not header.subpackaged:
            self._dispatch(got)
        elif not 1 <= header.index <= header.total:
            detail = f"part {header.index} of {header.total}"
            self.bad(got, "bad_subpackage", detail, BAD_MESSAGE)
        else:
            self._part(got)

    def _welcome(self, got: Arrival) -> bool:
        """Whether this terminal may say this now; remembers how to answer it."""
        header = got.header
        if not self.params.require_auth:
            self.adopt(header)
            return True
        if header.message_id in (0x0100, 0x0102):
            return True
        if not self.authenticated:
            self.counts["refused"] += 1
            self.answer(got, FAILED)
            if self.counts["refused"] >= self.params.max_refused:
                got.out.closed = "unauthenticated"
            return False
        if header.phone != self.phone:
            self.bad(got, "phone_mismatch", f"this connection belongs to {self.phone}", FAILED)
            return False
        return True

    def _part(self, got: Arrival) -> None:
        header = got.header
        if self._parts.repeated(header, got.now_us):
            # The terminal has not seen our answer; the message itself is safe.
            self.answer(got, OK)
            return
        try:
            done = self._parts.add(header, got.body, got.raw, got.now_us)
        except EvidenceError as error:
            self.bad(got, "no_room", str(error), FAILED)
            return
        if done is None:
            return
        whole, serials = done
        also = tuple(serial for serial in serials if serial != header.serial)
        if isinstance(whole, bytes):
            self._dispatch(Arrival(header, whole, whole, got.now_us, got.out, also))
        else:
            hand_over(self, Arrival(header, b"", got.raw, got.now_us, got.out, also), whole)

    def _dispatch(self, got: Arrival) -> None:
        handler = HANDLERS.get(got.header.message_id)
        if handler is not None:
            handler(self, got)
        else:
            self.bad(got, "unsupported", f"message {word(got.header.message_id)}", UNSUPPORTED)

    def _parts_due(self, now_us: int, out: Outcome) -> None:
        for partial in self._parts.due(now_us):
            message_id, fields = partial.request()
            body = encode_body(message_id, fields, partial.header.version)
            out.replies.append(self.down.frame(partial.header, message_id, body))
        self._give_up(now_us, out)

    def _give_up(self, now_us: int, out: Outcome) -> None:
        for partial in self._parts.take_given_up():
            name = word(partial.header.message_id)
            detail = f"{len(partial.parts)} of {partial.total} parts of {name} came"
            self.refuse("incomplete", detail, partial.raw, now_us, out, partial.header.phone)
            partial.close()
