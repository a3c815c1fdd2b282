"""Active-safety items of a location body as rows of ``core.schemas.DEVICE_ALARM``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from sizao.core.schemas import POSITION
from sizao.feeds.jt808.alarms import FAMILIES, identity_bytes, kinds
from sizao.feeds.jt808.fields import time_us
from sizao.feeds.jt808.location import BASE, SOUTH, WEST
from sizao.feeds.jt808.positions import Row
from sizao.feeds.jt808.vendors import dialect_of

SHORTEST = BASE.size + 2 + 41
"""Bytes of the shortest location that can have such an item."""

VIDEO = 0x14
"""Item of JT/T 1078: the video terminal's alarms, four bytes of bits."""

OVER_CAPACITY = 1 << 4
"""Its bit for a coach with more passengers than seats. Source: JT/T 1078-2016 table 14
(recalled)."""

SHORTEST_VIDEO = BASE.size + 2 + 4

END = 2
"""``flag_state`` of an alarm that ends."""


_OF_REPORT = [
    POSITION.names.index(name)
    for name in ("vehicle", "time", "received", "lat", "lon", "speed_kmh", "source")
]


class Alarm(NamedTuple):
    """An item's rows, and what its evidence is asked for by."""

    rows: list[Row]
    alarm_key: bytes
    """The identity's bytes."""
    ident: dict[str, Any]
    """The identity decoded."""
    kinds: list[str]

    @property
    def attachments(self) -> int:
        """Files the terminal has of it."""
        count: int = self.ident["attachment_count"]
        return count


def has_alarm(body: bytes) -> bool:
    """Whether a location body has an item with one of the ids, of whatever length, or says that
    the coach is too full. Cheap."""
    at, end = BASE.size, len(body) - 1
    while at < end:
        if body[at] in FAMILIES:
            return True
        if body[at] == VIDEO and _too_full(body[at + 2 : at + 2 + body[at + 1]]):
            return True
        at += 2 + body[at + 1]
    return False


def _too_full(value: bytes) -> bool:
    return len(value) == 4 and bool(int.from_bytes(value, "big") & OVER_CAPACITY)


def over_capacity(row: Row, body: bytes) -> list[Row]:
    """The alarm row of a report whose video item says that the coach is too full; else none.

    row : the position the report became. A bit has no identity and no files: each report that
    bears it is a moment of it.
    """
    at, end = BASE.size, len(body)
    while at + 2 <= end:
        item, length = body[at], body[at + 1]
        if item == VIDEO and _too_full(body[at + 2 : at + 2 + length]):
            vehicle, time, received, lat, lon, speed, source = (row[n] for n in _OF_REPORT)
            return [
                (vehicle, time, received, "video.over_capacity", None, 0, lat, lon, speed, None,
                 None, source)
            ]  # fmt: skip
        at += 2 + length
    return []


def alarms(
    body: bytes, vehicle: str, received_us: int, source: str, latest_us: int | None = None
) -> Iterator[Alarm]:
    """The alarms of a location body of at least 28 bytes. Never raises.

    An item without a time of its own, or with one after ``latest_us``, takes the report's; if that
    is no better the item is left to the report's quarantine. The hemisphere is the report's.
    """
    _, status, _, _, _, _, _, stamp = BASE.unpack_from(body)
    at, end = BASE.size, len(body)
    while at + 2 <= end:
        item, length = body[at], body[at + 1]
        value = body[at + 2 : at + 2 + length]
        at += 2 + length
        if item not in FAMILIES or len(value) != length:
            continue
        dialect = dialect_of(item, value)
        if dialect is None:
            continue
        family = FAMILIES[item]
        fields = dialect.items[item].decode(value, "")
        start = _time_at(family)
        times = (time_us(value[start : start + 6]), time_us(stamp))
        when = next((t for t in times if t is not None and (not latest_us or t <= latest_us)), None)
        if when is None:
            continue
        names = kinds(family, fields)
        lat, lon = _place(fields, status)
        # Of its decoded form: the terminal repeats what 0x9208 says, which is padded our way.
        key = identity_bytes(fields["alarm_ident"])
        tail = (
            lat,
            lon,
            fields["speed_kmh"],
            fields["fatigue_degree"] if names == ["dsm.fatigue"] else None,
            key.hex(),
            source,
        )
        level, state = fields.get("level"), fields["flag_state"]
        rows: list[Row] = [(vehicle, when, received_us, n, level, state, *tail) for n in names]
        yield Alarm(rows, key, fields["alarm_ident"], names)


def _time_at(family: str) -> int:
    """Offset of the time in an item: after the head, speed, altitude, latitude, longitude."""
    head = {"adas": 12, "dsm": 12, "bsd": 6, "tpms": 5}[family]
    return head + 1 + 2 + 4 + 4


def _place(fields: dict[str, Any], status: int) -> tuple[float | None, float | None]:
    lat, lon = fields["lat"], fields["lon"]
    if lat > 90 or lon > 180 or not (lat or lon):
        return None, None
    return (-lat if status & SOUTH else lat), (-lon if status & WEST else lon)
