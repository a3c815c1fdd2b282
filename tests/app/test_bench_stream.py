"""The pipeline benchmark's frames are the product's own encoder's, an hour later each lap."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pyarrow as pa

from sizao.app.benches import _stream
from sizao.app.benches._platforms import params
from sizao.core.clock import SHANGHAI
from sizao.feeds.jt809.bulk import Bulk
from sizao.feeds.jt809.encode import encode_frame
from sizao.feeds.jt809.rows import from_row
from sizao.feeds.jt809.subs import join
from sizao.feeds.jt809.vehicles import Directory
from tests.runtime.helpers import START_US, positions

LINK = params("2011", 3)
PLATE = "川DI0001"


def rows(count: int) -> pa.Table:
    times = [float(number) for number in range(count)]
    batch = positions(
        ["1"] * count,
        times,
        lat=[26.5 + number / 977 for number in range(count)],
        speed_kmh=[float(number % 120) for number in range(count)],
        mileage_km=[None if number % 7 == 0 else float(number * 90) for number in range(count)],
        status=[3] * count,
        alarm=[number % 3 for number in range(count)],
    )
    return pa.Table.from_batches([batch])


def lap(table: pa.Table) -> _stream.Lap:
    plates = np.full(len(table), PLATE.encode("gbk"), "S21")
    return _stream.Lap(_stream.frames_of(table, plates, np.full(len(table), 2, np.uint8), 2))


def test_a_frame_is_what_the_encoder_writes() -> None:
    table = rows(2000)
    made = lap(table)
    start = datetime.fromtimestamp(START_US / 1e6, SHANGHAI)
    made.begin(start)
    wanted = []
    for row in table.to_pylist():
        row["time"] = round(row["time"].timestamp() * 1e6)
        body = join(0x1202, from_row(row, "2011"), "2011", LINK.dialect, PLATE, 2)
        wanted.append(encode_frame(0x1202, LINK.access_code, 0, body, version=LINK.version))
    hour = [one.astimezone(SHANGHAI).hour for one in table["time"].to_pylist()]
    count = hour.index(hour[0] + 1) if hour[0] + 1 in hour else len(hour)
    assert bytes(made.bytes_of(0, count)) == b"".join(wanted[:count])
    assert any(len(frame) > _stream.SIZE + 2 for frame in wanted[:count]), "nothing was escaped"


def test_laps_are_hours_apart_and_every_check_sum_is_right() -> None:
    made = lap(rows(500))
    start = datetime.fromtimestamp(START_US / 1e6, SHANGHAI)
    bulk = Bulk(Directory())
    times = []
    for number in range(60):
        made.begin(start + timedelta(hours=number))
        data = bytes(made.bytes_of(0, 100)) + bytes(made.bytes_of(100, 400))
        found = bulk.decode(data, LINK, START_US + 10**13)
        assert (found.rest, found.strays, found.pending) == ([], [], b"")
        assert found.batch is not None
        assert len(found.batch) == 500
        times.append(found.batch.column("time").cast(pa.int64()).to_numpy())
    for before, after in pairwise(times):
        assert set(after - before) == {3_600_000_000}
