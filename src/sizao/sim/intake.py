"""Frames to positions, as a gateway would make them, for runs in one process."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from sizao.core.schemas import POSITION, TIME
from sizao.feeds.jt808.batch import split_batch
from sizao.feeds.jt808.bulk import decode_bulk
from sizao.feeds.jt808.cards import Cards, card_event
from sizao.feeds.jt808.decode import decode_body, open_frame
from sizao.feeds.jt808.positions import DEFAULT_LIMITS, SOURCE, position_batch, position_row
from sizao.feeds.jt808.problems import Malformed
from sizao.feeds.jt808.safety import SHORTEST, SHORTEST_VIDEO, VIDEO, alarms, over_capacity
from sizao.sim.terminal import Frames


class Intake:
    """Frames to POSITION batches through ``feeds.jt808``, as a gateway would make them."""

    def __init__(self) -> None:
        self.cards = Cards()
        self.quarantined: Counter[str] = Counter()
        self.alarms: list[tuple[Any, ...]] = []
        """Rows of DEVICE_ALARM since somebody took them out."""
        self._driver: dict[str, str | None] = {}

    def take(self, frames: Frames) -> pa.RecordBatch:
        """Positions in the order of arrival; ``received`` is the send time of their frame."""
        data = frames.data.tobytes()
        latest = int(frames.send_us[-1]) if len(frames) else 0
        bulk = decode_bulk(data, latest)
        # Stray bytes before a frame count as a frame of their own.
        pieces = 1 + (frames.data[frames.first[:-1]] != 0x7E)
        sent_us = np.repeat(frames.send_us, pieces)
        changed: set[str] = set()
        stored: list[Any] = []
        for number, raw in bulk.rest:
            self._other(raw, int(sent_us[number]), stored, changed)
        told = np.union1d(bulk.frame[bulk.alarms["row"]], _too_full(frames, pieces))
        for number in told.tolist():
            at = int(np.searchsorted(np.cumsum(pieces), number, "right"))
            self._alarms(data[frames.first[at] : frames.first[at + 1]], int(frames.send_us[at]))
        received = pa.array(sent_us[bulk.frame]).cast(TIME)
        batch = bulk.positions.set_column(2, POSITION.field("received"), received)
        batch = self._with_drivers(batch, changed)
        if stored:
            both = pa.concat_batches([position_batch(stored), batch])
            order = pc.sort_indices(both, sort_keys=[("received", "ascending")])
            batch = both.take(order)
        return batch

    def _alarms(self, sent: bytes, at_us: int) -> None:
        """What cameras say in a report, which a gateway reads one by one."""
        try:
            frame = open_frame(sent[sent.index(0x7E) + 1 : -1])
        except Malformed:
            return
        phone, body = frame.header.phone, frame.body
        if frame.header.message_id != 0x0200:
            return
        row, _ = position_row(body, phone, at_us, driver_at=self.cards.driver)
        if row is not None and len(body) >= SHORTEST_VIDEO:
            self.alarms += over_capacity(row, body)
        if len(body) >= SHORTEST:
            for alarm in alarms(body, phone, at_us, SOURCE):
                self.alarms += alarm.rows

    def _other(self, raw: bytes, at_us: int, stored: list[Any], changed: set[str]) -> None:
        try:
            frame = open_frame(raw)
        except Malformed as problem:
            self.quarantined[problem.kind] += 1
            return
        header = frame.header
        if header.message_id in (0x0200, 0x0704):
            stores = header.message_id == 0x0704
            for body in split_batch(frame.body)[2] if stores else [frame.body]:
                row, reason = position_row(
                    body, header.phone, at_us, catch_up=stores, driver_at=self.cards.driver
                )
                if row is not None:
                    stored.append(row)
                else:
                    self.quarantined[str(reason)] += 1
        elif header.message_id == 0x0702:
            fields = decode_body(header.message_id, frame.body, header.version)
            event = card_event(fields, at_us, DEFAULT_LIMITS.future_s)
            if isinstance(event, str):
                self.quarantined[event] += 1
                return
            self.cards.record(header.phone, event.time_us, event.driver)
            self._driver[header.phone] = event.driver
            changed.add(header.phone)
        else:
            self.quarantined["unsupported"] += 1

    def _with_drivers(self, batch: pa.RecordBatch, changed: set[str]) -> pa.RecordBatch:
        """The driver column. Who changed no card in this span has one driver throughout, but
        for what was stored before."""
        coded = batch.column("vehicle").dictionary_encode()
        names = coded.dictionary.to_pylist()
        current = pa.array([self._driver.get(name) for name in names], pa.string())
        drivers = current.take(coded.indices)
        moved = [number for number, name in enumerate(names) if name in changed]
        stored = batch.column("catch_up").to_numpy(zero_copy_only=False)
        if moved or stored.any():
            rows = np.flatnonzero(np.isin(coded.indices.to_numpy(), moved) | stored)
            times = batch.column("time").cast(pa.int64()).to_numpy()
            values = drivers.to_pylist()
            index = coded.indices.to_numpy()
            for row in rows.tolist():
                values[row] = self.cards.driver(names[index[row]], int(times[row]))
            drivers = pa.array(values, pa.string())
        column = batch.schema.get_field_index("driver")
        return batch.set_column(column, POSITION.field("driver"), drivers)


def _too_full(frames: Frames, pieces: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Numbers of frames in which the bytes of a video item with any bit may stand: so few that
    each can be read by itself."""
    data = frames.data
    at = np.flatnonzero(data[:-1] == VIDEO)
    at = at[data[at + 1] == 4]
    rows = np.unique(np.searchsorted(frames.first, at, "right") - 1)
    numbers: npt.NDArray[np.int64] = (np.cumsum(pieces) - 1)[rows]
    return numbers
