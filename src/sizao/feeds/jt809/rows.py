"""Positions and messages of a link as rows of ``core.schemas``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sizao.core.clock import SHANGHAI
from sizao.core.ids import content_id
from sizao.feeds.jt808.fields import Reader, word
from sizao.feeds.jt808.location import ENCIPHERED, POSITIONED, SOUTH, WEST, encode_location
from sizao.feeds.jt808.positions import Limits, Row, position_row
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt809.fields import us_of
from sizao.feeds.jt809.position import OLD, SIZE_2011, edition_of, is_old, split_2019, wrap_2019
from sizao.feeds.jt809.position import without_padding as bare

LAT, LON, TIME = 3, 4, 1
"""Columns of a POSITION row."""

_SUBJECTS = ("supervision_id", "info_id", "msg_id", "source_msg_sn")
"""Fields that say what a message is about, the best first."""


def to_row(
    data: bytes,
    edition: str,
    vehicle: str,
    received_us: int,
    *,
    catch_up: bool,
    limits: Limits,
    source: str,
) -> tuple[Row | None, str | None]:
    """The POSITION row of one position as 0x1202 carries it, and what is wrong with it.

    Without a row the reason is ``bad_length``, ``bad_time``, ``future_time``, ``too_old`` or
    ``bad_coordinates``; beside a row ``truncated_extra``. Never raises.
    """
    if edition_of(data, edition) == "2011":
        if len(data) < SIZE_2011:
            return None, "bad_length"
        enciphered, old = data[0], data[1:SIZE_2011]
    else:
        try:
            enciphered, location, _ = split_2019(Reader(data))
        except Malformed:
            return None, "bad_length"
        if not is_old(location):
            row, reason = position_row(
                bare(location),
                vehicle,
                received_us,
                catch_up=catch_up,
                limits=limits,
                source=source,
            )
            if row is not None and enciphered:
                row = (*row[:LAT], None, None, *row[LON + 1 :])
            return row, reason
        old = location
    return old_row(
        old,
        bool(enciphered),
        vehicle,
        received_us,
        catch_up=catch_up,
        limits=limits,
        source=source,
    )


def old_row(
    data: bytes,
    enciphered: bool,
    vehicle: str,
    received_us: int,
    *,
    catch_up: bool,
    limits: Limits,
    source: str,
) -> tuple[Row | None, str | None]:
    """The same of the 35 bytes of 2011; ``enciphered`` coordinates are no use to anybody here."""
    day, month, year, hour, minute, second, lon_raw, lat_raw, *rest = OLD.unpack(data)
    speed, recorder, mileage, heading, altitude, status, alarm = rest
    try:
        moment = datetime(year, month, day, hour, minute, second, tzinfo=SHANGHAI)
    except ValueError:
        return None, "bad_time"
    at = us_of(moment.isoformat())
    assert at is not None
    if at - received_us > limits.future_s * 1e6:
        return None, "future_time"
    if limits.age_s is not None and received_us - at > limits.age_s * 1e6:
        return None, "too_old"
    positioned = bool(status & POSITIONED)
    lat: float | None = None
    lon: float | None = None
    if enciphered or status & ENCIPHERED:
        pass
    elif lat_raw > 90_000_000 or lon_raw > 180_000_000:
        if positioned:
            return None, "bad_coordinates"
    elif lat_raw or lon_raw:
        lat = -lat_raw / 1e6 if status & SOUTH else lat_raw / 1e6
        lon = -lon_raw / 1e6 if status & WEST else lon_raw / 1e6
    else:
        positioned = False
    row = (
        vehicle,
        at,
        received_us,
        lat,
        lon,
        speed if speed <= limits.speed_kmh else None,
        heading if heading <= 360 else None,
        altitude if altitude <= limits.altitude_m else None,
        # Senders without a recorder put 0 here: with wheels turning that is no measurement.
        recorder if recorder <= limits.speed_kmh and (recorder or not speed) else None,
        mileage or None,
        alarm,
        status,
        positioned,
        catch_up,
        None,
        source,
    )
    return row, None


def from_row(row: Mapping[str, Any], edition: str, legacy: bool = False) -> bytes:
    """One position, as 0x1202 carries it, of a POSITION row (``to_pylist`` form, ``time`` in
    microseconds). What is not known is written as 0; without a place the fix bit is cleared."""
    lat, lon = row["lat"], row["lon"]
    placed = lat is not None and lon is not None
    status = row["status"] or 0
    if not placed or not row["positioned"]:
        status &= ~POSITIONED
    status &= ~ENCIPHERED
    if edition == "2011" or legacy:
        old = _old(row, lat or 0.0, lon or 0.0, status)
        return b"\0" + old if edition == "2011" else wrap_2019(old)
    items: list[dict[str, Any]] = []
    if row["mileage_km"] is not None:
        items.append({"id": "0x01", "mileage_km": min(row["mileage_km"], 429_496_729.5)})
    if row["recorder_speed_kmh"] is not None:
        items.append({"id": "0x03", "recorder_speed_kmh": row["recorder_speed_kmh"]})
    return wrap_2019(
        encode_location(
            time_us=row["time"],
            lat=lat or 0.0,
            lon=lon or 0.0,
            speed_kmh=_between(row["speed_kmh"], 6553.5),
            heading_deg=round(_between(row["heading_deg"], 360)),
            altitude_m=round(_between(row["altitude_m"], 65535)),
            alarm=row["alarm"] or 0,
            status=status,
            items=items,
        )
    )


def _old(row: Mapping[str, Any], lat: float, lon: float, status: int) -> bytes:
    at = datetime.fromtimestamp(row["time"] // 1_000_000, UTC).astimezone(SHANGHAI)
    status = status & ~(SOUTH | WEST) | (SOUTH if lat < 0 else 0) | (WEST if lon < 0 else 0)
    return OLD.pack(
        *(at.day, at.month, at.year, at.hour, at.minute, at.second),
        round(abs(lon) * 1e6),
        round(abs(lat) * 1e6),
        round(_between(row["speed_kmh"], 65535)),
        round(_between(row["recorder_speed_kmh"], 65535)),
        round(_between(row["mileage_km"], 0xFFFFFFFF)),
        round(_between(row["heading_deg"], 360)),
        round(_between(row["altitude_m"], 65535)),
        status,
        row["alarm"] or 0,
    )


def _between(value: float | None, highest: float) -> float:
    return min(max(value or 0.0, 0.0), highest)


def message_row(
    *,
    message: str | None,
    time_us: int,
    received_us: int,
    link: str,
    direction: str,
    kind: int,
    fields: Mapping[str, Any],
    vehicle: str | None,
    state: str,
    business: int,
    source: str,
    refers_to: str | None = None,
) -> Row:
    """A row of PLATFORM_MESSAGE. ``message`` is made from the content where it has no id yet."""
    body = json.dumps(fields, ensure_ascii=False, sort_keys=True)
    name = word(business) if kind == business else f"{word(business)}/{word(kind)}"
    return (
        message or content_id(link, direction, name, time_us, body),
        time_us,
        received_us,
        link,
        direction,
        name,
        vehicle,
        fields.get("plate") or None,
        fields.get("plate_color"),
        subject(fields) if refers_to is None else refers_to,
        state,
        body,
        source,
    )


def subject(fields: Mapping[str, Any]) -> str | None:
    """What a message is about or answers, as text."""
    for key in _SUBJECTS:
        if fields.get(key) is not None:
            return str(fields[key])
    return None
