"""What a terminal and we have said to each other, as far as answering it needs: whom we speak
with, whether he showed his code, who drives, and the answers.

The state that handlers see; how bytes become messages is the session's own affair.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sizao.feeds.jt808.arrival import Arrival
from sizao.feeds.jt808.auth import AuthStore
from sizao.feeds.jt808.cards import Cards
from sizao.feeds.jt808.decode import decode_body
from sizao.feeds.jt808.downlink import Downlink
from sizao.feeds.jt808.encode import encode_body
from sizao.feeds.jt808.header import Header
from sizao.feeds.jt808.outcome import Outcome
from sizao.feeds.jt808.policy import SessionParams
from sizao.feeds.jt808.replies import BAD_MESSAGE
from sizao.log.spool import Spool


class Conversation:
    """``cards`` may be shared by all conversations of a gateway, so that a driver is still known
    after the terminal dialled in again. ``spool`` takes the parts of media; without it media have
    nowhere to go and are quarantined as ``unsupported``."""

    def __init__(
        self,
        peer: str,
        auth: AuthStore,
        params: SessionParams,
        cards: Cards | None = None,
        spool: Spool | None = None,
    ) -> None:
        self.peer = peer
        self.params = params
        self.phone: str | None = None
        self.authenticated = False
        self.counts: Counter[str] = Counter()
        """Frames, positions, refused messages, and quarantined ones by reason."""
        self.auth = auth
        self.cards = Cards() if cards is None else cards
        self.down = Downlink(params.max_pending_commands)
        self.failures = 0
        self._spool = spool
        self._asked: dict[bytes, None] = {}
        """Alarms whose files were asked for, the oldest first."""
        # What the short cut for location reports knows of its terminal's header.
        self._header: Header | None = None
        self._raw_phone = b""
        self._phone_at = slice(4, 10)
        self._head = 12
        self._flag = 0

    def adopt(self, header: Header) -> None:
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
        self.down.learn(header)

    def sign_in(self, header: Header) -> None:
        """The terminal has shown the code of this phone."""
        self.authenticated = True
        self.failures = 0
        self.adopt(header)

    def sign_out(self) -> None:
        """The terminal has taken its leave."""
        self.authenticated = False
        self._raw_phone = b""

    @property
    def takes_media(self) -> bool:
        """Whether media have somewhere to go."""
        return self._spool is not None

    def asked_before(self, alarm_key: bytes, remember: int) -> bool:
        """Whether the files of an alarm were asked for; from now on they were."""
        if alarm_key in self._asked:
            return True
        self._asked[alarm_key] = None
        while len(self._asked) > remember:
            del self._asked[next(iter(self._asked))]
        return False

    def decoded(self, got: Arrival) -> dict[str, Any] | None:
        """The body's fields; a bad one is quarantined and answered."""
        fields = decode_body(got.header.message_id, got.body, got.header.version)
        error = fields.get("error")
        if error is None:
            return fields
        self.bad(got, error["kind"], error["detail"], BAD_MESSAGE)
        return None

    def bad(self, got: Arrival, reason: str, detail: str, result: int) -> None:
        """Quarantine a message whose sender is known, and answer it."""
        self.refuse(reason, detail, got.raw, got.now_us, got.out, got.header.phone)
        self.answer(got, result)

    def reply(self, got: Arrival, message_id: int, fields: Mapping[str, Any]) -> None:
        """Say something to whom the arrival is from."""
        body = encode_body(message_id, fields, got.header.version)
        got.out.replies.append(self.down.frame(got.header, message_id, body))

    def answer(self, got: Arrival, result: int) -> None:
        """The general answer, for every part of the message."""
        got.out.replies.append(self.down.answer(got.header, result))
        for serial in got.also:
            got.out.replies.append(self.down.answer(replace(got.header, serial=serial), result))

    def refuse(
        self,
        reason: str,
        detail: str,
        raw: bytes,
        now_us: int,
        out: Outcome,
        phone: str | None = None,
    ) -> None:
        """A quarantine record."""
        self.counts[reason] += 1
        peer = phone or self.phone or self.peer
        out.quarantine.append((now_us, self.params.source, peer, reason, detail, raw))
