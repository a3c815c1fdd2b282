"""The pipeline benchmark's frames are the product's own encoder's, under every plate and lap."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from sizao.app.benches import _stream
from sizao.app.benches._frames import SIZE, frames_of
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


def recorded(table: pa.Table, plates: list[list[str]]) -> _stream.Recorded:
    """Rows of one second each, of as many vehicles as the first plates are, in turn."""
    names = np.array([[plate.encode("gbk") for plate in some] for some in plates], "S21")
    who = np.arange(len(table)) % len(plates[0])
    frames = frames_of(table, names[0][who], np.full(len(table), 2, np.uint8), 2)
    return _stream.Recorded(frames, np.arange(len(table)) + 0.5, who, names)


def test_a_frame_is_what_the_encoder_writes() -> None:
    table = rows(3700)
    made = _stream.Lap(recorded(table, [[PLATE]]))
    start = datetime.fromtimestamp(START_US / 1e6, SHANGHAI)
    assert made.hours == 2
    made.begin(start)
    wanted = []
    for row in table.to_pylist():
        row["time"] = round(row["time"].timestamp() * 1e6)
        body = join(0x1202, from_row(row, "2011"), "2011", LINK.dialect, PLATE, 2)
        wanted.append(encode_frame(0x1202, LINK.access_code, 0, body, version=LINK.version))
    data, count = made.bytes_of(0.0, 3700.0)
    assert count == 3700
    assert bytes(data) == b"".join(wanted)
    hours = {one.astimezone(SHANGHAI).hour for one in table["time"].to_pylist()}
    assert len(hours) == 2, "no frame was of the lap's second hour"
    assert any(len(frame) > SIZE + 2 for frame in wanted), "nothing was escaped"


def test_every_plate_is_sent_and_laps_are_hours_apart() -> None:
    plates = [[f"川DI{double}{number:03d}" for number in range(5)] for double in range(4)]
    made = _stream.Lap(recorded(rows(2000), plates))
    start = datetime.fromtimestamp(START_US / 1e6, SHANGHAI)
    bulk = Bulk(Directory())
    laps = []
    for number in (0, 1, 2, 30):
        made.begin(start + timedelta(hours=number))
        parts = []
        for from_s in np.arange(0.0, made.end_s, made.step_s):
            data, count = made.bytes_of(from_s, from_s + made.step_s)
            if not count:
                continue
            found = bulk.decode(bytes(data), LINK, START_US + 10**13)
            assert (found.rest, found.strays, found.pending) == ([], [], b"")
            assert found.batch is not None
            assert len(found.batch) == count
            parts.append(found.batch)
        laps.append(pa.Table.from_batches(parts))
    first = laps[0]
    assert set(first["vehicle"].to_pylist()) == {
        f"plate:2:{plate}" for some in plates for plate in some
    }
    # All that a vehicle did it does under each plate.
    for plate in (plates[0][3], plates[2][3]):
        own = first.filter(pc.equal(first["vehicle"], f"plate:2:{plate}"))
        moments = own["time"].cast(pa.int64()).to_numpy()
        assert moments.tolist() == [START_US + n * 1_000_000 for n in range(3, 2000, 5)]
    for lap, hours in zip(laps, (0, 1, 2, 30), strict=True):
        assert lap["vehicle"].equals(first["vehicle"])
        moved = lap["time"].cast(pa.int64()).to_numpy() - first["time"].cast(pa.int64()).to_numpy()
        assert set(moved.tolist()) == {hours * 3_600_000_000}
