"""``sizao pipeline`` for ``test_kill.py``: it saves so often that a short log has many saves.

``python -m tests.runtime.paced_pipeline whole ...`` is the product. The others have a safeguard
taken out: ``split`` saves state and offset before the outputs, ``forgetful`` forgets what it
reported ahead of the state. ``seldom`` is the product where it saves its state only when it must,
and ``unkept`` is that without copies of the files it judges by.
"""

from __future__ import annotations

import sqlite3
import sys
import time
from collections.abc import Mapping

import pyarrow as pa

from sizao.app.commands import pipeline
from sizao.runtime.embedded.checkpoint import CheckpointStore
from sizao.runtime.pipeline import Pace

WINDOW_S = 0.03
OFTEN = Pace(save_s=0.06, save_share=0.5, report_share=1.0)
"""Some turns report between two saves."""
EACH_TURN = Pace(save_s=0.0, save_share=1e9)
SELDOM = Pace(save_s=1e9, report_share=1.0)


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


class ForgetfulStore(CheckpointStore):
    """Outputs without the keys they are known by."""

    def append_new(
        self, connection: sqlite3.Connection, detections: pa.RecordBatch
    ) -> pa.RecordBatch:
        return detections


VARIANTS = {
    "whole": (CheckpointStore, OFTEN),
    "split": (SplitStore, EACH_TURN),
    "forgetful": (ForgetfulStore, OFTEN),
    "seldom": (CheckpointStore, SELDOM),
    "unkept": (CheckpointStore, SELDOM),
}

if __name__ == "__main__":
    variant = sys.argv.pop(1)
    store, pace = VARIANTS[variant]
    if variant == "unkept":
        pipeline.Kept = lambda folder: None  # type: ignore[misc,assignment]  # a control swaps it
    pipeline.CheckpointStore = store  # type: ignore[misc]  # a control swaps it
    pipeline.Pace = lambda: pace  # type: ignore[misc,assignment]  # the command's defaults
    pipeline.command()
