"""Positions as frames of JT/T 809-2011 with fixed places, for a load that is changed in place."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from numba import njit

from sizao.app.benches._platforms import params
from sizao.core.loads import address, put_u16
from sizao.feeds.jt809.crc import crc16
from sizao.feeds.jt809.header import VERSION_2011

FRAME = np.dtype(
    [
        ("length", ">u4"),
        ("serial", ">u4"),
        ("business", ">u2"),
        ("access_code", ">u4"),
        ("version", "u1", (3,)),
        ("enciphered", "u1"),
        ("key", ">u4"),
        ("plate", "S21"),
        ("colour", "u1"),
        ("sub", ">u2"),
        ("size", ">u4"),
        ("flag", "u1"),
        ("day", "u1"),
        ("month", "u1"),
        ("year", ">u2"),
        ("hour", "u1"),
        ("minute", "u1"),
        ("second", "u1"),
        ("lon", ">u4"),
        ("lat", ">u4"),
        ("speed", ">u2"),
        ("recorder", ">u2"),
        ("mileage", ">u4"),
        ("heading", ">u2"),
        ("altitude", ">u2"),
        ("status", ">u4"),
        ("alarm", ">u4"),
        ("crc", ">u2"),
    ]
)
"""0x1202 of 2011 without delimiters and escapes."""
SIZE = FRAME.itemsize


def frames_of(
    rows: pa.Table, plates: npt.NDArray[np.bytes_], colours: npt.NDArray[np.uint8], link: int
) -> npt.NDArray[np.void]:
    """Frames of rows of POSITION, dtype FRAME.

    plates, colours : of each row, plates in GBK, dtype S21
    link : whose access code they bear, counted from 0
    """
    out = np.zeros(len(rows), FRAME)
    out["length"] = SIZE + 2
    out["business"], out["sub"], out["size"] = 0x1200, 0x1202, 36
    out["access_code"] = params("2011", link + 1).access_code
    out["version"] = np.frombuffer(VERSION_2011, np.uint8)
    out["plate"], out["colour"] = plates, colours
    seconds = _numbers(rows, "time", np.int64) // 1_000_000 + 8 * 3600
    days = (seconds // 86_400).astype("M8[D]")
    months = days.astype("M8[M]")
    out["day"] = (days - months.astype("M8[D]")).astype(int) + 1
    out["month"] = months.astype(int) % 12 + 1
    out["year"] = days.astype("M8[Y]").astype(int) + 1970
    out["hour"] = seconds // 3600 % 24
    out["minute"] = seconds // 60 % 60
    out["second"] = seconds % 60
    placed = np.asarray(rows["lat"].is_valid()) & np.asarray(rows["positioned"])
    for name, column in (("lat", "lat"), ("lon", "lon")):
        out[name] = np.where(placed, np.rint(_numbers(rows, column, np.float64) * 1e6), 0)
    for name, column in (
        ("speed", "speed_kmh"),
        ("recorder", "recorder_speed_kmh"),
        ("mileage", "mileage_km"),
        ("heading", "heading_deg"),
        ("altitude", "altitude_m"),
    ):
        out[name] = np.rint(_numbers(rows, column, np.float64))
    status = _numbers(rows, "status", np.int64)
    out["status"] = np.where(placed, status | 2, status & ~2)
    out["alarm"] = _numbers(rows, "alarm", np.int64)
    _seal(address(out), len(out))
    return out


def _numbers(rows: pa.Table, name: str, kind: Any) -> npt.NDArray[Any]:
    column = rows[name]
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    return pc.fill_null(column, 0).to_numpy().astype(kind)


@njit(cache=True, nogil=True)
def _seal(frames: int, count: int) -> None:
    """Put in the check sums."""
    for number in range(count):
        at = frames + number * SIZE
        put_u16(at + SIZE - 2, crc16(at, at + SIZE - 2))
