"""A position on disk: integers in the resolution in which terminals report.

JT/T 808 and 809 send 1e-6 degrees, 0.1 km/h, whole degrees of course, metres, 0.1 km and whole
seconds; kept as such, a position of theirs comes back exactly as it was, in a third of the bytes
of the floats. What is finer in another source is rounded to these steps, except event time, which
keeps its microseconds. The receive time is kept to 0.1 s: finer digits are noise, and would be
half of the file.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from sizao.core.schemas import POSITION

NAMES = pa.dictionary(pa.int32(), pa.string())

ARCHIVED = pa.schema(
    [
        pa.field("vehicle", NAMES, nullable=False),
        pa.field("time_s", pa.int64(), nullable=False),
        pa.field("time_us", pa.int32(), nullable=False),
        pa.field("delay_ds", pa.int32(), nullable=False),
        pa.field("lat_e6", pa.int32()),
        pa.field("lon_e6", pa.int32()),
        pa.field("speed_dkmh", pa.int32()),
        pa.field("heading_deg", pa.int32()),
        pa.field("altitude_m", pa.int32()),
        pa.field("recorder_dkmh", pa.int32()),
        pa.field("mileage_hm", pa.int64()),
        pa.field("alarm", pa.uint32()),
        pa.field("status", pa.uint32()),
        pa.field("positioned", pa.bool_()),
        pa.field("catch_up", pa.bool_()),
        pa.field("driver", NAMES),
        pa.field("source", NAMES),
    ]
)
"""time_s, time_us: event time, whole seconds since the epoch and the microseconds beyond.
delay_ds: receive time after it, 0.1 s, rounded down. lat_e6, lon_e6: 1e-6 degrees.
speed_dkmh, recorder_dkmh: 0.1 km/h. mileage_hm: 0.1 km. The rest as in POSITION."""

SCALED = {
    "lat_e6": ("lat", 1e6),
    "lon_e6": ("lon", 1e6),
    "speed_dkmh": ("speed_kmh", 10),
    "heading_deg": ("heading_deg", 1),
    "altitude_m": ("altitude_m", 1),
    "recorder_dkmh": ("recorder_speed_kmh", 10),
    "mileage_hm": ("mileage_km", 10),
}
"""Column on disk to column of POSITION and steps in one unit of it."""

SAME = ("alarm", "status", "positioned", "catch_up")
WORDS = ("vehicle", "driver", "source")
_DELTA = ("time_s", "time_us", "lat_e6", "lon_e6", "altitude_m", "mileage_hm")
_SPLIT = ("delay_ds", "speed_dkmh", "heading_deg", "recorder_dkmh", "alarm", "status")
"""Which encoding a column gets was measured on a simulated day, bytes a position with zstd: time
0.06 as deltas (1.22 plain), a coordinate 1.5 as deltas (2.6 plain, 1.65 split); speed 0.82 split
(1.03 as deltas), course 0.71 split (0.74), delay 0.57 split (1.17)."""

ROW_GROUP = 32_768
"""Rows of a row group: some ten vehicle-days of a report each 30 s, so that one of them is read
in a few milliseconds."""

LASTING: dict[str, Any] = {"compression": "zstd", "compression_level": 3}
"""Level 1 is a few percent larger, 9 hardly smaller and several times slower."""

SOON: dict[str, Any] = {"compression": "lz4"}
"""Of files that are soon merged. Measured: writing takes 0.16 us a position, 0.22 with level 1 of
zstd, 0.15 without; bytes are 8.5, 7.6 and 32."""


def pack(batch: pa.RecordBatch | pa.Table) -> pa.Table:
    """Rows of POSITION as rows of ARCHIVED, in the same order.

    A number that does not fit its column or is none (an infinite speed) becomes null: "not
    reported". Nothing else is lost but digits finer than the column's step.
    """
    table = pa.table(batch) if isinstance(batch, pa.RecordBatch) else batch
    table = table.combine_chunks()
    time_us = _integers(table, "time")
    seconds, rest = np.divmod(time_us, 1_000_000)
    limit = 2**31 - 1
    delay = np.clip((_integers(table, "received") - time_us) // 100_000, -limit, limit)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "time_s": pa.array(seconds),
        "time_us": pa.array(rest.astype(np.int32)),
        "delay_ds": pa.array(delay.astype(np.int32)),
    }
    for name, (given, steps) in SCALED.items():
        columns[name] = _steps(table[given], steps, ARCHIVED.field(name).type)
    for name in SAME:
        columns[name] = table[name]
    for name in WORDS:
        columns[name] = table[name].combine_chunks().dictionary_encode()
    return pa.table([columns[name] for name in ARCHIVED.names], schema=ARCHIVED)


def unpack(table: pa.Table) -> pa.RecordBatch:
    """Rows of ARCHIVED as rows of POSITION, in the same order."""
    time_us = _whole(table["time_s"]) * 1_000_000 + _whole(table["time_us"])
    received_us = time_us + _whole(table["delay_ds"]) * 100_000
    columns: dict[str, Any] = {
        "time": pa.array(time_us),
        "received": pa.array(received_us),
        **{name: table[name] for name in SAME},
        **{name: table[name] for name in WORDS},
    }
    for name, (given, steps) in SCALED.items():
        # Divided as the decoders divide, so that the same float comes out.
        columns[given] = pc.divide(table[name].cast(pa.float64()), float(steps))
    arrays = [_one(columns[field.name]).cast(field.type) for field in POSITION]
    return pa.RecordBatch.from_arrays(arrays, schema=POSITION)


class Writer:
    """A Parquet file of ARCHIVED rows in the making; they come sorted by vehicle and time.

    packing : LASTING or SOON
    """

    def __init__(self, sink: Any, packing: Mapping[str, Any] = LASTING) -> None:
        self._writer = pq.ParquetWriter(
            sink,
            ARCHIVED,
            **packing,
            use_dictionary=list(WORDS),
            column_encoding={
                **dict.fromkeys(_DELTA, "DELTA_BINARY_PACKED"),
                **dict.fromkeys(_SPLIT, "BYTE_STREAM_SPLIT"),
            },
            # Of names and time only: what else there is in a row group nobody asks first.
            write_statistics=["vehicle", "time_s"],
            # Arrow's own schema would put an index of pandas and dictionaries in: 2 KB a file.
            store_schema=False,
        )

    def add(self, table: pa.Table) -> None:
        """Write the rows as row groups of their own, of ``ROW_GROUP`` each or a little more."""
        groups = max(round(len(table) / ROW_GROUP), 1)
        size = -(-len(table) // groups)
        for first in range(0, len(table), max(size, 1)):
            rows = _own_words(table.slice(first, size))
            self._writer.write_table(rows, row_group_size=len(rows))

    def close(self) -> None:
        """The file is whole after that."""
        self._writer.close()


def joined(tables: Sequence[pa.Table]) -> pa.Table:
    """Tables of ARCHIVED as one, whose columns are in one piece with one set of words each."""
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def opened(source: Any) -> pq.ParquetFile:
    """A file of ARCHIVED rows, to be closed."""
    return pq.ParquetFile(source, read_dictionary=list(WORDS))


def group(file: pq.ParquetFile, number: int) -> pa.Table:
    """One row group, as ARCHIVED."""
    return file.read_row_group(number).cast(ARCHIVED)


def read(source: Any) -> pa.Table:
    """The whole file, as ARCHIVED."""
    with opened(source) as file:
        return file.read().cast(ARCHIVED)


def times(source: Any) -> npt.NDArray[np.int64]:
    """``time_s`` of every row, shape (n,)."""
    with opened(source) as file:
        return _whole(file.read(["time_s"])["time_s"])


def _own_words(table: pa.Table) -> pa.Table:
    """The same rows with no more words than they use. Each row group is written with all words of
    its columns: of a whole fleet that was a fifth of a file, and of the time to write it."""
    for name in WORDS:
        column = _one(table[name])
        used = np.zeros(len(column.dictionary), np.bool_)
        codes = column.indices
        used[codes.drop_null().to_numpy()] = True
        if used.all():
            continue
        number = (np.cumsum(used) - 1).astype(np.int32)
        if codes.null_count:
            none = np.asarray(codes.is_null())
            fresh = pa.array(number[codes.fill_null(0).to_numpy()], mask=none)
        else:
            fresh = pa.array(number[codes.to_numpy()])
        own = pa.DictionaryArray.from_arrays(fresh, column.dictionary.filter(pa.array(used)))
        table = table.set_column(table.column_names.index(name), ARCHIVED.field(name), own)
    return table


def _steps(column: pa.ChunkedArray, steps: float, kind: pa.DataType) -> pa.Array:
    values = column.to_numpy().astype(np.float64)
    with np.errstate(invalid="ignore"):
        whole = np.rint(values * steps)
        known = np.abs(whole) < 2.0 ** (kind.bit_width - 1)
    whole = np.where(known, whole, 0.0)
    return pa.array(whole.astype(kind.to_pandas_dtype()), kind, mask=~known)


def _integers(table: pa.Table, name: str) -> npt.NDArray[np.int64]:
    values: npt.NDArray[np.int64] = table[name].cast(pa.int64()).to_numpy()
    return values


def _whole(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    values: npt.NDArray[np.int64] = column.to_numpy().astype(np.int64)
    return values


def _one(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
