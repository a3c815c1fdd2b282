"""``sizao pipeline`` for ``test_kill.py``: it saves so often that a short log has many saves.

``run("whole", ...)`` is the product, ``slow`` that on a disk which takes its time to write a state
down. The others have a safeguard taken out: ``split`` saves state and offset before the outputs,
``forgetful`` forgets what it reported ahead of the state. On the slow disk, ``late`` takes a state
for that of the moment at which it is saved, and ``in_place`` writes it over the one saved before.
``seldom`` is the product where it saves its state only when it must, and ``unkept`` is that without
copies of the files it judges by.
"""

from __future__ import annotations

import sqlite3
import time

import pyarrow as pa

from sizao.app.commands import pipeline
from sizao.runtime.embedded.checkpoint import CheckpointStore
from sizao.runtime.embedded.state_files import Parts, Written
from sizao.runtime.pipeline import Pace

WINDOW_S = 0.03
OFTEN = Pace(save_s=0.06, save_share=0.5, report_share=1.0)
"""Some turns report between two saves."""
EACH_TURN = Pace(save_s=0.0, save_share=1e9)
NO_REST = Pace(save_s=0.0, save_share=1e9, report_share=1.0)
"""A state is being written nearly all of the time, and turns report meanwhile."""
SELDOM = Pace(save_s=1e9, report_share=1.0)


class SplitStore(CheckpointStore):
    """Two transactions where the product has one."""

    def commit(
        self, detections: pa.RecordBatch, written: Written, reported: int
    ) -> tuple[int | None, pa.RecordBatch]:
        with self.log.transaction() as connection:
            self.save(connection, written)
        time.sleep(WINDOW_S)
        with self.log.transaction() as connection:
            fresh = self.append_new(connection, detections)
            seq = self.log.append_in(connection, "detections", fresh)
        self._named = written.number  # the next state is not written over this one
        return seq, fresh


class SlowStore(CheckpointStore):
    """Some turns pass until a state is written."""

    def write(self, parts: Parts, offset: int) -> Written:
        time.sleep(WINDOW_S)
        written = super().write(parts, offset)
        time.sleep(WINDOW_S)
        return written


class LateStore(SlowStore):
    """The offset of now with the state of then."""

    def commit(
        self, detections: pa.RecordBatch, written: Written, reported: int
    ) -> tuple[int | None, pa.RecordBatch]:
        return super().commit(detections, written._replace(offset=reported), reported)


class InPlaceStore(CheckpointStore):
    """One file, whether it is named or not."""

    def write(self, parts: Parts, offset: int) -> Written:
        if self.files.path(1).exists():
            self.files.path(1).write_bytes(b"")
        time.sleep(WINDOW_S)
        return self.files.write(1, parts, offset)


class ForgetfulStore(CheckpointStore):
    """Outputs without the keys they are known by."""

    def append_new(
        self, connection: sqlite3.Connection, detections: pa.RecordBatch
    ) -> pa.RecordBatch:
        return detections


VARIANTS = {
    "whole": (CheckpointStore, OFTEN),
    "split": (SplitStore, EACH_TURN),
    "slow": (SlowStore, NO_REST),
    "late": (LateStore, NO_REST),
    "in_place": (InPlaceStore, NO_REST),
    "forgetful": (ForgetfulStore, OFTEN),
    "seldom": (CheckpointStore, SELDOM),
    "unkept": (CheckpointStore, SELDOM),
}


def run(variant: str, *arguments: str) -> None:
    """Be a variant with the options of ``sizao pipeline``, in a process of its own: the modules
    are changed for good. Raises SystemExit at its end."""
    store, pace = VARIANTS[variant]
    if variant == "unkept":
        pipeline.Kept = lambda folder: None  # type: ignore[misc,assignment]  # a control swaps it
    pipeline.CheckpointStore = store  # type: ignore[misc]  # a control swaps it
    pipeline.Pace = lambda: pace  # type: ignore[misc,assignment]  # the command's defaults
    pipeline.command(arguments)
