"""Many positions as bytes, half as long as Arrow has them: what a large segment of the log holds.

Terminals report whole seconds, millionths of a degree and tenths of a kilometre an hour, and
what arrives together has one moment of receipt and one source. So a row takes 34 bytes, its
vehicle's name and a few bits. What cannot be said this way exactly, such as a driver or a fraction
of a second, is left to Arrow (:func:`.encoding.pieces`), all rows of the segment with it.

Layout, little-endian, each part at a multiple of 64 bytes::

    head      mark, rows n, arrivals k, bytes of the sources' names, bytes of the vehicles' names,
              base second (int64), bitmaps that are stored, bitmaps that are all ones (a bit each)
    arrivals  moments of receipt int64 (k,), where each source's name ends int32 (k,), the names
    columns   of COLUMNS, n values each
    names     of the vehicles, one behind the other
    bitmaps   those that are stored, (n + 7) // 8 bytes each, the lowest bit first

Bitmaps, by number: whether there is a latitude, longitude, speed, heading, altitude, recorder
speed, mileage (0 to 6), positioned (7), catch_up (8), whether there is an alarm word, status word,
positioned, catch_up (9 to 12). One that is neither stored nor all ones is all zeros.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.errors import LogError
from sizao.core.loads import BLOCK, address
from sizao.core.schemas import POSITION
from sizao.log import packing
from sizao.log.encoding import PACKED, partitions_of
from sizao.log.ordering import grouped, put_sizes, scatter_texts

COLUMNS = (
    ("size", "<u1"),  # bytes of the vehicle's name
    ("seconds", "<i4"),  # since the base second
    ("arrival", "<u1"),
    ("lat", "<i4"),  # millionths of a degree
    ("lon", "<i4"),
    ("speed_kmh", "<u2"),  # tenths
    ("heading_deg", "<u2"),
    ("altitude_m", "<u2"),
    ("recorder_speed_kmh", "<u2"),  # tenths
    ("mileage_km", "<u4"),  # tenths
    ("alarm", "<u4"),
    ("status", "<u4"),
)
_HEAD = struct.Struct("<8sIIIIqII")
_ALIGN = 64
_BITMAPS = 13
_POSITIONED, _CATCH_UP = 7, 8
_VALID = {
    **dict(zip(("lat", "lon", "speed_kmh", "heading_deg", "altitude_m"), range(5), strict=True)),
    **{"recorder_speed_kmh": 5, "mileage_km": 6},
    **{"alarm": 9, "status": 10, "positioned": 11, "catch_up": 12},
}
"""Number of the bitmap that says whether a column has a value."""
_ARRIVALS = 256
_SOURCE_BYTES = 4096
_LONGEST = 255
"""Bounds of an arrival's number, of the sources' names together, of a vehicle's name."""
_SCHEMA = pa.schema([field.remove_metadata() for field in POSITION])

Array = npt.NDArray[Any]
Columns: TypeAlias = Mapping[str, pa.Array]
"""The columns of a batch by name: asking Arrow by name each time takes longer than moving the
values."""


class Packed(NamedTuple):
    """Rows in the order of their partitions."""

    data: npt.NDArray[np.uint8]
    bounds: npt.NDArray[np.uint32]
    """The 65 bounds."""
    first_us: int
    last_us: int
    """Event times."""


def packed(batches: Sequence[pa.RecordBatch]) -> Packed | None:
    """Positions grouped by partition, each partition's in their own order, None if Arrow has to
    have them. All of them have at least one row."""
    n = sum(map(len, batches))
    every = [dict(zip(POSITION.names, batch.columns, strict=True)) for batch in batches]
    if not all(map(_can_be, every)):
        return None
    partitions = np.concatenate([partitions_of(batch) for batch in batches])
    places = np.empty(n, np.int32)
    bounds = grouped(partitions, places)
    ends = _ends([one["vehicle"] for one in every], places)
    sizes = np.diff(ends)
    if sizes.max() > _LONGEST:
        return None
    name_bytes = int(ends[-1])
    # Arrivals are not known yet: what is written of them comes to lie right before the columns.
    starts, begin = _starts(n, _ARRIVALS, _SOURCE_BYTES, name_bytes)
    room = np.empty(begin + _BITMAPS * _padded((n + 7) // 8), np.uint8)
    columns = _columns(room, starts, n)
    for start, (_, kind) in zip(starts, COLUMNS, strict=False):
        end = start + n * int(kind[-1])
        room[end : _padded(end)] = 0
    room[starts[-1] + name_bytes : begin] = 0
    marks = [np.zeros(_padded(n), np.uint8) for _ in range(2)]
    span = np.array([np.iinfo(np.int64).max, np.iinfo(np.int64).min])
    base_s = _values(every[0]["time"], np.int64)[0] // 1_000_000
    arrivals = np.empty((_ARRIVALS, 3), np.int64)
    known = at = 0
    names = room[starts[-1] :]
    for own in every:
        vehicle = own["vehicle"]
        to = places[at : at + len(vehicle)]
        at += len(vehicle)
        known = _narrowed(own, to, int(base_s), arrivals, known, span, marks, columns)
        if known < 0:
            return None
        _, name_ends, texts = vehicle.buffers()
        if texts is not None:
            scatter_texts(
                name_ends.address + 4 * vehicle.offset,
                texts.address,
                len(vehicle),
                address(to),
                address(ends),
                address(names),
            )
    columns["size"][:] = sizes
    stored, ones, end = _put_bitmaps(room, begin, n, marks)
    head = _head(arrivals[:known], n, name_bytes, int(base_s), stored, ones)
    start = starts[0] - len(head)
    if start < 0:
        return None
    room[start : starts[0]] = np.frombuffer(head, np.uint8)
    return Packed(room[start:end], bounds, int(span[0]), int(span[1]))


def unpacked(data: bytes) -> pa.RecordBatch:
    """The rows of :func:`packed`. Raises LogError if the bytes are damaged."""
    try:
        return _unpacked(data)
    except (ValueError, struct.error) as error:
        raise LogError(f"damaged segment of {len(data)} bytes: {error}") from error


class Narrow(NamedTuple):
    """A segment's parts, where they lie in its bytes."""

    whole: pa.Buffer
    n: int
    base_s: int
    columns: dict[str, Array]
    """By the names of :data:`COLUMNS`."""
    received: npt.NDArray[np.int64]
    """Moments of receipt by arrival, (256,)."""
    k: int
    source_bytes: int
    names: int
    """Where the vehicles' names begin, ..."""
    name_bytes: int
    """and how many bytes they are."""
    bits: list[pa.Buffer | None]
    """Bitmaps by number, None: all ones."""

    def sources(self) -> list[str]:
        """The name of each arrival's source. Raises LogError if they are damaged."""
        at = _ALIGN + 8 * self.k
        ends = [0, *np.frombuffer(self.whole, "<i4", self.k, at).tolist()]
        texts = self.whole.slice(at + 4 * self.k, self.source_bytes).to_pybytes()
        if ends != sorted(ends) or ends[-1] != self.source_bytes:
            raise LogError("damaged segment: its sources do not fit")
        try:
            return [texts[begin:end].decode() for begin, end in pairwise(ends)]
        except UnicodeDecodeError as error:
            raise LogError(f"damaged segment: {error}") from error

    def marks(self) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """Bitmaps 0 to 7 and 8 to 15, as a byte of bits a row."""
        one, other = (np.empty(_padded(self.n), np.uint8) for _ in range(2))
        every = [bitmap or _all(self.n, True) for bitmap in self.bits]
        every += [_all(self.n, False)] * (16 - _BITMAPS)
        for first, to in ((0, one), (8, other)):
            some = [bitmap.address for bitmap in every[first : first + 8]]
            packing.gather_bits(self.n, np.array(some, np.int64), address(to))
        return one[: self.n], other[: self.n]


def narrow(data: bytes) -> Narrow:
    """The parts of :func:`packed`. Raises LogError if the bytes are damaged."""
    try:
        return _narrow(data)
    except (ValueError, struct.error) as error:
        raise LogError(f"damaged segment of {len(data)} bytes: {error}") from error


def _narrow(data: bytes) -> Narrow:
    mark, n, k, source_bytes, name_bytes, base_s, stored, ones = _HEAD.unpack_from(data)
    starts, end = _starts(n, k, source_bytes, name_bytes)
    bitmap = _padded((n + 7) // 8)
    if mark != PACKED or not 0 < k <= _ARRIVALS or len(data) != end + stored.bit_count() * bitmap:
        raise ValueError("not as long as it says")
    columns = _columns(np.frombuffer(data, np.uint8), starts, n)
    if int(columns["arrival"].max()) >= k:
        raise ValueError("an arrival that there is not")
    if int(columns["size"].sum(dtype=np.int64)) != name_bytes:
        raise ValueError("its parts do not fit each other")
    received = np.zeros(_ARRIVALS, np.int64)
    received[:k] = np.frombuffer(data, "<i8", k, _ALIGN)
    whole = pa.py_buffer(data)
    bits = _bitmaps(whole, end, n, stored, ones)
    return Narrow(
        whole, n, base_s, columns, received, k, source_bytes, starts[-1], name_bytes, bits
    )


def _unpacked(data: bytes) -> pa.RecordBatch:
    found = _narrow(data)
    n, columns = found.n, found.columns
    wide = {
        name: np.empty(n, kind)
        for name, kind in (
            ("time", np.int64),
            ("received", np.int64),
            ("lat", np.float64),
            ("lon", np.float64),
            ("speed_kmh", np.float32),
            ("heading_deg", np.float32),
            ("altitude_m", np.float32),
            ("recorder_speed_kmh", np.float32),
            ("mileage_km", np.float64),
        )
    }
    ends = np.empty(n + 1, np.int32)
    packing.widen(
        found.base_s,
        *(columns[name] for name, _ in COLUMNS[:-2]),
        found.received,
        ends,
        *wide.values(),
    )
    whole, bits = found.whole, found.bits
    buffers = {name: pa.py_buffer(values) for name, values in wide.items()}
    for name in ("alarm", "status"):
        buffers[name] = pa.py_buffer(columns[name])
    buffers["positioned"], buffers["catch_up"] = (
        bits[number] or _all(n, True) for number in (_POSITIONED, _CATCH_UP)
    )
    arrays = []
    for field in _SCHEMA:
        if field.name == "vehicle":
            parts = [None, pa.py_buffer(ends), whole.slice(found.names, found.name_bytes)]
        elif field.name == "source":
            parts = [None, *_sources(data, found.k, found.source_bytes, columns["arrival"])]
        elif field.name == "driver":
            arrays.append(pa.nulls(n, field.type))
            continue
        else:
            valid = bits[_VALID[field.name]] if field.name in _VALID else None
            parts = [valid, buffers[field.name]]
        arrays.append(pa.Array.from_buffers(field.type, n, parts))
    return pa.RecordBatch.from_arrays(arrays, schema=_SCHEMA)


def _can_be(own: Columns) -> bool:
    """Whether a batch has no drivers, nothing unknown that must be known, and whole bytes of
    bits."""
    return (
        own["driver"].null_count == len(own["driver"])
        and not any(own[name].null_count for name in ("vehicle", "source"))
        and not any(own[name].offset % 8 for name in _VALID)
    )


def _narrowed(
    own: Columns,
    places: npt.NDArray[np.int32],
    base_s: int,
    arrivals: Array,
    known: int,
    span: Array,
    marks: Sequence[Array],
    to: dict[str, Array],
) -> int:
    """Put a batch to its places; see :func:`.packing.narrow`."""
    n = len(places)
    bits = [np.empty(_padded(n), np.uint8) for _ in range(2)]
    bitmaps = _own_bitmaps(own, n)
    for number, one in enumerate(bits):
        some = [buffer.address + skip for buffer, skip in bitmaps[8 * number : 8 * number + 8]]
        packing.gather_bits(n, np.array(some, np.int64), address(one))
    source = own["source"]
    _, source_ends, source_texts = source.buffers()
    return packing.narrow(
        places.view(np.uint32),
        *bits,
        _values(own["time"], np.int64),
        _values(own["received"], np.int64),
        source_ends.address + 4 * source.offset,
        0 if source_texts is None else source_texts.address,
        _values(own["lat"], np.float64),
        _values(own["lon"], np.float64),
        _values(own["speed_kmh"], np.float32),
        _values(own["heading_deg"], np.float32),
        _values(own["altitude_m"], np.float32),
        _values(own["recorder_speed_kmh"], np.float32),
        _values(own["mileage_km"], np.float64),
        _values(own["alarm"], np.uint32),
        _values(own["status"], np.uint32),
        base_s,
        arrivals,
        known,
        span,
        *marks,
        *(to[name] for name, _ in COLUMNS[1:]),
    )


def _own_bitmaps(own: Columns, n: int) -> list[tuple[pa.Buffer, int]]:
    """By number, with zeros after the last: buffers, and the byte in which the first row is."""
    ones, zeros = (_all(n, True), 0), (_all(n, False), 0)
    found = [zeros] * 16
    for name, number in _VALID.items():
        column = own[name]
        if column.null_count:
            found[number] = (column.buffers()[0], column.offset // 8)
        else:
            found[number] = ones
    for name, number in (("positioned", _POSITIONED), ("catch_up", _CATCH_UP)):
        found[number] = (own[name].buffers()[1], own[name].offset // 8)
    return found


def _put_bitmaps(
    room: npt.NDArray[np.uint8], at: int, n: int, marks: Sequence[Array]
) -> tuple[int, int, int]:
    """Write those that are not all alike; which they are, which are all ones, and where they
    end."""
    size, step = (n + 7) // 8, _padded((n + 7) // 8)
    bits = np.zeros((16, step), np.uint8)
    for number, one in enumerate(marks):
        some = [address(row) for row in bits[8 * number : 8 * number + 8]]
        packing.spread_bits(n, address(one), np.array(some, np.int64))
    stored = ones = 0
    for number in range(_BITMAPS):
        many = int(np.bitwise_count(bits[number, :size]).sum())
        if many == n:
            ones |= 1 << number
        elif many:
            stored |= 1 << number
            room[at : at + step] = bits[number]
            at += step
    return stored, ones, at


def _bitmaps(whole: pa.Buffer, at: int, n: int, stored: int, ones: int) -> list[pa.Buffer | None]:
    """By number; None for all ones."""
    step = _padded((n + 7) // 8)
    found: list[pa.Buffer | None] = []
    for number in range(_BITMAPS):
        if stored >> number & 1:
            found.append(whole.slice(at, (n + 7) // 8))
            at += step
        else:
            found.append(None if ones >> number & 1 else _all(n, False))
    return found


def _all(n: int, value: bool) -> pa.Buffer:
    return pa.py_buffer(np.full((n + 7) // 8, 255 if value else 0, np.uint8))


def _sources(data: bytes, k: int, source_bytes: int, arrival: Array) -> tuple[pa.Buffer, pa.Buffer]:
    """Offsets and bytes of each row's source."""
    ends = np.frombuffer(data, "<i4", k, _ALIGN + 8 * k).astype(np.int64)
    starts, sizes = np.zeros(_ARRIVALS, np.int64), np.zeros(_ARRIVALS, np.int64)
    starts[1:k] = ends[:-1]
    sizes[:k] = ends - starts[:k]
    if sizes.min() < 0 or ends[-1] != source_bytes:
        raise ValueError("its sources do not fit")
    texts = np.zeros(source_bytes + BLOCK, np.uint8)
    texts[:source_bytes] = np.frombuffer(data, np.uint8, source_bytes, _ALIGN + 12 * k)
    offsets = np.empty(len(arrival) + 1, np.int32)
    to = np.empty(len(arrival) * int(sizes.max()) + BLOCK, np.uint8)
    packing.put_sources(arrival, address(texts), starts, sizes, offsets, address(to))
    return pa.py_buffer(offsets), pa.py_buffer(to)


def _head(
    arrivals: npt.NDArray[np.int64], n: int, name_bytes: int, base_s: int, stored: int, ones: int
) -> bytes:
    """Head and arrivals, as long as :func:`_starts` has them."""
    texts = [bytes(pa.foreign_buffer(at, size)) for _, at, size in arrivals.tolist()]
    joined = b"".join(texts)
    head = _HEAD.pack(PACKED, n, len(texts), len(joined), name_bytes, base_s, stored, ones)
    ends = np.cumsum(list(map(len, texts))).astype("<i4")
    found = head.ljust(_ALIGN, b"\0") + arrivals[:, 0].astype("<i8").tobytes() + ends.tobytes()
    found += joined
    return found.ljust(_padded(len(found)), b"\0")


def _starts(n: int, k: int, source_bytes: int, name_bytes: int) -> tuple[list[int], int]:
    """Where the columns and the names begin, and where the names end."""
    at = _ALIGN + _padded(12 * k + source_bytes)
    found = []
    for _, kind in COLUMNS:
        found.append(at)
        at += _padded(n * int(kind[-1]))
    return [*found, at], at + _padded(name_bytes)


def _columns(room: npt.NDArray[np.uint8], starts: list[int], n: int) -> dict[str, Array]:
    return {
        name: room[start : start + n * int(kind[-1])].view(kind)
        for start, (name, kind) in zip(starts, COLUMNS, strict=False)
    }


def _ends(vehicles: Sequence[pa.Array], places: npt.NDArray[np.int32]) -> Array:
    """Where each vehicle's name begins, in the order of places, and the last ends."""
    ends = np.zeros(len(places) + 1, np.int32)
    at = address(places)
    for one in vehicles:
        put_sizes(one.buffers()[1].address + 4 * one.offset, len(one), at, address(ends) + 4)
        at += 4 * len(one)
    np.cumsum(ends, out=ends)
    return ends


def _values(column: pa.Array, kind: Any) -> Array:
    size = np.dtype(kind).itemsize
    values = np.frombuffer(column.buffers()[1], kind, len(column), column.offset * size)
    # Some of Arrow's memory may be written to and some not: that would be two compilations.
    values.setflags(write=False)
    return values


def _padded(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN
