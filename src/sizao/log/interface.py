"""What a log promises, whatever it is made of.

A topic is a sequence of *segments*. A segment is one durable append: a batch of records whose
rows are sorted by partition, with the 65 row bounds beside it, so that a reader may take all
partitions in one piece or one partition as a slice. The order of rows within one partition is
the order in which they were appended; nothing is said about the order across partitions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias

import pyarrow as pa

from sizao.log.tally import Key

Batches: TypeAlias = pa.RecordBatch | Sequence[pa.RecordBatch]
"""Records of one topic, in one piece or several."""


@dataclass(frozen=True)
class Segment:
    """One durable append to a topic."""

    topic: str
    seq: int
    """Position in the topic: 1, 2, 3 ... without gaps."""
    appended_s: float
    """Seconds since the epoch when the append was committed."""
    bounds: Sequence[int]
    """65 row indexes: partition p is rows ``bounds[p]:bounds[p + 1]``."""
    batch: pa.RecordBatch

    def partition(self, number: int) -> pa.RecordBatch:
        """The rows of one partition, 0 to 63, as a zero-copy slice."""
        start, stop = self.bounds[number], self.bounds[number + 1]
        return self.batch.slice(start, stop - start)


class Stored(NamedTuple):
    """A segment as it is kept: for who can do with its bytes (``decoding.py``, ``packed.py``)."""

    seq: int
    appended_s: float
    rows: int
    bounds: bytes
    """64 and one row indexes, uint32, little-endian."""
    data: bytes


class LogReader(Protocol):
    """Reads from any process while one other process writes."""

    def read(self, topic: str, after: int, max_rows: int = 10_000) -> list[Segment]:
        """Segments with ``seq > after`` in order, at least one if there is any, stopping
        before ``max_rows`` would be passed. Raises LogError if a segment is damaged."""
        ...

    def last(self, topic: str) -> int:
        """The highest ``seq`` of the topic, 0 if it is empty."""
        ...

    def close(self) -> None: ...


class LogWriter(LogReader, Protocol):
    """The one writer of a log file."""

    def append(
        self, batches: Mapping[str, Batches], counts: Mapping[Key, int] | None = None
    ) -> dict[str, int]:
        """Append a segment to each topic, all in one durable transaction, with their tally.

        counts : added to the tally beside what the batches themselves say (``log/tally.py``)

        Returns the new ``seq`` of each topic once the bytes would survive a power cut. Empty
        batches are skipped. Raises LogError, having changed nothing, if the disk refuses.
        """
        ...

    def prune(self, topic: str, before_s: float, *, at_most: int = 10_000) -> int:
        """Delete the oldest segments, at most so many, that were appended before a moment; the
        numbering goes on. Returns how many went."""
        ...
