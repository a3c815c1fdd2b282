"""The part of the pipeline that judges records: passages, weighings, checks, alarms.

Beside the positions, in the same process and file, with offsets of its own. A turn reads what is
new of every topic that some rule reads, judges it and releases what rules held for stragglers.
Detections, memory and offsets are committed in one transaction: a kill costs nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import pyarrow as pa

from sizao.core.clock import Clock
from sizao.core.errors import LogError
from sizao.core.schemas import DETECTION, empty
from sizao.detect import records
from sizao.detect.records import RecordContext, RecordState
from sizao.log.interface import LogReader
from sizao.runtime.embedded.record_store import RecordStore

MAX_ROWS = 5_000
"""Rows of a topic a turn takes: a tenth of a second of work."""

COMMIT_S = 1.0
COMMIT_SHARE = 0.1
"""Commit so often if there is nothing to report, and never for more than this share of the time."""

SETTLED_S = 10.0
"""Wall seconds after which everything received before is surely in its log and read."""


class RecordRunner:
    """Give it the logs by topic and call :meth:`turn` again and again, from one thread."""

    def __init__(
        self,
        logs: Mapping[str, LogReader],
        store: RecordStore,
        context: Callable[[], RecordContext],
        clock: Clock,
        *,
        rebuild: bool = False,
    ) -> None:
        """``logs`` has the log of every topic that a rule may read."""
        self._logs = logs
        self._store = store
        self._context = context
        self._clock = clock
        self.detections = 0
        self.state = RecordState()
        self.offsets: dict[str, int] = {}
        self._pending: list[pa.RecordBatch] = []
        self._dirty = False
        self._last_commit = time.monotonic()
        self._commit_cost_s = 0.0
        if not rebuild:
            self._restore()

    def turn(self) -> int:
        """Judge what is new; how many rows that was. Raises LogError, and then the next turn
        begins where the last commit left off."""
        try:
            rows = self._judge()
            wait_s = 0.0 if self._pending else COMMIT_S
            since_s = time.monotonic() - self._last_commit
            if self._dirty and since_s >= max(wait_s, self._commit_cost_s / COMMIT_SHARE):
                self.commit()
        except LogError:
            self._restore()
            raise
        return rows

    def commit(self) -> None:
        """Detections, memory and offsets in one transaction. Raises LogError."""
        if not self._dirty:
            return
        began = time.monotonic()
        fresh = self._store.commit(_joined(self._pending), self.state.to_bytes(), self.offsets)
        self.detections += len(fresh)
        self._pending, self._dirty = [], False
        self._last_commit = time.monotonic()
        self._commit_cost_s = self._last_commit - began

    def counters(self) -> dict[str, int]:
        """What the heartbeat says."""
        held = sum(len(held["rows"]) for held in self.state.held.values())
        return {**self.state.counters, "committed": self.detections, "held": held}

    def _judge(self) -> int:
        context = self._context()
        # Asked before reading: what was received earlier than this is in what is read now.
        settled_us = round((self._clock.time_s() - SETTLED_S * self._clock.factor) * 1e6)
        rows, behind = 0, False
        for topic in context.topics:
            segments = self._logs[topic].read(topic, self.offsets.get(topic, 0), MAX_ROWS)
            for segment in segments:
                self._keep(*records.step(topic, segment.batch, self.state, context))
                rows += len(segment.batch)
                self.offsets[topic] = segment.seq
                self._dirty = True
            behind = behind or sum(len(segment.batch) for segment in segments) >= MAX_ROWS
        if not behind:
            self._keep(*records.release(settled_us, self.state, context))
        return rows

    def _keep(self, detections: pa.RecordBatch, state: RecordState) -> None:
        self.state = state
        if len(detections):
            self._pending.append(detections)
            self._dirty = True

    def _restore(self) -> None:
        saved = self._store.load()
        self.state = RecordState.from_bytes(saved.state) if saved.state else RecordState()
        self.offsets = dict(saved.offsets)
        self._pending, self._dirty = [], False


def _joined(batches: list[pa.RecordBatch]) -> pa.RecordBatch:
    if not batches:
        return empty(DETECTION)
    return pa.Table.from_batches(batches).combine_chunks().to_batches()[0]
