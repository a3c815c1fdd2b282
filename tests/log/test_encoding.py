"""Segments: bytes and back, rows grouped by partition with their order kept."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sizao.core.errors import LogError
from sizao.core.ids import PARTITIONS, partition_of
from sizao.core.schemas import COMMAND, QUARANTINE, empty
from sizao.log import ordering
from sizao.log.encoding import FEW, decode, encode, pieces, sort_by_partition
from sizao.log.interface import Segment

MOMENT = datetime(2026, 11, 23, tzinfo=UTC)


def commands(vehicles: list[str]) -> pa.RecordBatch:
    rows = [
        {"command": str(n), "time": MOMENT, "vehicle": vehicle, "kind": "text", "text": "慢行"}
        for n, vehicle in enumerate(vehicles)
    ]
    return pa.RecordBatch.from_pylist(rows, schema=COMMAND)


@given(st.lists(st.sampled_from([f"1380000{n:04}" for n in range(40)]), max_size=60))
def test_sorting_keeps_every_row_and_the_order_within_a_vehicle(vehicles: list[str]) -> None:
    batch = commands(vehicles)
    sorted_batch, bounds = sort_by_partition(batch)
    assert len(bounds) == PARTITIONS + 1
    assert (bounds[0], bounds[-1]) == (0, len(vehicles))
    segment = Segment("commands", 1, 0.0, bounds, decode(encode(sorted_batch)))
    seen: list[dict[str, object]] = []
    for number in range(PARTITIONS):
        rows = segment.partition(number).to_pylist()
        assert all(partition_of(row["vehicle"]) == number for row in rows)
        assert [int(row["command"]) for row in rows] == sorted(int(row["command"]) for row in rows)
        seen += rows
    assert sorted(seen, key=lambda row: int(str(row["command"]))) == batch.to_pylist()


KINDS = {
    "vehicle": (pa.string(), st.sampled_from([f"1380000{n:04}" for n in range(40)])),
    "text": (pa.string(), st.text(max_size=20)),
    "raw": (pa.binary(), st.binary(max_size=30)),
    "flag": (pa.bool_(), st.booleans()),
    "time": (pa.timestamp("us", "UTC"), st.integers(0, 10**15)),
    "place": (pa.float64(), st.floats(allow_nan=False)),
    "speed": (pa.float32(), st.floats(allow_nan=False, width=32)),
    "alarm": (pa.uint32(), st.integers(0, 2**32 - 1)),
    "level": (pa.uint8(), st.integers(0, 255)),
    "words": (pa.list_(pa.string()), st.lists(st.text(max_size=3), max_size=3)),
}
SCHEMA = pa.schema([pa.field(name, kind) for name, (kind, _) in KINDS.items()])
ROWS = st.fixed_dictionaries(
    {
        name: values if name == "vehicle" else st.one_of(st.none(), values)
        for name, (_, values) in KINDS.items()
    }
)


@pytest.mark.parametrize("empty_column", [None, "text", "flag", "place"])
@given(st.lists(st.tuples(st.lists(ROWS, max_size=30), st.integers(0, 9)), min_size=1, max_size=4))
@settings(max_examples=25, deadline=None)
def test_moving_many_rows_is_taking_them_in_order(
    empty_column: str | None, parts: list[tuple[list[dict[str, Any]], int]]
) -> None:
    """Of several batches, parts of longer ones among them, with and without nulls."""
    batches = [
        pa.RecordBatch.from_pylist(
            [row | ({empty_column: None} if empty_column else {}) for row in rows], SCHEMA
        ).slice(skip)
        for rows, skip in parts
    ]
    whole = pa.concat_batches(batches)
    partitions = [partition_of(name) for name in whole.column("vehicle").to_pylist()]
    moved, bounds = ordering.sort_rows(batches, np.array(partitions, np.uint8))
    moved.validate(full=True)
    order = np.argsort(np.array(partitions), kind="stable")
    assert moved.equals(whole.take(pa.array(order, pa.int64())))
    assert bounds == np.searchsorted(np.sort(partitions), np.arange(PARTITIONS + 1)).tolist()
    # What is stored is what is there, byte for byte.
    assert b"".join(pieces(moved)) == encode(moved)


def test_few_rows_and_many_are_sorted_alike() -> None:
    vehicles = [f"1380000{n % 40:04}" for n in range(FEW)]
    few, bounds = sort_by_partition(commands(vehicles[:-1]))
    many, more = sort_by_partition(commands(vehicles))
    assert sum(a != b for a, b in zip(bounds, more, strict=True)) > 0
    last = many.column("command").to_pylist().index(str(FEW - 1))
    assert pa.concat_batches([many.slice(0, last), many.slice(last + 1)]).equals(few)


def test_the_partition_of_a_vehicle_never_changes() -> None:
    """Stored logs depend on these numbers: a new hash would lose vehicles' history."""
    assert [partition_of(v) for v in ("13800000001", "13800000002", "")] == EXPECTED


EXPECTED = [14, 11, 49]


def test_records_without_a_key_all_lie_in_one_partition() -> None:
    _, bounds = sort_by_partition(empty(QUARANTINE))
    assert bounds == [0] * (PARTITIONS + 1)


@pytest.mark.parametrize("damage", [b"", b"junk", None])
def test_damaged_bytes_are_a_log_error(damage: bytes | None) -> None:
    data = encode(commands(["1"]))
    with pytest.raises(LogError):
        decode(data[: len(data) // 2] if damage is None else damage)
