"""Frames in a byte stream: ``7E | escaped header, body, checksum | 7E``.

Escapes: 7E is sent as ``7D 02`` and 7D as ``7D 01``, applied after the checksum was computed.
Neighbouring frames may share one delimiter and any number of them may stand between frames, so
every stretch between two delimiters is a candidate and every delimiter a new start: whatever a
bad frame contained, the next good one is found.

Source: JT/T 808-2013 clause 4.4.
"""

from __future__ import annotations

from sizao.feeds.jt808.problems import Malformed

DELIMITER = 0x7E
MAX_PLAIN = 21 + 1023 + 1
"""Longest frame before escaping: 2019 header with sub-package words, body, checksum."""
MAX_RAW = 2 * MAX_PLAIN
"""Longest frame on the wire, without delimiters: every byte escaped."""


def _folds(size: int) -> tuple[int, ...]:
    """Shifts that fold ``size`` bytes down to one: ..., 32, 16, 8 bits."""
    shifts = []
    shift = 8
    while shift < size * 8:
        shifts.append(shift)
        shift *= 2
    return tuple(reversed(shifts))


_FOLDS = [_folds(size) for size in range(MAX_PLAIN + 1)]


def checksum(plain: bytes) -> int:
    """XOR of all bytes.

    Folds the bytes as one big integer, ten times as fast as a Python loop: after shifting by
    s bits the low s bits hold the XOR of both halves, and what stands above them no longer
    matters.
    """
    size = len(plain)
    number = int.from_bytes(plain, "big")
    for shift in _FOLDS[size] if size <= MAX_PLAIN else _folds(size):
        number ^= number >> shift
    return number & 0xFF


def escape(plain: bytes) -> bytes:
    """Bytes safe to put between delimiters."""
    if 0x7D in plain or 0x7E in plain:
        return plain.replace(b"\x7d", b"\x7d\x01").replace(b"\x7e", b"\x7d\x02")
    return plain


def unescape(raw: bytes) -> bytes:
    """The bytes as they were before escaping. Raises Malformed ``bad_escape``."""
    if 0x7D not in raw:
        return raw
    first, *others = raw.split(b"\x7d")
    parts = [first]
    for other in others:
        # A lone 7D, or one followed by anything else, cannot come from a correct sender.
        if other[:1] == b"\x01":
            parts.append(b"\x7d" + other[1:])
        elif other[:1] == b"\x02":
            parts.append(b"\x7e" + other[1:])
        else:
            follower = other[:1].hex().upper() or "nothing"
            raise Malformed("bad_escape", f"0x7D followed by {follower}")
    return b"".join(parts)


def seal(plain: bytes) -> bytes:
    """A complete frame of header and body: checksum added, escaped, delimited."""
    return b"\x7e" + escape(plain + bytes((checksum(plain),))) + b"\x7e"


class Framer:
    """Cuts a stream into raw frames, whatever the chunks it arrives in.

    Memory is bounded: a stretch longer than ``max_raw`` without a delimiter is no frame and is
    dropped, and so is what stands before the first delimiter. The beginning of each such
    stretch is in :attr:`dropped` until the next call; :attr:`skipped` counts all its bytes.
    """

    __slots__ = ("_buffer", "_inside", "_reported", "dropped", "max_raw", "skipped")

    def __init__(self, max_raw: int = MAX_RAW) -> None:
        self.max_raw = max_raw
        self.skipped = 0
        self.dropped: list[bytes] = []
        self._buffer = b""
        self._inside = False
        """True after a delimiter: what follows may be a frame."""
        self._reported = False
        """The stretch being skipped is already in an earlier ``dropped``."""

    @property
    def pending(self) -> bytes:
        """Bytes held back because their frame is not complete."""
        return self._buffer

    @property
    def settled(self) -> bool:
        """The last thing that came was the end of a frame."""
        return self._inside and not self._buffer

    def feed(self, data: bytes) -> list[bytes]:
        """Raw frames completed by ``data``, still escaped, without delimiters, in order.

        Empty stretches between delimiters are filler and are left out. Never raises.
        """
        if self.dropped:
            self.dropped = []
        if not self._buffer and data[:1] == b"\x7e" == data[-1:]:
            # What a terminal nearly always sends: whole frames, nothing left over.
            done, last = data.split(b"\x7e"), b""
            self._inside, self._reported = True, False
        else:
            *done, last = (self._buffer + data).split(b"\x7e")
            if done:
                if not self._inside:
                    self._skip(done[0])
                    del done[0]
                self._inside, self._reported = True, False
        frames = []
        for raw in done:
            if len(raw) > self.max_raw:
                self._skip(raw)
                self._reported = False
            elif raw:
                frames.append(raw)
        if last and (len(last) > self.max_raw or not self._inside):
            # Too long for a frame already, or not begun by a delimiter: on to the next one.
            self._skip(last)
            self._inside = False
            last = b""
        self._buffer = last
        return frames

    def _skip(self, stretch: bytes) -> None:
        self.skipped += len(stretch)
        if stretch and not self._reported:
            self.dropped.append(stretch[: self.max_raw])
            self._reported = True
