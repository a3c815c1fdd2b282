"""Segments of positions in narrow columns: the same rows, or none at all."""

from __future__ import annotations

import random
import struct
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sizao.core.errors import LogError
from sizao.core.ids import partition_of
from sizao.core.schemas import POSITION
from sizao.log import packing
from sizao.log.decoding import decode_segment
from sizao.log.encoding import decode, encode, sort_by_partition
from sizao.log.packed import Packed, packed

BARE = pa.schema([field.remove_metadata() for field in POSITION])
NOON_US = 1_767_240_000_000_000
CHANCE = random.Random(7)

ROW: dict[str, Any] = {
    "vehicle": "13800000001",
    "time": NOON_US,
    "received": NOON_US + 1_234_567,
    "lat": 26.123456,
    "lon": -101.654321,
    "speed_kmh": 71.3,
    "heading_deg": 359.0,
    "altitude_m": 1204.0,
    "recorder_speed_kmh": 70.9,
    "mileage_km": 123_456.7,
    "alarm": 0x8000_0001,
    "status": 3,
    "positioned": True,
    "catch_up": False,
    "driver": None,
    "source": "jt809:city1",
}


def batch(rows: list[dict[str, Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist(rows, BARE)


def pack(*batches: pa.RecordBatch) -> Packed:
    found = packed(batches)
    assert found is not None
    return found


def any_row(nulls: float) -> dict[str, Any]:
    row = ROW | {
        "vehicle": CHANCE.choice(
            ["", "1", "plate:2:川DI0001", f"1380000{CHANCE.randrange(60):04}"]
        ),
        "time": NOON_US + CHANCE.randrange(-(10**6), 10**6) * 1_000_000,
        "received": NOON_US + CHANCE.randrange(3),
        "lat": CHANCE.randrange(-90_000_000, 90_000_001) / 1e6,
        "lon": CHANCE.randrange(-180_000_000, 180_000_001) / 1e6,
        "speed_kmh": CHANCE.randrange(65_536) / 10,
        "heading_deg": float(CHANCE.randrange(361)),
        "altitude_m": float(CHANCE.randrange(65_536)),
        "recorder_speed_kmh": CHANCE.randrange(4001) / 10,
        "mileage_km": CHANCE.getrandbits(32) / 10,
        "alarm": CHANCE.getrandbits(32),
        "status": CHANCE.getrandbits(32),
        "positioned": CHANCE.random() < 0.5,
        "catch_up": CHANCE.random() < 0.5,
        "source": CHANCE.choice(["jt809:city1", "jt809:city2", "", "x" * 70]),
    }
    for name in BARE.names:
        if name not in ("vehicle", "time", "received", "source") and CHANCE.random() < nulls:
            row[name] = None
    return row


@pytest.mark.parametrize("nulls", [0.0, 0.2, 1.0])
@pytest.mark.parametrize("sizes", [[1], [7, 1, 9], [300, 1000, 257], [2, 800]])
def test_the_rows_are_those_of_arrow(nulls: float, sizes: list[int]) -> None:
    batches = [batch([any_row(nulls) for _ in range(size)]) for size in sizes]
    ordered, bounds = sort_by_partition(*batches)
    found = pack(*batches)
    assert found.bounds.tolist() == bounds
    back = decode_segment(found.data.tobytes())
    back.validate(full=True)
    assert back.equals(ordered)
    assert back.schema.equals(ordered.schema)
    times = ordered.column("time").cast(pa.int64())
    assert (found.first_us, found.last_us) == (min(times.to_pylist()), max(times.to_pylist()))
    assert len(found.data) < len(encode(ordered)) + 3500


def test_parts_of_longer_batches_are_taken_as_they_are() -> None:
    whole = batch([any_row(0.1) for _ in range(2000)])
    parts = [whole.slice(8, 500), whole.slice(512, 700)]
    ordered, _ = sort_by_partition(*parts)
    assert decode_segment(pack(*parts).data.tobytes()).equals(ordered)
    # A bit in the midst of a byte is Arrow's business.
    assert packed([whole.slice(3, 500)]) is None


def test_memory_of_every_kind_is_read_by_one_compilation() -> None:
    """A gateway that compiles while it has positions in hand acknowledges none for half a
    minute."""
    one = batch([any_row(0.1) for _ in range(300)])
    copied = pa.RecordBatch.from_arrays(
        [
            pa.Array.from_buffers(
                column.type,
                len(column),
                [part and pa.py_buffer(np.frombuffer(part, np.uint8).copy()) for part in parts],
            )
            for column in one.columns
            for parts in [column.buffers()]
        ],
        schema=BARE,
    )
    for some in (one, copied, decode(encode(one)), decode_segment(pack(one).data.tobytes())):
        assert decode_segment(pack(some).data.tobytes()).num_rows == 300
    assert len(packing.narrow.signatures) == 1
    assert len(packing.widen.signatures) == 1


def test_what_lies_under_a_null_does_not_matter() -> None:
    rows = batch([ROW | {"vehicle": f"{number}"} for number in range(9)])
    column = rows.column("lat")
    wild = pa.Array.from_buffers(
        pa.float64(), 9, [pa.py_buffer(b"\x00\x00"), pa.py_buffer(np.full(9, np.nan))]
    )
    assert column.null_count == 0
    rows = rows.set_column(3, "lat", wild)
    back = decode_segment(pack(rows).data.tobytes())
    assert back.column("lat").null_count == 9
    assert back.column("lon").null_count == 0


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("time", NOON_US + 1),
        ("time", NOON_US + (1 << 31) * 1_000_000),
        ("lat", 26.1234567),
        ("lat", float("nan")),
        ("lon", 2147.483648),
        ("speed_kmh", 71.35),
        ("speed_kmh", 6553.6),
        ("speed_kmh", -0.1),
        ("heading_deg", 1.5),
        ("altitude_m", -1.0),
        ("altitude_m", float("inf")),
        ("recorder_speed_kmh", 0.05),
        ("mileage_km", 429_496_729.6),
        ("mileage_km", 0.01),
        ("driver", "A"),
        ("vehicle", "1" * 256),
    ],
)
def test_what_cannot_be_said_so_is_left_to_arrow(name: str, value: Any) -> None:
    rows = [ROW] * 300
    assert packed([batch(rows)]) is not None
    assert packed([batch([*rows, ROW | {name: value}])]) is None


def test_more_arrivals_than_a_byte_can_count_are_left_to_arrow() -> None:
    rows = [ROW | {"received": NOON_US + number} for number in range(257)]
    assert packed([batch(rows[:256])]) is not None
    assert packed([batch(rows)]) is None
    long = [ROW | {"source": f"{number:0>100}"} for number in range(100)]
    assert packed([batch(long)]) is None


def test_the_bytes_are_as_the_layout_says() -> None:
    """By hand, for logs must stay readable: two vehicles, the second one's partition before the
    first's."""
    assert (partition_of("13800000001"), partition_of("13800000002")) == (14, 11)
    second = ROW | {"vehicle": "13800000002", "time": NOON_US - 5_000_000, "lat": None}
    data = pack(batch([ROW, second])).data.tobytes()
    # Mark, 2 rows, 1 arrival, 11 bytes of source, 22 of vehicles, base second; of the bitmaps
    # that of latitudes is stored, all others but catch_up (8) are ones.
    head = struct.pack("<8sIIIIqII", b"siz.pos1", 2, 1, 11, 22, 1_767_240_000, 1, 0x1EFE)
    parts = [
        head,
        struct.pack("<qi", NOON_US + 1_234_567, 11) + b"jt809:city1",
        bytes([11, 11]),
        struct.pack("<2i", -5, 0),
        bytes([0, 0]),
        struct.pack("<2i", 0, 26_123_456),
        struct.pack("<2i", -101_654_321, -101_654_321),
        struct.pack("<2H", 713, 713),
        struct.pack("<2H", 359, 359),
        struct.pack("<2H", 1204, 1204),
        struct.pack("<2H", 709, 709),
        struct.pack("<2I", 1_234_567, 1_234_567),
        struct.pack("<2I", 0x8000_0001, 0x8000_0001),
        struct.pack("<2I", 3, 3),
        b"1380000000213800000001",
        bytes([0b10]),
    ]
    assert data == b"".join(part.ljust(64, b"\0") for part in parts)


def test_damaged_bytes_are_a_log_error() -> None:
    data = pack(batch([ROW | {"vehicle": f"{number}"} for number in range(300)])).data.tobytes()
    assert len(decode_segment(data)) == 300
    for bad in (
        data[:20],
        data[:-64],
        data + bytes(64),
        data[:8] + struct.pack("<I", 400) + data[12:],  # rows
        data[:12] + struct.pack("<I", 0) + data[16:],  # arrivals
        data[:72] + struct.pack("<i", 12) + data[76:],  # end of the source's name
        data[:128] + b"\xff" + data[129:],  # size of a vehicle's name
        data[: 128 + 320 + 1216] + b"\x01" + data[128 + 320 + 1216 + 1 :],  # number of an arrival
    ):
        with pytest.raises(LogError):
            decode_segment(bad)
