"""From a batch of positions to the columns that all rules read.

Rows are grouped by vehicle, each group in the order of arrival, and taken in as long as event
time rises. What is left out or taken in without a place is counted:

- *repeated*: the same event time as the last one taken in (a duplicated or re-sent packet);
- *late*: an earlier event time. Rules are streams: what comes late stays in the log and out of
  detection. A recorded file is put in order before (``recording.py``), so nothing in it is late;
- *future*: event time more than ``FUTURE_US`` after the receive time. Taking it in would make
  everything the vehicle sends afterwards late;
- *no_fix*: the terminal had none, or a place that cannot be (outside the globe, or 0°N 0°E, which
  terminals send when they do not know);
- *frozen*: exactly the same place as before, although at its speed the vehicle would have gone on
  by more than ``FROZEN_M`` since it began to move there: the receiver hangs and repeats itself,
  speed included. It counts as having no fix. Only a receiver that has shown another place before
  is judged, so that a recording that never had real places keeps its speeds;
- *unmatched*: no road within reach.

It keeps what it remembers in a :class:`Fleet` and touches nothing else: one batch may be prepared
by one thread while another runs the rules over the batch before.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sizao.core.errors import ColumnError
from sizao.core.schemas import POSITION, check
from sizao.detect.context import Context
from sizao.detect.fleet import Fleet
from sizao.detect.on_roads import given, on_roads, without_roads
from sizao.detect.order import by_slot
from sizao.detect.raw import Raw, nothing, picked, raw
from sizao.detect.stage import Columns
from sizao.detect.take_in import Arrived, Taken, places, speeds, take_in
from sizao.detect.window_rows import NONE, late_rows
from sizao.roads.fence_grid import inside
from sizao.roads.matching import match

_COUNTED = ("repeated", "late", "future", "frozen", "no_fix")


class Prepared(NamedTuple):
    """Columns, and which row of the batch each came from: int64, shape as the columns.

    slots : int32, shape as the batch: slot of every row, those left out too
    late : ROW of ``window_rows.py``: rows left out as late
    vehicles : how many are known by now; every slot is less
    counts : what ``EngineState.counters`` grow by
    """

    columns: Columns
    row: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int32]
    late: npt.NDArray[Any]
    vehicles: int
    counts: Mapping[str, int]


def prepare(
    batch: pa.RecordBatch,
    fleet: Fleet,
    context: Context,
    limit_kmh: npt.NDArray[np.float32] | None = None,
) -> Prepared:
    """Order, filter and match one batch (schema POSITION).

    limit_kmh : limits known beforehand, a value a row; they go before the road's, NaN does not

    Changes ``fleet``. Raises ColumnError if the batch has not the columns of POSITION or
    ``limit_kmh`` another length.
    """
    check(batch, POSITION)
    if limit_kmh is not None and len(limit_kmh) != len(batch):
        raise ColumnError(f"{len(limit_kmh)} limits for {len(batch)} positions")
    fleet.adopt(context.network_digest)
    slots = fleet.names.slots_of(batch.column("vehicle"))
    fleet.make_room()

    arrived = _arrived(batch, fleet)
    order = by_slot(slots, len(fleet.names))
    taken = Taken._make(take_in(slots, order, arrived, fleet.last, fleet.apart))
    fleet.apart = taken.apart
    counts = dict(zip(_COUNTED, taken.counts.tolist(), strict=True))
    counts["positions"] = len(taken.row)
    slot = taken.slot
    kind = fleet.kinds_of(slot, context.kinds)

    network = context.network
    roads = None
    if network is not None and len(slot):
        matched, fleet.match = match(
            network,
            slot,
            taken.time_us,
            taken.lat,
            taken.lon,
            taken.heading_deg,
            taken.speed_kmh,
            ~np.isnan(taken.lat),
            fleet.match,
        )
        temporary = context.world.temporary
        roads = on_roads(network, matched, kind, taken.time_us, temporary, fleet)
        counts["unmatched"] = int((roads.segment < 0).sum()) - counts["no_fix"]
    if limit_kmh is not None:
        roads = given(roads, limit_kmh.take(taken.row))
    elif roads is None:
        roads = without_roads(len(slot))
    fence_from, fence = inside(context.world.fences, taken.lat, taken.lon, kind, taken.time_us)

    said: dict[str, Any] = dict(zip(Taken._fields[:_SAID], taken[:_SAID], strict=True))
    columns = Columns(
        **said,
        **roads._asdict(),
        kind=kind,
        service=fleet.services_of(slot, context.services),
        bound=fleet.bound_of(slot, context.world.fences.bound),
        fence_from=fence_from,
        fence=fence,
    )
    late = _late(taken.late, slots, arrived, fleet, context) if len(taken.late) else NONE
    return Prepared(columns, taken.row, slots, late, len(fleet.names), counts)


_SAID = Taken._fields.index("late")
"""What stands before it are columns of ``stage.Columns``."""


def _arrived(batch: pa.RecordBatch, fleet: Fleet) -> Arrived:
    def numbers(name: str, dtype: type[np.generic]) -> Any:
        return raw(batch.column(name), dtype)

    return Arrived(
        time=numbers("time", np.int64),
        received=numbers("received", np.int64),
        lat=numbers("lat", np.float64),
        lon=numbers("lon", np.float64),
        positioned=raw(batch.column("positioned")),
        speed_kmh=numbers("speed_kmh", np.float32),
        recorder_speed_kmh=numbers("recorder_speed_kmh", np.float32),
        heading_deg=numbers("heading_deg", np.float32),
        altitude_m=numbers("altitude_m", np.float32),
        alarm=numbers("alarm", np.uint32),
        status=numbers("status", np.uint32),
        driver=_drivers(batch.column("driver"), fleet),
    )


def _late(
    rows: npt.NDArray[np.int64],
    slots: npt.NDArray[np.int32],
    arrived: Arrived,
    fleet: Fleet,
    context: Context,
) -> npt.NDArray[Any]:
    """These rows of the batch as ROW of ``window_rows.py``."""
    slot = slots[rows]
    lat, lon = places(arrived, rows)
    return late_rows(
        {
            "row": rows,
            "slot": slot,
            "time_us": picked(arrived.time, rows, 0),
            "received_us": picked(arrived.received, rows, 0),
            "lat": lat,
            "lon": lon,
            "speed_kmh": speeds(arrived.speed_kmh, rows),
            "recorder_speed_kmh": speeds(arrived.recorder_speed_kmh, rows),
            "driver": picked(arrived.driver, rows, -1),
            "kind": fleet.kinds_of(slot, context.kinds),
            "service": fleet.services_of(slot, context.services),
        }
    )


def _drivers(column: pa.StringArray, fleet: Fleet) -> Raw:
    """Number of each row's driver code, -1 or none where it is unknown."""
    if column.null_count == len(column):
        return nothing(np.int32)
    encoded = column.dictionary_encode()
    numbers = np.array(fleet.numbers_of_drivers(encoded.dictionary.to_pylist()), np.int32)
    indices = encoded.indices.fill_null(len(numbers)).to_numpy(zero_copy_only=False)
    return raw(pa.array(np.append(numbers, np.int32(-1))[indices]), np.int32)
