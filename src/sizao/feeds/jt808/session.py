"""One terminal's connection as a state machine: bytes in, rows and replies out.

No sockets, no clock: whoever owns the connection calls :meth:`Session.receive` with what
arrived, makes the rows of the :class:`Outcome` durable, then sends its replies;
:meth:`Session.tick` now and then; :meth:`Session.close` at the end. All times are microseconds
since the epoch, UTC, and passed in. No input makes it raise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

from sizao.feeds.jt808.auth import AuthStore
from sizao.feeds.jt808.batch import split_batch
from sizao.feeds.jt808.cards import Cards
from sizao.feeds.jt808.decode import decode_body, open_frame
from sizao.feeds.jt808.downlink import Downlink, Pending
from sizao.feeds.jt808.driver import INSERTED
from sizao.feeds.jt808.encode import encode_body
from sizao.feeds.jt808.fields import word
from sizao.feeds.jt808.framing import Framer, checksum, unescape
from sizao.feeds.jt808.header import Header
from sizao.feeds.jt808.location import EMERGENCY
from sizao.feeds.jt808.outcome import Outcome
from sizao.feeds.jt808.policy import SessionParams
from sizao.feeds.jt808.positions import position_row
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt808.reassembly import Partial, Reassembler
from sizao.feeds.jt808.replies import ALARM_CONFIRMED, BAD_MESSAGE, FAILED, OK, UNSUPPORTED
from sizao.feeds.jt808.text import DISPLAY, SPEAK

_ALARM = 10
"""Column of the alarm word in a POSITION row."""


class Session:
    """State of one connection. ``cards`` may be shared by all sessions of a gateway, so that a
    driver is still known after the terminal dialled in again."""

    def __init__(
        self,
        peer: str,
        auth: AuthStore,
        params: SessionParams | None = None,
        now_us: int = 0,
        cards: Cards | None = None,
    ) -> None:
        self.peer = peer
        self.params = params or SessionParams()
        self.phone: str | None = None
        self.authenticated = False
        self.counts: Counter[str] = Counter()
        """Frames, positions, refused messages and quarantined ones by reason."""
        self._auth = auth
        self._cards = Cards() if cards is None else cards
        self._framer = Framer()
        self._parts = Reassembler(self.params.reassembly)
        self._down = Downlink(self.params.max_pending_commands)
        self._failures = 0
        self._last_us = now_us
        self._header: Header | None = None
        """Of the terminal this connection speaks for: texts take its form."""
        self._raw_phone = b""
        self._phone_at = slice(4, 10)
        self._head = 12
        self._flag = 0
        self._also: list[int] = []
        """Serials of the other parts, while a message that came in parts is dealt with."""
        self._handlers: dict[int, Callable[[Header, bytes, bytes, int, Outcome], None]] = {
            0x0001: self._on_answer,
            0x0002: self._on_heartbeat,
            0x0003: self._on_logout,
            0x0100: self._on_registration,
            0x0102: self._on_authentication,
            0x0200: self._on_location,
            0x0201: self._on_location_answer,
            0x0702: self._on_driver,
            0x0704: self._on_batch,
        }

    # What the owner of the connection calls.

    def receive(self, data: bytes, received_us: int) -> Outcome:
        """Take what arrived. The replies may go out once the rows are durable."""
        out = Outcome(phone=self.phone)
        self._last_us = received_us
        framer = self._framer
        for raw in framer.feed(data):
            out.frames += 1
            if out.closed is None and not self._fast_location(raw, received_us, out):
                self._frame(raw, received_us, out)
        for stretch in framer.dropped:
            self._refuse("no_frame", "not between delimiters", stretch, received_us, out)
        if self._parts.given_up or len(self._parts):
            self._parts_due(received_us, out)
        self.counts["frames"] += out.frames
        self.counts["positions"] += len(out.positions)
        out.phone = self.phone
        return out

    def tick(self, now_us: int) -> Outcome:
        """Time has passed: ask for missing parts, give up old ones, close when idle."""
        out = Outcome(phone=self.phone)
        self._parts_due(now_us, out)
        for pending in self._down.overdue(now_us - int(self.params.answer_s * 1e6)):
            detail = f"no answer in {self.params.answer_s:g} s"
            self._result(pending, "expired", detail, now_us, out)
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
            self._refuse("incomplete", detail, self._framer.pending, now_us, out)
        return out

    def text(self, text: str, command_id: str, now_us: int, flags: int = DISPLAY | SPEAK) -> bytes:
        """Frames of a 0x8300 text; its answer comes as a row of ``command_results``.

        Raises ValueError before the terminal is known.
        """
        header = self._header
        if header is None:
            raise ValueError("no terminal has reported on this connection yet")
        return self._down.text(header, text, flags, command_id, now_us)

    # Frames.

    def _fast_location(self, raw: bytes, now_us: int, out: Outcome) -> bool:
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
        row, reason = position_row(
            raw[head:-1],
            self.phone or "",
            now_us,
            driver_at=self._cards.driver,
            limits=self.params.limits,
            source=self.params.source,
        )
        if row is None or reason is not None:
            return False
        out.positions.append(row)
        result = ALARM_CONFIRMED if row[_ALARM] & EMERGENCY else OK
        out.replies.append(self._down.quick_answer(raw[head - 2 : head] + b"\x02\x00", result))
        return True

    def _frame(self, raw: bytes, now_us: int, out: Outcome) -> None:
        try:
            frame = open_frame(raw)
        except Malformed as problem:
            self._refuse(problem.kind, problem.detail, raw, now_us, out)
            return
        header = frame.header
        if not self._welcome(header, raw, now_us, out):
            return
        if header.encryption:
            self._refuse("encrypted_body", word(header.properties), raw, now_us, out, header.phone)
            self._answer(header, UNSUPPORTED, out)
        elif header.subpackaged:
            self._part(header, frame.body, raw, now_us, out)
        else:
            self._dispatch(header, frame.body, raw, now_us, out)

    def _welcome(self, header: Header, raw: bytes, now_us: int, out: Outcome) -> bool:
        """Whether this terminal may say this now; remembers how to answer it."""
        if not self.params.require_auth:
            self._adopt(header)
            return True
        if header.message_id in (0x0100, 0x0102):
            return True
        if not self.authenticated:
            self.counts["refused"] += 1
            self._answer(header, FAILED, out)
            if self.counts["refused"] >= self.params.max_refused:
                out.closed = "unauthenticated"
            return False
        if header.phone != self.phone:
            detail = f"this connection belongs to {self.phone}"
            self._refuse("phone_mismatch", detail, raw, now_us, out, header.phone)
            self._answer(header, FAILED, out)
            return False
        if not self._raw_phone:
            self._adopt(header)
        return True

    def _adopt(self, header: Header) -> None:
        """From now on the connection speaks for this phone, in this header's form."""
        if header.raw_phone == self._raw_phone:
            return
        self.phone = header.phone
        self._raw_phone = header.raw_phone
        long = header.version == "2019"
        self._phone_at = slice(5, 15) if long else slice(4, 10)
        self._head = 17 if long else 12
        # From the header itself: some 2019 terminals leave bit 14 clear.
        self._flag = header.properties & 0x4000
        self._header = header
        self._down.learn(header)

    def _part(self, header: Header, body: bytes, raw: bytes, now_us: int, out: Outcome) -> None:
        if not 1 <= header.index <= header.total:
            detail = f"part {header.index} of {header.total}"
            self._refuse("bad_subpackage", detail, raw, now_us, out, header.phone)
            self._answer(header, BAD_MESSAGE, out)
            return
        if self._parts.repeated(header, now_us):
            # The terminal has not seen our answer; the message itself is safe.
            self._answer(header, OK, out)
            return
        whole = self._parts.add(header, body, raw, now_us)
        if whole is not None:
            # Terminals differ in which part they await an answer to, so each gets one.
            first = header.serial - header.index + 1
            serials = (first + n & 0xFFFF for n in range(header.total))
            self._also = [serial for serial in serials if serial != header.serial]
            self._dispatch(header, whole, raw, now_us, out)
            self._also = []

    def _dispatch(self, header: Header, body: bytes, raw: bytes, now_us: int, out: Outcome) -> None:
        handler = self._handlers.get(header.message_id)
        if handler is not None:
            handler(header, body, raw, now_us, out)
            return
        detail = f"message {word(header.message_id)}"
        kept = raw if not header.subpackaged else body
        self._refuse("unsupported", detail, kept, now_us, out, header.phone)
        self._answer(header, UNSUPPORTED, out)

    def _parts_due(self, now_us: int, out: Outcome) -> None:
        for partial in self._parts.due(now_us):
            fields = {"original_serial": partial.first_serial, "indexes": partial.missing}
            body = encode_body(0x8003, fields, partial.header.version)
            out.replies.append(self._down.frame(partial.header, 0x8003, body))
        self._give_up(now_us, out)

    def _give_up(self, now_us: int, out: Outcome) -> None:
        dropped, self._parts.given_up = self._parts.given_up, []
        for partial in dropped:
            raw = b"\x7e" + b"\x7e\x7e".join(partial.raws) + b"\x7e"
            phone = partial.header.phone
            self._refuse("incomplete", _what(partial), raw, now_us, out, phone)

    # Messages.

    def _on_answer(
        self, header: Header, body: bytes, raw: bytes, now_us: int, out: Outcome
    ) -> None:
        fields = self._decoded(header, body, raw, now_us, out)
        if fields is None:
            return
        known = self._down.answered(fields)
        if known is not None:
            self._result(*known, now_us, out)

    def _on_heartbeat(
        self, header: Header, body: bytes, raw: bytes, now_us: int, out: Outcome
    ) -> None:
        self._answer(header, OK, out)

    def _on_logout(
        self, header: Header, body: bytes, raw: bytes, now_us: int, out: Outcome
    ) -> None:
        self._answer(header, OK, out)
        self.authenticated = False
        self._raw_phone = b""
        out.closed = "logout"

    def _on_registration(
        self, header: Header, body: bytes, raw: bytes, now_us: int, out: Outcome
    ) -> None:
        fields = self._decoded(header, body, raw, now_us, out)
        if fields is None:
            return
        result, code = self._auth.register(header.phone, fields)
        answer = {"reply_serial": header.serial, "result": result, "auth_code": code}
        body = encode_body(0x8100, answer, header.version)
        out.replies.append(self._down.frame(header, 0x8100, body))

    def _on_authentication(
        self, header: Header, body: bytes, raw: bytes, now_us: int, out: Outcome
    ) -> None:
        fields = self._decoded(header, body, raw, now_us, out)
        if fields is None:
            return
        if self._auth.check(header.phone, fields["auth_code"]):
            self.authenticated = True
            self._failures = 0
            self._adopt(header)
            self._answer(header, OK, out)
        elif not self.params.require_auth:
            # A replayed terminal has the code of the platform it was recorded at.
            self._answer(header, OK, out)
        else:
            self._failures += 1
            self.counts["authentication_failed"] += 1
            self._answer(header, FAILED, out)
            if self._failures >= self.params.max_auth_failures:
                out.closed = "authentication"

    def _on_location(
        self, header: Header, body: bytes, raw: bytes, now_us: int, out: Outcome
    ) -> None:
        self._answer(
            header,
            self._location(header, body, raw, word(header.message_id), False, now_us, out),
            out,
        )

    def _on_location_answer(
        self, header: Header, body: bytes, raw: bytes, now_us: int, out: Outcome
    ) -> None:
        self._answer(
            header,
            self._location(header, body[2:], raw, word(header.message_id), False, now_us, out),
            out,
        )

    def _on_batch(self, header: Header, body: bytes, raw: bytes, now_us: int, out: Outcome) -> None:
        try:
            declared, _, bodies, rest = split_batch(body)
        except Malformed as problem:
            self._refuse(problem.kind, problem.detail, raw, now_us, out, header.phone)
            self._answer(header, BAD_MESSAGE, out)
            return
        for number, item in enumerate(bodies, 1):
            detail = f"item {number} of {len(bodies)} in {word(header.message_id)}"
            self._location(header, item, item, detail, True, now_us, out)
        if declared != len(bodies) or rest:
            detail = f"{declared} locations declared, {len(bodies)} whole, {len(rest)} bytes left"
            kept = raw if not header.subpackaged else body
            self._refuse("count_mismatch", detail, kept, now_us, out, header.phone)
        # One answer for all of them; what was bad is safe in quarantine.
        self._answer(header, OK, out)

    def _on_driver(
        self, header: Header, body: bytes, raw: bytes, now_us: int, out: Outcome
    ) -> None:
        fields = self._decoded(header, body, raw, now_us, out)
        if fields is None:
            return
        at = now_us
        if "time" in fields:
            stamp = fields["time"]
            ahead = self.params.limits.future_s * 1e6
            at = int(datetime.fromisoformat(stamp).timestamp()) * 1_000_000 if stamp else 0
            if not stamp or at - now_us > ahead:
                reason = "future_time" if stamp else "bad_time"
                self._refuse(reason, "driver card", raw, now_us, out, header.phone)
                self._answer(header, OK, out)
                return
        inserted = fields.get("status", INSERTED) == INSERTED
        driver = fields.get("license_no") or None if inserted else None
        name = fields.get("driver_name") or None if inserted else None
        self._cards.record(header.phone, at, driver)
        out.driver_cards.append(
            (header.phone, at, now_us, inserted, driver, name, self.params.source)
        )
        self._answer(header, OK, out)

    # Small things.

    def _location(
        self,
        header: Header,
        body: bytes,
        raw: bytes,
        detail: str,
        catch_up: bool,
        now_us: int,
        out: Outcome,
    ) -> int:
        """Row and quarantine record of one location; returns the result to answer with."""
        row, reason = position_row(
            body,
            header.phone,
            now_us,
            catch_up=catch_up,
            driver_at=self._cards.driver,
            limits=self.params.limits,
            source=self.params.source,
        )
        if row is not None:
            out.positions.append(row)
        if reason is not None:
            self._refuse(reason, detail, raw, now_us, out, header.phone)
        if reason == "bad_length":
            return BAD_MESSAGE
        return ALARM_CONFIRMED if row is not None and row[_ALARM] & EMERGENCY else OK

    def _decoded(
        self, header: Header, body: bytes, raw: bytes, now_us: int, out: Outcome
    ) -> dict[str, Any] | None:
        """The body's fields; a bad one is quarantined and answered."""
        fields = decode_body(header.message_id, body, header.version)
        error = fields.get("error")
        if error is None:
            return fields
        self._refuse(error["kind"], error["detail"], raw, now_us, out, header.phone)
        self._answer(header, BAD_MESSAGE, out)
        return None

    def _answer(self, header: Header, result: int, out: Outcome) -> None:
        out.replies.append(self._down.answer(header, result))
        for serial in self._also:
            out.replies.append(self._down.answer(replace(header, serial=serial), result))

    def _result(self, pending: Pending, state: str, detail: str, now_us: int, out: Outcome) -> None:
        out.command_results.append((pending.command, now_us, pending.vehicle, state, detail))

    def _refuse(
        self,
        reason: str,
        detail: str,
        raw: bytes,
        now_us: int,
        out: Outcome,
        phone: str | None = None,
    ) -> None:
        self.counts[reason] += 1
        peer = phone or self.phone or self.peer
        out.quarantine.append((now_us, self.params.source, peer, reason, detail, raw))


def _what(partial: Partial) -> str:
    """A half message in words."""
    name = word(partial.header.message_id)
    return f"{len(partial.parts)} of {partial.total} parts of {name} came"
