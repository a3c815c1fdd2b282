"""What both sides of a pair of links share: frames to messages, messages to rows, keepalives.

No sockets, no clock. Whoever owns the connections calls :meth:`Pair.connected`,
:meth:`Pair.receive`, :meth:`Pair.closed` and, each second, :meth:`Pair.tick`; makes the rows of the
:class:`.outcome.Outcome` durable, then sends what it says. Times are microseconds since the
epoch, UTC. No input makes it raise.

A message goes over the link it belongs on; while that one is down it goes over the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sizao.feeds.jt808.fields import word
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt809.bulk import BULK_FROM, Bulk
from sizao.feeds.jt809.channel import Channel, Serials, Writer
from sizao.feeds.jt809.decode import Frame, decode_sub, open_frame, plain_body
from sizao.feeds.jt809.duty import Check, DutyChecks
from sizao.feeds.jt809.messages import FAMILIES, MESSAGES, SUBMESSAGES, family_of
from sizao.feeds.jt809.outcome import MAIN, SUB, Outcome
from sizao.feeds.jt809.params import Counts, LinkParams
from sizao.feeds.jt809.position import split_history
from sizao.feeds.jt809.rows import message_row, to_row
from sizao.feeds.jt809.subs import Sub, split
from sizao.feeds.jt809.vehicles import Directory

OTHER = {MAIN: SUB, SUB: MAIN}
POSITIONS = {0x1202: False, 0x1203: True, 0x9202: False, 0x9203: True}
"""Messages of positions, and whether they were sent later."""


class Pair:
    """Both links with one peer, seen from one side."""

    ours = MAIN
    """The link our own messages belong on."""

    def __init__(self, params: LinkParams, directory: Directory, now_us: int = 0) -> None:
        self.params = params
        self.directory = directory
        self.counts = Counts()
        self.channels: dict[str, Channel] = {}
        self.duty = DutyChecks()
        self.writer = Writer(params, Serials())
        self.peer = ""
        """Network address, for quarantine."""
        self.bulk_from = BULK_FROM
        """Bytes of one arrival from which on the compiled loop is used."""
        self._bulk = Bulk(directory)
        self._handlers: dict[int, Callable[[str, Frame, dict[str, Any], int, Outcome], None]] = {}
        self._subs: dict[int, Callable[[str, Frame, dict[str, Any], int, Outcome], None]] = {}

    # What the owner of the connections calls

    def connected(self, channel: str, now_us: int, peer: str = "") -> Outcome:
        """A connection stands; an earlier one of the same link is forgotten."""
        self.channels[channel] = Channel(now_us)
        self.peer = peer or self.peer
        out = Outcome()
        self._greet(channel, now_us, out)
        return out

    def receive(
        self, channel: str, data: bytes | memoryview, now_us: int, room: int = 0
    ) -> Outcome:
        """Take what arrived on a link, of which nothing is kept.

        room : so many bytes before it, the first of ``data``, may be overwritten
        """
        out = Outcome()
        line = self.channels.get(channel)
        if line is None:
            return out
        line.heard_us = now_us
        if len(data) - room >= self.bulk_from and line.up:
            self._receive_many(channel, line, data, room, now_us, out)
        else:
            self._frames(channel, line.framer.feed(bytes(data[room:])), now_us, out)
            self._strays(line.framer.dropped, now_us, out)
        self.counts.frames += out.frames
        self.counts.positions += out.position_count
        self._after(now_us, out)
        return out

    def closed(self, channel: str, now_us: int, reason: str = "") -> Outcome:
        """A connection has ended."""
        out = Outcome()
        line = self.channels.pop(channel, None)
        if line is None:
            return out
        if line.framer.pending:
            self.refuse("incomplete", "the connection ended", line.framer.pending, now_us, out)
        if line.up:
            kind = 0x1007 if channel == MAIN else 0x9007
            # Nobody told us: we saw it.
            self.row(kind, {"reason": reason}, "in", "ended", now_us, out)
        self._lost(channel, now_us, out)
        return out

    def tick(self, now_us: int) -> Outcome:
        """A second has passed."""
        out = Outcome()
        for name, line in list(self.channels.items()):
            if now_us - line.heard_us > self.params.dead_s * 1e6:
                out.closed[name] = f"nothing heard for {self.params.dead_s:g} s"
            elif not line.up and now_us - line.since_us > self.params.answer_s * 1e6:
                out.closed[name] = f"no login in {self.params.answer_s:g} s"
        for check in self.duty.missed(now_us):
            self.counts.duty_missed += 1
            fields = {**check.fields, "missed": True, "due_us": check.due_us}
            self.row(0x1301, fields, "in", "missed", now_us, out, refers_to=str(check.info_id))
        self._ticked(now_us, out)
        return out

    def order(
        self, order: str, kind: int, fields: Mapping[str, Any], now_us: int
    ) -> Outcome | None:
        """Send a message somebody asked for. None while neither link is up.

        A message that lacks a field gives a row ``refused``.
        """
        if self.best() is None:
            return None
        out = Outcome()
        try:
            serial = self.send(kind, fields, now_us, out)
        except (KeyError, ValueError, OverflowError, TypeError) as error:
            detail = {**fields, "problem": f"{type(error).__name__}: {error}"}
            self.row(kind, detail, "out", "refused", now_us, out, message=order)
            return out
        full = {**fields, "msg_sn": serial}
        self.row(kind, full, "out", "sent", now_us, out, message=order)
        self._ordered(kind, full, serial, now_us, out)
        return out

    # What the two sides do differently

    def _greet(self, channel: str, now_us: int, out: Outcome) -> None:
        """First words on a new connection."""

    def _lost(self, channel: str, now_us: int, out: Outcome) -> None:
        """A connection has gone."""

    def _ticked(self, now_us: int, out: Outcome) -> None:
        """Once a second."""

    def _after(self, now_us: int, out: Outcome) -> None:
        """After each arrival."""

    def _ordered(
        self, kind: int, fields: Mapping[str, Any], serial: int, now_us: int, out: Outcome
    ) -> None:
        """A message has been sent for somebody."""

    def _welcome(self, channel: str, frame: Frame) -> bool:
        """Whether this may be said now on this link."""
        return self.channels[channel].up

    # Sending

    def up(self, channel: str) -> bool:
        line = self.channels.get(channel)
        return line is not None and line.up

    def best(self) -> str | None:
        """The link to send on: ours, else the other, else None."""
        if self.up(self.ours):
            return self.ours
        return OTHER[self.ours] if self.up(OTHER[self.ours]) else None

    def send(
        self,
        message: int,
        fields: Mapping[str, Any],
        now_us: int,
        out: Outcome,
        channel: str | None = None,
    ) -> int:
        """Queue a message on a link, by default the best. Returns its serial, 0 if none is up."""
        channel = channel or self.best()
        if channel is None:
            return 0
        serial, frame = self.writer.frame(message, fields, now_us)
        out.sends.append((channel, frame))
        if message in SUBMESSAGES:
            self.counts.messages_out += 1
        return serial

    # Rows

    def row(
        self,
        kind: int,
        fields: Mapping[str, Any],
        direction: str,
        state: str,
        now_us: int,
        out: Outcome,
        *,
        message: str | None = None,
        time_us: int | None = None,
        refers_to: str | None = None,
    ) -> None:
        """Queue a row of platform_messages."""
        vehicle = self.directory.known(fields.get("plate"), fields.get("plate_color"))
        out.messages.append(
            message_row(
                message=message,
                time_us=now_us if time_us is None else time_us,
                received_us=now_us,
                link=self.params.name,
                direction=direction,
                kind=kind,
                business=kind if kind in MESSAGES else family_of(kind),
                fields=fields,
                vehicle=vehicle,
                state=state,
                source=self.params.source,
                refers_to=refers_to,
            )
        )

    def note(self, kind: int, fields: Mapping[str, Any], now_us: int, out: Outcome) -> None:
        """Something that happened to a link."""
        self.row(kind, fields, "in", "received", now_us, out)

    def refuse(self, reason: str, detail: str, raw: bytes, now_us: int, out: Outcome) -> None:
        """Queue a quarantine row."""
        self.counts.quarantined[reason] = self.counts.quarantined.get(reason, 0) + 1
        out.quarantine.append((now_us, self.params.source, self.peer, reason, detail, raw))

    # Frames

    def _receive_many(
        self,
        channel: str,
        line: Channel,
        data: bytes | memoryview,
        room: int,
        now_us: int,
        out: Outcome,
    ) -> None:
        """The fast path: positions in a compiled loop, everything else as always."""
        before = line.framer.pending
        start = room - len(before)
        if start < 0:
            data, start = before + bytes(data[room:]), 0
        elif before:
            assert isinstance(data, memoryview)
            data[start:room] = before
        found = self._bulk.decode(data[start:], self.params, now_us)
        line.framer.restart(found.pending)
        out.frames += found.frames - len(found.rest)
        if found.batch is not None:
            out.batches.append(found.batch)
        self._frames(channel, found.rest, now_us, out)
        self._strays(found.strays + line.framer.dropped, now_us, out)

    def _strays(self, stretches: list[bytes], now_us: int, out: Outcome) -> None:
        for stretch in stretches:
            self.refuse("no_frame", "not between delimiters", stretch, now_us, out)

    def _frames(self, channel: str, raws: list[bytes], now_us: int, out: Outcome) -> None:
        for raw in raws:
            out.frames += 1
            if channel not in out.closed:
                self._frame(channel, raw, now_us, out)

    def _frame(self, channel: str, raw: bytes, now_us: int, out: Outcome) -> None:
        try:
            frame = open_frame(raw, self.params.edition)
            if frame.header.access_code != self.params.access_code:
                got = frame.header.access_code
                raise Malformed("access_code_mismatch", f"code {got}")
            body = plain_body(frame, self.params.keys)
        except Malformed as problem:
            self.refuse(problem.kind, problem.detail, raw, now_us, out)
            return
        business = frame.header.business
        if business in MESSAGES:
            self._link_message(channel, frame, body, raw, now_us, out)
        elif not self._welcome(channel, frame):
            self.refuse("not_logged_in", word(business), raw, now_us, out)
        elif business not in FAMILIES:
            self.refuse("unsupported", word(business), raw, now_us, out)
        else:
            self._sub_message(channel, frame, body, raw, now_us, out)

    def _link_message(
        self, channel: str, frame: Frame, body: bytes, raw: bytes, now_us: int, out: Outcome
    ) -> None:
        business = frame.header.business
        handler = self._handlers.get(business)
        if handler is None:
            self.refuse("unsupported", f"{word(business)} on the {channel} link", raw, now_us, out)
            return
        try:
            fields = MESSAGES[business].read(body, self.params.edition, self.params.dialect)
        except Malformed as problem:
            self.refuse(problem.kind, problem.detail, raw, now_us, out)
            return
        handler(channel, frame, fields, now_us, out)

    def _sub_message(
        self, channel: str, frame: Frame, body: bytes, raw: bytes, now_us: int, out: Outcome
    ) -> None:
        params = self.params
        try:
            sub = split(frame.header.business, body, params.edition, params.dialect)
        except Malformed as problem:
            self.refuse(problem.kind, problem.detail, raw, now_us, out)
            return
        if sub.sub in POSITIONS:
            self._positions(sub, raw, now_us, out)
            return
        fields = decode_sub(sub, params.edition, params.dialect)
        error = fields.pop("error", None)
        if error and error["kind"] == "bad_sub_length" and params.dialect.tolerate_length:
            # The data were read to the byte whatever their length was said to be.
            error = None if "trailing" not in fields and "data_hex" not in fields else error
        if error or sub.sub not in SUBMESSAGES:
            kind = error["kind"] if error else "unsupported"
            detail = error["detail"] if error else word(sub.sub)
            self.refuse(kind, detail, raw, now_us, out)
            return
        fields["msg_sn"] = frame.header.serial
        self.counts.messages_in += 1
        handler = self._subs.get(sub.sub)
        if handler is not None:
            handler(channel, frame, fields, now_us, out)
        else:
            self.received(frame, fields, now_us, out)

    def received(
        self,
        frame: Frame,
        fields: Mapping[str, Any],
        now_us: int,
        out: Outcome,
        state: str = "received",
        refers_to: str | None = None,
    ) -> None:
        """Queue the row of a sub-message that came."""
        kind = int(fields["sub_type"], 16)
        sent = frame.header.sent
        time_us = now_us if sent is None or sent > 0xFFFFFFFF else sent * 1_000_000
        self.row(kind, fields, "in", state, now_us, out, time_us=time_us, refers_to=refers_to)

    def _positions(self, sub: Sub, raw: bytes, now_us: int, out: Outcome) -> None:
        params = self.params
        if not sub.plate or sub.colour is None:
            self.refuse("no_plate", word(sub.sub), raw, now_us, out)
            return
        if sub.declared != len(sub.data) and not params.dialect.tolerate_length:
            detail = f"{sub.declared} bytes declared, {len(sub.data)} are there"
            self.refuse("bad_sub_length", detail, raw, now_us, out)
            return
        later = POSITIONS[sub.sub]
        items = [sub.data]
        if later:
            try:
                declared, items, rest = split_history(sub.data, params.edition)
            except Malformed as problem:
                self.refuse(problem.kind, problem.detail, raw, now_us, out)
                return
            if declared != len(items) or rest:
                detail = f"{declared} positions declared, {len(items)} are whole"
                self.refuse("count_mismatch", detail, raw, now_us, out)
        vehicle = self.directory.vehicle(sub.plate, sub.colour)
        for item in items:
            row, reason = to_row(
                item,
                params.edition,
                vehicle,
                now_us,
                catch_up=later,
                limits=params.limits,
                source=params.source,
            )
            if row is not None:
                out.positions.append(row)
            if reason is not None:
                detail = f"{sub.plate} colour {sub.colour}"
                self.refuse(reason, detail, raw, now_us, out)

    # Duty checks, the same on both sides

    def _check(self, fields: Mapping[str, Any], serial: int, asked_us: int) -> Check:
        seconds = fields.get("answer_time") or self.params.duty_answer_s
        return Check(
            info_id=int(fields["info_id"]),
            serial=serial,
            asked_us=asked_us,
            due_us=asked_us + int(seconds) * 1_000_000,
            fields={k: fields[k] for k in ("info_id", "object_type", "object_id", "content")},
        )
