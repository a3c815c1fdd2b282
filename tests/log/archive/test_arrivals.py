"""Rows come out by vehicle and time, each moment once, as they went in."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from sizao.core.errors import LogError
from sizao.core.ids import partition_of
from sizao.core.schemas import POSITION, TIME
from sizao.log import loops
from sizao.log.archive import arrivals, columns
from sizao.log.archive.arrivals import Arrivals
from sizao.log.archive.days import day_of
from sizao.log.decoding import decode_segment
from sizao.log.encoding import encode
from sizao.log.packed import packed
from tests.runtime.helpers import START_US, positions

DAY_S = 86_400


def made(seed: int, count: int) -> pa.RecordBatch:
    """Some of fifty vehicles over three days, in no order, many moments twice, holes everywhere."""
    chance = np.random.default_rng(seed)

    def holes(values: np.ndarray) -> pa.Array:
        return pa.array(values, mask=chance.random(count) < 0.2)

    names = [f"{number}" for number in chance.integers(0, 50, count)]
    return positions(
        names,
        (chance.integers(0, 3, count) * DAY_S + chance.integers(0, 40, count)).tolist(),
        received=pa.array(START_US + chance.integers(-(10**7), 10**9, count), TIME),
        lat=holes(chance.integers(-90_000_000, 90_000_000, count) / 1e6),
        lon=holes(chance.integers(-180_000_000, 180_000_000, count) / 1e6),
        speed_kmh=holes((chance.integers(0, 65_536, count) / 10).astype(np.float32)),
        recorder_speed_kmh=holes((chance.integers(0, 65_536, count) / 10).astype(np.float32)),
        heading_deg=holes(chance.choice([0.0, 359.0, np.nan, np.inf], count).astype(np.float32)),
        altitude_m=holes(chance.integers(-500, 9_000, count).astype(np.float32)),
        mileage_km=holes(chance.choice([0.1, 2**32 / 10, 1e30], count)),
        alarm=holes(chance.integers(0, 2**32, count).astype(np.uint32)),
        status=holes(chance.integers(0, 2**32, count).astype(np.uint32)),
        positioned=holes(chance.random(count) < 0.5),
        catch_up=holes(chance.random(count) < 0.5),
        driver=chance.choice(["A", "B", None], count).tolist(),
        source=chance.choice(["jt808", "jt809:one"], count).tolist(),
    )


def plainly(batches: list[pa.RecordBatch], date: str | None, buckets: int) -> list[dict]:
    """The same by a dictionary and a sort."""
    first: dict[tuple, dict] = {}
    for batch in batches:
        for row in columns.pack(batch).to_pylist():
            bucket = partition_of(row["vehicle"]) % buckets
            if date in (None, day_of(row["time_s"])):
                key = (bucket, row["vehicle"], row["time_s"], row["time_us"])
                first.setdefault(key, row)
    return [first[key] for key in sorted(first)]


@pytest.mark.parametrize("sizes", [[900], [1, 7, 300, 0, 900, 5], [400, 400, 400]])
@pytest.mark.parametrize("buckets", [1, 8])
def test_rows_come_out_in_order_and_once(
    sizes: list[int], buckets: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arrivals, "SMALL", 350)
    monkeypatch.setattr(arrivals, "ROW_GROUP", 100)
    batches = [made(seed, size) for seed, size in enumerate(sizes)]
    rows = Arrivals(10)
    rows.add([made(99, 50)])
    rows.clear()
    for batch in batches[:-1]:
        rows.add([batch])
    rows.add(batches[-1:])
    assert len(rows) == sum(sizes)
    counts = rows.days()
    assert sum(counts.values()) == sum(sizes)
    for date in (None, *counts):
        found = list(rows.in_order(date, buckets))
        expected = plainly(batches, date, buckets)
        assert [row for _, table in found for row in table.to_pylist()] == expected
        for bucket, table in found:
            assert table.schema == columns.ARCHIVED
            assert len(table) < 150
            names = table["vehicle"].chunk(0).dictionary.to_pylist()
            assert {partition_of(name) % buckets for name in names} == {bucket}
            assert len(names) == len(set(table["vehicle"].to_pylist())), "names that no row uses"


def test_a_helping_of_several_batches_is_as_each_by_itself() -> None:
    batches = [made(seed, size) for seed, size in enumerate([700, 3, 9_000, 20])]
    one, each = Arrivals(), Arrivals()
    one.add(batches)
    for batch in batches:
        each.add([batch])
    tables = [
        pa.concat_tables(table for _, table in rows.in_order()).to_pylist() for rows in (one, each)
    ]
    assert tables[0] == tables[1]


def test_rows_of_files_come_out_as_those_of_the_log() -> None:
    batch = made(3, 2_000)
    log, files = Arrivals(), Arrivals()
    log.add([batch])
    files.add_archived(columns.pack(batch.slice(0, 1_500)))
    files.add_archived(columns.pack(batch.slice(1_500)))
    for (_, one), (_, other) in zip(log.in_order(), files.in_order(), strict=True):
        assert one.to_pylist() == other.to_pylist()


def test_nothing_gives_nothing() -> None:
    rows = Arrivals()
    rows.add([])
    rows.add([made(1, 0)])
    rows.add_archived(columns.ARCHIVED.empty_table())
    assert (len(rows), rows.days(), list(rows.in_order())) == (0, {}, [])


def test_segments_of_the_log_are_taken_as_their_rows() -> None:
    """Narrow ones without unpacking them, the others by Arrow, in their order."""
    chance = np.random.default_rng(5)
    parts = []
    for seed in range(3):
        n = 400
        plain = made(seed, n).to_pydict() | {
            "driver": [None] * n,
            "heading_deg": chance.choice([0.0, 359.0, None], n).tolist(),
            "altitude_m": chance.choice([0.0, 8_000.0, None], n).tolist(),
            "mileage_km": chance.choice([0.1, (2**32 - 1) / 10, None], n).tolist(),
            "received": [START_US + 86_400_000_000, *[START_US + 7 + seed] * (n - 1)],
        }
        parts.append(pa.RecordBatch.from_pydict(plain, schema=POSITION))
    narrow = [found and found.data.tobytes() for found in (packed([part]) for part in parts)]
    assert all(narrow)
    # What cannot be narrow lies between them; the first of a moment that both have counts.
    segments = [narrow[0], encode(made(7, 300)), encode(made(8, 5)), narrow[1], narrow[2]]
    stored, decoded = Arrivals(), Arrivals()
    stored.add_stored(segments)
    decoded.add([decode_segment(data) for data in segments])
    tables = [
        pa.concat_tables(table for _, table in rows.in_order()).to_pylist()
        for rows in (stored, decoded)
    ]
    assert tables[0] == tables[1]
    assert len(stored) == 3 * 400 + 305


def test_a_damaged_segment_is_refused() -> None:
    found = packed([loops.made_up().set_column(15, POSITION.field(15), pa.array(["jt808"] * 256))])
    assert found is not None
    data = found.data.tobytes()
    assert data[76:81] == b"jt808", "behind the head, one moment and where its name ends"
    for bad in (
        data[:-64],
        data[:72] + (6).to_bytes(4, "little") + data[76:],  # where the source's name ends
        data[:76] + b"\xff" + data[77:],  # no text
        data[:128] + b"\xff" + data[129:],  # size of a vehicle's name
    ):
        rows = Arrivals()
        with pytest.raises(LogError):
            rows.add_stored([data, bad])
