"""Frames in a byte stream: ``5B | escaped header, body, CRC | 5D``.

Escapes: 5B is sent as ``5A 01``, 5A as ``5A 02``, 5D as ``5E 01``, 5E as ``5E 02``, applied after
the CRC was computed. Opening and closing delimiter differ, so an opening one always starts a
frame anew: whatever a bad frame contained, the next good one is found.

Source: JT/T 809-2011 clause 4.4, annex A.
"""

from __future__ import annotations

import binascii

from sizao.feeds.jt808.problems import Malformed

MAX_PLAIN = 1 << 20
"""Longest frame before escaping. The length field has 32 bits; the longest real messages carry a
photograph (0x1502)."""
MAX_RAW = 2 * MAX_PLAIN
"""Longest frame on the wire, without delimiters: every byte escaped."""


def crc16(plain: bytes) -> int:
    """CRC-16/CCITT: polynomial 0x1021, start FFFF, no reflection.

    >>> hex(crc16(b"123456789"))
    '0x29b1'
    """
    return binascii.crc_hqx(plain, 0xFFFF)


def escape(plain: bytes) -> bytes:
    """Bytes safe to put between delimiters."""
    for special, escaped in _ESCAPES:
        if special in plain:
            plain = plain.replace(special, escaped)
    return plain


_ESCAPES = (
    # The escape bytes themselves first, or they would be escaped twice.
    (b"\x5a", b"\x5a\x02"),
    (b"\x5b", b"\x5a\x01"),
    (b"\x5e", b"\x5e\x02"),
    (b"\x5d", b"\x5e\x01"),
)


def unescape(raw: bytes) -> bytes:
    """The bytes as they were before escaping. Raises Malformed ``bad_escape``."""
    for lead, first in ((b"\x5a", b"\x5b"), (b"\x5e", b"\x5d")):
        if lead not in raw:
            continue
        head, *others = raw.split(lead)
        parts = [head]
        for other in others:
            if other[:1] == b"\x01":
                parts.append(first + other[1:])
            elif other[:1] == b"\x02":
                parts.append(lead + other[1:])
            else:
                follower = other[:1].hex().upper() or "nothing"
                raise Malformed("bad_escape", f"0x{lead.hex().upper()} followed by {follower}")
        raw = b"".join(parts)
    return raw


def seal(plain: bytes) -> bytes:
    """A complete frame of header and body: CRC added, escaped, delimited."""
    return b"\x5b" + escape(plain + crc16(plain).to_bytes(2, "big")) + b"\x5d"


class Framer:
    """Cuts a stream into raw frames, whatever the chunks it arrives in.

    Memory is bounded: a frame that grows beyond ``max_raw`` is dropped, and so is what stands
    between frames. The beginning of each dropped stretch is in :attr:`dropped` until the next
    call; :attr:`skipped` counts all such bytes.
    """

    __slots__ = ("_buffer", "_inside", "dropped", "max_raw", "skipped")

    def __init__(self, max_raw: int = MAX_RAW) -> None:
        self.max_raw = max_raw
        self.skipped = 0
        self.dropped: list[bytes] = []
        self._buffer = bytearray()
        """What came after the last opening delimiter."""
        self._inside = False

    @property
    def pending(self) -> bytes:
        """Bytes held back because their frame is not complete, with the opening delimiter."""
        return b"\x5b" + bytes(self._buffer) if self._inside else b""

    def feed(self, data: bytes) -> list[bytes]:
        """Raw frames completed by ``data``, still escaped, without delimiters, in order.

        A frame with nothing in it is left out. Never raises.
        """
        if self.dropped:
            self.dropped = []
        frames: list[bytes] = []
        pieces = data.split(b"\x5b")
        self._more(pieces[0], frames)
        for piece in pieces[1:]:
            if self._inside:
                # An opening delimiter inside a frame: that frame was never closed.
                self._skip(bytes(self._buffer))
            self._buffer.clear()
            self._inside = True
            self._more(piece, frames)
        return frames

    def restart(self, pending: bytes) -> None:
        """Forget what was held back and hold this back: nothing, or an opening delimiter and
        bytes without another delimiter."""
        self._leave()
        self.dropped = []
        if pending:
            self.feed(pending)

    def _more(self, piece: bytes, frames: list[bytes]) -> None:
        """Bytes without an opening delimiter."""
        if not self._inside:
            self._skip(piece)
            return
        end = piece.find(b"\x5d")
        if end < 0:
            self._buffer += piece
            if len(self._buffer) > self.max_raw:
                self._skip(bytes(self._buffer))
                self._leave()
            return
        raw = bytes(self._buffer) + piece[:end] if self._buffer else piece[:end]
        if len(raw) > self.max_raw:
            self._skip(raw)
        elif raw:
            frames.append(raw)
        self._leave()
        self._skip(piece[end + 1 :])

    def _leave(self) -> None:
        self._buffer.clear()
        self._inside = False

    def _skip(self, stretch: bytes) -> None:
        self.skipped += len(stretch)
        # Line ends and zeros between frames are what senders use as filler.
        if stretch.strip(b"\0\r\n "):
            self.dropped.append(stretch[:4096])
