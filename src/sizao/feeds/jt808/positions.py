"""Location bodies to rows of ``core.schemas.POSITION``, or to a reason why not.

Kept: everything that says when a vehicle was and what it reported. A terminal without a fix is
kept with ``positioned`` false, because its alarms, its speed by the recorder and its being
alive still count; its coordinates are null when they are 0, 0 or no place on Earth. Refused, as
a quarantine record with the raw bytes: a time that does not exist, a time too far ahead of the
moment of receipt, a fix that is no place on Earth.

Old positions are kept whatever their age: catching up after a tunnel or a week in a workshop is
ordinary, and whoever reads the log knows event time and receive time. :class:`Limits` can set
an age.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from sizao.core.schemas import POSITION
from sizao.feeds.jt808.fields import time_us
from sizao.feeds.jt808.location import BASE, ENCIPHERED, POSITIONED, SOUTH, WEST

Row = tuple[Any, ...]
"""One row in the column order of POSITION; times as microseconds since the epoch, UTC."""

SOURCE = "jt808"


@dataclass(frozen=True)
class Limits:
    """What a believable location is."""

    future_s: float = 600.0
    """A terminal's clock may be this far ahead of the moment of receipt."""
    age_s: float | None = None
    """A location may be this old; None is any age."""
    altitude_m: int = 9000
    """Altitudes above are a device's way of saying unknown (or below zero): null."""
    speed_kmh: float = 400.0
    """Speeds above are a device's way of saying unknown: null."""


DEFAULT_LIMITS = Limits()


def position_row(
    body: bytes,
    vehicle: str,
    received_us: int,
    *,
    catch_up: bool = False,
    driver_at: Callable[[str, int], str | None] | None = None,
    limits: Limits = DEFAULT_LIMITS,
    source: str = SOURCE,
) -> tuple[Row | None, str | None]:
    """The POSITION row of one location body (0x0200 without header), and what is wrong with it.

    ``driver_at`` names the driver of a vehicle at a moment. Without a row the reason is
    ``bad_length``, ``bad_time``, ``future_time``, ``too_old`` or ``bad_coordinates``; beside a
    row it is ``truncated_extra``. Never raises.
    """
    if len(body) < 28:
        return None, "bad_length"
    alarm, status, lat_raw, lon_raw, altitude, speed, heading, stamp = BASE.unpack_from(body)
    at = time_us(stamp)
    if at is None:
        return None, "bad_time"
    if at - received_us > limits.future_s * 1e6:
        return None, "future_time"
    if limits.age_s is not None and received_us - at > limits.age_s * 1e6:
        return None, "too_old"
    positioned = bool(status & POSITIONED)
    lat: float | None = None
    lon: float | None = None
    if status & ENCIPHERED:
        # Through the map plug-in: not WGS-84, so no use to anybody here.
        pass
    elif lat_raw > 90_000_000 or lon_raw > 180_000_000:
        if positioned:
            return None, "bad_coordinates"
    elif lat_raw or lon_raw:
        lat = -lat_raw / 1e6 if status & SOUTH else lat_raw / 1e6
        lon = -lon_raw / 1e6 if status & WEST else lon_raw / 1e6
    else:
        # A fix at 0, 0 is a receiver that has not started; the status word is kept as sent.
        positioned = False
    mileage: float | None = None
    recorder: float | None = None
    offset, end = 28, len(body) - 1
    while offset < end:
        item, length = body[offset], body[offset + 1]
        offset += 2
        if item == 1 and length == 4 and offset + 4 <= end + 1:
            mileage = int.from_bytes(body[offset : offset + 4], "big") / 10
        elif item == 3 and length == 2 and offset + 2 <= end + 1:
            tenths = body[offset] << 8 | body[offset + 1]
            recorder = tenths / 10 if tenths / 10 <= limits.speed_kmh else None
        offset += length
    row = (
        vehicle,
        at,
        received_us,
        lat,
        lon,
        speed / 10 if speed / 10 <= limits.speed_kmh else None,
        heading if heading <= 360 else None,
        altitude if altitude <= limits.altitude_m else None,
        recorder,
        mileage,
        alarm,
        status,
        positioned,
        catch_up,
        driver_at(vehicle, at) if driver_at else None,
        source,
    )
    return row, None if offset == len(body) else "truncated_extra"


def position_batch(rows: Sequence[Row]) -> pa.RecordBatch:
    """Rows of :func:`position_row` as one batch of ``core.schemas.POSITION``."""
    return rows_to_batch(rows, POSITION)


def rows_to_batch(rows: Sequence[Row], schema: pa.Schema) -> pa.RecordBatch:
    """Tuples in column order as a batch. Times are integers of microseconds."""
    columns = zip(*rows, strict=True) if rows else ((),) * len(schema)
    return pa.RecordBatch.from_arrays(
        [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)],
        schema=schema,
    )
