"""Many frames at once: columns for plain location reports, raw frames for everything else.

The compiled loop is some thirty times as fast as the Python path and gives the same values; a
test holds both to that on every vector and on random bytes. Where it pays: replaying captures,
links that carry many terminals, benchmarks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.schemas import POSITION
from sizao.feeds.jt808 import kernel
from sizao.feeds.jt808.header import compact
from sizao.feeds.jt808.location import ENCIPHERED, POSITIONED
from sizao.feeds.jt808.positions import DEFAULT_LIMITS, SOURCE, Limits


@dataclass(frozen=True)
class Bulk:
    """A decoded buffer."""

    rows: npt.NDArray[np.void]
    """Plain 0x0200 reports, dtype ``kernel.ROW``, shape (n,), in order."""
    rest: list[tuple[int, bytes]]
    """Frame number and raw frame, without delimiters, of everything else."""
    pending: bytes
    """The last delimiter and what follows: put it before the next buffer."""

    @property
    def frames(self) -> int:
        """Frames in the buffer, empty ones not counted."""
        return len(self.rows) + len(self.rest)


def decode_bulk(data: bytes) -> Bulk:
    """Decode every complete frame of ``data``. Never raises.

    Bytes before the first delimiter are no frame and are skipped.
    """
    buffer = np.frombuffer(data, np.uint8)
    # Two delimiters enclose a frame, so there is one frame fewer than delimiters.
    room = max(int(np.count_nonzero(buffer == 0x7E)) - 1, 0) + 1
    rows = np.empty(room, kernel.ROW)
    rest = np.empty((room, 3), np.int64)
    n_rows, n_rest, last = kernel.decode(buffer, rows, rest)
    others = [(number, data[start:end]) for number, start, end in rest[:n_rest].tolist()]
    return Bulk(rows[:n_rows], others, data[last:] if last >= 0 else b"")


def phones(rows: npt.NDArray[np.void]) -> pa.DictionaryArray:
    """Compact phone of each row, dictionary-encoded."""
    packed = np.ascontiguousarray(rows["phone"]).view("S10").ravel()
    # numpy drops trailing NULs of S10; the digits are on the right, so put them back.
    unique, index = np.unique(packed, return_inverse=True)
    names = [compact(value.ljust(10, b"\0")) for value in unique.tolist()]
    return pa.DictionaryArray.from_arrays(
        pa.array(index.astype(np.int32)), pa.array(names, pa.string())
    )


def position_columns(
    rows: npt.NDArray[np.void],
    received_us: int,
    limits: Limits = DEFAULT_LIMITS,
    source: str = SOURCE,
) -> tuple[pa.RecordBatch, npt.NDArray[np.bool_]]:
    """Rows as ``core.schemas.POSITION``, and which of the rows were kept, shape (n,).

    The rules are those of :func:`.positions.position_row`; a row that is not kept has a reason
    only there. Driver is null: a card belongs to a session.
    """
    status, at = rows["status"], rows["time_us"]
    lat, lon = rows["lat"], rows["lon"]
    outside = (np.abs(lat) > 90) | (np.abs(lon) > 180)
    fix = (status & POSITIONED) != 0
    enciphered = (status & ENCIPHERED) != 0
    keep = at != kernel.NO_TIME
    keep &= ~(keep & (at - received_us > limits.future_s * 1e6))
    if limits.age_s is not None:
        keep &= ~(keep & (received_us - at > limits.age_s * 1e6))
    keep &= ~(outside & fix & ~enciphered)
    kept = rows[keep]
    nowhere = ((lat == 0) & (lon == 0) & ~enciphered)[keep]
    no_place = (outside | enciphered)[keep] | nowhere
    speed, recorder = kept["speed_kmh"], kept["recorder_speed_kmh"]
    n = len(kept)

    def column(values: npt.NDArray[Any], name: str, null: npt.NDArray[np.bool_] | None) -> pa.Array:
        kind = POSITION.field(name).type
        return pa.array(np.ascontiguousarray(values), mask=null).cast(kind, safe=False)

    columns = {
        "vehicle": phones(kept).cast(pa.string()),
        "time": column(kept["time_us"], "time", None),
        "received": pa.array(np.full(n, received_us, np.int64)).cast(POSITION.field(2).type),
        "lat": column(kept["lat"], "lat", no_place),
        "lon": column(kept["lon"], "lon", no_place),
        "speed_kmh": column(speed, "speed_kmh", speed > limits.speed_kmh),
        "heading_deg": column(kept["heading_deg"], "heading_deg", kept["heading_deg"] > 360),
        "altitude_m": column(
            kept["altitude_m"], "altitude_m", kept["altitude_m"] > limits.altitude_m
        ),
        "recorder_speed_kmh": column(
            recorder, "recorder_speed_kmh", ~(recorder <= limits.speed_kmh)
        ),
        "mileage_km": column(kept["mileage_km"], "mileage_km", np.isnan(kept["mileage_km"])),
        "alarm": column(kept["alarm"], "alarm", None),
        "status": column(kept["status"], "status", None),
        "positioned": pa.array(fix[keep] & ~nowhere),
        "catch_up": pa.array(np.zeros(n, np.bool_)),
        "driver": pa.nulls(n, pa.string()),
        "source": pa.array([source] * n, pa.string()),
    }
    return pa.RecordBatch.from_arrays(list(columns.values()), schema=POSITION), keep
