"""A track to drive along: CSV with a header, or a JSON object a line.

Columns: ``lat`` and ``lon`` (degrees, WGS-84) are needed; ``time`` (ISO 8601 with an offset, or
seconds since the epoch), ``speed_kmh``, ``heading_deg``, ``altitude_m``, ``alarm``, ``status``,
``mileage_km``, ``recorder_speed_kmh`` may be there.
"""

from __future__ import annotations

import csv
import json
import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sizao.core.errors import ConfigError
from sizao.feeds.jt808.location import encode_location

_NUMBERS = {"speed_kmh": float, "heading_deg": int, "altitude_m": int, "alarm": int, "status": int}
_ITEMS = {"mileage_km": "0x01", "recorder_speed_kmh": "0x03"}


@dataclass(frozen=True)
class Point:
    """One position to report."""

    lat: float
    lon: float
    time_s: float | None = None
    """Seconds since the epoch; None if the file gives none."""
    more: dict[str, Any] = field(default_factory=dict)
    """Further arguments of ``encode_location``."""


def read_track(lines: Iterable[str], name: str) -> list[Point]:
    """The points of a file. Raises ConfigError that names the line."""
    rows = [line for line in lines if line.strip()]
    if not rows:
        raise ConfigError(f"{name}: no points")
    records: Iterable[Any]
    if rows[0].lstrip().startswith("{"):
        first, records = 1, (_json(line) for line in rows)
    else:
        first, records = 2, csv.DictReader(rows)
    points: list[Point] = []
    try:
        for record in records:
            points.append(_point(record))
    except (ValueError, KeyError, TypeError, OverflowError, csv.Error, struct.error) as error:
        raise ConfigError(f"{name}, line {first + len(points)}: {error!r}") from error
    if not points:
        raise ConfigError(f"{name}: no points")
    return points


def _json(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None


def _point(record: Mapping[str, Any]) -> Point:
    if not isinstance(record, Mapping):
        raise ValueError("not a JSON object")
    given = {key: value for key, value in record.items() if value not in (None, "")}
    lat, lon = float(given["lat"]), float(given["lon"])
    if not (abs(lat) <= 90 and abs(lon) <= 180):
        raise ValueError(f"no place on Earth: {lat}, {lon}")
    more: dict[str, Any] = {
        key: kind(float(given[key])) for key, kind in _NUMBERS.items() if key in given
    }
    items = [
        {"id": number, key: float(given[key])} for key, number in _ITEMS.items() if key in given
    ]
    point = Point(lat, lon, _seconds(given.get("time")), {**more, "items": items})
    # Whatever has no room in a report is better said now, with its line.
    at_s = 1_767_225_600 if point.time_s is None else point.time_s
    encode_location(time_us=round(at_s * 1e6), lat=lat, lon=lon, **point.more)
    return point


def _seconds(value: Any) -> float | None:
    if value is None:
        return None
    try:
        return float(value)
    except ValueError:
        time = datetime.fromisoformat(value)
    if time.tzinfo is None:
        raise ValueError(f"{value}: a time needs an offset, such as +08:00")
    return time.timestamp()
