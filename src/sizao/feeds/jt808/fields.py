"""The small building blocks of every body: integers, GBK text, BCD times.

Source: JT/T 808-2013 clause 4 (data types); all integers are big-endian, text is GBK.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache

from sizao.core.clock import SHANGHAI
from sizao.feeds.jt808.problems import Malformed

DAY_US = 86_400_000_000
_BCD = [(b >> 4) * 10 + (b & 15) if (b >> 4) < 10 and (b & 15) < 10 else -1 for b in range(256)]
_BELOW_24 = [v if v < 24 else -1 for v in _BCD]
_BELOW_60 = [v if v < 60 else -1 for v in _BCD]


class Reader:
    """Reads a body from front to back; running out of bytes is ``bad_length``."""

    __slots__ = ("at", "data")

    def __init__(self, data: bytes, at: int = 0) -> None:
        self.data = data
        self.at = at

    @property
    def left(self) -> int:
        """Bytes not read yet."""
        return len(self.data) - self.at

    def take(self, count: int) -> bytes:
        """The next ``count`` bytes. Raises Malformed if there are fewer."""
        end = self.at + count
        if end > len(self.data):
            raise Malformed("bad_length", f"body ends at byte {len(self.data)}, {end} are needed")
        taken = self.data[self.at : end]
        self.at = end
        return taken

    def u8(self) -> int:
        return self.take(1)[0]

    def u16(self) -> int:
        return int.from_bytes(self.take(2), "big")

    def i16(self) -> int:
        return int.from_bytes(self.take(2), "big", signed=True)

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def text(self, count: int) -> str:
        """A fixed-width text without its padding."""
        return text(self.take(count))

    def short_text(self) -> str:
        """A text with a length byte in front."""
        return text(self.take(self.u8()))

    def rest(self) -> bytes:
        """Everything not read yet."""
        taken = self.data[self.at :]
        self.at = len(self.data)
        return taken


def text(raw: bytes) -> str:
    """GBK text without NUL padding on either side; makers pad on both. Never fails."""
    return raw.strip(b"\0").decode("gbk", "replace")


def pad(value: str, width: int) -> bytes:
    """GBK bytes of a text, NUL-padded on the right or cut to ``width``."""
    return value.encode("gbk", "replace")[:width].ljust(width, b"\0")


def short(value: str) -> bytes:
    """GBK bytes of a text behind a length byte, cut to 255 bytes."""
    raw = value.encode("gbk", "replace")[:255]
    return bytes((len(raw),)) + raw


@lru_cache(maxsize=4096)
def _day_us(raw: bytes) -> int | None:
    """Midnight in China of a YYMMDD date in BCD, as UTC microseconds; None if impossible."""
    year, month, day = (_BCD[b] for b in raw)
    try:
        # 808 has two digits for the year and came into force in 2011: the century is 2000.
        midnight = datetime(2000 + year, month, day, tzinfo=SHANGHAI) if year >= 0 else None
    except ValueError:
        return None
    return None if midnight is None else int(midnight.timestamp()) * 1_000_000


def time_us(raw: bytes) -> int | None:
    """UTC microseconds of a BCD[6] YYMMDDhhmmss time in UTC+8; None if there is no such time."""
    day = _day_us(raw[:3])
    hour, minute, second = _BELOW_24[raw[3]], _BELOW_60[raw[4]], _BELOW_60[raw[5]]
    if day is None or hour < 0 or minute < 0 or second < 0:
        return None
    return day + (hour * 3600 + minute * 60 + second) * 1_000_000


def iso_time(raw: bytes) -> str | None:
    """The same time as ISO 8601 with its +08:00 offset; None if there is no such time."""
    if time_us(raw) is None:
        return None
    d = raw.hex()
    return f"20{d[:2]}-{d[2:4]}-{d[4:6]}T{d[6:8]}:{d[8:10]}:{d[10:12]}+08:00"


def bcd_time(at_us: int) -> bytes:
    """BCD[6] of a UTC moment in microseconds, in UTC+8, fractions dropped.

    Raises ValueError outside the years 2000 to 2099, which the format cannot write.
    """
    local = (datetime.fromtimestamp(at_us // 1_000_000, UTC) + timedelta(hours=8)).replace(
        tzinfo=None
    )
    if not 2000 <= local.year < 2100:
        raise ValueError(f"year {local.year} has no two-digit form in JT/T 808")
    return bytes.fromhex(local.strftime("%y%m%d%H%M%S"))


def bcd_from_iso(value: str) -> bytes:
    """BCD[6] of an ISO time with an offset."""
    return bcd_time(int(datetime.fromisoformat(value).timestamp()) * 1_000_000)


def word(value: int) -> str:
    """A 16-bit number the way the standard writes ids: ``0x0200``."""
    return f"0x{value:04X}"
