"""The texts inside CAP elements: times, numbers, points, references. Reading and writing.

Reading is tolerant where senders are known to differ, and says so in ``seen``; writing keeps to
the standard.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from sizao.feeds.cap.records import Circle, Point, Reference

BEIJING = timezone(timedelta(hours=8))

_TIME = re.compile(
    r"([0-9]{4})-?([0-9]{2})-?([0-9]{2})[T ]?([0-9]{2}):?([0-9]{2}):?([0-9]{2})(?:\.[0-9]+)?\s*"
    r"(?:(Z)|([+-])([0-9]{2}):?([0-9]{2}))?"
)
_YEARS = range(1900, 2200)


def read_time(text: str, seen: set[str]) -> datetime | None:
    """A moment, or None if the text is none.

    Departures: ``time_form`` (a space for the T, Z for -00:00, no separators), ``no_zone`` (read as
    Beijing time, which is what a Chinese sender without a zone means).
    """
    found = _TIME.fullmatch(text)
    if found is None or int(found[1]) not in _YEARS:
        return None
    if found[7]:
        zone = UTC
    elif found[8]:
        minutes = int(found[9]) * 60 + int(found[10])
        if minutes > 14 * 60:
            return None
        zone = timezone(timedelta(minutes=minutes if found[8] == "+" else -minutes))
    else:
        zone = BEIJING
        seen.add("no_zone")
    if found[7] or text[10:11] != "T":
        seen.add("time_form")
    try:
        return datetime(*(int(found[n]) for n in range(1, 7)), tzinfo=zone)  # type: ignore[misc, arg-type]  # six integers
    except ValueError:
        return None


def write_time(at: datetime) -> str:
    """As the standard wants it: whole seconds, a numeric zone, UTC as ``-00:00``.

    >>> write_time(datetime(2026, 11, 25, 8, 0, tzinfo=BEIJING))
    '2026-11-25T08:00:00+08:00'

    Source: CAP 1.2, 3.3.2.
    """
    offset = at.utcoffset()
    if offset is None or offset % timedelta(minutes=1):
        at = at.astimezone(BEIJING)
        offset = at.utcoffset() or timedelta()
    zone = "-00:00" if not offset else f"{at:%z}"[:3] + ":" + f"{at:%z}"[3:5]
    return f"{at.replace(tzinfo=None, microsecond=0).isoformat()}{zone}"


def read_number(text: str) -> float | None:
    """A finite number, else None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def write_number(value: float) -> str:
    """A decimal without an exponent: XML Schema's ``decimal`` has none.

    >>> write_number(1e-7)
    '0.0000001'
    """
    return f"{Decimal(repr(value)):f}"


def read_polygon(text: str, seen: set[str]) -> tuple[Point, ...] | None:
    """A closed ring of (lat, lon), or None if the text is none.

    Departures: ``unclosed`` (the first point was added at the end), ``lon_lat`` (turned round).
    """
    points = [_point(pair, seen) for pair in text.split()]
    ring = [point for point in points if point is not None]
    if len(ring) != len(points) or len(ring) < 3:
        return None
    if ring[0] != ring[-1]:
        seen.add("unclosed")
        ring.append(ring[0])
    return tuple(ring) if len(ring) >= 4 else None


def read_circle(text: str, seen: set[str]) -> Circle | None:
    """A circle, or None if the text is none."""
    centre, _, radius = text.strip().partition(" ")
    point, radius_km = _point(centre, seen), read_number(radius.strip())
    if point is None or radius_km is None or radius_km < 0:
        return None
    return Circle(*point, radius_km)


def _point(text: str, seen: set[str]) -> Point | None:
    first, comma, second = text.partition(",")
    lat, lon = read_number(first), read_number(second)
    if not comma or lat is None or lon is None:
        return None
    # All of China lies in this box and no place in it can be read the other way round.
    if 73 <= lat <= 136 and 3 <= lon <= 54:
        seen.add("lon_lat")
        lat, lon = lon, lat
    return (lat, lon) if abs(lat) <= 90 and abs(lon) <= 180 else None


def write_polygon(ring: Iterable[Point]) -> str:
    return " ".join(f"{write_number(lat)},{write_number(lon)}" for lat, lon in ring)


def write_circle(circle: Circle) -> str:
    return f"{write_number(circle.lat)},{write_number(circle.lon)} {write_number(circle.radius_km)}"


_SPACED_DAY = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2}) +([0-9]{2}:)")


def read_references(text: str, seen: set[str]) -> tuple[Reference, ...]:
    """``sender,identifier,sent`` with spaces between; or, a departure, identifiers alone."""
    found = []
    for word in _SPACED_DAY.sub(r"\1T\2", text).split():
        parts = word.split(",")
        sent = read_time(parts[2], seen) if len(parts) == 3 else None
        if sent is not None:
            found.append(Reference(parts[0], parts[1], sent))
            continue
        seen.add("bare_reference")
        found += [Reference("", part, None) for part in parts if part]
    return tuple(found)


def write_references(references: Iterable[Reference]) -> str:
    return " ".join(
        f"{one.sender},{one.identifier},{write_time(one.sent)}" if one.sent else one.identifier
        for one in references
    )
