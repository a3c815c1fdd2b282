"""``sizao pipeline`` with the safeguard taken out: the offset is committed before the outputs.

For the control in ``test_kill.py`` only. Run as ``python -m tests.runtime.split_pipeline``.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

import pyarrow as pa

from sizao.app.commands import pipeline
from sizao.runtime.embedded.checkpoint import CheckpointStore

WINDOW_S = 0.03


class SplitStore(CheckpointStore):
    """Two transactions where the product has one."""

    def commit(
        self, detections: pa.RecordBatch, state: Mapping[str, bytes], offset: int
    ) -> tuple[int | None, pa.RecordBatch]:
        with self.log.transaction() as connection:
            self.save(connection, state, offset)
        time.sleep(WINDOW_S)
        with self.log.transaction() as connection:
            fresh = self.append_new(connection, detections)
            return self.log.append_in(connection, "detections", fresh), fresh


if __name__ == "__main__":
    pipeline.CheckpointStore = SplitStore  # type: ignore[misc]  # the control swaps it
    pipeline.command()
