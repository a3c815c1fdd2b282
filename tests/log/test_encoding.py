"""Segments: bytes and back, rows grouped by partition with their order kept."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sizao.core.errors import LogError
from sizao.core.ids import PARTITIONS, partition_of
from sizao.core.schemas import COMMAND, QUARANTINE, empty
from sizao.log.encoding import FEW, decode, encode, sort_by_partition
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
