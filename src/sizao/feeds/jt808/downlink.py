"""The platform's side of a connection: serials, answers, and texts that wait for theirs."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sizao.feeds.jt808.encode import encode_body, encode_frame, encode_message, header_bytes
from sizao.feeds.jt808.fields import word
from sizao.feeds.jt808.framing import seal
from sizao.feeds.jt808.header import Header
from sizao.feeds.jt808.replies import OK, RESULTS, general

KEPT_PARTED = 4
"""Messages in parts that can be sent again."""


@dataclass(slots=True)
class Pending:
    """A text that waits for the terminal's answer. The parts of a long one share an object."""

    command: str
    vehicle: str
    sent_us: int
    answered: bool = False
    expired: bool = False


class Downlink:
    """Builds frames for one terminal; serials rise by one a frame and wrap at 65535."""

    def __init__(self, max_pending: int) -> None:
        self._serial = 0
        self._max_pending = max_pending
        self._pending: OrderedDict[int, Pending] = OrderedDict()
        self._ack_head = b""
        self._parted: OrderedDict[int, list[bytes]] = OrderedDict()
        """Frames of the last messages in parts, by the serial of the first."""

    @property
    def ack_head(self) -> bytes:
        """Header of a general answer in the form learnt last, up to its serial."""
        return self._ack_head

    @property
    def serial(self) -> int:
        """Of the next frame."""
        return self._serial

    @serial.setter
    def serial(self, value: int) -> None:
        self._serial = value

    @property
    def awaits_answers(self) -> bool:
        """A text was sent and not answered yet, as far as it is remembered."""
        return bool(self._pending)

    def learn(self, header: Header) -> None:
        """Take the form of a terminal's header for the short cut of :meth:`quick_answer`."""
        # The header of an answer never changes but for its serial, the last two bytes.
        self._ack_head = header_bytes(0x8001, header.phone_raw, 0, 5, header.version)[:-2]

    def quick_answer(self, question: bytes, result: int) -> bytes:
        """General answer to serial and message id, four bytes, in the form learnt last."""
        return seal(self._ack_head + self._next(1) + question + bytes((result,)))

    def answer(self, header: Header, result: int) -> bytes:
        """General answer 0x8001 to a header."""
        return self.frame(header, 0x8001, general(header.serial, header.message_id, result))

    def frame(self, header: Header, message_id: int, body: bytes) -> bytes:
        """A frame to the terminal that sent ``header``, in the same form."""
        serial = int.from_bytes(self._next(1), "big")
        return encode_frame(message_id, header.phone_raw, serial, body, header.version)

    def text(self, header: Header, text: str, flags: int, command: str, now_us: int) -> bytes:
        """Frames of a 0x8300 text, remembered until its answer comes; the oldest is forgotten
        when there are too many."""
        body = encode_body(0x8300, {"flag": flags, "text": text}, header.version)
        first = self._serial
        frames = encode_message(0x8300, header.phone_raw, first, body, header.version)
        self._next(len(frames))
        if len(frames) > 1:
            self._parted[first] = frames
            while len(self._parted) > KEPT_PARTED:
                self._parted.popitem(last=False)
        pending = Pending(command, header.phone, now_us)
        for offset in range(len(frames)):
            # A terminal may answer the message by the serial of any of its parts.
            self._pending.pop(first + offset & 0xFFFF, None)
            self._pending[first + offset & 0xFFFF] = pending
        while len(self._pending) > self._max_pending:
            self._pending.popitem(last=False)
        return b"".join(frames)

    def again(self, first_serial: int, indexes: list[int]) -> list[bytes]:
        """Parts a terminal asks for again (0x0005); none if the message is forgotten."""
        frames = self._parted.get(first_serial, [])
        return [frames[index - 1] for index in indexes if 1 <= index <= len(frames)]

    def answered(self, fields: dict[str, Any]) -> tuple[Pending, str, str] | None:
        """The text a 0x0001 answers, its new state and why; None if it answers none."""
        pending = self._pending.get(fields["reply_serial"])
        if pending is None or pending.answered or fields["reply_message_id"] != word(0x8300):
            return None
        pending.answered = True
        result = fields["result"]
        state = "acknowledged" if result == OK else "refused"
        return pending, state, f"result {result}: {RESULTS.get(result, 'unknown')}"

    def overdue(self, before_us: int) -> Iterator[Pending]:
        """Texts sent before a moment and not answered; each is told once."""
        for pending in self._pending.values():
            if pending.sent_us < before_us and not pending.answered and not pending.expired:
                pending.expired = True
                yield pending

    def _next(self, count: int) -> bytes:
        serial = self._serial
        self._serial = serial + count & 0xFFFF
        return serial.to_bytes(2, "big")
