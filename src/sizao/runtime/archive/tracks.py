"""A vehicle's track, wherever its points are: in the log, in the archive, or in both."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pyarrow as pa

from sizao.core.schemas import POSITION
from sizao.runtime.archive.questions import ArchiveQuestions
from sizao.runtime.tracks import TrackReader


class Tracks:
    """Threads may share one; see ``web.ports.Tracks``.

    Of the log only what the archive does not hold yet is read: a segment has a slice of every
    vehicle's rows, and the log goes back a week.
    """

    def __init__(self, log: TrackReader, archive: ArchiveQuestions) -> None:
        self._log = log
        self._archive = archive

    def track(
        self, vehicle: str, start: datetime, end: datetime, *, max_rows: int | None = None
    ) -> pa.RecordBatch:
        """Positions with ``start <= time < end``, schema POSITION, by event time, each moment
        once, all of them or the first ``max_rows``. Raises LogError if something in the way is
        damaged."""
        # The log first: what moves into the archive in between is then found twice, never lost.
        after = self._log.held_in(self._archive.root)
        parts = [
            self._log.track(vehicle, start, end, max_rows=max_rows, after=after),
            self._archive.track(vehicle, start, end, max_rows=max_rows),
        ]
        full = [part for part in parts if len(part)]
        if len(full) < 2:
            return full[0] if full else parts[0]
        table = pa.Table.from_batches(full).combine_chunks()
        times = table.column("time").cast(pa.int64()).to_numpy()
        # The log's row of a moment stands: it has the receive time in full.
        _, order = np.unique(times, return_index=True)
        batch = table.take(pa.array(order[:max_rows])).combine_chunks().to_batches()[0]
        return pa.RecordBatch.from_arrays(batch.columns, schema=POSITION)
