"""One terminal's connection as a state machine: bytes in, rows and replies out.

No sockets, no clock: whoever owns the connection calls :meth:`Session.receive` with what
arrived, makes the rows of the :class:`Outcome` durable, then sends its replies;
:meth:`Session.tick` now and then; :meth:`Session.close` at the end. All times are microseconds
since the epoch, UTC, and passed in. No input makes it raise.
"""

from __future__ import annotations

import json
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sizao.core.errors import EvidenceError
from sizao.feeds.jt808.auth import AuthStore
from sizao.feeds.jt808.batch import split_batch
from sizao.feeds.jt808.cards import Cards, card_event
from sizao.feeds.jt808.decode import decode_body, open_frame
from sizao.feeds.jt808.downlink import Downlink, Pending
from sizao.feeds.jt808.encode import encode_body
from sizao.feeds.jt808.fields import bcd_time, word
from sizao.feeds.jt808.framing import Framer, checksum, unescape
from sizao.feeds.jt808.header import Header
from sizao.feeds.jt808.location import EMERGENCY
from sizao.feeds.jt808.media import split_media
from sizao.feeds.jt808.outcome import Outcome
from sizao.feeds.jt808.policy import SessionParams
from sizao.feeds.jt808.positions import position_row
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt808.reassembly import Partial, Reassembler
from sizao.feeds.jt808.replies import ALARM_CONFIRMED, BAD_MESSAGE, FAILED, OK, UNSUPPORTED
from sizao.feeds.jt808.safety import SHORTEST, Alarm, alarms, has_alarm
from sizao.feeds.jt808.text import DISPLAY, SPEAK
from sizao.feeds.jt808.uploads import Upload, head_of
from sizao.log.spool import Spool, SpoolFile

_ALARM = 10
"""Column of the alarm word in a POSITION row."""


KEPT = frozenset(
    {
        *(0x0104, 0x0107, 0x0108, 0x0301, 0x0302, 0x0303, 0x0608, 0x0700, 0x0701, 0x0705),
        *(0x0800, 0x0802, 0x0805, 0x0900, 0x0901, 0x0A00),
    }
)
"""Messages that are kept as they were decoded, in the topic ``terminal_messages``."""

EIGHT_HOURS_US = 8 * 3_600_000_000


def _request_for_parts(partial: Partial) -> tuple[int, dict[str, Any]]:
    """0x8800 names a medium by its id, which is in the first part; until that is here, and for
    any other message, 0x8003 names the message by its serial."""
    if partial.file is not None and 1 in partial.parts:
        media_id = int.from_bytes(partial.file.part(1)[:4], "big")
        return 0x8800, {"media_id": media_id, "retransmit_ids": partial.missing[:255]}
    return 0x8003, {"original_serial": partial.first_serial, "indexes": partial.missing}


@dataclass(slots=True)
class _Arrival:
    """A good frame, or a message whose last part has come, and where its effects go."""

    header: Header
    body: bytes
    raw: bytes
    """What quarantine keeps: the frame, or the joined body of a message in parts."""
    now_us: int
    out: Outcome
    also: tuple[int, ...] = ()
    """Serials of the other parts: terminals differ in which one they await an answer to."""


class Session:
    """State of one connection. ``cards`` may be shared by all sessions of a gateway, so that a
    driver is still known after the terminal dialled in again. ``spool`` takes the parts of media;
    without it media have nowhere to go and are quarantined as ``unsupported``."""

    def __init__(
        self,
        peer: str,
        auth: AuthStore,
        params: SessionParams | None = None,
        now_us: int = 0,
        cards: Cards | None = None,
        spool: Spool | None = None,
    ) -> None:
        self.peer = peer
        self.params = params or SessionParams()
        self.phone: str | None = None
        self.authenticated = False
        self.counts: Counter[str] = Counter()
        """Frames, positions, refused messages, and quarantined ones by reason."""
        self._auth = auth
        self._cards = Cards() if cards is None else cards
        self._framer = Framer()
        self._spool = spool
        self._parts = Reassembler(self.params.reassembly, spool)
        self._asked: OrderedDict[bytes, None] = OrderedDict()
        """Alarms whose files were asked for."""
        self._down = Downlink(self.params.max_pending_commands)
        self._wanted: list[Alarm] = []
        """Alarms of the message at hand that have files."""
        self._failures = 0
        self._over = False
        self._last_us = now_us
        # What the short cut for location reports knows of its terminal's header.
        self._header: Header | None = None
        self._raw_phone = b""
        self._phone_at = slice(4, 10)
        self._head = 12
        self._flag = 0
        self._handlers: dict[int, Callable[[_Arrival], None]] = {
            0x0001: self._on_answer,
            0x0002: lambda got: self._answer(got, OK),
            0x0003: self._on_logout,
            0x0004: self._on_time_query,
            0x0005: self._on_resend,
            0x0100: self._on_registration,
            0x0102: self._on_authentication,
            0x0200: self._on_location,
            0x0201: self._on_location_answer,
            0x0500: self._on_location_answer,
            0x0702: self._on_driver,
            0x0704: self._on_batch,
        }
        for message_id in KEPT:
            self._handlers[message_id] = self._on_other
        if spool is not None:
            self._handlers[0x0801] = self._on_media

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
            self._refuse("no_frame", "not between delimiters", stretch, received_us, out)
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

    def datagram(self, data: bytes, received_us: int) -> Outcome:
        """As :meth:`receive`, for bytes that nothing follows: a frame cut off here is lost."""
        out = self.receive(data, received_us)
        if self._framer.pending:
            detail = "the datagram ended inside a frame"
            self._refuse("incomplete", detail, self._framer.pending, received_us, out)
            self._framer = Framer()
        return out

    def text(self, text: str, command_id: str, now_us: int, flags: int = DISPLAY | SPEAK) -> bytes:
        """Frames of a 0x8300 text; its answer comes as a row of ``command_results``.

        Raises ValueError before the terminal is known.
        """
        if self._header is None:
            raise ValueError("no terminal has reported on this connection yet")
        return self._down.text(self._header, text, flags, command_id, now_us)

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
        if len(raw) - head > SHORTEST and has_alarm(raw[head:-1]):
            return False
        row, reason = position_row(
            raw[head:-1],
            self.phone or "",
            now_us,
            driver_at=self._cards.driver,
            limits=params.limits,
            source=params.source,
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
        got = _Arrival(frame.header, frame.body, raw, now_us, out)
        if not self._welcome(got):
            return
        header = got.header
        if header.encryption:
            self._bad(got, "encrypted_body", word(header.properties), UNSUPPORTED)
        elif not header.subpackaged:
            self._dispatch(got)
        elif not 1 <= header.index <= header.total:
            detail = f"part {header.index} of {header.total}"
            self._bad(got, "bad_subpackage", detail, BAD_MESSAGE)
        else:
            self._part(got)

    def _welcome(self, got: _Arrival) -> bool:
        """Whether this terminal may say this now; remembers how to answer it."""
        header = got.header
        if not self.params.require_auth:
            self._adopt(header)
            return True
        if header.message_id in (0x0100, 0x0102):
            return True
        if not self.authenticated:
            self.counts["refused"] += 1
            self._answer(got, FAILED)
            if self.counts["refused"] >= self.params.max_refused:
                got.out.closed = "unauthenticated"
            return False
        if header.phone != self.phone:
            self._bad(got, "phone_mismatch", f"this connection belongs to {self.phone}", FAILED)
            return False
        return True

    def _adopt(self, header: Header) -> None:
        """From now on the connection speaks for this phone, in this header's form."""
        if header.raw_phone == self._raw_phone:
            return
        self.phone = header.phone
        self._header = header
        self._raw_phone = header.raw_phone
        long = header.version == "2019"
        self._phone_at = slice(5, 15) if long else slice(4, 10)
        self._head = 17 if long else 12
        # From the header itself: some 2019 terminals leave bit 14 clear.
        self._flag = header.properties & 0x4000
        self._down.learn(header)

    def _part(self, got: _Arrival) -> None:
        header = got.header
        if self._parts.repeated(header, got.now_us):
            # The terminal has not seen our answer; the message itself is safe.
            self._answer(got, OK)
            return
        try:
            done = self._parts.add(header, got.body, got.raw, got.now_us)
        except EvidenceError as error:
            self._bad(got, "no_room", str(error), FAILED)
            return
        if done is None:
            return
        whole, serials = done
        also = tuple(serial for serial in serials if serial != header.serial)
        if isinstance(whole, bytes):
            self._dispatch(_Arrival(header, whole, whole, got.now_us, got.out, also))
        else:
            self._media(_Arrival(header, b"", got.raw, got.now_us, got.out, also), whole)

    def _dispatch(self, got: _Arrival) -> None:
        handler = self._handlers.get(got.header.message_id)
        if handler is not None:
            handler(got)
        else:
            self._bad(got, "unsupported", f"message {word(got.header.message_id)}", UNSUPPORTED)

    def _parts_due(self, now_us: int, out: Outcome) -> None:
        for partial in self._parts.due(now_us):
            message_id, fields = _request_for_parts(partial)
            body = encode_body(message_id, fields, partial.header.version)
            out.replies.append(self._down.frame(partial.header, message_id, body))
        self._give_up(now_us, out)

    def _give_up(self, now_us: int, out: Outcome) -> None:
        for partial in self._parts.take_given_up():
            name = word(partial.header.message_id)
            detail = f"{len(partial.parts)} of {partial.total} parts of {name} came"
            self._refuse("incomplete", detail, partial.raw, now_us, out, partial.header.phone)
            partial.close()

    # Messages.

    def _on_answer(self, got: _Arrival) -> None:
        fields = self._decoded(got)
        known = self._down.answered(fields) if fields is not None else None
        if known is not None:
            self._result(*known, got.now_us, got.out)

    def _on_logout(self, got: _Arrival) -> None:
        self._answer(got, OK)
        self.authenticated = False
        self._raw_phone = b""
        got.out.closed = "logout"

    def _on_registration(self, got: _Arrival) -> None:
        fields = self._decoded(got)
        if fields is None:
            return
        header = got.header
        result, code = self._auth.register(header.phone, fields)
        answer = {"reply_serial": header.serial, "result": result, "auth_code": code}
        body = encode_body(0x8100, answer, header.version)
        got.out.replies.append(self._down.frame(header, 0x8100, body))

    def _on_authentication(self, got: _Arrival) -> None:
        fields = self._decoded(got)
        if fields is None:
            return
        if self._auth.check(got.header.phone, fields["auth_code"]):
            self.authenticated = True
            self._failures = 0
            self._adopt(got.header)
            self._answer(got, OK)
        elif not self.params.require_auth:
            # A replayed terminal has the code of the platform it was recorded at.
            self._answer(got, OK)
        else:
            self._failures += 1
            self.counts["authentication_failed"] += 1
            self._answer(got, FAILED)
            if self._failures >= self.params.max_auth_failures:
                got.out.closed = "authentication"

    def _on_location(self, got: _Arrival) -> None:
        self._answer(got, self._location(got, got.body))
        self._ask_for_evidence(got)

    def _on_location_answer(self, got: _Arrival) -> None:
        if got.header.message_id != 0x0201:
            self._keep(got)
        self._answer(got, self._location(got, got.body[2:]))
        self._ask_for_evidence(got)

    def _on_batch(self, got: _Arrival) -> None:
        try:
            declared, _, bodies, rest = split_batch(got.body)
        except Malformed as problem:
            self._bad(got, problem.kind, problem.detail, BAD_MESSAGE)
            return
        for number, body in enumerate(bodies, 1):
            self._location(got, body, f"item {number} of {len(bodies)} in 0x0704")
        if declared != len(bodies) or rest:
            detail = f"{declared} locations declared, {len(bodies)} whole, {len(rest)} bytes left"
            self._refuse("count_mismatch", detail, got.raw, got.now_us, got.out, got.header.phone)
        # One answer for all of them; what was bad is safe in quarantine.
        self._answer(got, OK)
        self._ask_for_evidence(got)

    def _on_time_query(self, got: _Arrival) -> None:
        clock = bcd_time(got.now_us - EIGHT_HOURS_US).hex()  # it writes UTC+8, UTC is wanted
        body = encode_body(0x8004, {"time_utc_bcd": clock}, got.header.version)
        got.out.replies.append(self._down.frame(got.header, 0x8004, body))

    def _on_resend(self, got: _Arrival) -> None:
        fields = self._decoded(got)
        if fields is None:
            return
        frames = self._down.again(fields["original_serial"], fields["indexes"])
        if frames:
            got.out.replies += frames
        else:
            self._answer(got, FAILED)

    def _on_other(self, got: _Arrival) -> None:
        if self._keep(got):
            self._answer(got, OK)

    def _on_media(self, got: _Arrival) -> None:
        self._media(got, got.body)

    def _on_driver(self, got: _Arrival) -> None:
        fields = self._decoded(got)
        if fields is None:
            return
        phone, now_us = got.header.phone, got.now_us
        event = card_event(fields, now_us, self.params.limits.future_s)
        if isinstance(event, str):
            self._bad(got, event, f"driver card of {fields.get('time')}", OK)
            return
        self._cards.record(phone, event.time_us, event.driver)
        got.out.driver_cards.append((phone, event.time_us, now_us, *event[1:], self.params.source))
        self._answer(got, OK)

    # Small things.

    def _keep(self, got: _Arrival) -> bool:
        """A row of ``terminal_messages``; False if the body was bad, which is answered then."""
        fields = self._decoded(got)
        if fields is None:
            return False
        refers = fields.get("reply_serial")
        got.out.terminal_messages.append(
            (
                got.header.phone,
                got.now_us,
                got.now_us,
                word(got.header.message_id),
                None if refers is None else str(refers),
                json.dumps(fields, ensure_ascii=False),
                self.params.source,
            )
        )
        return True

    def _media(self, got: _Arrival, body: bytes | SpoolFile) -> None:
        """Hand a medium over; the answers wait until it is kept."""
        try:
            fields, _ = split_media(head_of(body))
        except Malformed as problem:
            if isinstance(body, SpoolFile):
                body.close()
            self._bad(got, problem.kind, problem.detail, BAD_MESSAGE)
            return
        done = encode_body(0x8800, {**fields, "retransmit_ids": []}, got.header.version)
        kept, refused = Outcome(), Outcome()
        kept.replies.append(self._down.frame(got.header, 0x8800, done))
        self._answer(replace(got, out=kept), OK)
        self._answer(replace(got, out=refused), FAILED)
        got.out.uploads.append(
            Upload(
                body,
                fields,
                got.header.phone,
                got.now_us,
                self.params.source,
                kept.replies,
                refused.replies,
            )
        )

    def _ask_for_evidence(self, got: _Arrival) -> None:
        """0x9208 for each alarm of this arrival that has files and was not asked for yet."""
        policy = self.params.evidence
        wanted, self._wanted = self._wanted, []
        if policy is None:
            return
        for alarm in wanted:
            if alarm.alarm_key in self._asked or not policy.wants(alarm.kinds):
                continue
            self._asked[alarm.alarm_key] = None
            while len(self._asked) > policy.remember:
                self._asked.popitem(last=False)
            fields = {
                "server_ip": policy.server,
                "tcp_port": policy.tcp_port,
                "udp_port": 0,
                "alarm_ident": alarm.ident,
                "alarm_number": policy.number(got.header.phone, alarm.alarm_key),
                "reserved": bytes(16).hex(),
            }
            body = encode_body(0x9208, fields, got.header.version)
            got.out.replies.append(self._down.frame(got.header, 0x9208, body))

    def _location(self, got: _Arrival, body: bytes, item: str = "") -> int:
        """Row and quarantine record of one location; returns the result to answer with."""
        params, phone = self.params, got.header.phone
        row, reason = position_row(
            body,
            phone,
            got.now_us,
            catch_up=bool(item),
            driver_at=self._cards.driver,
            limits=params.limits,
            source=params.source,
        )
        if row is not None:
            got.out.positions.append(row)
        if len(body) >= SHORTEST:
            for alarm in alarms(body, phone, got.now_us, params.source):
                got.out.device_alarms += alarm.rows
                if alarm.attachments:
                    self._wanted.append(alarm)
        if reason is not None:
            detail = item or word(got.header.message_id)
            self._refuse(reason, detail, body if item else got.raw, got.now_us, got.out, phone)
        if reason == "bad_length":
            return BAD_MESSAGE
        return ALARM_CONFIRMED if row is not None and row[_ALARM] & EMERGENCY else OK

    def _decoded(self, got: _Arrival) -> dict[str, Any] | None:
        """The body's fields; a bad one is quarantined and answered."""
        fields = decode_body(got.header.message_id, got.body, got.header.version)
        error = fields.get("error")
        if error is None:
            return fields
        self._bad(got, error["kind"], error["detail"], BAD_MESSAGE)
        return None

    def _bad(self, got: _Arrival, reason: str, detail: str, result: int) -> None:
        """Quarantine a message whose sender is known, and answer it."""
        self._refuse(reason, detail, got.raw, got.now_us, got.out, got.header.phone)
        self._answer(got, result)

    def _answer(self, got: _Arrival, result: int) -> None:
        got.out.replies.append(self._down.answer(got.header, result))
        for serial in got.also:
            got.out.replies.append(self._down.answer(replace(got.header, serial=serial), result))

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
