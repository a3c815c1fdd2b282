"""From a batch of positions to the columns that all rules read.

Rows are grouped by vehicle, each group in the order of arrival, and taken in as long as event
time rises. What is left out or taken in without a place is counted in ``EngineState.counters``:

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
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from numba import njit

from sizao.core.errors import ColumnError
from sizao.core.schemas import POSITION, check
from sizao.detect.context import Context
from sizao.detect.last import MOVED, fix_of, keep
from sizao.detect.order import by_slot
from sizao.detect.room import ahead
from sizao.detect.stage import Columns
from sizao.detect.state import EngineState
from sizao.detect.window_rows import NONE, late_rows
from sizao.roads.fence_grid import inside
from sizao.roads.limits import limits_on
from sizao.roads.limits_in_force import LimitsInForce
from sizao.roads.matching import Matched, match
from sizao.roads.network import Network

FUTURE_US = 600_000_000
"""10 min: clocks of terminals set by satellite are right to the second, others by minutes."""

DOUBT_M = 15.0
"""A temporary limit counts from so far within it: one and a half deviations of a position."""

FROZEN_M = 20.0
"""More than a receiver's noise, and 200 steps of the protocol's resolution."""

FROZEN_KMH = 10.0
"""Slower than this, standing still with a wandering speed looks the same."""

IMPOSSIBLE_KMH = 300.0
"""Above this a speed counts as not reported."""


class Prepared(NamedTuple):
    """Columns, and which row of the batch each came from: int64, shape as the columns.

    slots : int32, shape as the batch: slot of every row, those left out too
    late : ROW of ``window_rows.py``: rows left out as late
    """

    columns: Columns
    row: npt.NDArray[np.int64]
    slots: npt.NDArray[np.int32]
    late: npt.NDArray[Any]


def prepare(
    batch: pa.RecordBatch,
    state: EngineState,
    context: Context,
    limit_kmh: npt.NDArray[np.float32] | None = None,
) -> tuple[Prepared, EngineState]:
    """Order, filter and match one batch (schema POSITION).

    limit_kmh : limits known beforehand, a value a row; they go before the road's, NaN does not

    Uses up ``state`` and returns the next one. Raises ColumnError if the batch has not the
    columns of POSITION or ``limit_kmh`` another length.
    """
    check(batch, POSITION)
    if limit_kmh is not None and len(limit_kmh) != len(batch):
        raise ColumnError(f"{len(limit_kmh)} limits for {len(batch)} positions")
    context.adopt(state)
    slots = state.names.slots_of(batch.column("vehicle"))
    state.make_room(context.rules)

    order = by_slot(slots, len(state.names))
    slot = slots.take(order)
    time_us = _integers(batch, "time").take(order)
    received_us = _integers(batch, "received").take(order)
    lat, lon = _floats(batch, "lat").take(order), _floats(batch, "lon").take(order)
    _forget_impossible(lat, lon, _fix(batch).take(order))
    speed = _speed(batch, "speed_kmh").take(order)
    recorder = _speed(batch, "recorder_speed_kmh").take(order)
    driver = _drivers(batch, state).take(order)
    kept, left_out, counts, state.apart, *before = _take_in(
        slot,
        time_us,
        received_us,
        lat,
        lon,
        speed,
        state.last,
        state.apart,
        FUTURE_US,
        FROZEN_KMH,
        FROZEN_M,
    )
    late = NONE
    if len(left_out):
        some = left_out[np.argsort(order[left_out])]
        values = {
            "row": order[some],
            "slot": slot[some],
            "time_us": time_us[some],
            "received_us": received_us[some],
            "lat": lat[some],
            "lon": lon[some],
            "speed_kmh": speed[some],
            "recorder_speed_kmh": recorder[some],
            "driver": driver[some],
            "kind": state.kinds_of(slot[some], context.kinds),
            "service": state.services_of(slot[some], context.services),
        }
        late = late_rows(values)
    row = order
    if len(kept) < len(order):
        row, slot, time_us, received_us, lat, lon, speed, recorder, driver = (
            column.take(kept)
            for column in (order, slot, time_us, received_us, lat, lon, speed, recorder, driver)
        )
    prev_us, prev_fix_us, prev_lat, prev_lon = before
    lost = np.isnan(lat)
    for name, count in zip(("repeated", "late", "future", "frozen"), counts, strict=True):
        state.counters[name] += int(count)
    state.counters["positions"] += len(row)
    state.counters["no_fix"] += int(lost.sum())

    kind = state.kinds_of(slot, context.kinds)
    n = len(row)
    segment = np.full(n, -1, np.int32)
    quality = np.zeros(n, np.int8)
    offset_m = np.full(n, np.nan)
    road_class = np.full(n, -1, np.int8)
    stake_m = np.full(n, np.nan)
    limit = np.full(n, np.nan, np.float32)
    usual = limit
    sure = limit
    sure_usual = limit
    measure = np.zeros(n, np.int32)
    default = np.zeros(n, np.bool_)
    heading = _floats(batch, "heading_deg", np.float32).take(row)
    network = context.network
    if network is not None and n:
        placed = ~lost
        matched, state.match = match(
            network,
            slot,
            time_us,
            lat,
            lon,
            heading,
            speed,
            placed,
            state.match,
        )
        segment, quality, offset_m = matched.segment, matched.quality, matched.offset_m
        road_class = np.where(segment >= 0, network.road_class[segment], -1).astype(np.int8)
        stake_m = network.stake_at(segment, matched.offset_m)
        limit, default = limits_on(network, segment, kind)
        usual = limit
        sure = sure_usual = _highest(network, matched, kind, limit)
        temporary = context.world.temporary
        if len(temporary):
            which, low = temporary.at(segment, offset_m, time_us)
            lower = low < limit
            sure = _surely_lower(temporary, network, matched, time_us, lower, sure)
            limit = np.where(lower, low, limit).astype(np.float32)
            default = default & ~lower
            measure = np.where(lower, _measures(temporary, state)[which], 0).astype(np.int32)
        state.counters["unmatched"] += int((placed & (segment < 0)).sum())
    if limit_kmh is not None:
        own = limit_kmh.take(row)
        given = ~np.isnan(own)
        limit = np.where(given, own, limit).astype(np.float32)
        usual = np.where(given, limit, usual).astype(np.float32)
        sure = np.where(given, limit, sure).astype(np.float32)
        sure_usual = np.where(given, limit, sure_usual).astype(np.float32)
        measure = np.where(given, 0, measure).astype(np.int32)
        default = default & ~given

    fence_from, fence = inside(context.world.fences, lat, lon, kind, time_us)

    columns = Columns(
        slot=slot,
        row=row,
        time_us=time_us,
        received_us=received_us,
        lat=lat,
        lon=lon,
        speed_kmh=speed,
        recorder_speed_kmh=recorder,
        heading_deg=heading,
        altitude_m=_floats(batch, "altitude_m", np.float32).take(row),
        alarm=_words(batch, "alarm").take(row),
        status=_words(batch, "status").take(row),
        driver=driver,
        kind=kind,
        service=state.services_of(slot, context.services),
        segment=segment,
        match=quality,
        road_class=road_class,
        limit_kmh=limit,
        usual_kmh=usual,
        sure_kmh=sure,
        sure_usual_kmh=sure_usual,
        measure=measure,
        stake_m=stake_m,
        offset_m=offset_m,
        limit_default=default,
        prev_us=prev_us,
        prev_fix_us=prev_fix_us,
        prev_lat=prev_lat,
        prev_lon=prev_lon,
        bound=state.bound_of(slot, context.world.fences.bound),
        fence_from=fence_from,
        fence=fence,
    )
    return Prepared(columns, row, slots, late), state


def _highest(
    network: Network,
    matched: Matched,
    kind: npt.NDArray[np.int8],
    limit_kmh: npt.NDArray[np.float32],
) -> npt.NDArray[np.float32]:
    """The highest limit of the road of each row and of those that it may be on as well."""
    if not len(matched.rival_row):
        return limit_kmh
    highest = limit_kmh.copy()
    rival_kmh, _ = limits_on(network, matched.rival_segment, kind[matched.rival_row])
    np.maximum.at(highest, matched.rival_row, rival_kmh)
    return highest


def _surely_lower(
    temporary: LimitsInForce,
    network: Network,
    matched: Matched,
    time_us: npt.NDArray[np.int64],
    lower: npt.NDArray[np.bool_],
    sure_kmh: npt.NDArray[np.float32],
) -> npt.NDArray[np.float32]:
    """``sure_kmh`` with the temporary limits of rows (``lower``) that hold a little before and
    after as well; where a rival's limit is the higher one it stays."""
    at = np.flatnonzero(lower)
    segment, offset_m = matched.segment[at], matched.offset_m[at]
    last_m = np.nextafter(network.length_m[segment], 0.0)
    spots = [offset_m, np.maximum(offset_m - DOUBT_M, 0.0), np.minimum(offset_m + DOUBT_M, last_m)]
    kmh = [temporary.at(segment, spot, time_us[at])[1] for spot in spots]
    # A spot without a limit is NaN and makes the row unsure.
    highest = np.maximum(np.maximum(kmh[0], kmh[1]), kmh[2])
    alone = ~np.isin(at, matched.rival_row)
    sure = sure_kmh.copy()
    holds = alone & (highest < sure[at])
    sure[at[holds]] = highest[holds]
    return sure


def _measures(temporary: LimitsInForce, state: EngineState) -> npt.NDArray[np.int32]:
    """Number of each temporary limit, and 0 last, where place -1 finds it."""
    known = state.measures
    numbers = [known.setdefault(limit.id, len(known) + 1) for limit in temporary.limits]
    return np.array([*numbers, 0], np.int32)


@njit(cache=True)
def _forget_impossible(lat, lon, fix):  # type: ignore[no-untyped-def]  # numba
    """NaN for places without a fix, and for those that cannot be."""
    for i in range(len(lat)):
        y, x = lat[i], lon[i]
        possible = abs(y) <= 90.0 and abs(x) <= 180.0 and (y != 0.0 or x != 0.0)
        if not (fix[i] and possible):
            lat[i] = lon[i] = np.nan


@njit(cache=True)
def _take_in(  # type: ignore[no-untyped-def]  # numba
    slot, time_us, received_us, lat, lon, speed, last, apart, future_us, frozen_kmh, frozen_m
):
    """Which rows, grouped by vehicle, rise in time; which are late; counts; the table of the few
    anew; and of each row taken in the time of the vehicle's row before, and time and place of its
    fix before.

    The place of a frozen row becomes NaN.
    """
    n = len(slot)
    kept = np.empty(n, np.int64)
    late = np.empty(n, np.int64)
    counts = np.zeros(4, np.int64)
    prev_us = np.empty(n, np.int64)
    prev_fix_us = np.empty(n, np.int64)
    prev_lat = np.empty(n, np.float64)
    prev_lon = np.empty(n, np.float64)
    taken = 0
    for i in range(n):
        ahead(last, slot, i)
        was = last[slot[i]]
        now = time_us[i]
        if was.flags and now <= was.time_us:
            counts[0 if now == was.time_us else 1] += 1
            if now < was.time_us:
                late[counts[1] - 1] = i
            continue
        if now - received_us[i] > future_us:
            counts[2] += 1
            continue
        fix_us, since_us = fix_of(was, apart, slot[i])
        moved = was.flags & MOVED != 0
        prev_us[taken] = was.time_us
        prev_fix_us[taken] = fix_us
        prev_lat[taken] = was.lat if fix_us != 0 else np.nan
        prev_lon[taken] = was.lon if fix_us != 0 else np.nan
        if not np.isnan(lat[i]):
            hung = False
            fast = speed[i] > frozen_kmh
            if was.lat != lat[i] or was.lon != lon[i]:
                # A fix is never at 0, 0 (see _forget_impossible), so zeros mean "none yet".
                moved = moved or was.lat != 0.0 or was.lon != 0.0
                was.lat = lat[i]
                was.lon = lon[i]
                since_us = now if fast else 0
            elif not fast:
                since_us = 0
            elif since_us == 0:
                since_us = now
            elif moved and speed[i] / 3.6 * (now - since_us) / 1e6 > frozen_m:
                lat[i] = lon[i] = np.nan
                hung = True
                counts[3] += 1
            if not hung:
                fix_us = now
        was.time_us = now
        apart = keep(was, apart, slot[i], moved, fix_us, since_us)
        kept[taken] = i
        taken += 1
    return (
        kept[:taken],
        late[: counts[1]],
        counts,
        apart,
        prev_us[:taken],
        prev_fix_us[:taken],
        prev_lat[:taken],
        prev_lon[:taken],
    )


def _drivers(batch: pa.RecordBatch, state: EngineState) -> npt.NDArray[np.int32]:
    """Number of each row's driver code, -1 unknown. An empty code is an unknown driver."""
    if batch.column("driver").null_count == len(batch):
        return np.full(len(batch), -1, np.int32)
    encoded = batch.column("driver").dictionary_encode()
    known = state.drivers
    numbers = np.fromiter(
        (
            known.setdefault(name, len(known)) if name and name.strip() else -1
            for name in encoded.dictionary.to_pylist()
        ),
        np.int32,
        len(encoded.dictionary),
    )
    indices = encoded.indices.fill_null(len(numbers)).to_numpy(zero_copy_only=False)
    return np.append(numbers, np.int32(-1))[indices]


def _fix(batch: pa.RecordBatch) -> npt.NDArray[np.bool_]:
    """Whether each row's terminal had a fix. One that does not say (null) is believed."""
    fix: npt.NDArray[np.bool_] = (
        batch.column("positioned").fill_null(True).to_numpy(zero_copy_only=False)
    )
    return fix


def _integers(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.int64]:
    return batch.column(name).cast(pa.int64()).to_numpy(zero_copy_only=False)


def _floats(batch: pa.RecordBatch, name: str, kind: type = np.float64) -> npt.NDArray[Any]:
    """Null as NaN. Not to be written to."""
    column = batch.column(name)
    if column.null_count == len(batch):
        return np.full(len(batch), np.nan, kind)
    return np.asarray(column.to_numpy(zero_copy_only=False), kind)


def _speed(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.float32]:
    speed = _floats(batch, name, np.float32)
    possible = (speed >= 0) & (speed <= IMPOSSIBLE_KMH)
    return np.where(possible, speed, np.float32(np.nan))


def _words(batch: pa.RecordBatch, name: str) -> npt.NDArray[np.uint32]:
    column = batch.column(name)
    if column.null_count == len(batch):
        return np.zeros(len(batch), np.uint32)
    return column.fill_null(0).to_numpy(zero_copy_only=False).astype(np.uint32, copy=False)
