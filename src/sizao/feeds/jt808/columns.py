"""Where the compiled loops write positions: a column each, in Arrow's own layout.

What :func:`position_batch` makes of them shares their memory: no value is copied or touched in
Python. A column's nulls are bits of ``marks``, turned into Arrow's bitmaps at the end.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from sizao.core.bits import turned
from sizao.core.loads import address, get64, put8, u8
from sizao.core.schemas import POSITION
from sizao.feeds.jt808.positions import SOURCE, Limits

Array = npt.NDArray[Any]

PLACE, SPEED, HEADING, ALTITUDE, RECORDER, MILEAGE = 1, 2, 4, 8, 16, 32
"""Bits of ``marks``: the column has a value ..."""
POSITIONED, CATCH_UP, LONG = 64, 128, 256
"""... the terminal had a fix; it is an item of 0x0704; the header is of the 2019 form."""
_BITS = 8
"""Those that become Arrow's bitmaps: the first ones."""

MAX_DIGITS = 20
"""Longest phone, in characters."""
_SLACK = 32
"""Bytes that a block copy may write behind the last name."""


class Columns(NamedTuple):
    """Room for some positions. Shape (n,) each but for the names."""

    name: Array
    """Vehicle names, one behind the other, ASCII;"""
    name_at: Array
    """int32 (n + 1,): where each begins."""
    time_us: Array
    lat: Array
    lon: Array
    speed_kmh: Array
    heading_deg: Array
    altitude_m: Array
    recorder_speed_kmh: Array
    mileage_km: Array
    alarm: Array
    status: Array
    marks: Array
    """uint16: the bits above."""
    serial: Array
    """uint16: of the message."""
    frame: Array
    """int32: number of the frame it came in."""


class Places(NamedTuple):
    """Addresses of the columns, which is what a compiled loop takes: see ``core.loads``."""

    name: int
    name_at: int
    time_us: int
    lat: int
    lon: int
    speed_kmh: int
    heading_deg: int
    altitude_m: int
    recorder_speed_kmh: int
    mileage_km: int
    alarm: int
    status: int
    marks: int
    serial: int
    frame: int


def places_of(columns: Columns) -> Places:
    """The columns' addresses: good for as long as the columns are held."""
    return Places(*map(address, columns))


def make_columns(room: int) -> Columns:
    """Columns for ``room`` positions, not filled."""
    name_at = np.empty(room + 1, np.int32)
    name_at[0] = 0
    return Columns(
        name=np.empty(room * MAX_DIGITS + _SLACK, np.uint8),
        name_at=name_at,
        time_us=np.empty(room, np.int64),
        lat=np.empty(room, np.float64),
        lon=np.empty(room, np.float64),
        speed_kmh=np.empty(room, np.float32),
        heading_deg=np.empty(room, np.float32),
        altitude_m=np.empty(room, np.float32),
        recorder_speed_kmh=np.empty(room, np.float32),
        mileage_km=np.empty(room, np.float64),
        alarm=np.empty(room, np.uint32),
        status=np.empty(room, np.uint32),
        marks=np.empty(room, np.uint16),
        serial=np.empty(room, np.uint16),
        frame=np.empty(room, np.int32),
    )


class Rules(NamedTuple):
    """:class:`.positions.Limits` at one moment of receipt, as a compiled loop wants them."""

    received_us: int
    future_us: float
    age_us: float
    altitude_m: int
    speed_kmh: float


def rules_at(received_us: int, limits: Limits) -> Rules:
    """The limits for what was received at this moment."""
    age_us = np.inf if limits.age_s is None else limits.age_s * 1e6
    return Rules(
        received_us, limits.future_s * 1e6, age_us, limits.altitude_m, float(limits.speed_kmh)
    )


@njit(cache=True, inline="always")
def _low_bytes(four: Any) -> Any:
    """The lower bytes of four numbers of 16 bits, beside each other."""
    four = four & 0x00FF_00FF_00FF_00FF
    four = (four | four >> 8) & 0x0000_FFFF_0000_FFFF
    return (four | four >> 16) & 0xFFFF_FFFF


@njit(cache=True, nogil=True)
def _bitmaps(marks: int, n: int, out: int, step: int) -> None:
    """Spread the bits of ``marks`` over one bitmap each, ``step`` bytes from each other, the
    lowest bit first. Addresses."""
    for group in range((n + 7) >> 3):
        at = marks + 16 * group
        rows: Any = np.int64(0)
        if 8 * group + 8 <= n:
            rows = _low_bytes(get64(at)) | _low_bytes(get64(at + 8)) << 32
        else:
            for k in range(n & 7):
                rows |= u8(at + 2 * k) << 8 * k
        rows = turned(rows)
        for bit in range(_BITS):
            put8(out + bit * step + group, rows >> 8 * bit)


def position_batch(
    columns: Columns,
    n: int,
    received_us: int,
    *,
    driver: pa.Array | None = None,
    source: str = SOURCE,
) -> pa.RecordBatch:
    """The first ``n`` positions as ``core.schemas.POSITION``. ``driver`` defaults to nulls."""
    bits = np.empty((_BITS, (n + 7) // 8), np.uint8)
    _bitmaps(address(columns.marks), n, address(bits), bits.shape[1])
    ones = [pa.py_buffer(row) for row in bits]

    def column(name: str, values: Array, valid: int | None = None) -> pa.Array:
        buffers = [None if valid is None else ones[valid], pa.py_buffer(values[:n])]
        return pa.Array.from_buffers(POSITION.field(name).type, n, buffers)

    def flag(name: str, bit: int) -> pa.Array:
        return pa.Array.from_buffers(POSITION.field(name).type, n, [None, ones[bit]])

    names = [None, pa.py_buffer(columns.name_at[: n + 1]), pa.py_buffer(columns.name)]
    arrays = [
        pa.Array.from_buffers(pa.string(), n, names),
        column("time", columns.time_us),
        column("received", np.full(n, received_us, np.int64)),
        column("lat", columns.lat, 0),
        column("lon", columns.lon, 0),
        column("speed_kmh", columns.speed_kmh, 1),
        column("heading_deg", columns.heading_deg, 2),
        column("altitude_m", columns.altitude_m, 3),
        column("recorder_speed_kmh", columns.recorder_speed_kmh, 4),
        column("mileage_km", columns.mileage_km, 5),
        column("alarm", columns.alarm),
        column("status", columns.status),
        flag("positioned", 6),
        flag("catch_up", 7),
        pa.nulls(n, pa.string()) if driver is None else driver,
        constant(source, n),
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=POSITION)


def constant(text: str, n: int) -> pa.Array:
    """The same text ``n`` times."""
    return _constant(text, max(1024, 1 << (n - 1).bit_length())).slice(0, n)


@lru_cache(maxsize=16)
def _constant(text: str, n: int) -> pa.Array:
    raw = text.encode()
    at = np.arange(n + 1, dtype=np.int32) * len(raw)
    repeated = np.tile(np.frombuffer(raw, np.uint8), n)
    return pa.Array.from_buffers(pa.string(), n, [None, pa.py_buffer(at), pa.py_buffer(repeated)])
