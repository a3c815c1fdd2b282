"""Detections of record rules, what those rules remember, and how far each topic was read: one
transaction in ``detect.sqlite``, as ``checkpoint.py`` has it for positions, and for its reason."""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

from sizao.core.errors import LogError
from sizao.runtime.embedded.checkpoint import CheckpointStore

_TABLE = (
    "CREATE TABLE IF NOT EXISTS saved_records (one INTEGER PRIMARY KEY CHECK (one = 1),"
    " offsets TEXT NOT NULL, crc INTEGER NOT NULL, state BLOB NOT NULL)"
)


@dataclass(frozen=True)
class SavedRecords:
    """What the last commit left."""

    offsets: Mapping[str, int] = field(default_factory=dict)
    """Topic to the last segment read."""
    state: bytes = b""


class RecordStore:
    """Shares the file, and the keys of detections already committed, with the checkpoint."""

    def __init__(self, store: CheckpointStore) -> None:
        self._store = store
        with store.log.transaction() as connection:
            connection.execute(_TABLE)

    def load(self) -> SavedRecords:
        """The last commit. Raises LogError if it is damaged."""
        with self._store.log.transaction() as connection:
            row = connection.execute("SELECT offsets, crc, state FROM saved_records").fetchone()
        if row is None:
            return SavedRecords()
        offsets, crc, state = row
        if zlib.crc32(state) != crc:
            raise LogError(
                f"{self._store.log.path}: what the record rules remember is damaged;"
                " start once with --rebuild"
            )
        return SavedRecords(json.loads(offsets), state)

    def commit(
        self, detections: pa.RecordBatch, state: bytes, offsets: Mapping[str, int]
    ) -> pa.RecordBatch:
        """Append the detections that are new; returns those. Raises LogError, having changed
        nothing, if the disk refuses."""
        with self._store.log.transaction() as connection:
            fresh = self._store.append_new(connection, detections)
            self._store.log.append_in(connection, "detections", fresh)
            connection.execute(
                "INSERT OR REPLACE INTO saved_records VALUES (1, ?, ?, ?)",
                (json.dumps(dict(offsets), sort_keys=True), zlib.crc32(state), state),
            )
        return fresh
