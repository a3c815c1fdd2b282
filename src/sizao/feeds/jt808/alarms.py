"""Active-safety items of a location report: 0x64 driving assistance, 0x65 driver state,
0x66 tyres, 0x67 blind spot.

The ids are reused by other makers with other lengths, so the length decides and the id alone
never does: what does not fit stays raw. The speed in these items is whole km/h, unlike the base
report. Their coordinates carry no hemisphere of their own and are given as sent.

Source: T/JSATL 12-2017 tables 4-15 to 4-20; the 30-character terminal id is Guangdong's variant.
"""

from __future__ import annotations

from typing import Any

from sizao.feeds.jt808.fields import Reader, iso_time

IDENTITY, WIDE_IDENTITY = 16, 40
"""Bytes of an alarm identity: terminal id of 7, or of 30 characters (then 2 bytes reserved)."""


def read_identity(reader: Reader, size: int = IDENTITY) -> dict[str, Any]:
    """The alarm identity that evidence files refer to."""
    wide = size == WIDE_IDENTITY
    return {
        "terminal_id": reader.text(30 if wide else 7),
        "time": iso_time(reader.take(6)),
        "sequence": reader.u8(),
        "attachment_count": reader.u8(),
        "reserved": reader.take(2 if wide else 1).hex(),
    }


def _place(reader: Reader, size: int) -> dict[str, Any]:
    return {
        "speed_kmh": reader.u8(),
        "altitude_m": reader.u16(),
        "lat": reader.u32() / 1e6,
        "lon": reader.u32() / 1e6,
        "time": iso_time(reader.take(6)),
        "vehicle_state": reader.u16(),
        "alarm_ident": read_identity(reader, size),
    }


def _adas(value: bytes, size: int) -> dict[str, Any]:
    reader = Reader(value)
    return {
        "alarm_id": reader.u32(),
        "flag_state": reader.u8(),
        "alarm_type": reader.u8(),
        "level": reader.u8(),
        "front_speed_kmh": reader.u8(),
        "front_distance_100ms": reader.u8(),
        "deviate_type": reader.u8(),
        "road_sign_type": reader.u8(),
        "road_sign_value": reader.u8(),
        **_place(reader, size),
    }


def _dsm(value: bytes, size: int) -> dict[str, Any]:
    reader = Reader(value)
    return {
        "alarm_id": reader.u32(),
        "flag_state": reader.u8(),
        "alarm_type": reader.u8(),
        "level": reader.u8(),
        "fatigue_degree": reader.u8(),
        "reserved": reader.take(4).hex(),
        **_place(reader, size),
    }


def _bsd(value: bytes, size: int) -> dict[str, Any]:
    reader = Reader(value)
    return {
        "alarm_id": reader.u32(),
        "flag_state": reader.u8(),
        "alarm_type": reader.u8(),
        **_place(reader, size),
    }


def _tpms(value: bytes, size: int) -> dict[str, Any]:
    reader = Reader(value)
    return {
        "alarm_id": reader.u32(),
        "flag_state": reader.u8(),
        **_place(reader, size),
        "wheels": [
            {
                "position": reader.u8(),
                "alarm_type": reader.u16(),
                "pressure_kpa": reader.u16(),
                "temp_c": reader.i16(),
                "battery_pct": reader.u16(),
            }
            for _ in range(reader.u8())
        ],
    }


def decode_alarm(item: int, value: bytes) -> dict[str, Any] | None:
    """The fields of an active-safety item under its own name, or None if it is another's."""
    length = len(value)
    for size in (IDENTITY, WIDE_IDENTITY):
        more = size - IDENTITY
        if item == 0x64 and length == 47 + more:
            return {"adas": _adas(value, size)}
        if item == 0x65 and length == 47 + more:
            return {"dsm": _dsm(value, size)}
        if item == 0x67 and length == 41 + more:
            return {"bsd": _bsd(value, size)}
        if item == 0x66 and length >= 41 + more and length == 41 + more + 9 * value[40 + more]:
            return {"tpms": _tpms(value, size)}
    return None
