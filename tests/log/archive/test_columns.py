"""What comes back from disk is what terminals reported, to the digit."""

from __future__ import annotations

import io

import numpy as np
import pyarrow as pa
import pytest

from sizao.core.schemas import POSITION, TIME
from sizao.log.archive import columns
from tests.runtime.helpers import START_US, positions, rows


def through(batch: pa.RecordBatch) -> pa.RecordBatch:
    sink = io.BytesIO()
    writer = columns.Writer(sink)
    writer.add(columns.pack(batch))
    writer.close()
    return columns.unpack(columns.read(sink))


def test_every_value_a_terminal_can_send_comes_back_exactly() -> None:
    chance = np.random.default_rng(1)
    n = 5_000
    batch = positions(
        ["139"] * n,
        list(range(n)),
        lat=chance.integers(-90_000_000, 90_000_000, n) / 1e6,
        lon=chance.integers(-180_000_000, 180_000_000, n) / 1e6,
        speed_kmh=(chance.integers(0, 65_536, n) / 10).astype(np.float32),
        recorder_speed_kmh=(chance.integers(0, 65_536, n) / 10).astype(np.float32),
        heading_deg=chance.integers(0, 361, n).astype(np.float32),
        altitude_m=chance.integers(-500, 9_000, n).astype(np.float32),
        mileage_km=chance.integers(0, 2**32, n) / 10,
        alarm=chance.integers(0, 2**32, n),
        status=chance.integers(0, 2**32, n),
        catch_up=chance.random(n) < 0.5,
        driver=chance.choice(["A", "B", None], n).tolist(),
    )
    back = through(batch)
    assert back.schema == POSITION
    for name in POSITION.names:
        assert back.column(name).equals(batch.column(name)), name


def test_nothing_reported_stays_nothing() -> None:
    batch = rows(
        POSITION,
        2,
        vehicle=["1", "2"],
        time=pa.array([START_US, START_US + 7], TIME),
        received=pa.array([START_US, START_US], TIME),
    )
    back = through(batch)
    assert back.column("time").equals(batch.column("time")), "microseconds of event time are kept"
    for name in set(POSITION.names) - {"vehicle", "time", "received"}:
        assert back.column(name).null_count == 2, name


def test_receive_time_is_kept_to_a_tenth_of_a_second() -> None:
    batch = positions(["1"], [0.0], received=pa.array([START_US + 1_234_567], TIME))
    back = through(batch)
    assert back.column("received").cast(pa.int64()).to_pylist() == [START_US + 1_200_000]


@pytest.mark.parametrize("speed", [float("nan"), float("inf"), -float("inf"), 1e30])
def test_a_number_that_is_none_becomes_not_reported(speed: float) -> None:
    assert through(positions(["1"], [0.0], speed_kmh=[speed])).column("speed_kmh").null_count == 1
