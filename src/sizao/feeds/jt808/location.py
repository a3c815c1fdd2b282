"""0x0200 location report, 0x0201 location answer: 28 bytes of base, then items.

Latitude and longitude are sent unsigned; status bits 2 and 3 say south and west. The time is in
UTC+8. A cut-off last item does not lose the base fields.

Source: JT/T 808-2013 clause 8.18, tables 23 to 27.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from typing import Any

from sizao.feeds.jt808.fields import bcd_time, iso_time
from sizao.feeds.jt808.items import decode_items, encode_item
from sizao.feeds.jt808.problems import Malformed

BASE = struct.Struct(">IIIIHHH6s")
"""alarm, status, latitude, longitude (1e-6 degrees), altitude m, speed 0.1 km/h, course, time."""

ACC, POSITIONED, SOUTH, WEST = 1, 2, 4, 8
"""Bits of the status word."""
ENCIPHERED = 32
"""Status bit 5: the coordinates went through the map plug-in and are not WGS-84."""
EMERGENCY = 1
"""Bit 0 of the alarm word."""


def decode_base(body: bytes, at: int = 0) -> dict[str, Any]:
    """The 28 base bytes as JSON keys. Raises Malformed ``bad_length`` if there are fewer."""
    if len(body) - at < BASE.size:
        raise Malformed(
            "bad_length", f"a location takes {BASE.size} bytes, {len(body) - at} are there"
        )
    alarm, status, lat, lon, altitude, speed, heading, stamp = BASE.unpack_from(body, at)
    return {
        "alarm": alarm,
        "status": status,
        # ``or 0.0`` because minus zero would come out as -0.0.
        "lat": (-lat / 1e6 if status & SOUTH else lat / 1e6) or 0.0,
        "lon": (-lon / 1e6 if status & WEST else lon / 1e6) or 0.0,
        "altitude_m": altitude,
        "speed_kmh": speed / 10,
        "heading_deg": heading,
        "time_bcd": stamp.hex(),
        "time": iso_time(stamp),
        "acc_on": bool(status & ACC),
        "positioned": bool(status & POSITIONED),
    }


def decode_location(body: bytes, version: str = "2013") -> dict[str, Any]:
    """Base and items; a cut-off last item adds ``error``."""
    fields = decode_base(body)
    fields["extras"], problem = decode_items(body, BASE.size)
    if problem is not None:
        fields["error"] = {"kind": problem.kind, "detail": problem.detail}
    return fields


def decode_report(body: bytes, version: str) -> dict[str, Any]:
    """0x0200: a location, marked when no place on Earth has its coordinates."""
    fields = decode_location(body)
    if abs(fields["lat"]) > 90 or abs(fields["lon"]) > 180:
        fields["plausible"] = False
    return fields


def decode_answer(body: bytes, version: str) -> dict[str, Any]:
    """0x0201 (clause 8.20) and 0x0500 (8.34): the serial of the query, then a location."""
    location = decode_location(body[2:])
    return {"reply_serial": int.from_bytes(body[:2], "big"), "location": location}


def encode_location(
    *,
    time_us: int,
    lat: float,
    lon: float,
    speed_kmh: float = 0.0,
    heading_deg: int = 0,
    altitude_m: int = 0,
    alarm: int = 0,
    status: int = ACC | POSITIONED,
    items: Iterable[Mapping[str, Any]] = (),
) -> bytes:
    """A 0x0200 body. Degrees are WGS-84, signed; the hemisphere bits of ``status`` follow them.

    ``time_us`` is UTC microseconds; ``items`` are dicts as :mod:`.items` decodes them, such as
    ``{"id": "0x01", "mileage_km": 12.3}``. Raises struct.error for a number that has no room.
    """
    status = status & ~(SOUTH | WEST) | (SOUTH if lat < 0 else 0) | (WEST if lon < 0 else 0)
    base = BASE.pack(
        alarm,
        status,
        round(abs(lat) * 1e6),
        round(abs(lon) * 1e6),
        altitude_m,
        round(speed_kmh * 10),
        heading_deg,
        bcd_time(time_us),
    )
    return base + b"".join(encode_item(item) for item in items)


def encode_base(fields: Mapping[str, Any]) -> bytes:
    """The 28 base bytes of decoded fields: the inverse of :func:`decode_base`, bit for bit."""
    return BASE.pack(
        fields["alarm"],
        fields["status"],
        round(abs(fields["lat"]) * 1e6),
        round(abs(fields["lon"]) * 1e6),
        fields["altitude_m"],
        round(fields["speed_kmh"] * 10),
        fields["heading_deg"],
        bytes.fromhex(fields["time_bcd"]),
    )


def encode_report(fields: Mapping[str, Any], version: str) -> bytes:
    """The body of decoded fields: the inverse of :func:`decode_report`."""
    return encode_base(fields) + b"".join(encode_item(item) for item in fields["extras"])


def encode_answer(fields: Mapping[str, Any], version: str) -> bytes:
    """The inverse of :func:`decode_answer`."""
    serial = int(fields["reply_serial"]).to_bytes(2, "big")
    return serial + encode_report(fields["location"], version)
