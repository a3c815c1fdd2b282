"""How far the archive holds a log of positions, and what of it is still only there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa

from sizao.log.archive import manifest
from sizao.log.archive.manifest import Manifest
from sizao.runtime.embedded.log import SqliteLog

TOPIC = "positions"
PIECE = 100_000


def is_of(found: Manifest, log: SqliteLog) -> bool:
    """Whether ``found.upto`` counts segments of this log, and not of one that it replaced."""
    if found.upto > log.last(TOPIC):
        return False
    appended_s = log.appended_s(TOPIC, found.upto) if found.upto else None
    return appended_s is None or found.mark_s in (0.0, appended_s)


def held(log: SqliteLog, root: Path) -> int:
    """The last segment whose rows are in the archive, 0 if none. Raises LogError if the archive
    is damaged: then nothing may be deleted for its sake."""
    found = manifest.load(root)
    return found.upto if is_of(found, log) else 0


def young(log: SqliteLog, found: Manifest) -> Iterator[pa.RecordBatch]:
    """Rows of the log that came after what the archive holds, schema POSITION."""
    after = found.upto if is_of(found, log) else 0
    while segments := log.read(TOPIC, after, PIECE):
        after = segments[-1].seq
        yield (
            pa.Table.from_batches([one.batch for one in segments]).combine_chunks().to_batches()[0]
        )
