"""Vehicle positions in 0x1202, 0x1203 and their downward twins 0x9202, 0x9203.

2011: 36 bytes, longitude before latitude, local time. 2019: a flag, a length, a JT/T 808 location
of that length, then three platform ids with an alarm word each. Real senders put the 2011 bytes
without their flag (35) into the 2019 place, and fill the location up with zeros.

Source: JT/T 809-2011 clause 4.5.8.1; -2019 the same clause; forms of real senders from
captures.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sizao.core.clock import SHANGHAI
from sizao.feeds.jt808.fields import Reader, pad, text
from sizao.feeds.jt808.items import encode_item
from sizao.feeds.jt808.location import BASE, decode_location, encode_report
from sizao.feeds.jt808.problems import Malformed

OLD = struct.Struct(">BBHBBBIIHHIHHII")
"""Day, month, year, hour, minute, second, longitude, latitude, speed, recorder speed, mileage,
heading, altitude, state, alarm."""
SIZE_2011 = 1 + OLD.size
MAX_ITEMS = 5
"""Positions in one 0x1203."""
_TAIL = 3 * 15


def decode_old(data: bytes, at: int = 0) -> dict[str, Any]:
    """The 35 bytes of 2011 after the encryption flag."""
    day, month, year, hour, minute, second, lon, lat, *rest = OLD.unpack_from(data, at)
    speed, recorder, mileage, heading, altitude, state, alarm = rest
    fields: dict[str, Any] = {
        "time": _iso(year, month, day, hour, minute, second),
        "lon": lon / 1e6,
        "lat": lat / 1e6,
        "speed_kmh": speed,
        "recorder_speed_kmh": recorder,
        "mileage_km": mileage,
        "heading_deg": heading,
        "altitude_m": altitude,
        "state": state,
        "alarm": alarm,
    }
    if fields["time"] is None:
        fields["time_raw"] = data[at : at + 7].hex()
    return fields


def _iso(year: int, month: int, day: int, hour: int, minute: int, second: int) -> str | None:
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=SHANGHAI).isoformat()
    except ValueError:
        return None


def encode_old(fields: Mapping[str, Any]) -> bytes:
    """The inverse of :func:`decode_old`."""
    body = OLD.pack(
        *(1, 1, 2000, 0, 0, 0),
        round(fields["lon"] * 1e6),
        round(fields["lat"] * 1e6),
        fields["speed_kmh"],
        fields["recorder_speed_kmh"],
        fields["mileage_km"],
        fields["heading_deg"],
        fields["altitude_m"],
        fields["state"],
        fields["alarm"],
    )
    if fields["time"] is None:
        return bytes.fromhex(fields["time_raw"]) + body[7:]
    at = datetime.fromisoformat(fields["time"]).astimezone(SHANGHAI)
    head = struct.pack(">BBHBBB", at.day, at.month, at.year, at.hour, at.minute, at.second)
    return head + body[7:]


def split_2019(reader: Reader) -> tuple[int, bytes, list[tuple[bytes, int]]]:
    """Encryption flag, location bytes, and the three (platform id, alarm) pairs."""
    encrypt = reader.u8()
    location = reader.take(reader.u32())
    return encrypt, location, [(reader.take(11), reader.u32()) for _ in range(3)]


def without_padding(location: bytes) -> bytes:
    """A JT/T 808 location without the zeros that some senders fill it up with."""
    at = BASE.size
    while at + 1 < len(location):
        if not any(location[at:]):
            return location[:at]
        at += 2 + location[at + 1]
    return location[:at] if at + 1 == len(location) and not location[at] else location


def is_old(location: bytes) -> bool:
    """Whether the place of a JT/T 808 location holds the 35 bytes of 2011.

    A location with 7 bytes of items is as long; but it starts with its alarm word, which would
    have to read like a date.
    """
    if len(location) != OLD.size:
        return False
    day, month, year = OLD.unpack(location)[:3]
    return 1 <= day <= 31 and 1 <= month <= 12 and 2000 <= year < 2100


def decode_2019(reader: Reader) -> dict[str, Any]:
    encrypt, location, platforms = split_2019(reader)
    fields: dict[str, Any] = {"encrypt": encrypt, "gnss_length": len(location)}
    if is_old(location):
        fields["gnss_layout"] = "legacy-2011-35"
        fields["gnss"] = decode_old(location)
    else:
        bare = without_padding(location)
        fields["gnss_layout"] = "jt808-0200"
        fields["gnss"] = gnss = decode_location(bare)
        problem = gnss.pop("error", None)
        if problem is not None:
            fields["error"] = problem
        if len(bare) < len(location):
            fields["padding"] = len(location) - len(bare)
    for number, (platform, alarm) in enumerate(platforms, 1):
        fields[f"platform_id{number}"] = text(platform)
        fields[f"alarm{number}"] = alarm
    return fields


def encode_2019(fields: Mapping[str, Any]) -> bytes:
    """The inverse of :func:`decode_2019`."""
    gnss = fields["gnss"]
    if fields.get("gnss_layout") == "legacy-2011-35":
        location = encode_old(gnss)
    else:
        location = encode_report({**gnss, "extras": []}, "2013")
        location += b"".join(encode_item(item) for item in gnss["extras"])
        location += bytes(fields.get("padding", 0))
    return wrap_2019(
        location,
        fields["encrypt"],
        [(pad(fields[f"platform_id{n}"], 11), fields[f"alarm{n}"]) for n in (1, 2, 3)],
    )


def wrap_2019(
    location: bytes, encrypt: int = 0, platforms: list[tuple[bytes, int]] | None = None
) -> bytes:
    """A location as a 2019 position."""
    pairs = platforms or [(bytes(11), 0)] * 3
    tail = b"".join(name + alarm.to_bytes(4, "big") for name, alarm in pairs)
    return bytes((encrypt,)) + len(location).to_bytes(4, "big") + location + tail


def _decode_one(reader: Reader, edition: str) -> dict[str, Any]:
    if edition == "2019":
        return decode_2019(reader)
    return {"encrypt": reader.u8(), **decode_old(reader.take(OLD.size))}


def edition_of(data: bytes, edition: str) -> str:
    """Which form a single position has: that of its length, else the link's."""
    if len(data) == SIZE_2011:
        return "2011"
    if len(data) > _TAIL + 5 and int.from_bytes(data[1:5], "big") == len(data) - 5 - _TAIL:
        return "2019"
    return edition


def decode_position(data: bytes, edition: str) -> dict[str, Any]:
    """0x1202, 0x9202. Raises Malformed."""
    reader = Reader(data)
    fields = _decode_one(reader, edition_of(data, edition))
    if reader.left:
        fields["trailing"] = reader.rest().hex()
    return fields


def encode_position(fields: Mapping[str, Any], edition: str) -> bytes:
    if "gnss" in fields:
        body = encode_2019(fields)
    else:
        body = bytes((fields["encrypt"],)) + encode_old(fields)
    return body + bytes.fromhex(fields.get("trailing", ""))


def split_history(data: bytes, edition: str) -> tuple[int, list[bytes], bytes]:
    """0x1203: the declared count, the positions that are whole, and the bytes after them."""
    reader = Reader(data)
    declared = reader.u8()
    if len(data) == 1 + declared * SIZE_2011:
        edition = "2011"
    items: list[bytes] = []
    while reader.left:
        start = reader.at
        try:
            if edition == "2019":
                split_2019(reader)
            else:
                reader.take(SIZE_2011)
        except Malformed:
            reader.at = start
            break
        items.append(data[start : reader.at])
    return declared, items, reader.rest()


def decode_history(data: bytes, edition: str) -> dict[str, Any]:
    """0x1203, 0x9203. Raises Malformed ``count_mismatch``, the items beside it."""
    declared, bodies, rest = split_history(data, edition)
    items = [decode_position(body, edition) for body in bodies]
    if declared != len(items) or rest:
        raise Malformed(
            "count_mismatch",
            f"{declared} positions declared, {len(items)} are whole",
            declared=declared,
            items_present=len(items),
            count=declared,
            items=items,
        )
    return {"count": declared, "items": items}


def encode_history(fields: Mapping[str, Any], edition: str) -> bytes:
    bodies = [encode_position(item, edition) for item in fields["items"]]
    return bytes((len(bodies),)) + b"".join(bodies)
