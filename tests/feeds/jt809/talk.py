"""Links for the tests of this folder."""

from __future__ import annotations

import random
from typing import Any

from sizao.feeds.jt809.cipher import Keys
from sizao.feeds.jt809.encode import encode_frame
from sizao.feeds.jt809.lower import Lower
from sizao.feeds.jt809.outcome import MAIN, SUB, Outcome
from sizao.feeds.jt809.params import LinkParams
from sizao.feeds.jt809.rows import from_row
from sizao.feeds.jt809.subs import join
from sizao.feeds.jt809.upper import Upper
from sizao.feeds.jt809.vehicles import Directory, Vehicle

START_US = 1_790_000_000_000_000
"""2026-09-21 13:33:20 UTC."""
SECOND = 1_000_000

REGISTER = [
    Vehicle(f"1000000000{n}", f"川DI000{n}", 2, "heavy_truck", "e1", "某某运输公司")
    for n in range(1, 6)
]


def params(**changes: Any) -> LinkParams:
    base: dict[str, Any] = {
        "name": "province",
        "edition": "2019",
        "access_code": 44099101,
        "user": 20180920,
        "password": "20180920",
        "platform_id": "51040000001",
        "down_link": ("127.0.0.1", 8809),
        "count_every": 100,
    }
    return LinkParams(**base | changes)


KEYS = Keys(30000000, 20000000, 20000000)


def position(vehicle: str = "10000000001", second: int = 0, **changes: Any) -> dict[str, Any]:
    """A POSITION row as a dict, time in microseconds."""
    return {
        "vehicle": vehicle,
        "time": START_US + second * SECOND,
        "received": START_US + second * SECOND,
        "lat": 26.5,
        "lon": 101.7,
        "speed_kmh": 60.0,
        "heading_deg": 90.0,
        "altitude_m": 1200.0,
        "recorder_speed_kmh": 59.0,
        "mileage_km": 1234.0,
        "alarm": 0,
        "status": 3,
        "positioned": True,
        "catch_up": False,
        "driver": None,
        "source": "jt808",
    } | changes


def position_frame(
    link: LinkParams,
    rows: list[dict[str, Any]],
    serial: int = 1,
    plate: tuple[str, int] = ("川DI0001", 2),
    sub: int = 0x1202,
) -> bytes:
    data = b"".join(from_row(row, link.edition) for row in rows)
    if sub in (0x1203, 0x9203):
        data = bytes((len(rows),)) + data
    body = join(sub, data, link.edition, link.dialect, *plate)
    sent = START_US // SECOND if link.edition == "2019" else None
    return encode_frame(
        sub,
        link.access_code,
        serial,
        body,
        sent=sent,
        version=link.version,
        key=link.key if link.encrypt else 0,
        keys=link.keys if link.encrypt else None,
    )


class Both:
    """The two sides of a pair of links, wired to each other without sockets.

    ``cut`` holds links whose bytes are lost. What is sent is delivered at once; outcomes of each
    side gather in ``upper_said`` and ``lower_said``.
    """

    def __init__(self, upper: LinkParams | None = None, lower: LinkParams | None = None) -> None:
        shared = upper or params()
        self.now_us = START_US
        codes = iter(range(1000, 10_000))
        self.upper = Upper(shared, Directory(REGISTER), self.now_us, new_code=lambda: next(codes))
        self.lower = Lower(lower or shared, Directory(REGISTER), self.now_us)
        self.upper_said: list[Outcome] = []
        self.lower_said: list[Outcome] = []
        self.cut: set[str] = set()
        self.dial = True

    def login(self) -> None:
        self.upper.connected(MAIN, self.now_us, "127.0.0.1:5")
        self.take_lower(self.lower.connected(MAIN, self.now_us, "127.0.0.1:809"))

    def take_lower(self, out: Outcome | None) -> None:
        assert out is not None
        self.lower_said.append(out)
        for channel, frame in out.sends:
            if channel not in self.cut:
                self.take_upper(self.upper.receive(channel, frame, self.now_us))
        for channel in out.closed:
            self.drop(channel)

    def take_upper(self, out: Outcome | None) -> None:
        assert out is not None
        self.upper_said.append(out)
        for channel, frame in out.sends:
            if channel not in self.cut:
                self.take_lower(self.lower.receive(channel, frame, self.now_us))
        for channel in out.closed:
            self.drop(channel)
        if out.dial is not None:
            if self.dial:
                self.lower.connected(SUB, self.now_us, "127.0.0.1:6")
                self.take_upper(self.upper.connected(SUB, self.now_us))
            else:
                self.take_upper(self.upper.could_not_dial(self.now_us))

    def drop(self, channel: str) -> None:
        """The connection ends on both sides."""
        self.take_lower(self.lower.closed(channel, self.now_us, "cut"))
        self.take_upper(self.upper.closed(channel, self.now_us, "cut"))

    def pass_s(self, seconds: int) -> None:
        for _ in range(seconds):
            self.now_us += SECOND
            self.take_lower(self.lower.tick(self.now_us))
            self.take_upper(self.upper.tick(self.now_us))

    def upper_rows(self, kind: str) -> list[dict[str, Any]]:
        return rows(self.upper_said, kind)

    def lower_rows(self, kind: str) -> list[dict[str, Any]]:
        return rows(self.lower_said, kind)


COLUMNS = (
    *("message", "time", "received", "link", "direction", "kind", "vehicle", "plate"),
    *("plate_colour", "refers_to", "state", "body", "source"),
)


def rows(said: list[Outcome], kind: str) -> list[dict[str, Any]]:
    found = [dict(zip(COLUMNS, row, strict=True)) for out in said for row in out.messages]
    return [row for row in found if row["kind"].endswith(kind)]


def shuffled(seed: int, frames: list[bytes]) -> list[bytes]:
    frames = list(frames)
    random.Random(seed).shuffle(frames)
    return frames
